/* The block kernel for NEON, which every 64-bit Arm processor has: two vectors of four hold a row of the block. */

#include "block.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#define RJ_KERNEL rj_code_blocks_neon
#define RJ_TARGET

typedef float32x4_t vec;
enum { LANES = 4 };

static inline vec broadcast(float value) { return vdupq_n_f32(value); }
static inline vec load(const float *from) { return vld1q_f32(from); }
static inline vec add(vec a, vec b) { return vaddq_f32(a, b); }
static inline vec sub(vec a, vec b) { return vsubq_f32(a, b); }
static inline vec mul(vec a, vec b) { return vmulq_f32(a, b); }

static inline vec keep_large(vec value, vec measured, vec threshold)
{
    uint32x4_t large = vcgeq_f32(vabsq_f32(measured), threshold);
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(value), large));
}

static inline void transpose(vec x[2][RJ_BLOCK_SIDE])
{
    vec quarters[2][RJ_BLOCK_SIDE];
    for (int group = 0; group < 2; group++)
        for (int half = 0; half < 2; half++) {
            const vec *rows = &x[group][4 * half];
            float32x4x2_t upper = vtrnq_f32(rows[0], rows[1]), lower = vtrnq_f32(rows[2], rows[3]);
            vec *turned = &quarters[half][4 * group];
            turned[0] = vcombine_f32(vget_low_f32(upper.val[0]), vget_low_f32(lower.val[0]));
            turned[1] = vcombine_f32(vget_low_f32(upper.val[1]), vget_low_f32(lower.val[1]));
            turned[2] = vcombine_f32(vget_high_f32(upper.val[0]), vget_high_f32(lower.val[0]));
            turned[3] = vcombine_f32(vget_high_f32(upper.val[1]), vget_high_f32(lower.val[1]));
        }
    for (int group = 0; group < 2; group++)
        for (int row = 0; row < RJ_BLOCK_SIDE; row++)
            x[group][row] = quarters[group][row];
}

static inline void load_transposed(vec x[2][RJ_BLOCK_SIDE], const uint8_t *const *rows, size_t column)
{
    for (int row = 0; row < RJ_BLOCK_SIDE; row++) {
        uint16x8_t samples = vmovl_u8(vld1_u8(rows[row] + column));
        x[0][row] = vcvtq_f32_u32(vmovl_u16(vget_low_u16(samples)));
        x[1][row] = vcvtq_f32_u32(vmovl_u16(vget_high_u16(samples)));
    }
    transpose(x);
}

static inline void store_levels(int16_t *out, const vec levels[2])
{
    vst1q_s16(out, vcombine_s16(vqmovn_s32(vcvtq_s32_f32(levels[0])), vqmovn_s32(vcvtq_s32_f32(levels[1]))));
}

#include "block_simd.h"

#endif
