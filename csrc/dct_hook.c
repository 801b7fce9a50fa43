/*
 * The seam into libjpeg-turbo's encoder: forward_DCT is replaced after jpeg_start_compress, so that libjpeg converts and
 * downsamples before it and codes the entropy after it, and the levels in between are ours. The quantisation tables
 * stay libjpeg's, so the DQT markers are right by themselves.
 */

#include "internal.h"

#include <stdlib.h>
#include <string.h>

typedef void forward_dct(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                         JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks);

/* The first members of libjpeg's private struct jpeg_forward_dct, the same in every libjpeg-turbo from 1.5 to 3.2. */
struct forward_dct_prefix {
    void (*start_pass)(j_compress_ptr cinfo);
    forward_dct *forward_DCT;
};

/* The row of the blocks in their component, which libjpeg does not pass. */
static size_t block_row(rj_encoder *encoder, const jpeg_component_info *compptr, JDIMENSION start_row,
                        JDIMENSION start_col, JDIMENSION num_blocks)
{
    rj_place *place = &encoder->places[compptr->component_index];

    /* start_row counts within the interleaved row of MCUs; each of them begins at its upper left block. */
    if (start_row == 0 && start_col == 0)
        place->imcu_row++;
    place->blocks_seen += num_blocks;
    return (size_t)(place->imcu_row - 1) * (size_t)compptr->v_samp_factor + start_row / RJ_BLOCK_SIDE;
}

/* A run of blocks in one row of a component: where they are and, from first_column on, their eight rows of samples. */
typedef struct {
    int component;
    size_t row, column, count;
    const uint8_t *const *samples;
    size_t first_column;
} rj_run;

static void dering_run(const rj_encoder *encoder, const rj_run *run, const uint8_t *block_levels, JBLOCKROW out)
{
    const rj_simd *simd = encoder->rule.simd;
    const rj_quantizer *quantizers = encoder->rule.components[run->component].quantizers;
    for (size_t i = 0; i < run->count; i++) {
        size_t column = run->first_column + i * RJ_BLOCK_SIDE;
        if (!rj_is_clipped(run->samples, column))
            continue;
        rj_coefficients block;
        simd->transform_blocks(run->samples, column, 1, &block);
        rj_dering(&block, simd, &quantizers[block_levels[i]]);
        simd->quantize_blocks(&block, &block_levels[i], quantizers, 1, out + i);
    }
}

static void code_run(const rj_encoder *encoder, const rj_run *run, JBLOCKROW out)
{
    const rj_component_rule *rule = &encoder->rule.components[run->component];
    const uint8_t *block_levels = rule->block_levels + run->row * rule->block_columns + run->column;
    encoder->rule.simd->code_blocks(run->samples, run->first_column, block_levels, rule->quantizers, run->count, out);
    if (encoder->deringing)
        dering_run(encoder, run, block_levels, out);
}

static void code_into_levels(rj_encoder *encoder, const rj_run *run)
{
    JBLOCKROW out = rj_levels_row(encoder, run->component, run->row) + run->column;
    code_run(encoder, run, out);
    rj_levels_written(encoder, run->component, run->row, run->column, run->count, out);
}

static void keep_coefficients(rj_encoder *encoder, const rj_run *run)
{
    size_t place = run->row * encoder->rule.components[run->component].block_columns + run->column;
    encoder->rule.simd->transform_blocks(run->samples, run->first_column, run->count,
                                         encoder->kept[run->component] + place);
}

static void take_run(rj_encoder *encoder, const rj_run *run)
{
    if (encoder->kept[run->component] != NULL)
        keep_coefficients(encoder, run);
    else
        code_into_levels(encoder, run);
}

/* The rows of blocks before these, which libjpeg had when it came to the first block of that row; NULL after the last. */
static void take_sharpened(rj_encoder *encoder, int component, const uint8_t *const *rows, size_t row)
{
    const uint8_t *const *sharpened = rj_sharpen(encoder->sharpeners[component], rows);
    size_t count = encoder->rule.components[component].block_columns;
    if (sharpened != NULL)
        take_run(encoder, &(rj_run){component, row - 1, 0, count, sharpened, 0});
}

static rj_run next_run(rj_encoder *encoder, const jpeg_component_info *compptr, JSAMPARRAY sample_data,
                       JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks)
{
    return (rj_run){
        .component = compptr->component_index,
        .row = block_row(encoder, compptr, start_row, start_col, num_blocks),
        .column = start_col / RJ_BLOCK_SIDE,
        .count = num_blocks,
        .samples = (const uint8_t *const *)(sample_data + start_row),
        .first_column = start_col,
    };
}

static void code_at_once(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                         JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks)
{
    rj_encoder *encoder = cinfo->client_data;
    rj_run run = next_run(encoder, compptr, sample_data, start_row, start_col, num_blocks);
    code_run(encoder, &run, coef_blocks);
}

/* libjpeg gets blocks of zeros then, which cost it next to nothing. */
static void into_memory(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                        JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks)
{
    rj_encoder *encoder = cinfo->client_data;
    rj_run run = next_run(encoder, compptr, sample_data, start_row, start_col, num_blocks);
    if (encoder->sharpeners[run.component] == NULL)
        take_run(encoder, &run);
    else if (run.column == 0) /* The whole row's samples are there already. */
        take_sharpened(encoder, run.component, run.samples, run.row);
    memset(coef_blocks, 0, num_blocks * sizeof *coef_blocks);
}

void rj_hook_install(rj_encoder *encoder, j_compress_ptr cinfo, rj_destiny destiny)
{
    cinfo->client_data = encoder;
    ((struct forward_dct_prefix *)(void *)cinfo->fdct)->forward_DCT =
        destiny == RJ_AT_ONCE ? code_at_once : into_memory;
}

/* Where decoders interpolate: chroma of half size, but for one so narrow that libjpeg repeats its samples. */
static int is_interpolated(j_compress_ptr cinfo, const jpeg_component_info *component)
{
    return cinfo->jpeg_color_space == JCS_YCbCr && component->downsampled_width > 2 &&
           cinfo->max_h_samp_factor == 2 * component->h_samp_factor &&
           (cinfo->max_v_samp_factor == component->v_samp_factor ||
            cinfo->max_v_samp_factor == 2 * component->v_samp_factor);
}

rj_status rj_hook_sharpen(rj_encoder *encoder, float strength)
{
    j_compress_ptr cinfo = &encoder->pixels;
    for (int i = 0; i < cinfo->num_components; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        if (!is_interpolated(cinfo, component))
            continue;
        encoder->sharpeners[i] =
            rj_sharpener_new(component->downsampled_width, (size_t)component->width_in_blocks * RJ_BLOCK_SIDE,
                             cinfo->max_v_samp_factor > component->v_samp_factor, strength);
        if (encoder->sharpeners[i] == NULL)
            return rj_encoder_refuse(encoder, RJ_NO_MEMORY, "no memory for the rows of chroma");
    }
    return RJ_OK;
}

void rj_hook_finish(rj_encoder *encoder)
{
    for (int i = 0; i < RJ_MAX_COMPONENTS; i++)
        if (encoder->sharpeners[i] != NULL)
            take_sharpened(encoder, i, NULL, encoder->pixels.comp_info[i].height_in_blocks);
}
