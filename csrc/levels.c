/* This file contains the file that is made of levels in memory, for what cannot be coded in one go. */

#include "internal.h"

static void request_levels(rj_encoder *encoder, const rj_settings *settings)
{
    j_compress_ptr cinfo = &encoder->cinfo;
    for (int i = 0; i < settings->component_count; i++) {
        const rj_component *component = &settings->components[i];
        JDIMENSION h_samp = (JDIMENSION)component->h_samp, v_samp = (JDIMENSION)component->v_samp;
        JDIMENSION columns = (component->block_columns + h_samp - 1) / h_samp * h_samp;
        JDIMENSION rows = (component->block_rows + v_samp - 1) / v_samp * v_samp;
        /* Cleared, because rows that fill up the last MCUs are looked at but never written. */
        encoder->levels[i] =
            cinfo->mem->request_virt_barray((j_common_ptr)cinfo, JPOOL_IMAGE, TRUE, columns, rows, v_samp);
    }
}

rj_status rj_levels_open(rj_encoder *encoder, const rj_settings *settings, jvirt_barray_ptr *levels)
{
    j_compress_ptr cinfo = &encoder->cinfo;
    rj_configure_coding(cinfo, settings);
    /* The symbols of several scans, progressive or of one component each, libjpeg counts. */
    if (settings->optimize && cinfo->scan_info == NULL) {
        cinfo->optimize_coding = FALSE;
        encoder->statistics = rj_statistics_new(settings);
        if (encoder->statistics == NULL)
            return rj_encoder_refuse(encoder, RJ_NO_MEMORY, "no memory for the statistics");
    }
    if (levels == NULL)
        request_levels(encoder, settings);
    for (int i = 0; levels != NULL && i < settings->component_count; i++)
        encoder->levels[i] = levels[i];
#if JPEG_LIB_VERSION >= 70 /* those can scale, and leave the size of a file of levels to their caller */
    cinfo->jpeg_width = cinfo->image_width;
    cinfo->jpeg_height = cinfo->image_height;
    cinfo->min_DCT_h_scaled_size = cinfo->min_DCT_v_scaled_size = DCTSIZE;
#endif
    jpeg_write_coefficients(cinfo, encoder->levels);
    if (settings->segments_size > 0)
        rj_destination_append(cinfo, settings->segments, settings->segments_size);
    return RJ_OK;
}

JBLOCKROW rj_levels_row(rj_encoder *encoder, int component, size_t row)
{
    j_compress_ptr cinfo = &encoder->cinfo;
    jvirt_barray_ptr levels = encoder->levels[component];
    return cinfo->mem->access_virt_barray((j_common_ptr)cinfo, levels, (JDIMENSION)row, 1, TRUE)[0];
}

void rj_levels_written(rj_encoder *encoder, int component, size_t row, size_t column, size_t block_count,
                       JBLOCKROW blocks)
{
    if (encoder->statistics != NULL)
        rj_count_blocks(encoder->statistics, encoder->rule.simd, &encoder->cinfo.comp_info[component],
                        row * encoder->rule.components[component].block_columns + column,
                        (const int16_t(*)[RJ_BLOCK_SIZE])blocks, block_count);
}
