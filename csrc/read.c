/* This file contains the reader: a JPEG file in memory to its levels, its tables and its markers. */

#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* A picture of a few bytes may claim any number of scans, each as costly as a whole picture; real ones have some ten. */
enum { MAX_SCANS = 100 };

static void stop_endless_scans(j_common_ptr cinfo)
{
    rj_reader *reader = cinfo->client_data;
    if (reader->dinfo.input_scan_number <= MAX_SCANS)
        return;
    snprintf(reader->error.message, RJ_MESSAGE_SIZE, "the file has more than %d scans", MAX_SCANS);
    longjmp(reader->error.return_point, 1);
}

rj_status rj_reader_refuse(rj_reader *reader, const char *message)
{
    snprintf(reader->error.message, RJ_MESSAGE_SIZE, "%s", message);
    return RJ_BAD_ARGUMENT;
}

static rj_colour_markers colour_markers(const struct jpeg_decompress_struct *dinfo)
{
    return (rj_colour_markers){dinfo->saw_JFIF_marker, dinfo->saw_Adobe_marker, dinfo->Adobe_transform};
}

/* Those that follow the first scan are too late to count, but not in a new file, which has all markers at its start. */
static int colours_stay(const rj_reader *reader)
{
    rj_colour_markers before = reader->colour_markers, after = colour_markers(&reader->dinfo);
    return before.jfif == after.jfif && before.adobe == after.adobe && before.adobe_transform == after.adobe_transform;
}

rj_reader *rj_reader_new(void)
{
    return calloc(1, sizeof(rj_reader));
}

rj_status rj_reader_open(rj_reader *reader, const uint8_t *jpeg, size_t size, int keep_going, rj_header *header)
{
    j_decompress_ptr dinfo = &reader->dinfo;
    dinfo->err = rj_error_init(&reader->error);
    reader->error.refuse_warnings = !keep_going;
    if (setjmp(reader->error.return_point))
        return RJ_LIBJPEG_ERROR;
    jpeg_create_decompress(dinfo);
    dinfo->client_data = reader;
    reader->size = size;
    reader->progress.progress_monitor = stop_endless_scans;
    dinfo->progress = &reader->progress;
    dinfo->src = rj_source_init(&reader->source, jpeg, size);
    jpeg_save_markers(dinfo, JPEG_COM, 0xFFFF);
    for (int i = 0; i < 16; i++)
        jpeg_save_markers(dinfo, JPEG_APP0 + i, 0xFFFF);
    jpeg_read_header(dinfo, TRUE);
    if (dinfo->data_precision != 8)
        return rj_reader_refuse(reader, "only JPEGs of 8 bits can be read");
    if (dinfo->num_components > RJ_MAX_COMPONENTS)
        return rj_reader_refuse(reader, "only JPEGs of up to 4 components can be read");

    reader->header.width = dinfo->image_width;
    reader->header.height = dinfo->image_height;
    reader->header.component_count = dinfo->num_components;
    reader->header.has_chroma = dinfo->jpeg_color_space == JCS_YCbCr || dinfo->jpeg_color_space == JCS_YCCK;
    reader->header.progressive = dinfo->progressive_mode;
    reader->colour_markers = colour_markers(dinfo);
    *header = reader->header;
    return RJ_OK;
}

/* What libjpeg lets pass, but is no complete picture. */
static rj_status warn(rj_reader *reader, const char *message)
{
    if (reader->error.refuse_warnings)
        return rj_reader_refuse(reader, message);
    if (reader->error.manager.num_warnings++ == 0)
        rj_reader_refuse(reader, message);
    return RJ_OK;
}

/* Whether it had to bring levels into the range that can be coded: after damage all those of DC may have drifted. */
static int limit_levels(rj_reader *reader, int index)
{
    j_common_ptr cinfo = (j_common_ptr)&reader->dinfo;
    const rj_component *component = &reader->header.components[index];
    int limited = 0;
    for (JDIMENSION row = 0; row < component->block_rows; row++) {
        JCOEFPTR levels = cinfo->mem->access_virt_barray(cinfo, reader->levels[index], row, 1, TRUE)[0][0];
        for (size_t i = 0; i < (size_t)component->block_columns * RJ_BLOCK_SIZE; i++) {
            int lowest = i % RJ_BLOCK_SIZE == 0 ? -1024 : -1023;
            int level = levels[i] < lowest ? lowest : levels[i] > 1023 ? 1023 : levels[i];
            limited |= level != levels[i];
            levels[i] = (JCOEF)level;
        }
    }
    return limited;
}

