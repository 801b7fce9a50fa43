/* This file contains the choice of the scans that make the smallest file of the levels that are in memory. */

#include "bands.h"
#include "trellis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_CODE = 16, MOST_SCANS = RJ_MAX_COMPONENTS * (1 + RJ_SEGMENTS + RJ_DEPTHS - 1) };

_Static_assert((int)RJ_SEGMENTS <= (int)RJ_MOST_BANDS, "each segment may become a band");

int rj_fits_in_one_scan(const rj_settings *settings)
{
    int blocks = 0;
    for (int i = 0; i < settings->component_count; i++)
        blocks += settings->components[i].h_samp * settings->components[i].v_samp;
    return settings->component_count == 1 || blocks <= C_MAX_BLOCKS_IN_MCU;
}

/* The marker and the restarts of a scan of one component, or of all. */
static double frame_bits(const rj_settings *settings, const rj_component *component, int component_count)
{
    size_t h_samp = component_count == 1 ? 1 : (size_t)component->h_samp;
    size_t v_samp = component_count == 1 ? 1 : (size_t)component->v_samp;
    return rj_header_bits(component_count) + rj_restart_bits(settings, (component->block_columns + h_samp - 1) / h_samp,
                                                             (component->block_rows + v_samp - 1) / v_samp);
}

/* The counts of the components that share this one's table, and the first of them. */
static int sum_shared(const rj_encoder *encoder, int index, const uint32_t (*counts)[RJ_SYMBOLS], uint32_t sum[RJ_SYMBOLS])
{
    const jpeg_component_info *components = encoder->cinfo.comp_info;
    int first = index;
    memset(sum, 0, RJ_SYMBOLS * sizeof *sum);
    for (int i = encoder->settings.component_count - 1; i >= 0; i--)
        if (components[i].dc_tbl_no == components[index].dc_tbl_no) {
            for (int symbol = 0; symbol < RJ_SYMBOLS; symbol++)
                sum[symbol] += counts[i][symbol];
            first = i;
        }
    return first;
}

/* The symbols of a scan of all components, which have a table of each kind for luma and one for chroma. */
static double shared_bits(const rj_encoder *encoder, const uint32_t (*counts)[RJ_SYMBOLS], double scale)
{
    double bits = 0.0;
    uint32_t sum[RJ_SYMBOLS];
    for (int i = 0; i < encoder->settings.component_count; i++)
        if (sum_shared(encoder, i, counts, sum) == i)
            bits += rj_symbol_bits(sum, scale);
    return bits;
}

/* The symbols of scans of one component each, of which those that may share a table do so if it is cheaper. */
static double cheaper_tables_bits(const rj_encoder *encoder, const uint32_t (*counts)[RJ_SYMBOLS], double scale)
{
    double bits = 0.0;
    uint32_t sum[RJ_SYMBOLS];
    for (int i = 0; i < encoder->settings.component_count; i++)
        if (sum_shared(encoder, i, counts, sum) == i) {
            double shared = rj_symbol_bits(sum, scale), own = 0.0;
            for (int j = i; j < encoder->settings.component_count; j++)
                if (encoder->cinfo.comp_info[j].dc_tbl_no == encoder->cinfo.comp_info[i].dc_tbl_no)
                    own += rj_symbol_bits(counts[j], scale);
            bits += shared < own ? shared : own;
        }
    return bits;
}

static double dc_bits(const rj_encoder *encoder, const rj_survey *survey, int together)
{
    const rj_settings *settings = &encoder->settings;
    double bits = 0.0;
    if (together)
        return frame_bits(settings, &settings->components[0], settings->component_count) +
               shared_bits(encoder, (const uint32_t(*)[RJ_SYMBOLS])survey->dc_together, survey->scale);
    for (int i = 0; i < settings->component_count; i++)
        bits += frame_bits(settings, &settings->components[i], 1);
    return bits + cheaper_tables_bits(encoder, (const uint32_t(*)[RJ_SYMBOLS])survey->dc_apart, survey->scale);
}

