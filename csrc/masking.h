/* What a block's own content makes of its allowance (see block.h): masking by contrast, and the end of the block. */

#ifndef RJ_MASKING_H
#define RJ_MASKING_H

#include "zigzag.h"

#include <string.h>

#define RJ_MAX_MASKING 2.0f
#define RJ_MAX_TAIL 1000.0f

enum { RJ_LEAST_OCTAVE = 13, RJ_MOST_OCTAVE = 38, RJ_SHARES = (RJ_MOST_OCTAVE - RJ_LEAST_OCTAVE) * 4 + 1 };

/*
 * Errors are seen less where contrast is high (Legge and Foley, 1980): a block's allowance is multiplied by a power of its
 * squared contrast over a usual one, which is less than 1 in even blocks. The contrast is the sum of the squared AC
 * coefficients as the kernels' DCT leaves them, which counts low frequencies more. shares has that factor for four
 * contrasts in each octave. Below the least it falls no further; more than the most no pixels have, but the levels and
 * steps of a hostile file.
 *
 * The last level of a block, if there are zeros before it, costs the most bits, because the code of a block's end follows
 * earlier without it. So its allowance is larger once more, by the share tail, and then that of the last one left.
 */
struct rj_masking {
    const rj_zigzag_rows *zigzag;
    float tail;
    float shares[RJ_SHARES];
};

void rj_masking_init(rj_masking *masking, const rj_zigzag_rows *zigzag, float power, float tail);

/* What a block's allowance is multiplied by with that squared contrast. */
static inline float rj_masking_share(const rj_masking *masking, float contrast)
{
    const float least = 1 << RJ_LEAST_OCTAVE;
    uint32_t bits, least_bits, index;
    contrast += least;
    memcpy(&bits, &contrast, sizeof bits);
    memcpy(&least_bits, &least, sizeof bits);
    index = (bits - least_bits) >> 21; /* the exponent and the first two bits behind it */
    return masking->shares[index < RJ_SHARES ? index : RJ_SHARES - 1];
}

/* gains: the n (2 u - n) of the block rule; nonzero: as the kernels give it. */
void rj_masking_drop_tail(const rj_masking *masking, float share, const float gains[RJ_BLOCK_SIZE],
                          const float limit[RJ_BLOCK_SIZE], uint64_t nonzero, int16_t levels[RJ_BLOCK_SIZE]);

#endif
