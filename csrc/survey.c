/* This file contains what the scans of given levels would take, found by counting their symbols. */

#include "bands.h"

#include <stdlib.h>
#include <string.h>

/*
 * Of larger pictures only every so many rows of MCUs are looked at: files get up to .01 % larger than by looking at all, and
 * .1 % by a glance, which takes next to no time.
 */
enum { LEAST_BLOCKS = 1000, LONGEST_STRIDE = 5, LONGER_AT_A_GLANCE = 4 };

double rj_header_bits(int component_count)
{
    return 8.0 * (8 + 2 * component_count);
}

double rj_restart_bits(const rj_settings *settings, size_t mcu_columns, size_t mcu_rows)
{
    enum { MARKER = 16, PADDING = 4 };
    size_t interval = rj_restart_interval(settings, mcu_columns);
    return interval == 0 ? 0.0 : (double)((mcu_columns * mcu_rows - 1) / interval) * (MARKER + PADDING);
}

/* The rows of a picture's MCUs, of which every stride-th is looked at. */
typedef struct {
    size_t mcu_rows, mcu_columns;
    size_t stride;
} grid;

static grid grid_of(const rj_settings *settings)
{
    const rj_component *first = &settings->components[0];
    size_t h_samp = (size_t)first->h_samp, v_samp = (size_t)first->v_samp, most_blocks = 0;
    for (int i = 0; i < settings->component_count; i++) {
        size_t blocks = (size_t)settings->components[i].block_rows * settings->components[i].block_columns;
        most_blocks = blocks > most_blocks ? blocks : most_blocks;
    }
    size_t longer = settings->search_scans ? 1 : LONGER_AT_A_GLANCE, stride = most_blocks * longer / LEAST_BLOCKS;
    stride = stride > LONGEST_STRIDE * longer ? LONGEST_STRIDE * longer : stride;
    return (grid){
        .mcu_rows = (first->block_rows + v_samp - 1) / v_samp,
        .mcu_columns = (first->block_columns + h_samp - 1) / h_samp,
        .stride = stride > 0 ? stride : 1,
    };
}

static void count_row(rj_band_counts *bands, const rj_encoder *encoder, const int16_t (*blocks)[RJ_BLOCK_SIZE], size_t place,
                      size_t block_count, size_t interval)
{
    while (block_count > 0) {
        size_t until_restart = interval == 0 ? block_count : interval - place % interval;
        size_t count = block_count < until_restart ? block_count : until_restart;
        rj_bands_count(bands, encoder, blocks, count);
        if (count == until_restart && interval > 0)
            rj_bands_break(bands);
        blocks += count;
        place += count;
        block_count -= count;
    }
}

static void count_bands(rj_encoder *encoder, int index, const grid *rows, rj_band_counts *bands)
{
    const rj_component *component = &encoder->settings.components[index];
    size_t v_samp = (size_t)component->v_samp, columns = component->block_columns;
    size_t interval = rj_restart_interval(&encoder->settings, columns);
    memset(bands, 0, sizeof *bands);
    for (size_t mcu_row = 0; mcu_row < rows->mcu_rows; mcu_row += rows->stride)
        for (size_t row = mcu_row * v_samp; row < (mcu_row + 1) * v_samp && row < component->block_rows; row++)
            count_row(bands, encoder, (const int16_t(*)[RJ_BLOCK_SIZE])rj_levels_row(encoder, index, row),
                      row * columns, columns, interval);
    rj_bands_break(bands);
}

/* Components of which the scans of a band may share a table of the code, if that is cheaper than a table for each. */
typedef struct {
    int count;
    int members[RJ_MAX_COMPONENTS];
    const rj_band_counts *bands[RJ_MAX_COMPONENTS];
    double scale;
    double frame_bits; /* of one scan of each */
} sharers;

/* The symbols of a band, or, where it is empty, of the scan that refines all levels to this depth. */
static void sum_symbols(const rj_band_counts *bands, int depth, int first, int last, uint32_t sum[RJ_SYMBOLS])
{
    if (first <= last)
        rj_bands_sum(&bands->depths[depth], first, last, sum);
    else
        memcpy(sum, bands->refinements[depth].counts, RJ_SYMBOLS * sizeof *sum);
}

