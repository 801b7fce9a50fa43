/* The block kernels for SSE2, which every x86-64 processor has: two vectors of four hold a row of the block. */

#include "masking.h"

#if defined(__x86_64__)

#include "block_x86.h"

#define RJ_SIMD rj_simd_sse2
#define RJ_NAME "sse2"
#define RJ_TARGET

typedef __m128 vec;
enum { LANES = 4 };

static inline vec broadcast(float value) { return _mm_set1_ps(value); }
static inline vec load(const float *from) { return _mm_load_ps(from); }
static inline void store(float *to, vec value) { _mm_store_ps(to, value); }
static inline vec add(vec a, vec b) { return _mm_add_ps(a, b); }
static inline vec sub(vec a, vec b) { return _mm_sub_ps(a, b); }
static inline vec mul(vec a, vec b) { return _mm_mul_ps(a, b); }
static inline vec rounded(vec a) { return _mm_cvtepi32_ps(_mm_cvtps_epi32(a)); }
static inline vec unless_below(vec value, vec a, vec b) { return _mm_and_ps(value, _mm_cmpge_ps(a, b)); }

/* Eight 16-bit samples become the two halves of a row. */
static inline void put_widened(vec x[2][RJ_BLOCK_SIDE], int row, __m128i samples)
{
    x[0][row] = _mm_cvtepi32_ps(_mm_unpacklo_epi16(samples, _mm_setzero_si128()));
    x[1][row] = _mm_cvtepi32_ps(_mm_unpackhi_epi16(samples, _mm_setzero_si128()));
}

static inline void load_transposed(vec x[2][RJ_BLOCK_SIDE], const uint8_t *const *rows, size_t column)
{
    __m128i columns[4];
    load_columns(columns, rows, column);
    for (int i = 0; i < 4; i++) {
        put_widened(x, 2 * i, _mm_unpacklo_epi8(columns[i], _mm_setzero_si128()));
        put_widened(x, 2 * i + 1, _mm_unpackhi_epi8(columns[i], _mm_setzero_si128()));
    }
}

static inline void transpose(vec x[2][RJ_BLOCK_SIDE])
{
    _MM_TRANSPOSE4_PS(x[0][0], x[0][1], x[0][2], x[0][3]);
    _MM_TRANSPOSE4_PS(x[0][4], x[0][5], x[0][6], x[0][7]);
    _MM_TRANSPOSE4_PS(x[1][0], x[1][1], x[1][2], x[1][3]);
    _MM_TRANSPOSE4_PS(x[1][4], x[1][5], x[1][6], x[1][7]);
    for (int i = 0; i < 4; i++) {
        vec swapped = x[0][4 + i];
        x[0][4 + i] = x[1][i];
        x[1][i] = swapped;
    }
}

static inline float sum_of_columns(const vec columns[2])
{
    return sum_of_four(add(columns[0], columns[1]));
}

static inline void store_levels(int16_t *out, const vec levels[4])
{
    for (int i = 0; i < 4; i += 2) {
        __m128i packed = _mm_packs_epi32(_mm_cvtps_epi32(levels[i]), _mm_cvtps_epi32(levels[i + 1]));
        _mm_storeu_si128((__m128i *)(void *)(out + i * LANES), packed);
    }
}

#include "block_simd.h"

#endif
