/*
 * The template of the block kernels: forward DCT, block rule, rounding. Including it defines RJ_SIMD, which is an
 * rj_simd with the name RJ_NAME.
 *
 * The including file defines before: these two; vec, a vector of LANES floats; RJ_TARGET, the function attribute that
 * admits its instructions; and the functions broadcast, load, store, add, sub, mul, rounded, unless_below,
 * load_transposed, transpose, sum_of_columns (which adds those that are four, then two, then one apart), store_levels and
 * nonzero. It includes masking.h. All kernels do the same operations in the same order without fused multiply-add and
 * round to the nearest even integer, so that their levels are the same to the last bit.
 */

enum {
    GROUPS = RJ_BLOCK_SIDE / LANES,
    STORED = 2 * RJ_BLOCK_SIDE /* coefficients that are rounded and packed together: a vector of 16 levels on AVX2 */
};

/*
 * One-dimensional DCT of eight vectors, in place: the flow graph of Arai, Agui and Nakajima (1988), five
 * multiplications, its outputs left unnormalised (block.c has the factors).
 */
static inline RJ_TARGET void dct8(vec x[RJ_BLOCK_SIDE])
{
    const vec cos_pi_4 = broadcast(0.70710678118654752f);
    const vec cos_3pi_8 = broadcast(0.38268343236508977f);
    const vec cos_difference = broadcast(0.54119610014619698f); /* cos(pi/8) - cos(3 pi/8) */
    const vec cos_sum = broadcast(1.30656296487637653f);        /* cos(pi/8) + cos(3 pi/8) */

    vec sum0 = add(x[0], x[7]), difference0 = sub(x[0], x[7]);
    vec sum1 = add(x[1], x[6]), difference1 = sub(x[1], x[6]);
    vec sum2 = add(x[2], x[5]), difference2 = sub(x[2], x[5]);
    vec sum3 = add(x[3], x[4]), difference3 = sub(x[3], x[4]);

    vec outer = add(sum0, sum3), outer_difference = sub(sum0, sum3);
    vec inner = add(sum1, sum2), inner_difference = sub(sum1, sum2);
    x[0] = add(outer, inner);
    x[4] = sub(outer, inner);
    vec turned = mul(add(inner_difference, outer_difference), cos_pi_4);
    x[2] = add(outer_difference, turned);
    x[6] = sub(outer_difference, turned);

    vec low = add(difference3, difference2);
    vec middle = mul(add(difference2, difference1), cos_pi_4);
    vec high = add(difference1, difference0);
    vec rotation = mul(sub(low, high), cos_3pi_8);
    vec low_turned = add(mul(low, cos_difference), rotation);
    vec high_turned = add(mul(high, cos_sum), rotation);
    vec near = add(difference0, middle), far = sub(difference0, middle);
    x[5] = add(far, low_turned);
    x[3] = sub(far, low_turned);
    x[1] = add(near, high_turned);
    x[7] = sub(near, high_turned);
}

/* x[group][row] holds LANES columns of a row; loaded transposed, one transposition ends in natural order. */
static inline RJ_TARGET void transform(vec x[GROUPS][RJ_BLOCK_SIDE], const uint8_t *const *rows, size_t column)
{
    /* JPEG's samples are centred at 128. Only DC feels that, and here it is 64 times the mean. */
    static const _Alignas(64) float level_shift[RJ_BLOCK_SIDE] = {64.0f * 128.0f};

    load_transposed(x, rows, column);
    for (int group = 0; group < GROUPS; group++)
        dct8(x[group]);
    transpose(x);
    for (int group = 0; group < GROUPS; group++)
        dct8(x[group]);
    x[0][0] = sub(x[0][0], load(level_shift));
}