static double shared_scan_bits(const sharers *group, int depth, int first, int last)
{
    uint32_t counts[RJ_SYMBOLS], sum[RJ_SYMBOLS] = {0};
    double bits = 0.0;
    for (int i = 0; i < group->count; i++) {
        sum_symbols(group->bands[i], depth, first, last, counts);
        bits += rj_symbol_bits(counts, group->scale);
        for (int symbol = 0; symbol < RJ_SYMBOLS; symbol++)
            sum[symbol] += counts[symbol];
    }
    double shared = group->count > 1 ? rj_symbol_bits(sum, group->scale) : bits;
    return group->frame_bits + (shared < bits ? shared : bits);
}

/* The cheapest way to cut the frequencies at this depth: the best last band behind the best cut of what is before it. */
static rj_cut cut_at(const sharers *group, int depth)
{
    rj_cut best[RJ_SEGMENTS + 1] = {{.depth = depth}};
    for (int last = 0; last < RJ_SEGMENTS; last++)
        for (int first = 0; first <= last; first++) {
            double bits = best[first].bits + shared_scan_bits(group, depth, first, last);
            if (first == 0 || bits < best[last + 1].bits) {
                rj_cut cut = best[first];
                cut.first[cut.band_count] = first;
                cut.last[cut.band_count++] = last;
                cut.bits = bits;
                best[last + 1] = cut;
            }
        }
    rj_cut *whole = &best[RJ_SEGMENTS];
    for (int to = 0; to < depth; to++) {
        whole->bits += shared_scan_bits(group, to, 1, 0);
        for (int i = 0; i < group->count; i++)
            whole->bits += (double)group->bands[i]->refinements[to].older_bits * group->scale;
    }
    return *whole;
}

static rj_cut best_cut(const sharers *group)
{
    rj_cut best = cut_at(group, 0);
    for (int depth = 1; depth < RJ_DEPTHS; depth++) {
        rj_cut other = cut_at(group, depth);
        if (other.bits < best.bits)
            best = other;
    }
    return best;
}

static double frame_bits(const rj_settings *settings, int index)
{
    const rj_component *component = &settings->components[index];
    return rj_header_bits(1) + rj_restart_bits(settings, component->block_columns, component->block_rows);
}

/* Either each member has its own best cut, or all have one by which they can share tables. */
static void cut_group(const rj_settings *settings, sharers *group, rj_cut cuts[RJ_MAX_COMPONENTS])
{
    double bits = 0.0;
    for (int i = 0; i < group->count; i++) {
        int index = group->members[i];
        sharers alone = {1, {index}, {group->bands[i]}, group->scale, frame_bits(settings, index)};
        cuts[index] = best_cut(&alone);
        bits += cuts[index].bits;
        group->frame_bits += alone.frame_bits;
    }
    rj_cut common = group->count > 1 ? best_cut(group) : cuts[group->members[0]];
    common.bits /= group->count;
    for (int i = 0; common.bits * group->count < bits && i < group->count; i++)
        cuts[group->members[i]] = common;
}

static void cut_components(const rj_encoder *encoder, const rj_band_counts *bands, rj_survey *survey)
{
    const rj_settings *settings = &encoder->settings;
    const jpeg_component_info *infos = encoder->cinfo.comp_info;
    for (int table = 0; table < NUM_HUFF_TBLS; table++) {
        sharers group = {.scale = survey->scale};
        for (int i = 0; i < settings->component_count; i++)
            if (infos[i].ac_tbl_no == table) {
                group.members[group.count] = i;
                group.bands[group.count++] = &bands[i];
            }
        if (group.count > 0)
            cut_group(settings, &group, survey->cuts);
    }
}

static void keep_counts(const rj_depth_counts *counts, int index, rj_survey *survey)
{
    const rj_cut *cut = &survey->cuts[index];
    for (int band = 0; band < cut->band_count; band++) {
        rj_bands_sum(counts, cut->first[band], cut->last[band], survey->bands[index][band]);
        survey->ends[index][band] = counts->ends[cut->first[band]][cut->last[band]];
    }
    uint32_t *sequential = survey->sequential_ac[index];
    rj_bands_sum(counts, 0, RJ_SEGMENTS - 1, sequential);
    for (uint32_t size = 0; size < RJ_RUN_SIZES; size++)
        sequential[size << 4] = 0;
    sequential[RJ_END_OF_BLOCK] = counts->ends[0][RJ_SEGMENTS - 1];
}

