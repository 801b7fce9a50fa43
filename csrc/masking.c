/* This file contains what a block's own content makes of its allowance. */

#include "masking.h"

#include <math.h>

static const int usual_octave = 19; /* where the share is 1 */

enum { ZEROS_BEFORE_TAIL = 2 };

void rj_masking_init(rj_masking *masking, const rj_zigzag_rows *zigzag, float power, float tail)
{
    masking->zigzag = zigzag;
    masking->tail = tail;
    for (int i = 0; i < RJ_SHARES; i++)
        masking->shares[i] = powf(ldexpf(1.0f + (float)(i % 4) / 4, i / 4 + RJ_LEAST_OCTAVE - usual_octave), power);
}

void rj_masking_drop_tail(const rj_masking *masking, float share, const float gains[RJ_BLOCK_SIZE],
                          const float limit[RJ_BLOCK_SIZE], uint64_t nonzero, int16_t levels[RJ_BLOCK_SIZE])
{
    uint64_t places = rj_in_zigzag(masking->zigzag, nonzero) | 1; /* DC ends the run of zeros before it */
    while (places != 1) {
        int last = 63 - __builtin_clzll(places);
        places &= ~((uint64_t)1 << last);
        int before = 63 - __builtin_clzll(places), at = rj_zigzag[last];
        if (last - before <= ZEROS_BEFORE_TAIL || gains[at] >= (1.0f + masking->tail) * share * limit[at])
            return;
        levels[at] = 0;
    }
}
