/* The block kernels for NEON, which every 64-bit Arm processor has: two vectors of four hold a row of the block. */

#include "masking.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#define RJ_SIMD rj_simd_neon
#define RJ_NAME "neon"
#define RJ_TARGET

typedef float32x4_t vec;
enum { LANES = 4 };

static inline vec broadcast(float value) { return vdupq_n_f32(value); }
static inline vec load(const float *from) { return vld1q_f32(from); }
static inline void store(float *to, vec value) { vst1q_f32(to, value); }
static inline vec add(vec a, vec b) { return vaddq_f32(a, b); }
static inline vec sub(vec a, vec b) { return vsubq_f32(a, b); }
static inline vec mul(vec a, vec b) { return vmulq_f32(a, b); }
static inline vec rounded(vec a) { return vrndnq_f32(a); }

static inline vec unless_below(vec value, vec a, vec b)
{
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(value), vcgeq_f32(a, b)));
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

static inline float sum_of_columns(const vec columns[2])
{
    vec four = add(columns[0], columns[1]);
    float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

static inline void store_levels(int16_t *out, const vec levels[4])
{
    for (int i = 0; i < 4; i++)
        vst1_s16(out + i * LANES, vqmovn_s32(vcvtq_s32_f32(levels[i])));
}

static uint64_t nonzero(const int16_t block[RJ_BLOCK_SIZE])
{
    static const uint16_t bits[RJ_BLOCK_SIDE] = {1, 2, 4, 8, 16, 32, 64, 128};
    uint64_t places = 0;
    for (int row = 0; row < RJ_BLOCK_SIDE; row++) {
        int16x8_t levels = vld1q_s16(block + row * RJ_BLOCK_SIDE);
        places |= (uint64_t)vaddvq_u16(vandq_u16(vtstq_s16(levels, levels), vld1q_u16(bits))) << row * RJ_BLOCK_SIDE;
    }
    return places;
}

#include "block_simd.h"

#endif