/* DC levels are coded as differences from the one before. */
typedef struct {
    int last[RJ_MAX_COMPONENTS];
} predictor;

static inline void count_dc(predictor *before, int index, int level, uint32_t counts[RJ_SYMBOLS])
{
    counts[rj_bit_length(level - before->last[index])]++;
    before->last[index] = level;
}

static void count_dc_apart(rj_encoder *encoder, size_t mcu_row, predictor *before, rj_survey *survey)
{
    for (int i = 0; i < encoder->settings.component_count; i++) {
        const rj_component *component = &encoder->settings.components[i];
        size_t v_samp = (size_t)component->v_samp, columns = component->block_columns;
        size_t interval = rj_restart_interval(&encoder->settings, columns);
        for (size_t row = mcu_row * v_samp; row < (mcu_row + 1) * v_samp && row < component->block_rows; row++) {
            JBLOCKROW blocks = rj_levels_row(encoder, i, row);
            for (size_t column = 0; column < columns; column++) {
                if (interval > 0 && (row * columns + column) % interval == 0)
                    before->last[i] = 0;
                count_dc(before, i, blocks[column][0], survey->dc_apart[i]);
            }
        }
    }
}

/* Blocks beyond the picture's edges repeat the last DC level. */
static void count_dc_together(rj_encoder *encoder, size_t mcu_row, size_t mcu_columns, predictor *before,
                              rj_survey *survey)
{
    const rj_settings *settings = &encoder->settings;
    size_t interval = rj_restart_interval(settings, mcu_columns);
    for (size_t mcu = 0; mcu < mcu_columns; mcu++) {
        if (interval > 0 && (mcu_row * mcu_columns + mcu) % interval == 0)
            memset(before, 0, sizeof *before);
        for (int i = 0; i < settings->component_count; i++) {
            const rj_component *component = &settings->components[i];
            size_t h_samp = (size_t)component->h_samp, v_samp = (size_t)component->v_samp;
            for (size_t row = mcu_row * v_samp; row < (mcu_row + 1) * v_samp; row++)
                for (size_t column = mcu * h_samp; column < (mcu + 1) * h_samp; column++) {
                    int there = row < component->block_rows && column < component->block_columns;
                    int level = there ? rj_levels_row(encoder, i, row)[column][0] : before->last[i];
                    count_dc(before, i, level, survey->dc_together[i]);
                    survey->sequential_ac[i][RJ_END_OF_BLOCK] += !there;
                }
        }
    }
}

rj_status rj_survey_levels(rj_encoder *encoder, rj_survey *survey)
{
    const rj_settings *settings = &encoder->settings;
    grid rows = grid_of(settings);
    predictor before_apart = {{0}}, before_together = {{0}};
    rj_band_counts *bands = malloc((size_t)settings->component_count * sizeof *bands);
    if (bands == NULL)
        return rj_encoder_refuse(encoder, RJ_NO_MEMORY, "no memory for the statistics");
    memset(survey, 0, sizeof *survey);
    for (int i = 0; i < settings->component_count; i++)
        count_bands(encoder, i, &rows, &bands[i]);
    const rj_component *first = &settings->components[0];
    survey->scale = (double)first->block_rows * first->block_columns / bands[0].blocks;
    cut_components(encoder, bands, survey);
    for (int i = 0; i < settings->component_count; i++)
        keep_counts(&bands[i].depths[0], i, survey);
    free(bands);
    for (size_t mcu_row = 0; mcu_row < rows.mcu_rows; mcu_row += rows.stride) {
        count_dc_apart(encoder, mcu_row, &before_apart, survey);
        if (settings->component_count > 1)
            count_dc_together(encoder, mcu_row, rows.mcu_columns, &before_together, survey);
    }
    return RJ_OK;
}

rj_status rj_survey_new(rj_encoder *encoder, rj_survey **survey)
{
    j_common_ptr owner = (j_common_ptr)&encoder->cinfo;
    *survey = owner->mem->alloc_large(owner, JPOOL_IMAGE, sizeof **survey);
    return rj_survey_levels(encoder, *survey);
}
