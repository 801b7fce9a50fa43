/*
 * The seam into libjpeg-turbo's decoder, for files whose steps have a scale for each region: inverse_DCT is replaced
 * after jpeg_start_decompress by one that multiplies the levels by the steps of their region, and hands the coefficients
 * to libjpeg's own, whose tables hold ones. What comes before it, entropy decoding, and after it, upsampling and colours,
 * is libjpeg's.
 */

#include "internal.h"

enum { REGION_SIDE = 16 }; /* pixels */

/* The first members of libjpeg's private struct jpeg_inverse_dct, the same in every libjpeg-turbo from 1.5 to 3.2. */
struct inverse_dct_prefix {
    void (*start_pass)(j_decompress_ptr dinfo);
    rj_inverse_dct *inverse_DCT[RJ_MAX_COMPONENTS];
};

_Static_assert(sizeof(JCOEF) == sizeof(int16_t), "levels have 16 bits");
_Static_assert(sizeof(JSAMPLE) == 1, "the pixels are libjpeg's samples");
_Static_assert(DCTSIZE2 == RJ_BLOCK_SIZE, "a block has 64 coefficients");
_Static_assert(RJ_MAX_COMPONENTS <= MAX_COMPONENTS, "libjpeg has an inverse DCT for each component");

/* An interleaved row of MCUs is as high as a region, or half as high: it lies in one row of regions. */
static void decode_block(j_decompress_ptr dinfo, jpeg_component_info *compptr, JCOEFPTR levels, JSAMPARRAY output,
                         JDIMENSION output_column)
{
    const rj_reader *reader = dinfo->client_data;
    const rj_scaled_component *component = &reader->scaled_components[compptr->component_index];
    size_t row = (size_t)dinfo->output_iMCU_row * (size_t)dinfo->max_v_samp_factor * RJ_BLOCK_SIDE / REGION_SIDE;
    size_t column = output_column / component->region_side;
    float scale = component->scales[row * component->region_columns + column];

    /* What makes levels multiplies and rounds as well; here it leaves out nothing. */
    static const uint8_t only_quantizer;
    _Alignas(64) int16_t coefficients[1][RJ_BLOCK_SIZE];
    rj_coefficients block;
    rj_quantizer steps = {.limit = {0.0f}};
    for (int i = 0; i < RJ_BLOCK_SIZE; i++) {
        block.values[i] = levels[i];
        steps.scale[i] = (float)component->table[i] * scale;
    }
    reader->simd->quantize_blocks(&block, &only_quantizer, &steps, NULL, 1, coefficients);
    component->inverse_dct(dinfo, compptr, coefficients[0], output, output_column);
}

/* Grey, or colour differences as large as luma or half as high and wide. */
static int has_regions(const struct jpeg_decompress_struct *dinfo)
{
    const jpeg_component_info *luma = &dinfo->comp_info[0];
    if (luma->h_samp_factor > 2 || luma->v_samp_factor > 2)
        return 0;
    for (int i = 1; i < dinfo->num_components; i++) {
        int h_samp = dinfo->comp_info[i].h_samp_factor, v_samp = dinfo->comp_info[i].v_samp_factor;
        int as_large = h_samp == luma->h_samp_factor && v_samp == luma->v_samp_factor;
        int halved = luma->h_samp_factor * luma->v_samp_factor == 4 && h_samp == 1 && v_samp == 1;
        if (dinfo->comp_info[i].h_samp_factor != dinfo->comp_info[1].h_samp_factor || !(as_large || halved))
            return 0;
    }
    return 1;
}

static rj_status check_scales(rj_reader *reader, const rj_region_scales *scales)
{
    const struct jpeg_decompress_struct *dinfo = &reader->dinfo;
    uint32_t planes = dinfo->num_components == 1 ? 1 : 2;
    uint32_t rows = (dinfo->image_height + REGION_SIDE - 1) / REGION_SIDE;
    uint32_t columns = (dinfo->image_width + REGION_SIDE - 1) / REGION_SIDE;
    if (scales->planes != planes || scales->rows != rows || scales->columns != columns) {
        snprintf(reader->error.message, RJ_MESSAGE_SIZE,
                 "the picture has %u x %u x %u regions, its scales are %u x %u x %u", (unsigned)planes, (unsigned)rows,
                 (unsigned)columns, (unsigned)scales->planes, (unsigned)scales->rows, (unsigned)scales->columns);
        return RJ_BAD_ARGUMENT;
    }
    reader->simd = rj_simd_find(scales->simd);
    if (reader->simd == NULL) {
        snprintf(reader->error.message, RJ_MESSAGE_SIZE, "this processor has no block kernel '%s'", scales->simd);
        return RJ_BAD_ARGUMENT;
    }
    return RJ_OK;
}

