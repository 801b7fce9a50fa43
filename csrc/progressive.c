/*
 * This file contains the coding of a progressive file. libjpeg can do that too, but takes several times as long: it goes
 * over all levels twice for each scan, and looks at the zeros among them.
 */

#include "markers.h"
#include "tokens.h"

#include <stdlib.h>
#include <string.h>

static void *request(j_compress_ptr cinfo, size_t size)
{
    return cinfo->mem->alloc_large((j_common_ptr)cinfo, JPOOL_IMAGE, size);
}

/* Of a row of blocks, those of the places whose levels reach a magnitude. */
static void find_large(uint64_t *found, const int16_t (*blocks)[RJ_BLOCK_SIZE], const uint64_t *places, size_t block_count,
                       int magnitude)
{
    for (size_t block = 0; block < block_count; block++) {
        found[block] = 0;
        for (uint64_t left = places[block]; left != 0; left &= left - 1) {
            int place = __builtin_ctzll(left);
            found[block] |= (uint64_t)(abs(blocks[block][rj_zigzag[place]]) >= magnitude) << place;
        }
    }
}

static void init_plane(rj_plane *plane, rj_encoder *encoder, int index, int depth)
{
    const rj_component *component = &encoder->settings.components[index];
    size_t rows = component->block_rows, columns = component->block_columns;
    *plane = (rj_plane){.block_rows = rows, .block_columns = columns};
    plane->dc = request(&encoder->cinfo, rows * columns * sizeof *plane->dc);
    for (int i = 0; i <= depth; i++)
        plane->nonzero[i] = request(&encoder->cinfo, rows * columns * sizeof *plane->nonzero[i]);
    for (size_t row = 0; row < rows; row++) {
        JBLOCKROW blocks = rj_levels_row(encoder, index, row);
        size_t place = row * columns;
        for (size_t column = 0; column < columns; column++) {
            plane->nonzero[0][place + column] = rj_nonzero_places(encoder, blocks[column]);
            plane->dc[place + column] = blocks[column][0];
        }
        for (int i = 1; i <= depth; i++)
            find_large(plane->nonzero[i] + place, (const int16_t(*)[RJ_BLOCK_SIZE])blocks, plane->nonzero[i - 1] + place,
                       columns, 1 << i);
    }
}

/* How many of their lowest bits the levels of a component are without at first. */
static int depth_of(const rj_encoder *encoder, int index)
{
    int depth = 0;
    for (int i = 0; i < encoder->scan_count; i++)
        if (encoder->scans[i].component_index[0] == index && encoder->scans[i].Al > depth)
            depth = encoder->scans[i].Al;
    return depth;
}

/* The tables that the components of a scan have. Of DC there may be several, each has sixteen of the counts. */
static void put_dc_tables(j_compress_ptr cinfo, const jpeg_scan_info *scan, const uint32_t counts[RJ_SYMBOLS],
                          rj_codes *codes)
{
    unsigned written = 0;
    for (int i = 0; i < scan->comps_in_scan; i++) {
        int index = cinfo->comp_info[scan->component_index[i]].dc_tbl_no;
        uint32_t of_table[RJ_SYMBOLS] = {0};
        JHUFF_TBL table;
        if (written >> index & 1)
            continue;
        written |= 1u << index;
        memcpy(of_table, counts + 16 * index, 16 * sizeof *of_table);
        rj_make_table(&table, of_table);
        rj_codes_add_dc(codes, &table, (uint32_t)index);
        rj_put_huffman_table(cinfo, &table, 0, index);
    }
}

static void put_ac_table(j_compress_ptr cinfo, const jpeg_scan_info *scan, const uint32_t counts[RJ_SYMBOLS],
                         rj_codes *codes)
{
    JHUFF_TBL table;
    rj_make_table(&table, counts);
    rj_codes_add_ac(codes, &table);
    rj_put_huffman_table(cinfo, &table, 1, cinfo->comp_info[scan->component_index[0]].ac_tbl_no);
}

