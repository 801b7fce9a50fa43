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

static int fits_in_one_scan(const rj_settings *settings)
{
    int blocks = 0;
    for (int i = 0; i < settings->component_count; i++)
        blocks += settings->components[i].h_samp * settings->components[i].v_samp;
    return settings->component_count == 1 || blocks <= C_MAX_BLOCKS_IN_MCU;
}

/* Each scan of several components becomes one for each of them. */
static void separate_scans(j_compress_ptr cinfo)
{
    const jpeg_scan_info sequential = {cinfo->num_components, {0, 1, 2, 3}, 0, RJ_BLOCK_SIZE - 1, 0, 0};
    const jpeg_scan_info *together = cinfo->scan_info == NULL ? &sequential : cinfo->scan_info;
    int count = cinfo->scan_info == NULL ? 1 : cinfo->num_scans;
    size_t size = (size_t)(count * RJ_MAX_COMPONENTS) * sizeof(jpeg_scan_info);
    jpeg_scan_info *scans = cinfo->mem->alloc_small((j_common_ptr)cinfo, JPOOL_IMAGE, size);
    cinfo->scan_info = scans;
    cinfo->num_scans = 0;
    for (int scan = 0; scan < count; scan++)
        for (int i = 0; i < together[scan].comps_in_scan; i++) {
            jpeg_scan_info *own = &scans[cinfo->num_scans++];
            *own = together[scan];
            own->comps_in_scan = 1;
            own->component_index[0] = together[scan].component_index[i];
        }
}

rj_status rj_levels_open(rj_encoder *encoder, const rj_settings *settings, jvirt_barray_ptr *levels)
{
    j_compress_ptr cinfo = &encoder->cinfo;
    rj_configure_coding(cinfo, settings);
    if (!fits_in_one_scan(settings))
        separate_scans(cinfo);
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
