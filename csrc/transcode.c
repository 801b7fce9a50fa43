/*
 * This file contains what makes a file of coefficients that are in memory: those of another JPEG file, or those that an
 * encoder kept.
 */

#include "internal.h"

#include <string.h>

/* Writes the levels of one row of blocks. */
typedef void row_writer(rj_encoder *encoder, const void *source, int component, uint32_t row, JBLOCKROW out);

static JBLOCKROW block_row(j_compress_ptr cinfo, jvirt_barray_ptr array, JDIMENSION row)
{
    return cinfo->mem->access_virt_barray((j_common_ptr)cinfo, array, row, 1, TRUE)[0];
}

static void request_levels(j_compress_ptr cinfo, const rj_settings *settings, jvirt_barray_ptr *levels)
{
    for (int i = 0; i < settings->component_count; i++) {
        const rj_component *component = &settings->components[i];
        JDIMENSION h_samp = (JDIMENSION)component->h_samp, v_samp = (JDIMENSION)component->v_samp;
        JDIMENSION columns = (component->block_columns + h_samp - 1) / h_samp * h_samp;
        JDIMENSION rows = (component->block_rows + v_samp - 1) / v_samp * v_samp;
        /* Cleared, because rows that fill up the last MCUs are looked at but never written. */
        levels[i] =
            cinfo->mem->request_virt_barray((j_common_ptr)cinfo, JPOOL_IMAGE, TRUE, columns, rows, v_samp);
    }
}

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

/* The caller has set the error manager, the destination's size, and a return point. */
static rj_status write_levels(rj_encoder *encoder, const rj_settings *settings, jvirt_barray_ptr *levels,
                              row_writer *write_row, const void *source, const uint8_t **jpeg, size_t *size)
{
    j_compress_ptr cinfo = &encoder->cinfo;
    rj_configure_coding(cinfo, settings);
    jpeg_write_coefficients(cinfo, levels);
    if (settings->segments_size > 0)
        rj_destination_append(cinfo, settings->segments, settings->segments_size);
    for (int i = 0; i < settings->component_count; i++)
        for (JDIMENSION row = 0; row < settings->components[i].block_rows; row++) {
            JBLOCKROW blocks = block_row(cinfo, levels[i], row);
            write_row(encoder, source, i, row, blocks);
            if (!levels_fit((const int16_t(*)[RJ_BLOCK_SIZE])blocks, settings->components[i].block_columns))
                return rj_encoder_refuse(encoder, RJ_BAD_ARGUMENT, "a coefficient is out of the range of JPEG's codes");
        }
    return rj_encoder_finish(encoder, jpeg, size);
}

static void recode_row(rj_encoder *encoder, const void *source, int component, uint32_t row, JBLOCKROW out)
{
    const rj_reader *reader = source;
    const rj_component_rule *rule = &encoder->hook.rule.components[component];
    JBLOCKROW levels = block_row(&encoder->cinfo, reader->levels[component], row); /* out itself, unless they are kept */
    encoder->hook.rule.simd->recode_blocks((const int16_t(*)[RJ_BLOCK_SIZE])levels,
                                           rule->block_levels + row * rule->block_columns, rule->quantizers,
                                           rule->block_columns, out);
}

static void quantize_row(rj_encoder *encoder, const void *source, int component, uint32_t row, JBLOCKROW out)
{
    const rj_encoder *kept = source;
    const rj_component_rule *rule = &encoder->hook.rule.components[component];
    size_t place = row * rule->block_columns;
    encoder->hook.rule.simd->quantize_blocks(kept->hook.places[component].kept + place, rule->block_levels + place,
                                             rule->quantizers, rule->block_columns, out);
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

rj_status rj_encoder_transcode(rj_encoder *encoder, rj_reader *reader, const rj_settings *settings, int keep,
                               const uint8_t **jpeg, size_t *size)
{
    j_compress_ptr cinfo = &encoder->cinfo;
    const rj_header *header = &reader->header;
    cinfo->err = rj_error_init(&encoder->error);
    if (!same_components(settings, header))
        return rj_encoder_refuse(encoder, RJ_BAD_ARGUMENT, "the file has other components");
    rj_status status = rj_rule_init(&encoder->hook.rule, settings, header->width, header->height, header->tables,
                                    encoder->error.message);
    if (status != RJ_OK)
        return status;

    if (setjmp(encoder->error.return_point))
        return RJ_LIBJPEG_ERROR;
    jpeg_create_compress(cinfo);
    cinfo->dest = rj_destination_init(&encoder->destination, reader->size + settings->segments_size + 65536);
    configure_as_read(cinfo, reader);
    jvirt_barray_ptr levels[RJ_MAX_COMPONENTS];
    if (keep)
        request_levels(cinfo, settings, levels);
    return write_levels(encoder, settings, keep ? levels : reader->levels, recode_row, reader, jpeg, size);
}

static int has_coefficients(const rj_encoder *kept, const rj_settings *settings)
{
    int has = kept->cinfo.num_components == settings->component_count;
    for (int i = 0; has && i < settings->component_count; i++) {
        const jpeg_component_info *component = &kept->cinfo.comp_info[i];
        has = kept->hook.places[i].kept != NULL && component->width_in_blocks == settings->components[i].block_columns &&
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
        rj_rule_init(&encoder->hook.rule, settings, picture->width, picture->height, NULL, encoder->error.message);
    if (status != RJ_OK)
        return status;
    if (!has_coefficients(kept, settings))
        return rj_encoder_refuse(encoder, RJ_BAD_ARGUMENT, "the coefficients are those of another picture");

    if (setjmp(encoder->error.return_point))
        return RJ_LIBJPEG_ERROR;
    jpeg_create_compress(cinfo);
    cinfo->dest = rj_destination_init(
        &encoder->destination, (size_t)picture->width * picture->height / 4 + settings->segments_size + 65536);
    rj_configure_picture(cinfo, picture);
    jvirt_barray_ptr levels[RJ_MAX_COMPONENTS];
    request_levels(cinfo, settings, levels);
    return write_levels(encoder, settings, levels, quantize_row, kept, jpeg, size);
}
