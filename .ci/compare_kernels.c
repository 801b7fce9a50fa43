/* Compares the levels of every block kernel that runs here with those of the generic one, byte for byte. */

#include "masking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 9, WIDTH = (BLOCKS + 1) * RJ_BLOCK_SIDE, QUANTIZERS = 5, ROUNDS = 20000 };

static uint32_t state = 1;

/* Marsaglia's xorshift: the same blocks on every machine. */
static uint32_t random_below(uint32_t bound)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % bound;
}

/* Noise, noise of two extremes, a slope, or one grey: the large, the largest, the small and the zero coefficients. */
static void fill(uint8_t samples[RJ_BLOCK_SIDE][WIDTH])
{
    uint32_t kind = random_below(4), base = random_below(256), slope = random_below(4);
    for (uint32_t row = 0; row < RJ_BLOCK_SIDE; row++)
        for (uint32_t column = 0; column < WIDTH; column++) {
            uint32_t value[] = {random_below(256), 255 * random_below(2), base + slope * (row + column), base};
            samples[row][column] = (uint8_t)value[kind];
        }
}

/* Levels that a file may hold, or any that 16 bits can. */
static void fill_levels(int16_t blocks[BLOCKS][RJ_BLOCK_SIZE])
{
    uint32_t largest = random_below(2) ? 32767 : 1 + random_below(1023);
    for (int block = 0; block < BLOCKS; block++)
        for (int i = 0; i < RJ_BLOCK_SIZE; i++)
            blocks[block][i] = (int16_t)((int32_t)random_below(2 * largest + 1) - (int32_t)largest);
}

/* With what makes coefficients of the levels of some other table. */
static void choose(rj_quantizer quantizers[QUANTIZERS], float factors[RJ_BLOCK_SIZE])
{
    static const float allowances[QUANTIZERS] = {0.0f, 0.5f, 3.9f, 25.0f, 1e6f};
    static const float step_scales[QUANTIZERS] = {1.0f, 1.0f, 1.0f, 50.0f / 49.0f, 50.0f / 3.0f};
    static const uint32_t largest_steps[] = {1, 16, 255, 65535};
    uint32_t largest = largest_steps[random_below(4)];
    for (int i = 0; i < QUANTIZERS; i++) {
        uint16_t table[RJ_BLOCK_SIZE];
        float weights[RJ_BLOCK_SIZE];
        for (int j = 0; j < RJ_BLOCK_SIZE; j++) {
            table[j] = (uint16_t)(1 + random_below(largest));
            weights[j] = i % 2 == 0 ? 1.0f / table[j] : (float)random_below(8) / 16.0f;
        }
        rj_quantizer_init(&quantizers[i], table, weights, step_scales[i], allowances[i]);
    }
    uint16_t old_table[RJ_BLOCK_SIZE];
    for (int j = 0; j < RJ_BLOCK_SIZE; j++)
        old_table[j] = (uint16_t)(1 + random_below(largest));
    rj_dequantizer_init(factors, old_table);
}

/* Steps: levels become coefficients, the largest of which do not fit into 16 bits. */
static void choose_steps(rj_quantizer quantizers[QUANTIZERS])
{
    for (int i = 0; i < QUANTIZERS; i++)
        for (int j = 0; j < RJ_BLOCK_SIZE; j++) {
            quantizers[i].scale[j] = (float)(1 + random_below(i == 0 ? 32767 : 3025)) / (float)(1 + random_below(50));
            quantizers[i].limit[j] = 0.0f;
        }
}

static int differs(const char *name, const char *kernel, int round)
{
    printf("%s of %s differs from generic in round %d\n", kernel, name, round);
    return 0;
}

static int same_inverse(const rj_simd *simd, const rj_coefficients *blocks)
{
    int same = 1;
    for (int block = 0; block < BLOCKS; block++) {
        rj_samples expected, samples;
        rj_coefficients expected_again, again;
        rj_simd_generic.restore_block(&blocks[block], &expected);
        simd->restore_block(&blocks[block], &samples);
        rj_simd_generic.transform_samples(&expected, &expected_again);
        simd->transform_samples(&expected, &again);
        same = same && memcmp(&expected, &samples, sizeof samples) == 0;
        same = same && memcmp(&expected_again, &again, sizeof again) == 0;
    }
    return same;
}

