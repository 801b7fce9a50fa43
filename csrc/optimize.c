/* This file contains the way of all levels through the trellis, with the code lengths that the block rule's levels have. */

#include "trellis.h"

#include <stdlib.h>

typedef struct {
    rj_encoder *encoder;
    const rj_settings *settings;
    rj_trellis *trellis;
    rj_dc *dc;
    float (*prices)[RJ_BLOCK_SIZE]; /* by map level */
} optimizer;

static const rj_coefficients *coefficients_at(const optimizer *of, int component, size_t block)
{
    return &of->encoder->quantized[component][block];
}

static const float *scale_at(const optimizer *of, int component, size_t block)
{
    const rj_component_rule *rule = &of->encoder->rule.components[component];
    return rule->quantizers[rule->block_levels[block]].scale;
}

static const float *prices_at(const optimizer *of, int component, size_t block)
{
    return of->prices[of->encoder->rule.components[component].block_levels[block]];
}

/* A bit may cost A w squared steps; where that is nothing, no bit is worth any error. */
static void make_prices(optimizer *of, const rj_component *component)
{
    static const float priceless = 1e9f;
    for (int level = 0; level < of->settings->level_count; level++)
        for (int i = 0; i < RJ_BLOCK_SIZE; i++) {
            float error_of_a_bit = of->settings->allowances[level] * of->settings->weights[component->table][i];
            of->prices[level][i] = error_of_a_bit * priceless > 1.0f ? 1.0f / error_of_a_bit : priceless;
        }
}

/* Of the price of an error: where a block's allowance is larger, a bit is worth more error. */
static float error_share(const optimizer *of, const rj_coefficients *block)
{
    const rj_rule *rule = &of->encoder->rule;
    return 1.0f / rj_masking_share(&rule->own_masking, rule->simd->contrast(block));
}

static void optimize_ac(optimizer *of, int index)
{
    const rj_component *component = &of->settings->components[index];
    for (size_t row = 0; row < component->block_rows; row++) {
        JBLOCKROW levels = rj_levels_row(of->encoder, index, row);
        for (size_t column = 0; column < component->block_columns; column++) {
            size_t block = row * component->block_columns + column;
            uint64_t places = rj_nonzero_places(of->encoder, levels[column]);
            if (places != 0) {
                const rj_coefficients *coefficients = coefficients_at(of, index, block);
                rj_trellis_ac(of->trellis, places, coefficients->values, scale_at(of, index, block),
                              prices_at(of, index, block), error_share(of, coefficients), levels[column]);
            }
        }
    }
}

/* The blocks in the order of the MCUs, in which sequential files and most progressive ones code DC levels. */
static size_t list_dc(optimizer *of, int index, rj_dc *blocks)
{
    const rj_component *component = &of->settings->components[index];
    int alone = of->settings->component_count == 1;
    size_t across = (size_t)(alone ? 1 : component->h_samp), down = (size_t)(alone ? 1 : component->v_samp), count = 0;
    for (size_t top = 0; top < component->block_rows; top += down)
        for (size_t left = 0; left < component->block_columns; left += across)
            for (size_t row = top; row < top + down && row < component->block_rows; row++)
                for (size_t column = left; column < left + across && column < component->block_columns; column++) {
                    size_t block = row * component->block_columns + column;
                    blocks[count++] = (rj_dc){
                        .steps = coefficients_at(of, index, block)->values[0] * scale_at(of, index, block)[0],
                        .price = prices_at(of, index, block)[0],
                        .block = block,
                    };
                }
    return count;
}

static void optimize_dc(optimizer *of, int index, const float bits[RJ_MAX_DC_BITS + 1])
{
    size_t count = list_dc(of, index, of->dc), columns = of->settings->components[index].block_columns;
    rj_trellis_dc(of->dc, count, bits);
    for (size_t i = 0; i < count; i++)
        rj_levels_row(of->encoder, index, of->dc[i].block / columns)[of->dc[i].block % columns][0] = of->dc[i].level;
}

static rj_status optimize_component(optimizer *of, int index, const rj_component_costs *costs)
{
    const rj_component *component = &of->settings->components[index];
    of->trellis = rj_trellis_new(costs->bands, costs->band_count);
    of->dc = malloc((size_t)component->block_rows * component->block_columns * sizeof *of->dc);
    int complete = of->trellis != NULL && of->dc != NULL;
    if (complete) {
        make_prices(of, component);
        optimize_ac(of, index);
        optimize_dc(of, index, costs->dc_bits);
    }
    free(of->trellis);
    free(of->dc);
    return complete ? RJ_OK : rj_encoder_refuse(of->encoder, RJ_NO_MEMORY, "no memory for the trellis");
}

rj_status rj_levels_optimize(rj_encoder *encoder)
{
    optimizer of = {.encoder = encoder, .settings = &encoder->settings};
    rj_component_costs *costs = malloc(RJ_MAX_COMPONENTS * sizeof *costs);
    of.prices = malloc((size_t)encoder->settings.level_count * sizeof *of.prices);
    rj_status status = costs != NULL && of.prices != NULL
                           ? rj_scans_choose(encoder, costs)
                           : rj_encoder_refuse(encoder, RJ_NO_MEMORY, "no memory for the trellis");
    for (int i = 0; status == RJ_OK && i < encoder->settings.component_count; i++)
        status = optimize_component(&of, i, &costs[i]);
    free(costs);
    free(of.prices);
    return status;
}
