/* What the block kernels share: a quantiser's constants and the choice of a kernel for this processor. */

#include "block.h"

#include <string.h>

/* A coefficient of an orthonormal DCT becomes this many: dct8 leaves output k multiplied by sqrt(8) and a root. */
static double gain_of(int place)
{
    static const double roots[RJ_BLOCK_SIDE] = { /* 1 for k = 0, else sqrt(2) * cos(k * pi / 16) */
        1.0, 1.3870398453221475, 1.3065629648763766, 1.1758756024193588,
        1.0, 0.7856949583871023, 0.5411961001461971, 0.2758993792829431};
    return 8.0 * roots[place / RJ_BLOCK_SIDE] * roots[place % RJ_BLOCK_SIDE];
}

void rj_quantizer_init(rj_quantizer *quantizer, const uint16_t table[RJ_BLOCK_SIZE], const float weights[RJ_BLOCK_SIZE],
                       float step_scale, float allowance)
{
    for (int i = 0; i < RJ_BLOCK_SIZE; i++) {
        quantizer->scale[i] = (float)(1.0 / (gain_of(i) * (double)table[i] * (double)step_scale));
        quantizer->limit[i] = 2.0f * allowance * weights[i];
    }
    quantizer->limit[0] = 0.0f;
}

void rj_dequantizer_init(float factors[RJ_BLOCK_SIZE], const uint16_t table[RJ_BLOCK_SIZE])
{
    /* Whole multiples of one step fall often in the middle of two of another: less by this, they go to the smaller. */
    static const double ties_toward_zero = 1.0 - 1.0 / (1 << 20);
    for (int i = 0; i < RJ_BLOCK_SIZE; i++)
        factors[i] = (float)(ties_toward_zero * gain_of(i) * table[i]);
}

/* Fastest first. A processor that runs one of them runs those after it. */
static const rj_simd *const *available(void)
{
#if defined(__x86_64__)
    static const rj_simd *const all[] = {&rj_simd_avx2, &rj_simd_sse2, &rj_simd_generic, NULL};
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") ? all : all + 1;
#elif defined(__aarch64__)
    static const rj_simd *const all[] = {&rj_simd_neon, &rj_simd_generic, NULL};
    return all;
#else
    static const rj_simd *const all[] = {&rj_simd_generic, NULL};
    return all;
#endif
}

const rj_simd *rj_simd_find(const char *name)
{
    for (const rj_simd *const *simd = available(); *simd != NULL; simd++)
        if (name == NULL || strcmp((*simd)->name, name) == 0)
            return *simd;
    return NULL;
}
