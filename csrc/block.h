/* One 8x8 block on its way to levels: what every instruction set's kernels are given. Independent of libjpeg. */

#ifndef RJ_BLOCK_H
#define RJ_BLOCK_H

#include <stddef.h>
#include <stdint.h>

enum { RJ_BLOCK_SIDE = 8, RJ_BLOCK_SIZE = 64 };

/*
 * The block rule, for one map level (which has an allowance A and may scale the steps) on one quantisation table (whose
 * frequencies each have a weight w): an AC coefficient c of step q is rounded to the nearest level n, and becomes 0 when
 * that adds less than 2 A w q^2 to its squared error,
 *
 *     c^2 - (c - n q)^2 < 2 A w q^2.
 *
 * For n = 1 this is the dead zone |c| < (1/2 + A w) q: with w = 1 / q it grows by A at all frequencies alike, else in
 * proportion to the step. A larger coefficient is rarely worth its bits to an unimportant block either, but dropping it
 * hurts as its square, so it takes a larger allowance. DC is only rounded.
 *
 * What is added grows with |c| without a jump, so the rule is one comparison: threshold is the |c| / q from which on a
 * coefficient is kept. scale makes c / q of what the kernel has: for samples it also divides by the constant that the
 * kernel's DCT leaves in each coefficient, for the levels of another table it multiplies by that table's step.
 */
typedef struct {
    _Alignas(64) float scale[RJ_BLOCK_SIZE];
    float threshold[RJ_BLOCK_SIZE];
} rj_quantizer;

void rj_quantizer_init(rj_quantizer *quantizer, const uint16_t table[RJ_BLOCK_SIZE], const float weights[RJ_BLOCK_SIZE],
                       float step_scale, float allowance);
void rj_requantizer_init(rj_quantizer *quantizer, const uint16_t old_table[RJ_BLOCK_SIZE],
                         const uint16_t table[RJ_BLOCK_SIZE], const float weights[RJ_BLOCK_SIZE], float step_scale,
                         float allowance);

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
 * code_blocks goes from samples to levels, and is the same as transform_blocks and quantize_blocks one after the other.
 * recode_blocks goes from levels to levels, or, with steps as scale, to coefficients, saturated; out may be the blocks
 * themselves. restore_block and transform_samples are each other's inverse. nonzero has a bit for each level of a block
 * that is not 0, the lowest for the first in natural order.
 */
typedef struct {
    const char *name;
    void (*code_blocks)(const uint8_t *const *rows, size_t first_column, const uint8_t *block_levels,
                        const rj_quantizer *quantizers, size_t block_count, int16_t (*out)[RJ_BLOCK_SIZE]);
    void (*transform_blocks)(const uint8_t *const *rows, size_t first_column, size_t block_count, rj_coefficients *out);
    void (*quantize_blocks)(const rj_coefficients *blocks, const uint8_t *block_levels, const rj_quantizer *quantizers,
                            size_t block_count, int16_t (*out)[RJ_BLOCK_SIZE]);
    void (*recode_blocks)(const int16_t (*blocks)[RJ_BLOCK_SIZE], const uint8_t *block_levels,
                          const rj_quantizer *quantizers, size_t block_count, int16_t (*out)[RJ_BLOCK_SIZE]);
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
