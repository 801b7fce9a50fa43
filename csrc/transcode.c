/*
 * This file contains what makes a file of coefficients that are in memory: those of another JPEG file, or those that an
 * encoder kept.
 */

#include "internal.h"

/* libjpeg's coder trusts its encoder that no level is larger than the standard's code has lengths for. */
static int levels_fit(const int16_t (*blocks)[RJ_BLOCK_SIZE], size_t block_count)
{
    unsigned outside = 0;
    for (size_t block = 0; block < block_count; block++) {
        outside |= (unsigned)(blocks[block][0] + 1024) > 2047;
        for (int i = 1; i < RJ_BLOCK_SIZE; i++)
            outside |= (unsigned)(blocks[block][i] + 1023) > 2046;
    }
    return !outside;
}

static int names_differ(const struct jpeg_decompress_struct *dinfo)
{
    for (int i = 0; i < dinfo->num_components; i++)
        for (int j = 0; j < i; j++)
            if (dinfo->comp_info[i].component_id == dinfo->comp_info[j].component_id)
                return 0;
    return 1;
}

/* The colours, sizes and names of the components; JFIF and Adobe markers are among the segments, as they were. */
static void configure_as_read(j_compress_ptr cinfo, const rj_reader *reader)
{
    const struct jpeg_decompress_struct *dinfo = &reader->dinfo;
    cinfo->image_width = dinfo->image_width;
    cinfo->image_height = dinfo->image_height;
    cinfo->in_color_space = dinfo->jpeg_color_space;
    cinfo->input_components = dinfo->num_components;
    jpeg_set_defaults(cinfo);
    jpeg_set_colorspace(cinfo, dinfo->jpeg_color_space);
    cinfo->write_JFIF_header = FALSE;
    cinfo->write_Adobe_marker = FALSE;
    /* Components of one name can be told apart by their order, in one scan; else by the colour space's own names. */
    if (names_differ(dinfo))
        for (int i = 0; i < dinfo->num_components; i++)
            cinfo->comp_info[i].component_id = dinfo->comp_info[i].component_id;
}

static int same_components(const rj_settings *settings, const rj_header *header)
{
    int same = settings->component_count == header->component_count;
    for (int i = 0; same && i < header->component_count; i++)
        same = settings->components[i].h_samp == header->components[i].h_samp &&
               settings->components[i].v_samp == header->components[i].v_samp;
    return same;
}

enum { BLOCKS_AT_ONCE = 16 };

static void dequantize(JBLOCKROW levels, size_t count, const float factors[RJ_BLOCK_SIZE], rj_coefficients *blocks)
{
    for (size_t block = 0; block < count; block++)
        for (int i = 0; i < RJ_BLOCK_SIZE; i++)
            blocks[block].values[i] = levels[block][i] * factors[i];
}

/* kept: takes the coefficients of the row, unless it is NULL. The levels may be the old ones. */
static void recode_blocks(const rj_rule *rule, const rj_component_rule *component, size_t row, JBLOCKROW old_levels,
                          const float factors[RJ_BLOCK_SIZE], rj_coefficients *kept, JBLOCKROW levels)
{
    for (size_t column = 0; column < component->block_columns; column += BLOCKS_AT_ONCE) {
        rj_coefficients some[BLOCKS_AT_ONCE], *blocks = kept == NULL ? some : kept + column;
        size_t left = component->block_columns - column, count = left < BLOCKS_AT_ONCE ? left : BLOCKS_AT_ONCE;
        dequantize(old_levels + column, count, factors, blocks);
        rule->simd->quantize_blocks(blocks, component->block_levels + row * component->block_columns + column,
                                    component->quantizers, rule->masking, count, levels + column);
    }
}

