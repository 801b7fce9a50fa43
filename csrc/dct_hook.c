/*
 * The one seam into libjpeg-turbo: forward_DCT is replaced after jpeg_start_compress, so that libjpeg converts and
 * downsamples before it and codes the entropy after it, and the levels in between are ours. The quantisation tables
 * stay libjpeg's, so the DQT markers are right by themselves.
 */

#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* The first members of libjpeg's private struct jpeg_forward_dct, the same in every libjpeg-turbo from 1.5 to 3.2. */
struct forward_dct_prefix {
    void (*start_pass)(j_compress_ptr cinfo);
    void (*forward_DCT)(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                        JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks);
};

/* The place of the first of the blocks in its component, which libjpeg does not pass. */
static size_t next_place(rj_hook *hook, const jpeg_component_info *compptr, JDIMENSION start_row, JDIMENSION start_col,
                         JDIMENSION num_blocks)
{
    rj_place *place = &hook->places[compptr->component_index];

    /* start_row counts within the interleaved row of MCUs; each of them begins at its upper left block. */
    if (start_row == 0 && start_col == 0)
        place->imcu_row++;
    place->blocks_seen += num_blocks;
    size_t row = (size_t)(place->imcu_row - 1) * (size_t)compptr->v_samp_factor + start_row / RJ_BLOCK_SIDE;
    return row * hook->rule.components[compptr->component_index].block_columns + start_col / RJ_BLOCK_SIDE;
}

static void code_blocks(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                        JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks)
{
    rj_hook *hook = cinfo->client_data;
    const rj_component_rule *rule = &hook->rule.components[compptr->component_index];
    size_t place = next_place(hook, compptr, start_row, start_col, num_blocks);
    hook->rule.simd->code_blocks((const uint8_t *const *)(sample_data + start_row), start_col,
                                 rule->block_levels + place, rule->quantizers, num_blocks, coef_blocks);
}

/* The levels are all zero then: the file costs nothing and is not looked at. */
static void keep_blocks(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                        JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks)
{
    rj_hook *hook = cinfo->client_data;
    rj_coefficients *kept = hook->places[compptr->component_index].kept;
    size_t place = next_place(hook, compptr, start_row, start_col, num_blocks);
    hook->rule.simd->transform_blocks((const uint8_t *const *)(sample_data + start_row), start_col, num_blocks,
                                      kept + place);
    memset(coef_blocks, 0, num_blocks * sizeof *coef_blocks);
}

rj_status rj_hook_install(rj_hook *hook, j_compress_ptr cinfo, int keep_coefficients)
{
    cinfo->client_data = hook;
    ((struct forward_dct_prefix *)(void *)cinfo->fdct)->forward_DCT = keep_coefficients ? keep_blocks : code_blocks;
    for (int i = 0; keep_coefficients && i < cinfo->num_components; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        size_t blocks = (size_t)component->width_in_blocks * component->height_in_blocks;
        hook->places[i].kept = aligned_alloc(_Alignof(rj_coefficients), blocks * sizeof(rj_coefficients));
        if (hook->places[i].kept == NULL)
            return RJ_NO_MEMORY;
    }
    return RJ_OK;
}

void rj_hook_free(rj_hook *hook)
{
    for (int i = 0; i < RJ_MAX_COMPONENTS; i++)
        free(hook->places[i].kept);
    rj_rule_free(&hook->rule);
}
