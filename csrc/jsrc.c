/* libjpeg's source: a file in memory. jpeg_mem_src is no part of the libjpegs that the self-test is there to refuse. */

#include "internal.h"

#include <jerror.h>

static void init_source(j_decompress_ptr cinfo)
{
    if (cinfo->src->bytes_in_buffer == 0)
        ERREXIT(cinfo, JERR_INPUT_EMPTY);
}

static void term_source(j_decompress_ptr cinfo)
{
    (void)cinfo;
}

/* The file breaks off: libjpeg warns of it, and gets the end that it expects. */
static boolean fill_input_buffer(j_decompress_ptr cinfo)
{
    static const JOCTET end_of_image[2] = {0xFF, JPEG_EOI};
    WARNMS(cinfo, JWRN_JPEG_EOF);
    cinfo->src->next_input_byte = end_of_image;
    cinfo->src->bytes_in_buffer = sizeof end_of_image;
    return TRUE;
}

static void skip_input_data(j_decompress_ptr cinfo, long byte_count)
{
    if (byte_count <= 0)
        return;
    if ((size_t)byte_count > cinfo->src->bytes_in_buffer) {
        fill_input_buffer(cinfo);
        return;
    }
    cinfo->src->next_input_byte += byte_count;
    cinfo->src->bytes_in_buffer -= (size_t)byte_count;
}

struct jpeg_source_mgr *rj_source_init(struct jpeg_source_mgr *source, const uint8_t *jpeg, size_t size)
{
    source->init_source = init_source;
    source->fill_input_buffer = fill_input_buffer;
    source->skip_input_data = skip_input_data;
    source->resync_to_restart = jpeg_resync_to_restart;
    source->term_source = term_source;
    source->next_input_byte = jpeg;
    source->bytes_in_buffer = size;
    return source;
}
