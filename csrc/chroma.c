/*
 * This file contains the sharpening of chroma that was halved. Halving takes the mean of two or four pixels, decoders
 * interpolate by a triangle filter, and the two together blur. A sample that goes away from the mean m of its four
 * neighbours, to c + strength (c - m), comes back nearer to the pixels.
 */

#include "chroma.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE = 8, ABOVE = 0, FIRST = 1, LAST = SIDE, BELOW = SIDE + 1 };

struct rj_sharpener {
    size_t width;
    size_t padded_width;
    int halved_rows;
    int16_t sixteenths; /* of strength: with the four neighbours' sum, just what 16 bits hold */
    int has_rows;
    uint8_t *rows[SIDE + 2]; /* those that wait, with the row above and the row below; there is a sample before each */
    uint8_t *sharp[SIDE];
    uint8_t samples[];
};

rj_sharpener *rj_sharpener_new(size_t width, size_t padded_width, int halved_rows, float strength)
{
    size_t stride = padded_width + 2;
    rj_sharpener *sharpener = calloc(1, sizeof *sharpener + (2 * SIDE + 2) * stride);
    if (sharpener == NULL)
        return NULL;
    sharpener->width = width;
    sharpener->padded_width = padded_width;
    sharpener->halved_rows = halved_rows;
    sharpener->sixteenths = (int16_t)(strength * 16.0f + 0.5f);
    for (size_t i = 0; i < SIDE + 2; i++)
        sharpener->rows[i] = sharpener->samples + i * stride + 1;
    for (size_t i = 0; i < SIDE; i++)
        sharpener->sharp[i] = sharpener->samples + (SIDE + 2 + i) * stride + 1;
    return sharpener;
}

/* Beyond its ends a row goes on with its last samples, as decoders see it; libjpeg fills up from the last pixels. */
static void take_row(const rj_sharpener *sharpener, uint8_t *row, const uint8_t *samples)
{
    memcpy(row, samples, sharpener->width);
    row[-1] = row[0];
    memset(row + sharpener->width, row[sharpener->width - 1], sharpener->padded_width - sharpener->width + 1);
}

static void sharpen_row(const uint8_t *above, const uint8_t *row, const uint8_t *below, uint8_t *restrict out,
                        size_t count, int16_t sixteenths)
{
    for (size_t i = 0; i < count; i++) {
        int16_t difference = (int16_t)(4 * row[i] - above[i] - below[i] - row[i - 1] - row[i + 1]);
        int16_t more = (int16_t)(sixteenths * difference + 32);
        int16_t sharp = (int16_t)(row[i] + (more >> 6));
        sharp = sharp > 0 ? sharp : 0;
        out[i] = (uint8_t)(sharp < 255 ? sharp : 255);
    }
}

const uint8_t *const *rj_sharpen(rj_sharpener *sharpener, const uint8_t *const *rows)
{
    uint8_t *const *own = sharpener->rows;
    int has_rows = sharpener->has_rows;
    if (has_rows) {
        if (rows != NULL)
            take_row(sharpener, own[BELOW], rows[0]);
        else
            memcpy(own[BELOW], own[LAST], sharpener->padded_width);
        for (int i = FIRST; i <= LAST; i++)
            sharpen_row(own[sharpener->halved_rows ? i - 1 : i], own[i], own[sharpener->halved_rows ? i + 1 : i],
                        sharpener->sharp[i - 1], sharpener->padded_width, sharpener->sixteenths);
        memcpy(own[ABOVE], own[LAST], sharpener->padded_width);
    }
    if (rows != NULL) {
        for (int i = FIRST; i <= LAST; i++)
            take_row(sharpener, own[i], rows[i - 1]);
        if (!has_rows)
            memcpy(own[ABOVE], own[FIRST], sharpener->padded_width);
    }
    sharpener->has_rows = rows != NULL;
    return has_rows ? (const uint8_t *const *)sharpener->sharp : NULL;
}

void rj_sharpener_free(rj_sharpener *sharpener)
{
    free(sharpener);
}