static int same_contrast(const rj_simd *simd, const rj_coefficients *blocks)
{
    int same = 1;
    for (int block = 0; block < BLOCKS; block++) {
        float expected = rj_simd_generic.contrast(&blocks[block]), contrast = simd->contrast(&blocks[block]);
        same = same && memcmp(&expected, &contrast, sizeof contrast) == 0;
    }
    return same;
}

static int same_as_generic(const char *name, const rj_simd *simd)
{
    static rj_quantizer quantizers[QUANTIZERS];
    static rj_coefficients coefficients[BLOCKS];
    static rj_zigzag_rows zigzag;
    static rj_masking maskings[3];
    float factors[RJ_BLOCK_SIZE];
    uint8_t samples[RJ_BLOCK_SIDE][WIDTH], block_levels[BLOCKS];
    const uint8_t *rows[RJ_BLOCK_SIDE];
    for (int row = 0; row < RJ_BLOCK_SIDE; row++)
        rows[row] = samples[row];
    rj_zigzag_rows_init(&zigzag);
    for (int i = 0; i < 3; i++)
        rj_masking_init(&maskings[i], &zigzag, 0.3f * (float)i, 2.0f - (float)i);

    for (int round = 0; round < ROUNDS; round++) {
        int16_t expected[BLOCKS][RJ_BLOCK_SIZE], levels[BLOCKS][RJ_BLOCK_SIZE], old_levels[BLOCKS][RJ_BLOCK_SIZE];
        uint32_t kind = random_below(4);
        const rj_masking *masking = kind < 3 ? &maskings[kind] : NULL;
        fill(samples);
        choose(quantizers, factors);
        for (int block = 0; block < BLOCKS; block++)
            block_levels[block] = (uint8_t)random_below(QUANTIZERS);
        rj_simd_generic.code_blocks(rows, RJ_BLOCK_SIDE, block_levels, quantizers, masking, BLOCKS, expected);
        simd->code_blocks(rows, RJ_BLOCK_SIDE, block_levels, quantizers, masking, BLOCKS, levels);
        if (memcmp(expected, levels, sizeof levels) != 0)
            return differs(name, "code_blocks", round);

        simd->transform_blocks(rows, RJ_BLOCK_SIDE, BLOCKS, coefficients);
        simd->quantize_blocks(coefficients, block_levels, quantizers, masking, BLOCKS, levels);
        if (memcmp(expected, levels, sizeof levels) != 0)
            return differs(name, "quantize_blocks", round);
        if (!same_inverse(simd, coefficients))
            return differs(name, "restore_block or transform_samples", round);

        fill_levels(old_levels);
        if (round % 2 != 0)
            choose_steps(quantizers);
        for (int block = 0; block < BLOCKS; block++)
            for (int i = 0; i < RJ_BLOCK_SIZE; i++)
                coefficients[block].values[i] = (float)old_levels[block][i] * (round % 2 == 0 ? factors[i] : 1.0f);
        rj_simd_generic.quantize_blocks(coefficients, block_levels, quantizers, masking, BLOCKS, expected);
        simd->quantize_blocks(coefficients, block_levels, quantizers, masking, BLOCKS, levels);
        if (memcmp(expected, levels, sizeof levels) != 0)
            return differs(name, "quantize_blocks of levels", round);
        if (!same_contrast(simd, coefficients))
            return differs(name, "contrast", round);
        for (int block = 0; block < BLOCKS; block++)
            if (simd->nonzero(levels[block]) != rj_simd_generic.nonzero(levels[block]))
                return differs(name, "nonzero", round);
    }
    printf("%s equals generic on %d blocks\n", name, ROUNDS * BLOCKS);
    return 1;
}

int main(void)
{
    static const char *const names[] = {"avx2", "sse2", "neon", "generic"};
    int compared = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const rj_simd *simd = rj_simd_find(names[i]);
        if (simd == NULL)
            continue;
        if (!same_as_generic(names[i], simd))
            return EXIT_FAILURE;
        compared++;
    }
    return compared > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
