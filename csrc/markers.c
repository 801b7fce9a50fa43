/* This file contains the markers of a progressive file: ITU-T T.81, B.2. */

#include "markers.h"

#include <string.h>

enum {
    START_OF_PROGRESSIVE_FRAME = 0xC2,
    HUFFMAN_TABLE = 0xC4,
    END_OF_IMAGE = 0xD9,
    START_OF_SCAN = 0xDA,
    QUANTISATION_TABLE = 0xDB,
    RESTART_INTERVAL = 0xDD
};

/* A marker segment: two bytes of marker, two of length, which counts itself, and what is in it. */
typedef struct {
    size_t size;
    uint8_t bytes[512];
} segment;

static segment new_segment(uint8_t marker)
{
    return (segment){.size = 4, .bytes = {0xFF, marker}};
}

static void add_byte(segment *to, unsigned value)
{
    to->bytes[to->size++] = (uint8_t)value;
}

static void add_two_bytes(segment *to, unsigned value)
{
    add_byte(to, value >> 8);
    add_byte(to, value & 255);
}

static void put_segment(j_compress_ptr cinfo, segment *complete)
{
    size_t length = complete->size - 2;
    complete->bytes[2] = (uint8_t)(length >> 8);
    complete->bytes[3] = (uint8_t)(length & 255);
    rj_destination_append(cinfo, complete->bytes, complete->size);
}

static void put_quantisation_table(j_compress_ptr cinfo, int index)
{
    const JQUANT_TBL *table = cinfo->quant_tbl_ptrs[index];
    segment to = new_segment(QUANTISATION_TABLE);
    unsigned wide = 0;
    for (int i = 0; i < RJ_BLOCK_SIZE; i++)
        wide |= table->quantval[i] > 255;
    add_byte(&to, wide << 4 | (unsigned)index);
    for (int i = 0; i < RJ_BLOCK_SIZE; i++)
        if (wide)
            add_two_bytes(&to, table->quantval[rj_zigzag[i]]);
        else
            add_byte(&to, table->quantval[rj_zigzag[i]]);
    put_segment(cinfo, &to);
}

void rj_put_quantisation_tables(j_compress_ptr cinfo)
{
    unsigned written = 0;
    for (int i = 0; i < cinfo->num_components; i++) {
        int index = cinfo->comp_info[i].quant_tbl_no;
        if (!(written >> index & 1))
            put_quantisation_table(cinfo, index);
        written |= 1u << index;
    }
}

void rj_put_progressive_frame(j_compress_ptr cinfo)
{
    segment to = new_segment(START_OF_PROGRESSIVE_FRAME);
    add_byte(&to, (unsigned)cinfo->data_precision);
    add_two_bytes(&to, cinfo->image_height);
    add_two_bytes(&to, cinfo->image_width);
    add_byte(&to, (unsigned)cinfo->num_components);
    for (int i = 0; i < cinfo->num_components; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        add_byte(&to, (unsigned)component->component_id);
        add_byte(&to, (unsigned)(component->h_samp_factor << 4 | component->v_samp_factor));
        add_byte(&to, (unsigned)component->quant_tbl_no);
    }
    put_segment(cinfo, &to);
}

void rj_put_restart_interval(j_compress_ptr cinfo, size_t interval)
{
    segment to = new_segment(RESTART_INTERVAL);
    add_two_bytes(&to, (unsigned)interval);
    put_segment(cinfo, &to);
}

void rj_put_huffman_table(j_compress_ptr cinfo, const JHUFF_TBL *table, int is_ac, int index)
{
    segment to = new_segment(HUFFMAN_TABLE);
    size_t symbols = 0;
    add_byte(&to, (unsigned)(is_ac << 4 | index));
    for (int length = 1; length <= 16; length++) {
        add_byte(&to, table->bits[length]);
        symbols += table->bits[length];
    }
    for (size_t i = 0; i < symbols; i++)
        add_byte(&to, table->huffval[i]);
    put_segment(cinfo, &to);
}

/* A scan names the tables that it needs, and 0 for the others. */
void rj_put_scan_header(j_compress_ptr cinfo, const jpeg_scan_info *scan)
{
    segment to = new_segment(START_OF_SCAN);
    add_byte(&to, (unsigned)scan->comps_in_scan);
    for (int i = 0; i < scan->comps_in_scan; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[scan->component_index[i]];
        add_byte(&to, (unsigned)component->component_id);
        add_byte(&to, (unsigned)(scan->Ss == 0 ? component->dc_tbl_no << 4 : component->ac_tbl_no));
    }
    add_byte(&to, (unsigned)scan->Ss);
    add_byte(&to, (unsigned)scan->Se);
    add_byte(&to, (unsigned)(scan->Ah << 4 | scan->Al));
    put_segment(cinfo, &to);
}

void rj_put_end_of_image(j_compress_ptr cinfo)
{
    static const uint8_t marker[] = {0xFF, END_OF_IMAGE};
    rj_destination_append(cinfo, marker, sizeof marker);
}
