/* This file contains coefficients in memory: kept as the DCT leaves them, given away, or made into levels. */

#include "internal.h"

#include <stdlib.h>

rj_status rj_coefficients_make_room(rj_encoder *encoder, const rj_settings *settings)
{
    for (int i = 0; i < settings->component_count; i++) {
        size_t blocks = (size_t)settings->components[i].block_rows * settings->components[i].block_columns;
        encoder->kept[i] = aligned_alloc(_Alignof(rj_coefficients), blocks * sizeof(rj_coefficients));
        if (encoder->kept[i] == NULL)
            return rj_encoder_refuse(encoder, RJ_NO_MEMORY, "no memory for the coefficients");
    }
    return RJ_OK;
}

/* changed: takes the coefficients that the levels come from then, unless it is NULL. */
static void dering_row(const rj_encoder *encoder, const rj_component_rule *rule, size_t place,
                       const rj_coefficients *blocks, JBLOCKROW levels, rj_coefficients *changed)
{
    const rj_simd *simd = encoder->rule.simd;
    for (size_t i = 0; i < rule->block_columns; i++) {
        const uint8_t *block_level = rule->block_levels + place + i;
        rj_coefficients block = blocks[i];
        rj_dering(&block, simd, &rule->quantizers[*block_level], encoder->rule.masking);
        simd->quantize_blocks(&block, block_level, rule->quantizers, encoder->rule.masking, 1, levels + i);
        if (changed != NULL)
            changed[i] = block;
    }
}

static void quantize_row(rj_encoder *encoder, const rj_coefficients *blocks, int component, size_t row)
{
    const rj_component_rule *rule = &encoder->rule.components[component];
    size_t place = row * rule->block_columns;
    JBLOCKROW levels = rj_levels_row(encoder, component, row);
    encoder->rule.simd->quantize_blocks(blocks + place, rule->block_levels + place, rule->quantizers,
                                        encoder->rule.masking, rule->block_columns, levels);
    if (encoder->deringing) {
        rj_coefficients *own = encoder->settings.trellis ? encoder->kept[component] + place : NULL;
        dering_row(encoder, rule, place, blocks + place, levels, own);
    }
    rj_levels_written(encoder, component, row, levels);
}

rj_status rj_levels_quantize(rj_encoder *encoder, const rj_encoder *kept)
{
    const rj_settings *settings = &encoder->settings;
    int changes = encoder->deringing && settings->trellis;
    rj_status status = changes && kept != encoder ? rj_coefficients_make_room(encoder, settings) : RJ_OK;
    encoder->quantized = changes ? encoder->kept : kept->kept;
    for (int i = 0; status == RJ_OK && i < settings->component_count; i++)
        for (size_t row = 0; row < settings->components[i].block_rows; row++)
            quantize_row(encoder, kept->kept[i], i, row);
    return status;
}

rj_status rj_encoder_coefficients(rj_encoder *encoder, int component, float *coefficients)
{
    if (component < 0 || component >= RJ_MAX_COMPONENTS || encoder->kept[component] == NULL)
        return rj_encoder_refuse(encoder, RJ_BAD_ARGUMENT, "no coefficients of such a component were kept");
    uint16_t ones[RJ_BLOCK_SIZE];
    for (int i = 0; i < RJ_BLOCK_SIZE; i++)
        ones[i] = 1;
    rj_quantizer unit;
    const float no_weights[RJ_BLOCK_SIZE] = {0.0f};
    rj_quantizer_init(&unit, ones, no_weights, 1.0f, 0.0f);

    const jpeg_component_info *shape = &encoder->pixels.comp_info[component];
    size_t blocks = (size_t)shape->width_in_blocks * shape->height_in_blocks;
    for (size_t block = 0; block < blocks; block++)
        for (size_t i = 0; i < RJ_BLOCK_SIZE; i++)
            coefficients[block * RJ_BLOCK_SIZE + i] = encoder->kept[component][block].values[i] * unit.scale[i];
    return RJ_OK;
}
