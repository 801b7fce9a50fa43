/* The block kernels for AVX2: one vector holds a whole row of the block. */

#include "masking.h"

#if defined(__x86_64__)

#include "block_x86.h"

#include <immintrin.h>

#define RJ_SIMD rj_simd_avx2
#define RJ_NAME "avx2"
#define RJ_TARGET __attribute__((target("avx2")))

typedef __m256 vec;
enum { LANES = 8 };

static inline RJ_TARGET vec broadcast(float value) { return _mm256_set1_ps(value); }
static inline RJ_TARGET vec load(const float *from) { return _mm256_load_ps(from); }
static inline RJ_TARGET void store(float *to, vec value) { _mm256_store_ps(to, value); }
static inline RJ_TARGET vec add(vec a, vec b) { return _mm256_add_ps(a, b); }
static inline RJ_TARGET vec sub(vec a, vec b) { return _mm256_sub_ps(a, b); }
static inline RJ_TARGET vec mul(vec a, vec b) { return _mm256_mul_ps(a, b); }

static inline RJ_TARGET vec rounded(vec a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline RJ_TARGET vec unless_below(vec value, vec a, vec b)
{
    return _mm256_and_ps(value, _mm256_cmp_ps(a, b, _CMP_GE_OQ));
}

static inline RJ_TARGET vec widened(__m128i samples)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(samples));
}

static inline RJ_TARGET void load_transposed(vec x[1][RJ_BLOCK_SIDE], const uint8_t *const *rows, size_t column)
{
    __m128i columns[4];
    load_columns(columns, rows, column);
    for (int i = 0; i < 4; i++) {
        x[0][2 * i] = widened(columns[i]);
        x[0][2 * i + 1] = widened(_mm_srli_si128(columns[i], 8));
    }
}

static inline RJ_TARGET void transpose(vec x[1][RJ_BLOCK_SIDE])
{
    vec pairs[8], fours[8];
    for (int i = 0; i < 4; i++) {
        pairs[2 * i] = _mm256_unpacklo_ps(x[0][2 * i], x[0][2 * i + 1]);
        pairs[2 * i + 1] = _mm256_unpackhi_ps(x[0][2 * i], x[0][2 * i + 1]);
    }
    for (int half = 0; half < 2; half++)
        for (int i = 0; i < 2; i++) {
            vec upper = pairs[4 * half + i], lower = pairs[4 * half + 2 + i];
            fours[4 * half + 2 * i] = _mm256_shuffle_ps(upper, lower, _MM_SHUFFLE(1, 0, 1, 0));
            fours[4 * half + 2 * i + 1] = _mm256_shuffle_ps(upper, lower, _MM_SHUFFLE(3, 2, 3, 2));
        }
    for (int i = 0; i < 4; i++) {
        x[0][i] = _mm256_permute2f128_ps(fours[i], fours[4 + i], 0x20);
        x[0][4 + i] = _mm256_permute2f128_ps(fours[i], fours[4 + i], 0x31);
    }
}

static inline RJ_TARGET float sum_of_columns(const vec columns[1])
{
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(columns[0]), _mm256_extractf128_ps(columns[0], 1));
    return sum_of_four(four);
}

static inline RJ_TARGET void store_levels(int16_t *out, const vec levels[2])
{
    __m256i packed = _mm256_packs_epi32(_mm256_cvtps_epi32(levels[0]), _mm256_cvtps_epi32(levels[1]));
    /* Packing works within halves of the vectors, so the middle quarters have changed places. */
    packed = _mm256_permute4x64_epi64(packed, _MM_SHUFFLE(3, 1, 2, 0));
    _mm256_storeu_si256((__m256i *)(void *)out, packed);
}

#include "block_simd.h"

#endif
