/* What the block kernels share: a quantiser's constants and the choice of a kernel for this processor. */

#include "block.h"

#include <math.h>
#include <string.h>

/* Solves n (2 u - n) = t for u, n being u rounded: between u = n - 1/2 and n + 1/2 it goes from n (n - 1) to n (n + 1). */
static double threshold_of(double t)
{
    double n = floor(0.5 + sqrt(0.25 + t));
    return (t / n + n) / 2.0;
}

void rj_quantizer_init(rj_quantizer *quantizer, const uint16_t table[RJ_BLOCK_SIZE], float allowance)
{
    /* dct8 leaves output k multiplied by sqrt(8) and this: 1 for k = 0, else sqrt(2) * cos(k * pi / 16). */
    static const double gain[RJ_BLOCK_SIDE] = {1.0, 1.3870398453221475, 1.3065629648763766, 1.1758756024193588,
                                               1.0, 0.7856949583871023, 0.5411961001461971, 0.2758993792829431};

    for (int i = 0; i < RJ_BLOCK_SIZE; i++) {
        double step = table[i];
        quantizer->scale[i] = (float)(1.0 / (8.0 * gain[i / RJ_BLOCK_SIDE] * gain[i % RJ_BLOCK_SIDE] * step));
        quantizer->threshold[i] = (float)threshold_of(2.0 * (double)allowance / step);
    }
    quantizer->threshold[0] = 0.0f;
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
