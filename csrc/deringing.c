/*
 * This file contains the deringing. What white and black samples decode to beyond 0 and 255 is clipped by every decoder,
 * so it is free to be what costs the fewest coefficients: edges of white may ring there, unseen, instead of inside.
 *
 * This goes by projections: a block is quantised and decoded, white takes what lies above it and black what lies below,
 * and that is quantised again. Going further than to what was decoded gets there in fewer steps; the last ones, which
 * have to hit what will be decoded, do so less. (Factors chosen on drawn text and on photographs with burnt skies.)
 */

#include "deringing.h"

#include <string.h>

static const float strides[] = {2.0f, 1.5f, 1.2f};

/* Of samples less 128, which come out of a DCT and its inverse: they are whole, but for less than a thousandth. */
static const float white = 127.0f - 0.5f, black = -128.0f + 0.5f;

int rj_is_clipped(const uint8_t *const *rows, size_t column)
{
    uint8_t most[RJ_BLOCK_SIDE], least[RJ_BLOCK_SIDE], highest = 0, lowest = UINT8_MAX;
    memcpy(most, rows[0] + column, sizeof most);
    memcpy(least, rows[0] + column, sizeof least);
    for (int row = 1; row < RJ_BLOCK_SIDE; row++)
        for (int i = 0; i < RJ_BLOCK_SIDE; i++) {
            uint8_t sample = rows[row][column + (size_t)i];
            most[i] = sample > most[i] ? sample : most[i];
            least[i] = sample < least[i] ? sample : least[i];
        }
    for (int i = 0; i < RJ_BLOCK_SIDE; i++) {
        highest = most[i] > highest ? most[i] : highest;
        lowest = least[i] < lowest ? least[i] : lowest;
    }
    return (highest == UINT8_MAX || lowest == 0) && highest != lowest;
}

/* 1 for each sample that is white, or black, else 0. */
typedef struct {
    float white[RJ_BLOCK_SIZE], black[RJ_BLOCK_SIZE];
} rj_ends;

/* Gives what rj_is_clipped gives. */
static int find_ends(const rj_coefficients *block, const rj_simd *simd, rj_ends *ends)
{
    rj_samples samples;
    int whites = 0, blacks = 0;
    simd->restore_block(block, &samples);
    for (int i = 0; i < RJ_BLOCK_SIZE; i++) {
        int is_white = samples.values[i] > white, is_black = samples.values[i] < black;
        ends->white[i] = (float)is_white;
        ends->black[i] = (float)is_black;
        whites += is_white;
        blacks += is_black;
    }
    return whites + blacks > 0 && whites < RJ_BLOCK_SIZE && blacks < RJ_BLOCK_SIZE;
}

/* What the block's levels decode to, not clipped. */
static void decode(const rj_coefficients *block, const rj_simd *simd, const rj_quantizer *quantizer,
                   const float steps[RJ_BLOCK_SIZE], rj_samples *decoded)
{
    static const uint8_t only_quantizer = 0;
    int16_t levels[1][RJ_BLOCK_SIZE];
    rj_coefficients dequantized;
    simd->quantize_blocks(block, &only_quantizer, quantizer, 1, levels);
    for (int i = 0; i < RJ_BLOCK_SIZE; i++)
        dequantized.values[i] = (float)levels[0][i] * steps[i];
    simd->restore_block(&dequantized, decoded);
}

static void go_beyond(const rj_ends *ends, const rj_samples *decoded, float stride, rj_samples *beyond)
{
    for (int i = 0; i < RJ_BLOCK_SIZE; i++) {
        float above = decoded->values[i] - 127.0f, below = decoded->values[i] + 128.0f;
        above = above > 0.0f ? above : 0.0f;
        below = below < 0.0f ? below : 0.0f;
        beyond->values[i] = stride * (ends->white[i] * above + ends->black[i] * below);
    }
}

/* Such as baseline JPEG can code: with very small steps the levels of these could be larger than those of any samples. */
static float codable(float coefficient, float step)
{
    float most = 1023.0f * step;
    coefficient = coefficient < most ? coefficient : most;
    return coefficient > -most ? coefficient : -most;
}

void rj_dering(rj_coefficients *block, const rj_simd *simd, const rj_quantizer *quantizer)
{
    const rj_coefficients original = *block;
    float steps[RJ_BLOCK_SIZE];
    rj_ends ends;
    if (!find_ends(block, simd, &ends))
        return;
    for (int i = 0; i < RJ_BLOCK_SIZE; i++)
        steps[i] = 1.0f / quantizer->scale[i];
    for (size_t turn = 0; turn < sizeof strides / sizeof *strides; turn++) {
        rj_samples decoded, beyond;
        rj_coefficients more;
        decode(block, simd, quantizer, steps, &decoded);
        go_beyond(&ends, &decoded, strides[turn], &beyond);
        simd->transform_samples(&beyond, &more);
        for (int i = 0; i < RJ_BLOCK_SIZE; i++)
            block->values[i] = codable(original.values[i] + more.values[i], steps[i]);
    }
}