/* The sum of the squared AC coefficients; all kernels add in the same order. */
static inline RJ_TARGET float sum_of_squares(vec x[GROUPS][RJ_BLOCK_SIDE])
{
    static const _Alignas(64) float without_dc[RJ_BLOCK_SIDE] = {0.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
    vec sums[GROUPS];
    for (int group = 0; group < GROUPS; group++) {
        vec squares[RJ_BLOCK_SIDE];
        for (int row = 0; row < RJ_BLOCK_SIDE; row++)
            squares[row] = mul(x[group][row], x[group][row]);
        squares[0] = mul(squares[0], load(without_dc + group * LANES));
        for (int step = 1; step < RJ_BLOCK_SIDE; step *= 2)
            for (int row = 0; row < RJ_BLOCK_SIDE; row += 2 * step)
                squares[row] = add(squares[row], squares[row + step]);
        sums[group] = squares[0];
    }
    return sum_of_columns(sums);
}

/*
 * gains: takes the n (2 u - n) of the block rule, unless it is NULL. No clamp: samples of 0 to 255 give AC coefficients of
 * at most 1020, which baseline JPEG can code with any table; who brings others checks what comes of them.
 */
static inline RJ_TARGET void round_block(vec x[GROUPS][RJ_BLOCK_SIDE], const rj_quantizer *quantizer, float share,
                                         float *gains, int16_t *out)
{
    for (int at = 0; at < RJ_BLOCK_SIZE; at += STORED) {
        vec levels[STORED / LANES];
        for (int i = 0; i < STORED / LANES; i++) {
            int place = at + i * LANES, row = place / RJ_BLOCK_SIDE, group = i % GROUPS;
            vec steps = mul(x[group][row], load(quantizer->scale + place)), nearest = rounded(steps);
            vec gain = mul(nearest, sub(add(steps, steps), nearest));
            levels[i] = unless_below(nearest, gain, mul(broadcast(share), load(quantizer->limit + place)));
            if (gains != NULL)
                store(gains + place, gain);
        }
        store_levels(out + at, levels);
    }
}

static inline RJ_TARGET void quantize(vec x[GROUPS][RJ_BLOCK_SIDE], const rj_quantizer *quantizer,
                                      const rj_masking *masking, int16_t *out)
{
    if (masking == NULL) {
        round_block(x, quantizer, 1.0f, NULL, out);
        return;
    }
    _Alignas(64) float gains[RJ_BLOCK_SIZE];
    float share = rj_masking_share(masking, sum_of_squares(x));
    round_block(x, quantizer, share, gains, out);
    uint64_t places = masking->tail > 0 ? nonzero(out) : 0;
    if (places > 1) /* there is more than DC */
        rj_masking_drop_tail(masking, share, gains, quantizer->limit, places, out);
}

#include "block_inverse.h"

static RJ_TARGET void code_blocks(const uint8_t *const *rows, size_t first_column, const uint8_t *block_levels,
                                  const rj_quantizer *quantizers, const rj_masking *masking, size_t block_count,
                                  int16_t (*out)[RJ_BLOCK_SIZE])
{
    for (size_t block = 0; block < block_count; block++) {
        vec x[GROUPS][RJ_BLOCK_SIDE];
        transform(x, rows, first_column + block * RJ_BLOCK_SIDE);
        quantize(x, &quantizers[block_levels[block]], masking, out[block]);
    }
}

static RJ_TARGET void transform_blocks(const uint8_t *const *rows, size_t first_column, size_t block_count,
                                       rj_coefficients *out)
{
    for (size_t block = 0; block < block_count; block++) {
        vec x[GROUPS][RJ_BLOCK_SIDE];
        transform(x, rows, first_column + block * RJ_BLOCK_SIDE);
        for (int row = 0; row < RJ_BLOCK_SIDE; row++)
            for (int group = 0; group < GROUPS; group++)
                store(out[block].values + row * RJ_BLOCK_SIDE + group * LANES, x[group][row]);
    }
}

static inline RJ_TARGET void load_block(vec x[GROUPS][RJ_BLOCK_SIDE], const rj_coefficients *block)
{
    for (int row = 0; row < RJ_BLOCK_SIDE; row++)
        for (int group = 0; group < GROUPS; group++)
            x[group][row] = load(block->values + row * RJ_BLOCK_SIDE + group * LANES);
}

static RJ_TARGET void quantize_blocks(const rj_coefficients *blocks, const uint8_t *block_levels,
                                      const rj_quantizer *quantizers, const rj_masking *masking, size_t block_count,
                                      int16_t (*out)[RJ_BLOCK_SIZE])
{
    for (size_t block = 0; block < block_count; block++) {
        vec x[GROUPS][RJ_BLOCK_SIDE];
        load_block(x, &blocks[block]);
        quantize(x, &quantizers[block_levels[block]], masking, out[block]);
    }
}

static RJ_TARGET float contrast(const rj_coefficients *block)
{
    vec x[GROUPS][RJ_BLOCK_SIDE];
    load_block(x, block);
    return sum_of_squares(x);
}

const rj_simd RJ_SIMD = {RJ_NAME,  code_blocks,   transform_blocks,  quantize_blocks,
                         contrast, restore_block, transform_samples, nonzero};
