/* The block kernels in plain C: the reference that every other kernel has to equal. */

#include "block.h"

#include <math.h>

#define RJ_SIMD rj_simd_generic
#define RJ_NAME "generic"
#define RJ_TARGET

typedef float vec;
enum { LANES = 1 };

static inline vec broadcast(float value) { return value; }
static inline vec load(const float *from) { return *from; }
static inline vec load_levels(const int16_t *from) { return (float)*from; }
static inline void store(float *to, vec value) { *to = value; }
static inline vec add(vec a, vec b) { return a + b; }
static inline vec sub(vec a, vec b) { return a - b; }
static inline vec mul(vec a, vec b) { return a * b; }

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

static inline int16_t saturated(long value)
{
    return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

static inline void store_large(int16_t *out, const vec scaled[2 * RJ_BLOCK_SIDE], const float *threshold)
{
    for (int i = 0; i < 2 * RJ_BLOCK_SIDE; i++)
        out[i] = fabsf(scaled[i]) >= threshold[i] ? saturated(lrintf(scaled[i])) : 0;
}

static uint64_t nonzero(const int16_t block[RJ_BLOCK_SIZE])
{
    uint64_t places = 0;
    for (int i = 0; i < RJ_BLOCK_SIZE; i++)
        places |= (uint64_t)(block[i] != 0) << i;
    return places;
}

#include "block_simd.h"
