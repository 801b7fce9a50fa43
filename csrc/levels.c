/* This file contains levels in memory, and the file that is made of them when all are known. */

#include "internal.h"

void rj_levels_request(rj_encoder *encoder, const rj_settings *settings)
{
    j_common_ptr owner = (j_common_ptr)&encoder->pixels;
    for (int i = 0; i < settings->component_count; i++) {
        const rj_component *component = &settings->components[i];
        JDIMENSION h_samp = (JDIMENSION)component->h_samp, v_samp = (JDIMENSION)component->v_samp;
        JDIMENSION columns = (component->block_columns + h_samp - 1) / h_samp * h_samp;
        JDIMENSION rows = (component->block_rows + v_samp - 1) / v_samp * v_samp;
        encoder->levels[i] = owner->mem->request_virt_barray(owner, JPOOL_IMAGE, FALSE, columns, rows, v_samp);
    }
}

void rj_levels_make_room(rj_encoder *encoder, const rj_settings *settings)
{
    encoder->pixels.err = encoder->cinfo.err;
    jpeg_create_compress(&encoder->pixels);
    rj_levels_request(encoder, settings);
    encoder->pixels.mem->realize_virt_arrays((j_common_ptr)&encoder->pixels);
}

static rj_status expect_symbols(rj_encoder *encoder)
{
    encoder->cinfo.optimize_coding = FALSE;
    encoder->statistics = rj_statistics_new(&encoder->settings, &encoder->rule.zigzag);
    if (encoder->statistics == NULL)
        return rj_encoder_refuse(encoder, RJ_NO_MEMORY, "no memory for the statistics");
    return RJ_OK;
}

rj_status rj_levels_expect(rj_encoder *encoder, const rj_settings *settings)
{
    encoder->settings = *settings;
    rj_configure_coding(&encoder->cinfo, settings);
    /* The symbols of several scans, progressive or of one component each, libjpeg counts. */
    if (settings->optimize && !settings->trellis && settings->scans == RJ_SEQUENTIAL && rj_fits_in_one_scan(settings))
        return expect_symbols(encoder);
    return RJ_OK;
}

/* The symbols of levels that were yet to change, or not thought to become a sequential file. */
static rj_status count_symbols(rj_encoder *encoder)
{
    rj_status status = expect_symbols(encoder);
    for (int i = 0; status == RJ_OK && i < encoder->settings.component_count; i++)
        for (uint32_t row = 0; row < encoder->settings.components[i].block_rows; row++)
            rj_levels_written(encoder, i, row, rj_levels_row(encoder, i, row));
    return status;
}

/* libjpeg asks for whole rows of MCUs, also for rows of blocks that only fill up the last of them, which it never reads. */
static void have_all_rows(rj_encoder *encoder)
{
    for (int i = 0; i < encoder->settings.component_count; i++) {
        const rj_component *component = &encoder->settings.components[i];
        for (uint32_t row = component->block_rows; row % (uint32_t)component->v_samp != 0; row++)
            rj_levels_row(encoder, i, row);
    }
}

rj_status rj_levels_write_file(rj_encoder *encoder, const uint8_t **jpeg, size_t *size)
{
    j_compress_ptr cinfo = &encoder->cinfo;
    const rj_settings *settings = &encoder->settings;
    rj_status status = settings->trellis ? rj_levels_optimize(encoder) : rj_scans_choose(encoder, NULL);
    if (status == RJ_OK && settings->optimize && encoder->statistics == NULL && encoder->scans == NULL &&
        cinfo->scan_info == NULL)
        status = count_symbols(encoder);
    if (status != RJ_OK)
        return status;
#if JPEG_LIB_VERSION >= 70 /* those can scale, and leave the size of a file of levels to their caller */
    cinfo->jpeg_width = cinfo->image_width;
    cinfo->jpeg_height = cinfo->image_height;
    cinfo->min_DCT_h_scaled_size = cinfo->min_DCT_v_scaled_size = DCTSIZE;
#endif
    have_all_rows(encoder);
    jpeg_write_coefficients(cinfo, encoder->levels);
    if (encoder->statistics != NULL) {
        rj_count_dc(encoder->statistics, settings);
        rj_make_tables(encoder->statistics, cinfo);
    }
    if (settings->segments_size > 0)
        rj_destination_append(cinfo, settings->segments, settings->segments_size);
    if (encoder->scans == NULL)
        jpeg_finish_compress(cinfo);
    else
        rj_progressive_write(encoder);
    *jpeg = encoder->destination.bytes;
    *size = rj_destination_size(&encoder->destination);
    return status;
}

JBLOCKROW rj_levels_row(rj_encoder *encoder, int component, size_t row)
{
    j_compress_ptr cinfo = &encoder->cinfo;
    jvirt_barray_ptr levels = encoder->levels[component];
    return cinfo->mem->access_virt_barray((j_common_ptr)cinfo, levels, (JDIMENSION)row, 1, TRUE)[0];
}

void rj_levels_written(rj_encoder *encoder, int component, size_t row, JBLOCKROW blocks)
{
    size_t columns = encoder->rule.components[component].block_columns;
    if (encoder->statistics != NULL)
        rj_count_blocks(encoder->statistics, encoder->rule.simd, component, row * columns,
                        (const int16_t(*)[RJ_BLOCK_SIZE])blocks, columns);
}
