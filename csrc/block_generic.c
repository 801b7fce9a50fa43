/* The block kernels in plain C: the reference that every other kernel has to equal. */

#include "masking.h"

#include <math.h>

#define RJ_SIMD rj_simd_generic
#define RJ_NAME "generic"
#define RJ_TARGET

typedef float vec;
enum { LANES = 1 };

static inline vec broadcast(float value) { return value; }
static inline vec load(const float *from) { return *from; }
static inline void store(float *to, vec value) { *to = value; }
static inline vec add(vec a, vec b) { return a + b; }
static inline vec sub(vec a, vec b) { return a - b; }
static inline vec mul(vec a, vec b) { return a * b; }
static inline vec rounded(vec a) { return nearbyintf(a); }
static inline vec unless_below(vec value, vec a, vec b) { return a >= b ? value : 0.0f; }

static inline void load_transposed(vec x[RJ_BLOCK_SIDE][RJ_BLOCK_SIDE], const uint8_t *const *rows, size_t column)
{
    for (int row = 0; row < RJ_BLOCK_SIDE; row++)
        for (int i = 0; i < RJ_BLOCK_SIDE; i++)
            x[row][i] = (float)rows[row][column + (size_t)i];
}

static inline void transpose(vec x[RJ_BLOCK_SIDE][RJ_BLOCK_SIDE])
{
    for (int i = 0; i < RJ_BLOCK_SIDE; i++)
        for (int j = 0; j < i; j++) {
            vec swapped = x[i][j];
            x[i][j] = x[j][i];
            x[j][i] = swapped;
        }
}

static inline float sum_of_columns(const vec columns[RJ_BLOCK_SIDE])
{
    float four[4];
    for (int i = 0; i < 4; i++)
        four[i] = columns[i] + columns[i + 4];
    return (four[0] + four[2]) + (four[1] + four[3]);
}

static inline int16_t saturated(vec value)
{
    return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

static inline void store_levels(int16_t *out, const vec levels[2 * RJ_BLOCK_SIDE])
{
    for (int i = 0; i < 2 * RJ_BLOCK_SIDE; i++)
        out[i] = saturated(levels[i]);
}

static uint64_t nonzero(const int16_t block[RJ_BLOCK_SIZE])
{
    uint64_t places = 0;
    for (int i = 0; i < RJ_BLOCK_SIZE; i++)
        places |= (uint64_t)(block[i] != 0) << i;
    return places;
}

#include "block_simd.h"
