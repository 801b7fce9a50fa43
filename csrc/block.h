/* One 8x8 block from samples to levels: what every instruction set's kernel is given. Independent of libjpeg. */

#ifndef RJ_BLOCK_H
#define RJ_BLOCK_H

#include <stddef.h>
#include <stdint.h>

enum { RJ_BLOCK_SIDE = 8, RJ_BLOCK_SIZE = 64 };

/*
 * The block rule, for one map level (which has an allowance A) on one quantisation table: an AC coefficient c of step q
 * is rounded to the nearest level n, and becomes 0 when that adds less than 2 A q to its squared error,
 *
 *     c^2 - (c - n q)^2 < 2 A q.
 *
 * For n = 1 this is the dead zone |c| < q / 2 + A. A larger coefficient is rarely worth its bits to an unimportant block
 * either, but dropping it hurts as its square, so it takes a larger allowance. DC is only rounded.
 *
 * What is added grows with |c| without a jump, so the rule is one comparison: threshold is the |c| / q from which on a
 * coefficient is kept. scale divides by q and by the constant that the kernel's DCT leaves in each coefficient.
 */
typedef struct {
    _Alignas(64) float scale[RJ_BLOCK_SIZE];
    float threshold[RJ_BLOCK_SIZE];
} rj_quantizer;

/*
 * rows: eight pointers to sample rows; first_column: of the first block; block_levels: for each block the index
 * into quantizers; out: block_count blocks in natural order.
 */
typedef void rj_block_kernel(const uint8_t *const *rows, size_t first_column, const uint8_t *block_levels,
                             const rj_quantizer *quantizers, size_t block_count, int16_t (*out)[RJ_BLOCK_SIZE]);

void rj_quantizer_init(rj_quantizer *quantizer, const uint16_t table[RJ_BLOCK_SIZE], float allowance);

rj_block_kernel rj_code_blocks_generic;
rj_block_kernel rj_code_blocks_sse2;
rj_block_kernel rj_code_blocks_avx2;
rj_block_kernel rj_code_blocks_neon;

typedef struct {
    const char *name;
    rj_block_kernel *code_blocks;
} rj_simd;

/* The kernel of that name, or the fastest when name is NULL; NULL when this processor does not run it. */
const rj_simd *rj_simd_find(const char *name);

#endif
