/*
 * This file contains the dynamic program that chooses DC levels. They are coded as differences, so the bits of each depend
 * on the one before it: Viterbi's algorithm, with the two levels next to each coefficient as states.
 */

#include "trellis.h"

#include <math.h>

enum { LARGEST_DC = 1023, SMALLEST_DC = -1024 };

static int level_of(const rj_dc *block, int state)
{
    int level = (int)floorf(block->steps) + state;
    return level < SMALLEST_DC ? SMALLEST_DC : level > LARGEST_DC ? LARGEST_DC : level;
}

/* costs: of the best ways to both states of the block before, whose levels are `levels`; becomes that of this one. */
static void step(rj_dc *block, float costs[2], int levels[2], const float *bits)
{
    float next_costs[2];
    int next_levels[2];
    for (int state = 0; state < 2; state++) {
        int level = next_levels[state] = level_of(block, state);
        float error = block->steps - (float)level;
        float from_lower = costs[0] + bits[rj_bit_length(level - levels[0])];
        float from_upper = costs[1] + bits[rj_bit_length(level - levels[1])];
        block->behind[state] = from_upper < from_lower;
        next_costs[state] = (from_upper < from_lower ? from_upper : from_lower) + block->price * error * error;
    }
    for (int state = 0; state < 2; state++) {
        costs[state] = next_costs[state];
        levels[state] = next_levels[state];
    }
}

void rj_trellis_dc(rj_dc *blocks, size_t count, const float bits[RJ_MAX_DC_BITS + 1])
{
    float costs[2] = {0.0f, INFINITY};
    int levels[2] = {0, 0};
    for (size_t i = 0; i < count; i++) {
        step(&blocks[i], costs, levels, bits);
        /* Only their difference matters, and large sums would lose it. */
        costs[1] -= costs[0];
        costs[0] = 0.0f;
    }
    int state = costs[1] < costs[0];
    for (size_t i = count; i-- > 0;) {
        blocks[i].level = (int16_t)level_of(&blocks[i], state);
        state = blocks[i].behind[state];
    }
}
