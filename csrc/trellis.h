/*
 * Rate-distortion optimised levels: of the coefficients c of a block, with steps q, the levels n that make the least of
 *
 *     bits + sum of price * (c / q - n)^2.
 *
 * The prices, one for each frequency, say how many bits a squared error of one step is worth; they are those of the
 * block's map level times its share, which is small where the block is so busy that errors hide in it.
 */

#ifndef RJ_TRELLIS_H
#define RJ_TRELLIS_H

#include "internal.h"

enum { RJ_MAX_DC_BITS = 11, RJ_MOST_BANDS = 5 };

/*
 * What it takes to code levels in a band of frequencies, from the first place to the last in zigzag order: the bits of each
 * symbol and of what follows it, for those that do not occur as many as there might be if one did; and of a block that
 * ends before the band does, which may share its symbol with the blocks behind it.
 */
typedef struct {
    int first, last;
    float end_of_block;
    float bits[RJ_SYMBOLS];
} rj_band_costs;

/* dc_bits: of a difference of so many bits, with those themselves. */
struct rj_component_costs {
    float dc_bits[RJ_MAX_DC_BITS + 1];
    int band_count;
    rj_band_costs bands[RJ_MOST_BANDS];
};

typedef struct rj_trellis rj_trellis;

/* NULL if there is no memory. free() frees it. */
rj_trellis *rj_trellis_new(const rj_band_costs *bands, int band_count);

/*
 * coefficients times scale are in steps; levels: the nearest ones, or 0 where that is known to be better; places: of the AC
 * levels that are not 0, bit 0 for the first in zigzag order.
 */
void rj_trellis_ac(const rj_trellis *trellis, uint64_t places, const float *coefficients, const float *scale,
                   const float *prices, float share, int16_t *levels);

/* A component's DC levels in the order in which they are coded, of each block its coefficient in steps and its price. */
typedef struct {
    size_t block;
    float steps, price;
    int16_t level;
    uint8_t behind[2]; /* for each of the two levels next to `steps`, which of the two before it is the cheaper way */
} rj_dc;

void rj_trellis_dc(rj_dc *blocks, size_t count, const float bits[RJ_MAX_DC_BITS + 1]);

#endif
