/* What the block kernels share: a quantiser's constants and the choice of a kernel for this processor. */

#include "block.h"

#include <math.h>
#include <string.h>

void rj_quantizer_init(rj_quantizer *quantizer, const uint16_t table[RJ_BLOCK_SIZE], float allowance)
{
    /* dct8 leaves output k multiplied by sqrt(8) * normalizer[k]: 1 for k = 0, else sqrt(2) * cos(k * pi / 16). */
    double normalizer[RJ_BLOCK_SIDE] = {1.0};
    for (int k = 1; k < RJ_BLOCK_SIDE; k++)
        normalizer[k] = sqrt(2.0) * cos(k * 3.14159265358979323846 / 16.0);

    for (int i = 0; i < RJ_BLOCK_SIZE; i++) {
        double gain = 8.0 * normalizer[i / RJ_BLOCK_SIDE] * normalizer[i % RJ_BLOCK_SIDE];
        quantizer->scale[i] = (float)(1.0 / (gain * table[i]));
        quantizer->threshold[i] = i == 0 ? 0.0f : (float)(2.0 * (double)allowance / table[i]);
    }
}

/* Fastest first. A processor that runs one of them runs those after it. */
static const rj_simd *available(size_t *count)
{
#if defined(__x86_64__)
    static const rj_simd all[] = {
        {"avx2", rj_code_blocks_avx2}, {"sse2", rj_code_blocks_sse2}, {"generic", rj_code_blocks_generic}};
    __builtin_cpu_init();
    size_t first = __builtin_cpu_supports("avx2") ? 0 : 1;
#elif defined(__aarch64__)
    static const rj_simd all[] = {{"neon", rj_code_blocks_neon}, {"generic", rj_code_blocks_generic}};
    size_t first = 0;
#else
    static const rj_simd all[] = {{"generic", rj_code_blocks_generic}};
    size_t first = 0;
#endif
    *count = sizeof all / sizeof all[0] - first;
    return all + first;
}

const rj_simd *rj_simd_find(const char *name)
{
    size_t count;
    const rj_simd *simds = available(&count);
    if (name == NULL)
        return &simds[0];
    for (size_t i = 0; i < count; i++)
        if (strcmp(simds[i].name, name) == 0)
            return &simds[i];
    return NULL;
}
