/* One 8x8 block on its way to levels: what every instruction set's kernels are given. Independent of libjpeg. */

#ifndef RJ_BLOCK_H
#define RJ_BLOCK_H

#include <stddef.h>
#include <stdint.h>

enum { RJ_BLOCK_SIDE = 8, RJ_BLOCK_SIZE = 64 };

/*
 * The block rule, for one map level (which has an allowance A and may scale the steps) on one quantisation table (whose
 * frequencies each have a weight w): an AC coefficient of u steps is rounded to the nearest level n, and becomes 0 when
 * that adds less than 2 A w squared steps to its squared error,
 *
 *     u^2 - (u - n)^2 = n (2 u - n) < 2 A w.
 *
 * For n = 1 this is the dead zone |u| < 1/2 + A w: with w = 1 over the step it grows by A at all frequencies alike, else
 * in proportion to the step. A larger coefficient is rarely worth its bits to an unimportant block either, but dropping
 * it hurts as its square, so it takes a larger allowance. DC is only rounded. What the block's content makes of its
 * allowance is in masking.h.
 *
 * scale makes u of a coefficient as the kernels' DCT leaves it, with a constant for each frequency; limit is 2 A w.
 */
typedef struct {
    _Alignas(64) float scale[RJ_BLOCK_SIZE];
    float limit[RJ_BLOCK_SIZE];
} rj_quantizer;

void rj_quantizer_init(rj_quantizer *quantizer, const uint16_t table[RJ_BLOCK_SIZE], const float weights[RJ_BLOCK_SIZE],
                       float step_scale, float allowance);

/* What makes such coefficients as the kernels' DCT leaves of a file's levels; ties will go to the smaller level. */
void rj_dequantizer_init(float factors[RJ_BLOCK_SIZE], const uint16_t table[RJ_BLOCK_SIZE]);

typedef struct rj_masking rj_masking;

/* A block's coefficients as the kernels' DCT leaves them. */
typedef struct {
    _Alignas(64) float values[RJ_BLOCK_SIZE];
} rj_coefficients;

/* A block's samples less 128, column by column, as the kernels' inverse DCT leaves them. */
typedef struct {
    _Alignas(64) float values[RJ_BLOCK_SIZE];
} rj_samples;

/*
 * The kernels of an instruction set. rows: eight pointers to sample rows; first_column: of the first block;
 * block_levels: for each block the index into quantizers; out: block_count blocks in natural order.
 *
 * code_blocks goes from samples to levels, and is the same as transform_blocks and quantize_blocks one after the other,
 * whose levels are saturated; masking may be NULL. contrast is that of masking.h. restore_block and transform_samples are
 * each other's inverse. nonzero has a bit for each level of a block that is not 0, the lowest for the first in natural
 * order.
 */
typedef struct {
    const char *name;
    void (*code_blocks)(const uint8_t *const *rows, size_t first_column, const uint8_t *block_levels,
                        const rj_quantizer *quantizers, const rj_masking *masking, size_t block_count,
                        int16_t (*out)[RJ_BLOCK_SIZE]);
    void (*transform_blocks)(const uint8_t *const *rows, size_t first_column, size_t block_count, rj_coefficients *out);
    void (*quantize_blocks)(const rj_coefficients *blocks, const uint8_t *block_levels, const rj_quantizer *quantizers,
                            const rj_masking *masking, size_t block_count, int16_t (*out)[RJ_BLOCK_SIZE]);
    float (*contrast)(const rj_coefficients *block);
    void (*restore_block)(const rj_coefficients *block, rj_samples *samples);
    void (*transform_samples)(const rj_samples *samples, rj_coefficients *block);
    uint64_t (*nonzero)(const int16_t block[RJ_BLOCK_SIZE]);
} rj_simd;

extern const rj_simd rj_simd_generic;
extern const rj_simd rj_simd_sse2;
extern const rj_simd rj_simd_avx2;
extern const rj_simd rj_simd_neon;

/* The kernels of that name, or the fastest when name is NULL; NULL when this processor does not run them. */
const rj_simd *rj_simd_find(const char *name);

#endif