static double sequential_bits(const rj_encoder *encoder, const rj_survey *survey, int together)
{
    double bits = dc_bits(encoder, survey, together);
    if (together)
        return bits + shared_bits(encoder, (const uint32_t(*)[RJ_SYMBOLS])survey->sequential_ac, survey->scale);
    for (int i = 0; i < encoder->settings.component_count; i++)
        bits += rj_symbol_bits(survey->sequential_ac[i], survey->scale);
    return bits;
}

/* What the scans of a file are to be. */
typedef struct {
    int progressive;
    int dc_together; /* or in a scan for each component, as all of a sequential file */
} plan;

/*
 * A byte of 255 is followed by one that is not counted, about every 256th. So that a progressive file is smaller, and not
 * only seems so, it has to be by three standard deviations of the difference that this makes.
 */
static int is_surely_smaller(double bits, double other_bits)
{
    double bytes = other_bits / 8;
    return bits / 8 + 3.0 * sqrt(bytes / 128) < bytes;
}

static plan plan_of(const rj_encoder *encoder, const rj_survey *survey)
{
    int several = encoder->settings.component_count > 1, fit = rj_fits_in_one_scan(&encoder->settings);
    int dc_together = several && fit && dc_bits(encoder, survey, 1) < dc_bits(encoder, survey, 0);
    plan sequential = {0, several && fit}, progressive = {1, dc_together};
    double bits = dc_bits(encoder, survey, dc_together);
    if (encoder->settings.scans != RJ_SMALLEST)
        return encoder->settings.scans == RJ_PROGRESSIVE ? progressive : sequential;
    for (int i = 0; i < encoder->settings.component_count; i++)
        bits += survey->cuts[i].bits;
    return is_surely_smaller(bits, sequential_bits(encoder, survey, sequential.dc_together)) ? progressive : sequential;
}

static void add_scan(rj_encoder *encoder, jpeg_scan_info scan)
{
    encoder->scans[encoder->scan_count++] = scan;
}

static void add_progressive(rj_encoder *encoder, const rj_cut *cuts, int dc_together)
{
    int count = encoder->settings.component_count, deepest = 0;
    if (dc_together)
        add_scan(encoder, (jpeg_scan_info){count, {0, 1, 2, 3}, 0, 0, 0, 0});
    for (int i = 0; !dc_together && i < count; i++)
        add_scan(encoder, (jpeg_scan_info){1, {i}, 0, 0, 0, 0});
    for (int band = 0; band < RJ_SEGMENTS; band++)
        for (int i = 0; i < count; i++)
            if (band < cuts[i].band_count)
                add_scan(encoder, (jpeg_scan_info){1, {i}, rj_segment_places[cuts[i].first[band]],
                                                   rj_segment_places[cuts[i].last[band] + 1] - 1, 0, cuts[i].depth});
    for (int i = 0; i < count; i++)
        deepest = cuts[i].depth > deepest ? cuts[i].depth : deepest;
    for (int depth = deepest; depth > 0; depth--)
        for (int i = 0; i < count; i++)
            if (cuts[i].depth >= depth)
                add_scan(encoder, (jpeg_scan_info){1, {i}, 1, RJ_BLOCK_SIZE - 1, depth, depth - 1});
}

static jpeg_scan_info *room_for_scans(j_compress_ptr cinfo)
{
    return cinfo->mem->alloc_small((j_common_ptr)cinfo, JPOOL_IMAGE, MOST_SCANS * sizeof(jpeg_scan_info));
}

/* libjpeg would have all components in one scan. */
static void separate_scans(j_compress_ptr cinfo)
{
    jpeg_scan_info *scans = room_for_scans(cinfo);
    for (int i = 0; i < cinfo->num_components; i++)
        scans[i] = (jpeg_scan_info){1, {i}, 0, RJ_BLOCK_SIZE - 1, 0, 0};
    cinfo->scan_info = scans;
    cinfo->num_scans = cinfo->num_components;
}

