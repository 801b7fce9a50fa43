/* A block's levels in the order in which they are coded. */

#ifndef RJ_ZIGZAG_H
#define RJ_ZIGZAG_H

#include "block.h"

/* The places in natural order, one after the other, and in natural order the place of each in that. */
extern const uint8_t rj_zigzag[RJ_BLOCK_SIZE];
extern const uint8_t rj_zigzag_places[RJ_BLOCK_SIZE];

/* For a row of a block with these places set: its places in zigzag order. */
typedef struct {
    uint64_t of_row[RJ_BLOCK_SIDE][256];
} rj_zigzag_rows;

void rj_zigzag_rows_init(rj_zigzag_rows *zigzag);

/* Places in natural order, the lowest bit for the first, as places in zigzag order. */
static inline uint64_t rj_in_zigzag(const rj_zigzag_rows *zigzag, uint64_t places)
{
    uint64_t reordered = 0;
    for (int row = 0; row < RJ_BLOCK_SIDE; row++)
        reordered |= zigzag->of_row[row][places >> 8 * row & 255];
    return reordered;
}

#endif
