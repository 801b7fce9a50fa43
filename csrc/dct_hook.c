/*
 * The seam into libjpeg-turbo's encoder: forward_DCT is replaced after jpeg_start_compress, so that libjpeg converts and
 * downsamples before it and codes the entropy after it, and the levels in between are ours. The quantisation tables
 * stay libjpeg's, so the DQT markers are right by themselves. Where the levels go into memory first, encode_mcu is
 * replaced too, because this compressor's file nobody looks at.
 */

#include "internal.h"


typedef void forward_dct(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                         JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks);

/* The first members of libjpeg's private struct jpeg_forward_dct, the same in every libjpeg-turbo from 1.5 to 3.2. */
struct forward_dct_prefix {
    void (*start_pass)(j_compress_ptr cinfo);
    forward_dct *forward_DCT;
};

/* Those of struct jpeg_entropy_encoder, the same in all of them too. */
struct entropy_encoder_prefix {
    void (*start_pass)(j_compress_ptr cinfo, boolean gather_statistics);
    boolean (*encode_mcu)(j_compress_ptr cinfo, JBLOCKROW *mcu);
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

static void dering_block(const rj_encoder *encoder, const rj_run *run, size_t index, const uint8_t *block_level,
                         JBLOCKROW out)
{
    const rj_rule *rule = &encoder->rule;
    const rj_quantizer *quantizers = rule->components[run->component].quantizers;
    rj_coefficients block;
    rule->simd->transform_blocks(run->samples, run->first_column + index * RJ_BLOCK_SIDE, 1, &block);
    rj_dering(&block, rule->simd, &quantizers[*block_level], rule->masking);
    rule->simd->quantize_blocks(&block, block_level, quantizers, rule->masking, 1, out + index);
}

static void dering_run(const rj_encoder *encoder, const rj_run *run, const uint8_t *block_levels, JBLOCKROW out)
{
    enum { AT_ONCE = 64 };
    for (size_t done = 0; done < run->count; done += AT_ONCE) {
        uint8_t is_clipped[AT_ONCE];
        size_t left = run->count - done, count = left < AT_ONCE ? left : AT_ONCE;
        rj_find_clipped(run->samples, run->first_column + done * RJ_BLOCK_SIDE, count, is_clipped);
        for (size_t i = 0; i < count; i++)
            if (is_clipped[i])
                dering_block(encoder, run, done + i, &block_levels[done + i], out);
    }
}

static void code_run(const rj_encoder *encoder, const rj_run *run, JBLOCKROW out)
{
    const rj_component_rule *rule = &encoder->rule.components[run->component];
    const uint8_t *block_levels = rule->block_levels + run->row * rule->block_columns + run->column;
    encoder->rule.simd->code_blocks(run->samples, run->first_column, block_levels, rule->quantizers,
                                    encoder->rule.masking, run->count, out);
    if (encoder->deringing)
        dering_run(encoder, run, block_levels, out);
}

static void code_at_once(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                         JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks)
{
    rj_encoder *encoder = cinfo->client_data;
    const uint8_t *const *samples = (const uint8_t *const *)(sample_data + start_row);
    size_t row = block_row(encoder, compptr, start_row, start_col, num_blocks);
    rj_run run = {compptr->component_index, row, start_col / RJ_BLOCK_SIDE, num_blocks, samples, start_col};
    code_run(encoder, &run, coef_blocks);
}

static void take_row(rj_encoder *encoder, int component, size_t row, const uint8_t *const *samples)
{
    size_t columns = encoder->rule.components[component].block_columns;
    rj_run run = {component, row, 0, columns, samples, 0};
    if (encoder->kept[component] != NULL) {
        encoder->rule.simd->transform_blocks(samples, 0, columns, encoder->kept[component] + row * columns);
        return;
    }
    JBLOCKROW out = rj_levels_row(encoder, component, row);
    code_run(encoder, &run, out);
    rj_levels_written(encoder, component, row, out);
}

/* The row of blocks before this one, sharpened; samples is NULL after the last. */
static void take_row_before(rj_encoder *encoder, int component, size_t row, const uint8_t *const *samples)
{
    const uint8_t *const *sharpened = rj_sharpen(encoder->sharpeners[component], samples);
    if (sharpened != NULL)
        take_row(encoder, component, row - 1, sharpened);
}

/* When libjpeg comes to the first blocks of a row, all samples of the row are there. */
static void into_memory(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                        JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks)
{
    (void)coef_blocks;
    rj_encoder *encoder = cinfo->client_data;
    int component = compptr->component_index;
    size_t row = block_row(encoder, compptr, start_row, start_col, num_blocks);
    const uint8_t *const *samples = (const uint8_t *const *)(sample_data + start_row);
    if (start_col > 0)
        return;
    if (encoder->sharpeners[component] == NULL)
        take_row(encoder, component, row, samples);
    else
        take_row_before(encoder, component, row, samples);
}

static boolean code_nothing(j_compress_ptr cinfo, JBLOCKROW *mcu)
{
    (void)cinfo;
    (void)mcu;
    return TRUE;
}

void rj_hook_install(rj_encoder *encoder, j_compress_ptr cinfo, rj_destiny destiny)
{
    cinfo->client_data = encoder;
    ((struct forward_dct_prefix *)(void *)cinfo->fdct)->forward_DCT =
        destiny == RJ_AT_ONCE ? code_at_once : into_memory;
    if (destiny != RJ_AT_ONCE)
        ((struct entropy_encoder_prefix *)(void *)cinfo->entropy)->encode_mcu = code_nothing;
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
            take_row_before(encoder, i, encoder->pixels.comp_info[i].height_in_blocks, NULL);
}
