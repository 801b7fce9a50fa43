/*
 * The template's inverse DCT, and the DCT of samples that are no bytes: for who changes a block between the two. To be
 * included by block_simd.h.
 */

/* dct8 turned round, its steps transposed one by one: of inputs divided by 8 and its factors' squares the inverse. */
static inline RJ_TARGET void inverse_dct8(vec x[RJ_BLOCK_SIDE])
{
    const vec cos_pi_4 = broadcast(0.70710678118654752f);
    const vec cos_3pi_8 = broadcast(0.38268343236508977f);
    const vec cos_difference = broadcast(0.54119610014619698f);
    const vec cos_sum = broadcast(1.30656296487637653f);

    vec outer = add(x[0], x[4]), inner = sub(x[0], x[4]);
    vec inner_difference = mul(sub(x[2], x[6]), cos_pi_4);
    vec outer_difference = add(add(x[2], x[6]), inner_difference);
    vec sum0 = add(outer, outer_difference), sum3 = sub(outer, outer_difference);
    vec sum1 = add(inner, inner_difference), sum2 = sub(inner, inner_difference);

    vec near = add(x[1], x[7]), high_turned = sub(x[1], x[7]);
    vec far = add(x[5], x[3]), low_turned = sub(x[5], x[3]);
    vec rotation = mul(add(low_turned, high_turned), cos_3pi_8);
    vec low = add(mul(low_turned, cos_difference), rotation);
    vec high = sub(mul(high_turned, cos_sum), rotation);
    vec middle = mul(sub(near, far), cos_pi_4);
    vec difference0 = add(add(near, far), high);
    vec difference1 = add(middle, high);
    vec difference2 = add(low, middle);

    x[0] = add(sum0, difference0);
    x[7] = sub(sum0, difference0);
    x[1] = add(sum1, difference1);
    x[6] = sub(sum1, difference1);
    x[2] = add(sum2, difference2);
    x[5] = sub(sum2, difference2);
    x[3] = add(sum3, low);
    x[4] = sub(sum3, low);
}

static RJ_TARGET void restore_block(const rj_coefficients *block, rj_samples *samples)
{
    /* One over 8 times the square of what dct8 leaves in output k (block.c has the roots). */
    static const _Alignas(64) float share[RJ_BLOCK_SIDE] = {
        0.125f, 0.064972883118536245f, 0.073223304703363107f, 0.090403918260730576f,
        0.125f, 0.2024893005527218f, 0.42677669529663664f, 1.64213389806801f};
    vec x[GROUPS][RJ_BLOCK_SIDE];
    for (int row = 0; row < RJ_BLOCK_SIDE; row++)
        for (int group = 0; group < GROUPS; group++) {
            vec values = load(block->values + row * RJ_BLOCK_SIDE + group * LANES);
            x[group][row] = mul(mul(values, broadcast(share[row])), load(share + group * LANES));
        }
    for (int group = 0; group < GROUPS; group++)
        inverse_dct8(x[group]);
    transpose(x);
    for (int group = 0; group < GROUPS; group++)
        inverse_dct8(x[group]);
    for (int column = 0; column < RJ_BLOCK_SIDE; column++)
        for (int group = 0; group < GROUPS; group++)
            store(samples->values + column * RJ_BLOCK_SIDE + group * LANES, x[group][column]);
}

static RJ_TARGET void transform_samples(const rj_samples *samples, rj_coefficients *block)
{
    vec x[GROUPS][RJ_BLOCK_SIDE];
    for (int column = 0; column < RJ_BLOCK_SIDE; column++)
        for (int group = 0; group < GROUPS; group++)
            x[group][column] = load(samples->values + column * RJ_BLOCK_SIDE + group * LANES);
    for (int group = 0; group < GROUPS; group++)
        dct8(x[group]);
    transpose(x);
    for (int group = 0; group < GROUPS; group++)
        dct8(x[group]);
    for (int row = 0; row < RJ_BLOCK_SIDE; row++)
        for (int group = 0; group < GROUPS; group++)
            store(block->values + row * RJ_BLOCK_SIDE + group * LANES, x[group][row]);
}