static void fill_costs(rj_band_costs *costs, int first_segment, int last_segment, const uint32_t counts[RJ_SYMBOLS],
                       uint32_t ends)
{
    uint8_t lengths[RJ_SYMBOLS];
    int total = 1;
    double bits_of_ends = 0.0;
    rj_code_lengths(counts, lengths);
    for (int symbol = 0; symbol < RJ_SYMBOLS; symbol++)
        total += (int)counts[symbol];
    uint32_t rare = rj_bit_length(total) < LONGEST_CODE ? rj_bit_length(total) : LONGEST_CODE;
    for (uint32_t symbol = 0; symbol < RJ_SYMBOLS; symbol++) {
        uint32_t length = lengths[symbol] > 0 ? lengths[symbol] : rare;
        costs->bits[symbol] = (float)(length + rj_bits_behind(symbol));
        if ((symbol & 15) == 0 && symbol != RJ_SIXTEEN_ZEROS)
            bits_of_ends += (double)counts[symbol] * (double)costs->bits[symbol];
    }
    costs->first = rj_segment_places[first_segment];
    costs->last = rj_segment_places[last_segment + 1] - 1;
    costs->end_of_block = ends > 0 ? (float)(bits_of_ends / ends) : costs->bits[RJ_END_OF_BLOCK];
}

static void fill_dc(float bits[RJ_MAX_DC_BITS + 1], const uint32_t counts[RJ_SYMBOLS])
{
    uint8_t lengths[RJ_SYMBOLS];
    rj_code_lengths(counts, lengths);
    for (int size = 0; size <= RJ_MAX_DC_BITS; size++)
        bits[size] = (float)((lengths[size] > 0 ? lengths[size] : LONGEST_CODE) + size);
}

/* Scans that leave out lowest bits are taken for complete: that changes what a level costs by little. */
static void fill_component(const rj_encoder *encoder, const rj_survey *survey, plan chosen, int index,
                           rj_component_costs *costs)
{
    const rj_cut *cut = &survey->cuts[index];
    const uint32_t *dc = chosen.dc_together ? survey->dc_together[index] : survey->dc_apart[index];
    fill_dc(costs->dc_bits, dc);
    costs->band_count = chosen.progressive ? cut->band_count : 1;
    for (int band = 0; chosen.progressive && band < cut->band_count; band++)
        fill_costs(&costs->bands[band], cut->first[band], cut->last[band], survey->bands[index][band],
                   survey->ends[index][band]);
    if (!chosen.progressive) {
        uint32_t shared[RJ_SYMBOLS];
        sum_shared(encoder, index, (const uint32_t(*)[RJ_SYMBOLS])survey->sequential_ac, shared);
        fill_costs(&costs->bands[0], 0, RJ_SEGMENTS - 1, shared, shared[RJ_END_OF_BLOCK]);
    }
}

static rj_status choose(rj_encoder *encoder, rj_survey *survey, rj_component_costs *costs)
{
    jpeg_scan_info *room = room_for_scans(&encoder->cinfo);
    rj_status status = rj_survey_levels(encoder, survey);
    if (status != RJ_OK)
        return status;
    plan chosen = plan_of(encoder, survey);
    if (chosen.progressive) {
        encoder->scans = room;
        add_progressive(encoder, survey->cuts, chosen.dc_together);
    }
    for (int i = 0; costs != NULL && i < encoder->settings.component_count; i++)
        fill_component(encoder, survey, chosen, i, &costs[i]);
    return RJ_OK;
}

rj_status rj_scans_choose(rj_encoder *encoder, rj_component_costs *costs)
{
    rj_status status = RJ_OK;
    if (encoder->settings.scans != RJ_SEQUENTIAL || costs != NULL) {
        rj_survey *survey = malloc(sizeof *survey);
        if (survey == NULL)
            return rj_encoder_refuse(encoder, RJ_NO_MEMORY, "no memory for the statistics");
        status = choose(encoder, survey, costs);
        free(survey);
    }
    if (encoder->scans == NULL && !rj_fits_in_one_scan(&encoder->settings))
        separate_scans(&encoder->cinfo);
    return status;
}
