/* What the block kernels for SSE2 and AVX2 share: an 8x8 block of bytes, transposed, and the places of its levels. */

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

static inline float sum_of_four(__m128 a)
{
    __m128 two = _mm_add_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

static uint64_t nonzero(const int16_t block[RJ_BLOCK_SIZE])
{
    uint64_t zero = 0;
    for (int i = 0; i < RJ_BLOCK_SIZE; i += 16) {
        const __m128i *levels = (const __m128i *)(const void *)(block + i);
        __m128i zeros = _mm_packs_epi16(_mm_cmpeq_epi16(_mm_loadu_si128(levels), _mm_setzero_si128()),
                                        _mm_cmpeq_epi16(_mm_loadu_si128(levels + 1), _mm_setzero_si128()));
        zero |= (uint64_t)(uint32_t)_mm_movemask_epi8(zeros) << i;
    }
    return ~zero;
}

#endif