static rj_status recode_row(rj_encoder *encoder, rj_reader *reader, int component, JDIMENSION row,
                            const float factors[RJ_BLOCK_SIZE])
{
    j_common_ptr cinfo = (j_common_ptr)&encoder->cinfo;
    const rj_component_rule *rule = &encoder->rule.components[component];
    rj_coefficients *kept = encoder->kept[component] == NULL ? NULL : encoder->kept[component] + row * rule->block_columns;
    /* The same row twice, unless the reader's levels are kept. */
    JBLOCKROW old_levels = cinfo->mem->access_virt_barray(cinfo, reader->levels[component], row, 1, FALSE)[0];
    JBLOCKROW levels = rj_levels_row(encoder, component, row);
    recode_blocks(&encoder->rule, rule, row, old_levels, factors, kept, levels);
    if (!levels_fit((const int16_t(*)[RJ_BLOCK_SIZE])levels, rule->block_columns))
        return rj_encoder_refuse(encoder, RJ_BAD_ARGUMENT, "a coefficient is out of the range of JPEG's codes");
    rj_levels_written(encoder, component, row, levels);
    return RJ_OK;
}

rj_status rj_encoder_transcode(rj_encoder *encoder, rj_reader *reader, const rj_settings *settings, int keep,
                               const uint8_t **jpeg, size_t *size)
{
    j_compress_ptr cinfo = &encoder->cinfo;
    const rj_header *header = &reader->header;
    cinfo->err = rj_error_init(&encoder->error);
    if (!same_components(settings, header))
        return rj_encoder_refuse(encoder, RJ_BAD_ARGUMENT, "the file has other components");
    rj_status status =
        rj_rule_init(&encoder->rule, settings, header->width, header->height, encoder->error.message);
    if (status != RJ_OK)
        return status;

    if (setjmp(encoder->error.return_point))
        return RJ_LIBJPEG_ERROR;
    jpeg_create_compress(cinfo);
    cinfo->dest = rj_destination_init(&encoder->destination, reader->size + settings->segments_size + 65536);
    configure_as_read(cinfo, reader);
    status = rj_levels_expect(encoder, settings);
    if (status == RJ_OK && settings->trellis)
        status = rj_coefficients_make_room(encoder, settings);
    encoder->quantized = encoder->kept;
    if (keep)
        rj_levels_make_room(encoder, settings);
    for (int i = 0; !keep && i < settings->component_count; i++)
        encoder->levels[i] = reader->levels[i];
    for (int i = 0; i < settings->component_count; i++) {
        float factors[RJ_BLOCK_SIZE];
        rj_dequantizer_init(factors, header->tables[i]);
        for (JDIMENSION row = 0; status == RJ_OK && row < settings->components[i].block_rows; row++)
            status = recode_row(encoder, reader, i, row, factors);
    }
    return status == RJ_OK ? rj_levels_write_file(encoder, jpeg, size) : status;
}

static int has_coefficients(const rj_encoder *kept, const rj_settings *settings)
{
    int has = kept->pixels.num_components == settings->component_count;
    for (int i = 0; has && i < settings->component_count; i++) {
        const jpeg_component_info *component = &kept->pixels.comp_info[i];
        has = kept->kept[i] != NULL && component->width_in_blocks == settings->components[i].block_columns &&
              component->height_in_blocks == settings->components[i].block_rows;
    }
    return has;
}

rj_status rj_encoder_requantize(rj_encoder *encoder, const rj_encoder *kept, const rj_picture *picture,
                                const rj_settings *settings, const uint8_t **jpeg, size_t *size)
{
    j_compress_ptr cinfo = &encoder->cinfo;
    cinfo->err = rj_error_init(&encoder->error);
    rj_status status =
        rj_rule_init(&encoder->rule, settings, picture->width, picture->height, encoder->error.message);
    if (status != RJ_OK)
        return status;
    if (!has_coefficients(kept, settings))
        return rj_encoder_refuse(encoder, RJ_BAD_ARGUMENT, "the coefficients are those of another picture");

    if (setjmp(encoder->error.return_point))
        return RJ_LIBJPEG_ERROR;
    jpeg_create_compress(cinfo);
    size_t likely_size = (size_t)picture->width * picture->height / 4;
    cinfo->dest = rj_destination_init(&encoder->destination, likely_size + settings->segments_size + 65536);
    rj_configure_picture(cinfo, picture);
    encoder->deringing = picture->deringing;
    status = rj_levels_expect(encoder, settings);
    if (status != RJ_OK)
        return status;
    rj_levels_make_room(encoder, settings);
    status = rj_levels_quantize(encoder, kept);
    return status == RJ_OK ? rj_levels_write_file(encoder, jpeg, size) : status;
}
