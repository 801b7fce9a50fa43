/* What the block kernels for SSE2 and AVX2 share: an 8x8 block of bytes, transposed. */

#ifndef RJ_BLOCK_X86_H
#define RJ_BLOCK_X86_H

#include "block.h"

#include <emmintrin.h>

/*
 * columns[i] gets columns 2 i and 2 i + 1 of the block, eight bytes each. Transposing while the samples are still bytes
 * takes twelve shuffles rather than twenty-four.
 */
static inline void load_columns(__m128i columns[4], const uint8_t *const *rows, size_t column)
{
    __m128i pairs[4], fours[4];
    for (int i = 0; i < 4; i++)
        pairs[i] = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)(const void *)(rows[2 * i] + column)),
                                     _mm_loadl_epi64((const __m128i *)(const void *)(rows[2 * i + 1] + column)));
    for (int i = 0; i < 2; i++) {
        fours[2 * i] = _mm_unpacklo_epi16(pairs[2 * i], pairs[2 * i + 1]);
        fours[2 * i + 1] = _mm_unpackhi_epi16(pairs[2 * i], pairs[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        columns[2 * i] = _mm_unpacklo_epi32(fours[i], fours[i + 2]);
        columns[2 * i + 1] = _mm_unpackhi_epi32(fours[i], fours[i + 2]);
    }
}

#endif
