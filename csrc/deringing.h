/* Blocks with white or black in them, so changed that what decoders clip costs less. Independent of libjpeg. */

#ifndef RJ_DERINGING_H
#define RJ_DERINGING_H

#include "block.h"

/* For each block whether some but not all of its samples are 0 or 255; rows as for the kernels. */
void rj_find_clipped(const uint8_t *const *rows, size_t first_column, size_t block_count, uint8_t *is_clipped);

/* Of a block that is clipped the coefficients that are to be quantised instead; any other stays as it is. */
void rj_dering(rj_coefficients *block, const rj_simd *simd, const rj_quantizer *quantizer, const rj_masking *masking);

#endif
