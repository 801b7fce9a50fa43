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

enum { EIGHT_BLOCKS = 8 * RJ_BLOCK_SIDE };

static const float strides[] = {2.0f, 1.5f, 1.2f};

/* Of samples less 128, which come out of a DCT and its inverse: they are whole, but for less than a thousandth. */
static const float white = 127.0f - 0.5f, black = -128.0f + 0.5f;

/* Whether one of eight samples is 0. */
static int has_zero(uint64_t samples)
{
    return ((samples - 0x0101010101010101) & ~samples & 0x8080808080808080) != 0;
}

/* With a number of columns that the compiler knows, it does many at once. */
static inline void find_clipped(const uint8_t *const *rows, size_t first_column, size_t columns, uint8_t *is_clipped)
{
    uint8_t most[EIGHT_BLOCKS], least[EIGHT_BLOCKS];
    memcpy(most, rows[0] + first_column, columns);
    memcpy(least, most, columns);
    for (int row = 1; row < RJ_BLOCK_SIDE; row++) {
        uint8_t samples[EIGHT_BLOCKS];
        memcpy(samples, rows[row] + first_column, columns);
        for (size_t i = 0; i < columns; i++) {
            most[i] = samples[i] > most[i] ? samples[i] : most[i];
            least[i] = samples[i] < least[i] ? samples[i] : least[i];
        }
    }
    for (size_t column = 0; column < columns; column += RJ_BLOCK_SIDE) {
        uint64_t highest, lowest;
        memcpy(&highest, most + column, sizeof highest);
        memcpy(&lowest, least + column, sizeof lowest);
        is_clipped[column / RJ_BLOCK_SIDE] =
            (has_zero(~highest) && lowest != UINT64_MAX) || (has_zero(lowest) && highest != 0);
    }
}

void rj_find_clipped(const uint8_t *const *rows, size_t first_column, size_t block_count, uint8_t *is_clipped)
{
    size_t block = 0;
    for (; block + 8 <= block_count; block += 8)
        find_clipped(rows, first_column + block * RJ_BLOCK_SIDE, EIGHT_BLOCKS, is_clipped + block);
    for (; block < block_count; block++)
        find_clipped(rows, first_column + block * RJ_BLOCK_SIDE, RJ_BLOCK_SIDE, is_clipped + block);
}

/* 1 for each sample that is white, or black, else 0. */
typedef struct {
    float white[RJ_BLOCK_SIZE], black[RJ_BLOCK_SIZE];
} rj_ends;

/* Gives what rj_find_clipped finds. */
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
                   const rj_masking *masking, const float steps[RJ_BLOCK_SIZE], rj_samples *decoded)
{
    static const uint8_t only_quantizer = 0;
    int16_t levels[1][RJ_BLOCK_SIZE];
    rj_coefficients dequantized;
    simd->quantize_blocks(block, &only_quantizer, quantizer, masking, 1, levels);
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

void rj_dering(rj_coefficients *block, const rj_simd *simd, const rj_quantizer *quantizer, const rj_masking *masking)
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
        decode(block, simd, quantizer, masking, steps, &decoded);
        go_beyond(&ends, &decoded, strides[turn], &beyond);
        simd->transform_samples(&beyond, &more);
        for (int i = 0; i < RJ_BLOCK_SIZE; i++)
            block->values[i] = codable(original.values[i] + more.values[i], steps[i]);
    }
}
