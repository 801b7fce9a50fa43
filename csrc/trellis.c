/*
 * This file contains the dynamic program that chooses a block's AC levels. It goes from nonzero level to nonzero level, as
 * Huffman's code of them does (Crouse and Ramchandran, 1997), but only from those that can be on the best way. A level
 * may be the nearest one, one less where that takes one bit less, or 0.
 */

#include "trellis.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_AC_BITS = 10 };

/* after_zeros: what a level of so many bits costs after so many zeros. */
typedef struct {
    int first, last;
    float end_of_block;
    float after_zeros[MAX_AC_BITS + 1][RJ_BLOCK_SIZE];
} band;

struct rj_trellis {
    int band_count;
    band bands[];
};

/* A nonzero level, and which of the nonzero levels before it the best way to it comes from; the first stands for none. */
typedef struct {
    uint8_t place; /* in zigzag order */
    uint8_t behind;
    int16_t level; /* its magnitude */
} stop;

/*
 * The stops that can be on the best way: the nearer one of them is, the more it costs. Costs leave out what the zeros on
 * the way cost: they have less than they should have by what all places so far would cost as zeros.
 */
typedef struct {
    int count;
    float costs[RJ_BLOCK_SIZE];
    int places[RJ_BLOCK_SIZE];
    uint8_t stops[RJ_BLOCK_SIZE];
} open_stops;

static void init_band(band *to, const rj_band_costs *costs)
{
    to->first = costs->first;
    to->last = costs->last;
    to->end_of_block = costs->end_of_block;
    for (int bits = 1; bits <= MAX_AC_BITS; bits++)
        for (int zeros = 0; zeros < RJ_BLOCK_SIZE; zeros++)
            to->after_zeros[bits][zeros] =
                (float)(zeros / 16) * costs->bits[RJ_SIXTEEN_ZEROS] + costs->bits[zeros % 16 << 4 | bits];
}

rj_trellis *rj_trellis_new(const rj_band_costs *bands, int band_count)
{
    rj_trellis *trellis = malloc(sizeof *trellis + (size_t)band_count * sizeof(band));
    if (trellis == NULL)
        return NULL;
    trellis->band_count = band_count;
    for (int i = 0; i < band_count; i++)
        init_band(&trellis->bands[i], &bands[i]);
    return trellis;
}

/* The cost of the best way to a level at that place, if it is below `cost`, then `to` is that level; else `cost`. */
static inline float reach(stop *to, int level, float error_cost, const band *in, const open_stops *open, float cost)
{
    const float *after_zeros = in->after_zeros[rj_bit_length(level)] + to->place - 1;
    for (int i = 0; i < open->count; i++) {
        float through = open->costs[i] + after_zeros[-open->places[i]] + error_cost;
        if (through < cost) {
            cost = through;
            to->level = (int16_t)level;
            to->behind = open->stops[i];
        }
    }
    return cost;
}

static inline void open_stop(open_stops *open, int index, int place, float cost)
{
    /* A longer run of zeros hardly ever has the shorter code, so who is nearer and no dearer hides who is farther. */
    while (open->count > 0 && open->costs[open->count - 1] >= cost)
        open->count--;
    open->costs[open->count] = cost;
    open->places[open->count] = place;
    open->stops[open->count++] = (uint8_t)index;
}

static int best_end(const band *in, const open_stops *open)
{
    int best = 0;
    float least = INFINITY;
    for (int i = 0; i < open->count; i++) {
        float cost = open->costs[i] + (open->places[i] < in->last ? in->end_of_block : 0.0f);
        if (cost < least) {
            least = cost;
            best = open->stops[i];
        }
    }
    return best;
}

/* places: a bit for each place in zigzag order whose level is not 0. */
static void choose_levels(const band *in, uint64_t places, const float *coefficients, const float *scale,
                          const float *prices, float share, int16_t *levels)
{
    stop stops[RJ_BLOCK_SIZE];
    open_stops open;
    int count = 1;
    float as_zeros = 0.0f;

    open.count = 0;
    open_stop(&open, 0, in->first - 1, 0.0f);
    for (; places != 0; places &= places - 1) {
        stop *next = &stops[count];
        next->place = (uint8_t)__builtin_ctzll(places);
        int at = rj_zigzag[next->place], level = abs(levels[at]);
        float price = prices[at] * share, steps = fabsf(coefficients[at] * scale[at]), error = steps - (float)level;
        float cost = reach(next, level, price * error * error, in, &open, INFINITY);
        if (level > 1 && (level & (level - 1)) == 0)
            cost = reach(next, level - 1, price * (error + 1.0f) * (error + 1.0f), in, &open, cost);
        cost += as_zeros;
        as_zeros += price * steps * steps;
        open_stop(&open, count++, next->place, cost - as_zeros);
    }

    int on_the_way = best_end(in, &open);
    for (int i = count - 1; i > 0; i--) {
        int16_t *level = &levels[rj_zigzag[stops[i].place]];
        int magnitude = i == on_the_way ? stops[i].level : 0;
        on_the_way = i == on_the_way ? stops[i].behind : on_the_way;
        *level = (int16_t)(*level < 0 ? -magnitude : magnitude);
    }
}

void rj_trellis_ac(const rj_trellis *trellis, uint64_t places, const float *coefficients, const float *scale,
                   const float *prices, float share, int16_t *levels)
{
    for (int i = 0; i < trellis->band_count; i++) {
        const band *in = &trellis->bands[i];
        uint64_t of_band = places & (((uint64_t)2 << in->last) - ((uint64_t)1 << in->first));
        if (of_band != 0)
            choose_levels(in, of_band, coefficients, scale, prices, share, levels);
    }
}
