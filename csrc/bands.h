/*
 * What the scans of a progressive file cost. A component's frequencies are cut into segments, each scan takes one or more
 * neighbouring segments, a band; and all scans of a component leave out as many lowest bits of its levels, its depth,
 * which scans of all its frequencies refine later, one bit each.
 */

#ifndef RJ_BANDS_H
#define RJ_BANDS_H

#include "internal.h"

enum { RJ_SEGMENTS = 5, RJ_DEPTHS = 3, RJ_RUN_SIZES = 15, RJ_LONGEST_RUN = 0x7FFF };

/* The first place of each segment in zigzag order, and where the last one ends. */
extern const uint8_t rj_segment_places[RJ_SEGMENTS + 1];

/*
 * The symbols of the bands at one depth. A level behind another one of its block has the same symbol in every band that
 * holds both; `behind` counts it by the segments of the two, `first` by the segment in which the band begins and its own.
 * runs: of blocks that end early, by first and last segment, and how many of each size of its length.
 */
typedef struct {
    uint32_t behind[RJ_SEGMENTS][RJ_SEGMENTS][RJ_SYMBOLS];
    uint32_t first[RJ_SEGMENTS][RJ_SEGMENTS][RJ_SYMBOLS];
    uint32_t runs[RJ_SEGMENTS][RJ_SEGMENTS][RJ_RUN_SIZES];
    uint32_t run_starts[RJ_SEGMENTS][RJ_SEGMENTS];
    uint32_t ends[RJ_SEGMENTS][RJ_SEGMENTS];
} rj_depth_counts;

/* The scan that refines levels by one bit; older: those that were not 0 before, of which each takes a bit. */
typedef struct {
    uint32_t counts[RJ_SYMBOLS];
    uint64_t older_bits;
    uint32_t run;
} rj_refinement;

typedef struct {
    rj_depth_counts depths[RJ_DEPTHS];
    rj_refinement refinements[RJ_DEPTHS - 1]; /* to the depth that is its index */
    uint32_t blocks;
} rj_band_counts;

/* Of one component: zeroed, count blocks, break before a restart and at the end. */
void rj_bands_count(rj_band_counts *bands, const rj_encoder *encoder, const int16_t (*blocks)[RJ_BLOCK_SIZE],
                    size_t block_count);
void rj_bands_break(rj_band_counts *bands);

/* The symbols of a band's scan. */
void rj_bands_sum(const rj_depth_counts *counts, int first, int last, uint32_t sum[RJ_SYMBOLS]);

/* How a component's frequencies are cut into bands, by their first and last segments, and what its scans take. */
typedef struct {
    int depth, band_count;
    int first[RJ_SEGMENTS], last[RJ_SEGMENTS];
    double bits;
} rj_cut;

/* What there is to code in all levels, or in some rows of them; all of them are `scale` times as much. */
typedef struct {
    double scale;
    uint32_t sequential_ac[RJ_MAX_COMPONENTS][RJ_SYMBOLS];
    uint32_t dc_together[RJ_MAX_COMPONENTS][RJ_SYMBOLS]; /* in the order of the MCUs of all components, */
    uint32_t dc_apart[RJ_MAX_COMPONENTS][RJ_SYMBOLS];    /* or of each component alone. */
    rj_cut cuts[RJ_MAX_COMPONENTS];
    uint32_t bands[RJ_MAX_COMPONENTS][RJ_SEGMENTS][RJ_SYMBOLS]; /* of the cuts, at depth 0 */
    uint32_t ends[RJ_MAX_COMPONENTS][RJ_SEGMENTS]; /* blocks that end before the band does */
} rj_survey;

rj_status rj_survey_levels(rj_encoder *encoder, rj_survey *survey);

/* The bits of a scan's marker, and of its restarts. */
double rj_header_bits(int component_count);
double rj_restart_bits(const rj_settings *settings, size_t mcu_columns, size_t mcu_rows);

#endif