static rj_status check_file(rj_reader *reader)
{
    const struct jpeg_decompress_struct *dinfo = &reader->dinfo;
    /* Of a lossless file these are the predictor and 0; some libjpegs read it, and have no DCT for it. */
    if (!dinfo->progressive_mode && (dinfo->Ss != 0 || dinfo->Se != RJ_BLOCK_SIZE - 1))
        return rj_reader_refuse(reader, "only JPEGs of DCT coefficients can be decoded by regions");
    if (dinfo->jpeg_color_space != JCS_GRAYSCALE && dinfo->jpeg_color_space != JCS_YCbCr)
        return rj_reader_refuse(reader, "only JPEGs of YCbCr or grey can be decoded by regions");
    if (!has_regions(dinfo))
        return rj_reader_refuse(reader, "only JPEGs of 4:4:4 or 4:2:0 can be decoded by regions");
    return RJ_OK;
}

/* libjpeg fills a component's table anew when the method is another than in the pass before: here with ones. */
static rj_status install_hook(rj_reader *reader, const rj_region_scales *scales)
{
    j_decompress_ptr dinfo = &reader->dinfo;
    struct inverse_dct_prefix *inverse = (struct inverse_dct_prefix *)(void *)dinfo->idct;
    for (int i = 0; i < dinfo->num_components; i++) {
        jpeg_component_info *compptr = &dinfo->comp_info[i];
        rj_scaled_component *component = &reader->scaled_components[i];
        if (compptr->quant_table == NULL)
            return rj_reader_refuse(reader, "one of the components has no scan");
        component->scales = scales->scales + (i == 0 ? 0 : (size_t)scales->rows * scales->columns);
        component->region_columns = scales->columns;
        component->region_side = (JDIMENSION)(REGION_SIDE * compptr->h_samp_factor / dinfo->max_h_samp_factor);
        for (int place = 0; place < RJ_BLOCK_SIZE; place++) {
            component->table[place] = compptr->quant_table->quantval[place];
            compptr->quant_table->quantval[place] = 1;
        }
        if (!rj_steps_fit(component->table, component->scales, (size_t)scales->rows * scales->columns))
            return rj_reader_refuse(reader, RJ_STEPS_DO_NOT_FIT);
    }
    dinfo->dct_method = JDCT_ISLOW;
    inverse->start_pass(dinfo);
    for (int i = 0; i < dinfo->num_components; i++) {
        reader->scaled_components[i].inverse_dct = inverse->inverse_DCT[i];
        inverse->inverse_DCT[i] = decode_block;
    }
    return RJ_OK;
}

rj_status rj_reader_decode(rj_reader *reader, const rj_region_scales *scales, uint8_t *pixels)
{
    j_decompress_ptr dinfo = &reader->dinfo;
    rj_status status = check_file(reader);
    if (status == RJ_OK && scales != NULL)
        status = check_scales(reader, scales);
    if (status != RJ_OK)
        return status;

    if (setjmp(reader->error.return_point))
        return RJ_LIBJPEG_ERROR;
    dinfo->out_color_space = dinfo->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    dinfo->dct_method = scales == NULL ? JDCT_ISLOW : JDCT_FLOAT;
    dinfo->do_fancy_upsampling = TRUE;
    dinfo->do_block_smoothing = FALSE;
    jpeg_start_decompress(dinfo);
    if (scales != NULL && install_hook(reader, scales) != RJ_OK)
        return RJ_BAD_ARGUMENT;
    size_t stride = (size_t)dinfo->output_width * (size_t)dinfo->output_components;
    while (dinfo->output_scanline < dinfo->output_height) {
        JSAMPROW row = pixels + dinfo->output_scanline * stride;
        jpeg_read_scanlines(dinfo, &row, 1);
    }
    jpeg_finish_decompress(dinfo);
    return RJ_OK;
}
