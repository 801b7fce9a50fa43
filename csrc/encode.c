/* This file contains the encoder: pixels in rows to a JPEG file in memory. */

#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* Enough rows for libjpeg to fill a row of MCUs in one call, few enough for the stack. */
enum { ROWS_PER_CALL = 16 };

static J_COLOR_SPACE color_space(rj_pixels pixels)
{
    switch (pixels) {
    case RJ_GREY: return JCS_GRAYSCALE;
    case RJ_RGB: return JCS_RGB;
    case RJ_RGBX: return JCS_EXT_RGBX;
    case RJ_YCBCR: return JCS_YCbCr;
    case RJ_CMYK: return JCS_CMYK;
    }
    return JCS_UNKNOWN;
}

static size_t bytes_per_pixel(rj_pixels pixels)
{
    switch (pixels) {
    case RJ_GREY: return 1;
    case RJ_RGB:
    case RJ_YCBCR: return 3;
    default: return 4;
    }
}

rj_status rj_encoder_refuse(rj_encoder *encoder, rj_status status, const char *message)
{
    snprintf(encoder->error.message, RJ_MESSAGE_SIZE, "%s", message);
    return status;
}

void rj_configure_picture(j_compress_ptr cinfo, const rj_picture *picture)
{
    cinfo->image_width = picture->width;
    cinfo->image_height = picture->height;
    cinfo->in_color_space = color_space(picture->pixels);
    cinfo->input_components = (int)bytes_per_pixel(picture->pixels);
    jpeg_set_defaults(cinfo);
    if (picture->keep_rgb)
        jpeg_set_colorspace(cinfo, JCS_RGB);

    /* The hook replaces libjpeg's DCT; of its three, only the float one takes any table without integer overflow. */
    cinfo->dct_method = JDCT_FLOAT;
    cinfo->smoothing_factor = picture->smoothing;
    if (picture->x_density > 0 && picture->y_density > 0) {
        cinfo->write_JFIF_header = TRUE;
        cinfo->density_unit = 1; /* dots per inch */
        cinfo->X_density = picture->x_density;
        cinfo->Y_density = picture->y_density;
    }
}

void rj_configure_coding(j_compress_ptr cinfo, const rj_settings *settings)
{
    for (int table = 0; table < settings->table_count; table++) {
        unsigned int steps[RJ_BLOCK_SIZE];
        for (int i = 0; i < RJ_BLOCK_SIZE; i++)
            steps[i] = settings->tables[table][i];
        jpeg_add_quant_table(cinfo, table, steps, 100, FALSE);
    }
    for (int i = 0; i < settings->component_count; i++) {
        cinfo->comp_info[i].h_samp_factor = settings->components[i].h_samp;
        cinfo->comp_info[i].v_samp_factor = settings->components[i].v_samp;
        cinfo->comp_info[i].quant_tbl_no = settings->components[i].table;
    }
    cinfo->optimize_coding = settings->optimize || settings->scans != RJ_SEQUENTIAL ? TRUE : FALSE;
    cinfo->restart_interval = settings->restart_blocks;
    cinfo->restart_in_rows = (int)settings->restart_rows;
}

rj_encoder *rj_encoder_new(void)
{
    return calloc(1, sizeof(rj_encoder));
}

static rj_status check_picture(rj_encoder *encoder, const rj_picture *picture)
{
    if (!(picture->chroma_sharpening >= 0 && picture->chroma_sharpening <= RJ_MAX_SHARPENING)) /* nor NaN */
        return rj_encoder_refuse(encoder, RJ_BAD_ARGUMENT, "chroma is sharpened by 0 to 2");
    if (picture->width >= 1 && picture->height >= 1 && picture->width <= JPEG_MAX_DIMENSION &&
        picture->height <= JPEG_MAX_DIMENSION)
        return RJ_OK;
    snprintf(encoder->error.message, RJ_MESSAGE_SIZE, "a JPEG's sides are 1 to %ld pixels, not %u x %u",
             JPEG_MAX_DIMENSION, (unsigned)picture->width, (unsigned)picture->height);
    return RJ_BAD_ARGUMENT;
}

static rj_status create(rj_encoder *encoder, j_compress_ptr cinfo, struct jpeg_destination_mgr *destination,
                        const rj_picture *picture, const rj_settings *settings)
{
    jpeg_create_compress(cinfo);
    cinfo->dest = destination;
    rj_configure_picture(cinfo, picture);
    if (cinfo->num_components != settings->component_count)
        return rj_encoder_refuse(encoder, RJ_BAD_ARGUMENT, "the pixels have another number of components");
    return RJ_OK;
}

static void take_pixels(rj_encoder *encoder, j_compress_ptr cinfo, const rj_settings *settings, rj_destiny destiny)
{
    rj_configure_coding(cinfo, settings);
    jpeg_start_compress(cinfo, TRUE);
    rj_hook_install(encoder, cinfo, destiny);
    encoder->takes_pixels = cinfo;
}

/* The compressor of the file: it takes the pixels itself, or waits for their levels. */
static rj_status open_file(rj_encoder *encoder, const rj_picture *picture, const rj_settings *settings, rj_destiny destiny)
{
    size_t likely_size = (size_t)picture->width * picture->height / 4 + settings->segments_size + 65536;
    struct jpeg_destination_mgr *destination = rj_destination_init(&encoder->destination, likely_size);
    rj_status status = create(encoder, &encoder->cinfo, destination, picture, settings);
    if (status != RJ_OK || destiny != RJ_AT_ONCE)
        return status == RJ_OK ? rj_levels_expect(encoder, settings) : status;
    take_pixels(encoder, &encoder->cinfo, settings, destiny);
    if (settings->segments_size > 0)
        rj_destination_append(&encoder->cinfo, settings->segments, settings->segments_size);
    return RJ_OK;
}