/* libjpeg has its own copy of a component's table from its first scan on; the slot may have changed since. */
static rj_status describe_component(rj_reader *reader, int index)
{
    const jpeg_component_info *component = &reader->dinfo.comp_info[index];
    const JQUANT_TBL *table = component->quant_table;
    if (table == NULL) {
        if (warn(reader, "one of the components has no scan") != RJ_OK)
            return RJ_BAD_ARGUMENT;
        if (component->quant_tbl_no >= 0 && component->quant_tbl_no < NUM_QUANT_TBLS)
            table = reader->dinfo.quant_tbl_ptrs[component->quant_tbl_no];
    }
    if (table == NULL)
        return rj_reader_refuse(reader, "one of the components has no quantisation table");
    for (int i = 0; i < RJ_BLOCK_SIZE; i++)
        reader->header.tables[index][i] = table->quantval[i];
    reader->header.components[index] = (rj_component){
        .h_samp = component->h_samp_factor,
        .v_samp = component->v_samp_factor,
        .table = index,
        .block_rows = component->height_in_blocks,
        .block_columns = component->width_in_blocks,
    };
    return RJ_OK;
}

rj_status rj_reader_read(rj_reader *reader, rj_header *header)
{
    if (setjmp(reader->error.return_point))
        return RJ_LIBJPEG_ERROR;
    reader->levels = jpeg_read_coefficients(&reader->dinfo);
    if (!colours_stay(reader))
        return rj_reader_refuse(reader, "a marker that says what the colours are comes after the first scan");
    for (int i = 0; i < reader->header.component_count; i++) {
        rj_status status = describe_component(reader, i);
        if (status != RJ_OK)
            return status;
        if (!reader->error.refuse_warnings && limit_levels(reader, i))
            warn(reader, "a coefficient is out of the range of JPEG's codes");
    }
    *header = reader->header;
    return RJ_OK;
}

rj_status rj_reader_segments(rj_reader *reader, const uint8_t **segments, size_t *size)
{
    enum { HEADER = 4 }; /* 0xFF, the marker, and a length that counts itself */
    *size = 0;
    for (jpeg_saved_marker_ptr marker = reader->dinfo.marker_list; marker != NULL; marker = marker->next)
        *size += HEADER + marker->data_length;
    uint8_t *next = realloc(reader->segments, *size + 1);
    if (next == NULL)
        return RJ_NO_MEMORY;
    reader->segments = next;
    for (jpeg_saved_marker_ptr marker = reader->dinfo.marker_list; marker != NULL; marker = marker->next) {
        uint32_t length = marker->data_length + 2;
        const uint8_t head[HEADER] = {0xFF, marker->marker, (uint8_t)(length >> 8), (uint8_t)length};
        memcpy(next, head, HEADER);
        memcpy(next + HEADER, marker->data, marker->data_length);
        next += HEADER + marker->data_length;
    }
    *segments = reader->segments;
    return RJ_OK;
}

size_t rj_reader_end(const rj_reader *reader)
{
    /* Where the file breaks off, libjpeg has read an EOI of its own to its end, and nothing is left. */
    return reader->size - reader->dinfo.src->bytes_in_buffer;
}

rj_status rj_reader_levels(rj_reader *reader, int component, int16_t *levels)
{
    if (component < 0 || component >= reader->header.component_count)
        return rj_reader_refuse(reader, "there is no such component");
    j_common_ptr cinfo = (j_common_ptr)&reader->dinfo;
    if (setjmp(reader->error.return_point))
        return RJ_LIBJPEG_ERROR;
    const rj_component *shape = &reader->header.components[component];
    size_t row_size = shape->block_columns * sizeof(JBLOCK);
    for (JDIMENSION row = 0; row < shape->block_rows; row++) {
        JBLOCKARRAY blocks = cinfo->mem->access_virt_barray(cinfo, reader->levels[component], row, 1, FALSE);
        memcpy((uint8_t *)levels + row * row_size, blocks[0], row_size);
    }
    return RJ_OK;
}

const char *rj_reader_message(const rj_reader *reader)
{
    return reader->error.message;
}

void rj_reader_free(rj_reader *reader)
{
    if (reader == NULL)
        return;
    jpeg_destroy_decompress(&reader->dinfo);
    free(reader->segments);
    free(reader);
}
