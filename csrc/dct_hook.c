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

static void code_blocks(rj_encoder *encoder, const jpeg_component_info *compptr, JSAMPARRAY sample_data, JBLOCKROW out,
                        JDIMENSION start_row, size_t row, JDIMENSION column, JDIMENSION num_blocks)
{
    const rj_component_rule *rule = &encoder->rule.components[compptr->component_index];
    encoder->rule.simd->code_blocks((const uint8_t *const *)(sample_data + start_row), column * RJ_BLOCK_SIDE,
                                    rule->block_levels + row * rule->block_columns + column, rule->quantizers,
                                    num_blocks, out);
}

static void code_at_once(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                         JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks)
{
    rj_encoder *encoder = cinfo->client_data;
    size_t row = block_row(encoder, compptr, start_row, start_col, num_blocks);
    code_blocks(encoder, compptr, sample_data, coef_blocks, start_row, row, start_col / RJ_BLOCK_SIDE, num_blocks);
}

/* libjpeg gets blocks of zeros then, which cost it next to nothing. */
static void code_into_levels(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                             JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks)
{
    rj_encoder *encoder = cinfo->client_data;
    size_t row = block_row(encoder, compptr, start_row, start_col, num_blocks);
    JDIMENSION column = start_col / RJ_BLOCK_SIDE;
    JBLOCKROW out = rj_levels_row(encoder, compptr->component_index, row) + column;
    code_blocks(encoder, compptr, sample_data, out, start_row, row, column, num_blocks);
    rj_levels_written(encoder, compptr->component_index, row, column, num_blocks, out);
    memset(coef_blocks, 0, num_blocks * sizeof *coef_blocks);
}

static void keep_coefficients(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                              JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks)
{
    rj_encoder *encoder = cinfo->client_data;
    size_t row = block_row(encoder, compptr, start_row, start_col, num_blocks);
    size_t place = row * compptr->width_in_blocks + start_col / RJ_BLOCK_SIDE;
    encoder->rule.simd->transform_blocks((const uint8_t *const *)(sample_data + start_row), start_col, num_blocks,
                                         encoder->kept[compptr->component_index] + place);
    memset(coef_blocks, 0, num_blocks * sizeof *coef_blocks);
}

static forward_dct *const hooks[] = {
    [RJ_AT_ONCE] = code_at_once, [RJ_INTO_LEVELS] = code_into_levels, [RJ_KEEP_COEFFICIENTS] = keep_coefficients};

void rj_hook_install(rj_encoder *encoder, j_compress_ptr cinfo, rj_destiny destiny)
{
    cinfo->client_data = encoder;
    ((struct forward_dct_prefix *)(void *)cinfo->fdct)->forward_DCT = hooks[destiny];
}
