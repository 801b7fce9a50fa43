/*
 * The one seam into libjpeg-turbo: forward_DCT is replaced after jpeg_start_compress, so that libjpeg converts and
 * downsamples before it and codes the entropy after it, and the levels in between are ours. The quantisation tables
 * stay libjpeg's, so the DQT markers are right by themselves.
 */

#include "internal.h"

#include <stdlib.h>

/* The first members of libjpeg's private struct jpeg_forward_dct, the same in every libjpeg-turbo from 1.5 to 3.2. */
struct forward_dct_prefix {
    void (*start_pass)(j_compress_ptr cinfo);
    void (*forward_DCT)(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                        JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks);
};

static void forward_dct(j_compress_ptr cinfo, jpeg_component_info *compptr, JSAMPARRAY sample_data,
                        JBLOCKROW coef_blocks, JDIMENSION start_row, JDIMENSION start_col, JDIMENSION num_blocks)
{
    rj_hook *hook = cinfo->client_data;
    rj_component_place *place = &hook->places[compptr->component_index];

    /* start_row counts within the interleaved row of MCUs; each of them begins at its upper left block. */
    if (start_row == 0 && start_col == 0)
        place->imcu_row++;
    size_t row = (size_t)(place->imcu_row - 1) * place->v_samp + start_row / RJ_BLOCK_SIDE;
    const uint8_t *levels = place->block_levels + row * place->block_columns + start_col / RJ_BLOCK_SIDE;

    place->blocks_seen += num_blocks;
    hook->code_blocks((const uint8_t *const *)(sample_data + start_row), start_col, levels, place->quantizers,
                      num_blocks, coef_blocks);
}

enum { MAX_LEVELS = UINT8_MAX + 1 };

static size_t blocks_across(uint32_t side, int samp, int max_samp)
{
    size_t sampled = (size_t)side * (size_t)samp, per_block = (size_t)max_samp * RJ_BLOCK_SIDE;
    return (sampled + per_block - 1) / per_block;
}

/* Also marks the map levels that occur. */
static rj_status check_component(const rj_settings *settings, int index, int h_max, int v_max, uint8_t *occurs,
                                 char *message)
{
    const rj_component *component = &settings->components[index];
    size_t rows = blocks_across(settings->height, component->v_samp, v_max);
    size_t columns = blocks_across(settings->width, component->h_samp, h_max);
    if (component->block_rows != rows || component->block_columns != columns) {
        snprintf(message, RJ_MESSAGE_SIZE, "component %d has %zu x %zu blocks, its map has %u x %u", index, rows,
                 columns, (unsigned)component->block_rows, (unsigned)component->block_columns);
        return RJ_BAD_ARGUMENT;
    }
    if (component->table < 0 || component->table >= settings->table_count) {
        snprintf(message, RJ_MESSAGE_SIZE, "component %d names a quantisation table that is not there", index);
        return RJ_BAD_ARGUMENT;
    }
    for (size_t block = 0; block < rows * columns; block++)
        occurs[component->block_levels[block]] = 1;
    return RJ_OK;
}

rj_status rj_hook_init(rj_hook *hook, const rj_settings *settings, char *message)
{
    const rj_simd *simd = rj_simd_find(settings->simd);
    if (simd == NULL) {
        snprintf(message, RJ_MESSAGE_SIZE, "this processor has no block kernel '%s'", settings->simd);
        return RJ_BAD_ARGUMENT;
    }
    hook->code_blocks = simd->code_blocks;

    int h_max = 1, v_max = 1;
    for (int i = 0; i < settings->component_count; i++) {
        h_max = settings->components[i].h_samp > h_max ? settings->components[i].h_samp : h_max;
        v_max = settings->components[i].v_samp > v_max ? settings->components[i].v_samp : v_max;
    }
    uint8_t occurs[MAX_LEVELS] = {0};
    for (int i = 0; i < settings->component_count; i++) {
        rj_status status = check_component(settings, i, h_max, v_max, occurs, message);
        if (status != RJ_OK)
            return status;
    }

    for (int level = settings->level_count; level < MAX_LEVELS; level++)
        if (occurs[level]) {
            snprintf(message, RJ_MESSAGE_SIZE, "a block has level %d of %d", level, settings->level_count);
            return RJ_BAD_ARGUMENT;
        }

    size_t level_count = (size_t)settings->level_count, table_count = (size_t)settings->table_count;
    hook->quantizers = aligned_alloc(_Alignof(rj_quantizer), level_count * table_count * sizeof *hook->quantizers);
    if (hook->quantizers == NULL) {
        snprintf(message, RJ_MESSAGE_SIZE, "no memory for the quantisers");
        return RJ_NO_MEMORY;
    }
    for (size_t table = 0; table < table_count; table++)
        for (size_t level = 0; level < level_count; level++)
            if (occurs[level])
                rj_quantizer_init(&hook->quantizers[table * level_count + level], settings->tables[table],
                                  settings->allowances[level]);

    for (int i = 0; i < settings->component_count; i++) {
        const rj_component *component = &settings->components[i];
        hook->places[i] = (rj_component_place){
            .block_levels = component->block_levels,
            .block_columns = component->block_columns,
            .quantizers = &hook->quantizers[(size_t)component->table * level_count],
            .v_samp = (uint32_t)component->v_samp,
        };
    }
    return RJ_OK;
}

void rj_hook_install(rj_hook *hook, j_compress_ptr cinfo)
{
    cinfo->client_data = hook;
    ((struct forward_dct_prefix *)(void *)cinfo->fdct)->forward_DCT = forward_dct;
}

void rj_hook_free(rj_hook *hook)
{
    free(hook->quantizers);
}