/* The compressor that only converts and downsamples. */
static rj_status open_pixels(rj_encoder *encoder, const rj_picture *picture, const rj_settings *settings,
                             rj_destiny destiny, int with_levels)
{
    rj_settings quickest = *settings;
    quickest.optimize = 0;
    quickest.scans = RJ_SEQUENTIAL;
    struct jpeg_destination_mgr *destination = rj_destination_init(&encoder->nowhere, 65536);
    rj_status status = create(encoder, &encoder->pixels, destination, picture, settings);
    if (status == RJ_OK && with_levels)
        rj_levels_request(encoder, settings);
    if (status == RJ_OK)
        take_pixels(encoder, &encoder->pixels, &quickest, destiny);
    return status;
}

static rj_destiny destiny_of(const rj_picture *picture, const rj_settings *settings, int keep_coefficients)
{
    if (keep_coefficients || settings->trellis)
        return RJ_KEEP_COEFFICIENTS;
    int needs_levels = settings->optimize || settings->scans != RJ_SEQUENTIAL || picture->chroma_sharpening > 0;
    return needs_levels ? RJ_INTO_LEVELS : RJ_AT_ONCE;
}

static rj_status start(rj_encoder *encoder, const rj_picture *picture, const rj_settings *settings, int makes_file)
{
    rj_destiny destiny = destiny_of(picture, settings, !makes_file);
    rj_status status = check_picture(encoder, picture);
    if (status == RJ_OK)
        status = rj_rule_init(&encoder->rule, settings, picture->width, picture->height, encoder->error.message);
    if (status == RJ_OK && makes_file)
        status = open_file(encoder, picture, settings, destiny);
    if (status == RJ_OK && destiny != RJ_AT_ONCE)
        status = open_pixels(encoder, picture, settings, destiny, makes_file);
    if (status == RJ_OK && destiny == RJ_KEEP_COEFFICIENTS)
        status = rj_coefficients_make_room(encoder, settings);
    if (status == RJ_OK && picture->chroma_sharpening > 0)
        status = rj_hook_sharpen(encoder, picture->chroma_sharpening);
    return status;
}

rj_status rj_encoder_start(rj_encoder *encoder, const rj_picture *picture, const rj_settings *settings,
                           int keep_coefficients)
{
    encoder->cinfo.err = encoder->pixels.err = rj_error_init(&encoder->error);
    encoder->deringing = picture->deringing;
    if (setjmp(encoder->error.return_point))
        return RJ_LIBJPEG_ERROR;
    encoder->makes_file = !keep_coefficients;
    return start(encoder, picture, settings, encoder->makes_file);
}

rj_status rj_encoder_write(rj_encoder *encoder, const uint8_t *rows, size_t stride, uint32_t row_count)
{
    j_compress_ptr cinfo = encoder->takes_pixels;
    if (row_count > cinfo->image_height - cinfo->next_scanline)
        return rj_encoder_refuse(encoder, RJ_BAD_ARGUMENT, "more rows than the picture has");
    if (setjmp(encoder->error.return_point))
        return RJ_LIBJPEG_ERROR;
    for (uint32_t done = 0; done < row_count;) {
        JSAMPROW pointers[ROWS_PER_CALL];
        uint32_t batch = row_count - done < ROWS_PER_CALL ? row_count - done : ROWS_PER_CALL;
        /* libjpeg's rows are not const, but a compressor only reads them. */
        for (uint32_t i = 0; i < batch; i++)
            pointers[i] = (JSAMPROW)(uintptr_t)(rows + (size_t)(done + i) * stride);
        done += jpeg_write_scanlines(cinfo, pointers, batch);
    }
    return RJ_OK;
}

rj_status rj_encoder_finish(rj_encoder *encoder, const uint8_t **jpeg, size_t *size)
{
    j_compress_ptr cinfo = encoder->takes_pixels;
    *jpeg = NULL;
    *size = 0;
    if (cinfo->next_scanline < cinfo->image_height)
        return rj_encoder_refuse(encoder, RJ_BAD_ARGUMENT, "fewer rows than the picture has");
    if (setjmp(encoder->error.return_point))
        return RJ_LIBJPEG_ERROR;
    rj_hook_finish(encoder);
    if (!encoder->makes_file)
        return RJ_OK;
    if (cinfo == &encoder->cinfo) {
        jpeg_finish_compress(cinfo);
        *jpeg = encoder->destination.bytes;
        *size = rj_destination_size(&encoder->destination);
        return RJ_OK;
    }
    rj_status status = encoder->kept[0] != NULL ? rj_levels_quantize(encoder, encoder) : RJ_OK;
    /* The other compressor is not finished, because the levels lie in its memory. */
    return status == RJ_OK ? rj_levels_write_file(encoder, jpeg, size) : status;
}

const char *rj_encoder_message(const rj_encoder *encoder)
{
    return encoder->error.message;
}

void rj_encoder_free(rj_encoder *encoder)
{
    if (encoder == NULL)
        return;
    jpeg_destroy_compress(&encoder->pixels);
    jpeg_destroy_compress(&encoder->cinfo);
    rj_destination_free(&encoder->nowhere);
    rj_destination_free(&encoder->destination);
    rj_rule_free(&encoder->rule);
    for (int i = 0; i < RJ_MAX_COMPONENTS; i++)
        free(encoder->kept[i]);
    for (int i = 0; i < RJ_MAX_COMPONENTS; i++)
        rj_sharpener_free(encoder->sharpeners[i]);
    rj_statistics_free(encoder->statistics);
    free(encoder);
}

const char *rj_simd_name(const char *name)
{
    const rj_simd *simd = rj_simd_find(name);
    return simd == NULL ? NULL : simd->name;
}
