/* Chroma of half size, sharpened on its way to the DCT for decoders that interpolate it. Independent of libjpeg. */

#ifndef RJ_CHROMA_H
#define RJ_CHROMA_H

#include <stddef.h>
#include <stdint.h>

#define RJ_MAX_SHARPENING 2.0f

/* The rows of one component, which wait for the row below them. */
typedef struct rj_sharpener rj_sharpener;

/*
 * For rows of `width` samples, padded to `padded_width`. Rows above and below have a part in it where halved_rows; strength
 * is above 0, at most RJ_MAX_SHARPENING. NULL if there is no memory.
 */
rj_sharpener *rj_sharpener_new(size_t width, size_t padded_width, int halved_rows, float strength);

/*
 * Takes the next row of blocks, as pointers to its eight rows of samples, or NULL when there are no more, and gives the
 * one before it, valid until the next call; NULL if there was none.
 */
const uint8_t *const *rj_sharpen(rj_sharpener *sharpener, const uint8_t *const *rows);

void rj_sharpener_free(rj_sharpener *sharpener);

#endif