/* Scans with one code. */
static void put_scans(j_compress_ptr cinfo, const jpeg_scan_info *scans, const rj_tokens *tokens, int count,
                      const uint32_t counts[RJ_SYMBOLS])
{
    rj_codes codes;
    rj_codes_init(&codes);
    (scans->Ss == 0 ? put_dc_tables : put_ac_table)(cinfo, scans, counts, &codes);
    for (int i = 0; i < count; i++) {
        rj_put_scan_header(cinfo, &scans[i]);
        rj_tokens_write(&tokens[i], &codes);
    }
}

/* Whether the next scan has the same frequencies and bits of another component that has the same table. */
static int is_alike(j_compress_ptr cinfo, const jpeg_scan_info *scan, const jpeg_scan_info *next)
{
    const jpeg_component_info *one = &cinfo->comp_info[scan->component_index[0]];
    const jpeg_component_info *other = &cinfo->comp_info[next->component_index[0]];
    return scan->comps_in_scan == 1 && next->comps_in_scan == 1 && scan->Ss == next->Ss && scan->Se == next->Se &&
           scan->Ah == next->Ah && scan->Al == next->Al && one->ac_tbl_no == other->ac_tbl_no && one != other;
}

/* Scans that are alike, with one table for all or one for each, whatever takes fewer bits. */
static void put_alike(j_compress_ptr cinfo, const jpeg_scan_info *scans, const rj_tokens *tokens, int count)
{
    uint32_t sum[RJ_SYMBOLS] = {0};
    double own_bits = 0.0;
    for (int i = 0; i < count; i++) {
        own_bits += rj_symbol_bits(tokens[i].counts, 1.0);
        for (int symbol = 0; symbol < RJ_SYMBOLS; symbol++)
            sum[symbol] += tokens[i].counts[symbol];
    }
    if (count > 1 && rj_symbol_bits(sum, 1.0) < own_bits)
        put_scans(cinfo, scans, tokens, count, sum);
    else
        for (int i = 0; i < count; i++)
            put_scans(cinfo, &scans[i], &tokens[i], 1, tokens[i].counts);
}

static size_t restart_interval(const rj_encoder *encoder, const jpeg_scan_info *scan)
{
    const rj_component *component = &encoder->settings.components[scan->component_index[0]];
    size_t across = scan->comps_in_scan == 1 ? 1 : (size_t)component->h_samp;
    return rj_restart_interval(&encoder->settings, (component->block_columns + across - 1) / across);
}

static void make_tokens(rj_encoder *encoder, const rj_plane *planes, const jpeg_scan_info *scan, rj_tokens *tokens)
{
    rj_tokens_begin(tokens);
    if (scan->Ss == 0)
        rj_dc_scan(tokens, &encoder->settings, planes, scan);
    else
        rj_ac_scan(tokens, encoder, &planes[scan->component_index[0]], scan);
}

void rj_progressive_write(rj_encoder *encoder)
{
    j_compress_ptr cinfo = &encoder->cinfo;
    const jpeg_scan_info *scans = encoder->scans;
    rj_plane planes[RJ_MAX_COMPONENTS];
    rj_tokens tokens[RJ_MAX_COMPONENTS];
    size_t last_interval = 0;

    for (int i = 0; i < cinfo->num_components; i++) {
        init_plane(&planes[i], encoder, i, depth_of(encoder, i));
        rj_tokens_init(&tokens[i], cinfo);
    }
    rj_put_quantisation_tables(cinfo);
    rj_put_progressive_frame(cinfo);
    for (int done = 0, count; done < encoder->scan_count; done += count) {
        size_t interval = restart_interval(encoder, &scans[done]);
        if (interval != last_interval)
            rj_put_restart_interval(cinfo, interval);
        last_interval = interval;
        for (count = 0; count == 0 || (done + count < encoder->scan_count && count < cinfo->num_components &&
                                       restart_interval(encoder, &scans[done + count]) == interval &&
                                       is_alike(cinfo, &scans[done], &scans[done + count]));
             count++)
            make_tokens(encoder, planes, &scans[done + count], &tokens[count]);
        put_alike(cinfo, &scans[done], tokens, count);
    }
    rj_put_end_of_image(cinfo);
}
