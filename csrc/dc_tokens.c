/* This file contains the tokens of scans of DC levels, which are coded as differences from the one before. */

#include "tokens.h"

enum { MOST_OF_MCU = C_MAX_BLOCKS_IN_MCU + 1 };

/* A component in a scan; alone it has MCUs of one block. */
typedef struct {
    const rj_plane *plane;
    size_t across, down;
    uint32_t table;
    int last;
} scanned;

static inline void add_difference(rj_tokens *tokens, scanned *component, int level)
{
    int difference = level - component->last, sign = difference >> 31;
    uint32_t size = rj_bit_length(difference), symbol = component->table << 4 | size;
    *tokens->next++ = rj_token(symbol, (uint32_t)(difference + sign) & ((1u << size) - 1));
    tokens->counts[symbol]++;
    component->last = level;
}

/* Blocks beyond the picture's edges repeat the last level. */
static void add_mcu(rj_tokens *tokens, scanned *component, size_t mcu_row, size_t mcu_column)
{
    const rj_plane *plane = component->plane;
    for (size_t row = mcu_row * component->down; row < (mcu_row + 1) * component->down; row++)
        for (size_t column = mcu_column * component->across; column < (mcu_column + 1) * component->across; column++) {
            int there = row < plane->block_rows && column < plane->block_columns;
            int level = there ? plane->dc[row * plane->block_columns + column] : component->last;
            add_difference(tokens, component, level);
        }
}

static int list_scanned(scanned *components, const rj_settings *settings, j_compress_ptr cinfo, const rj_plane *planes,
                        const jpeg_scan_info *scan)
{
    int alone = scan->comps_in_scan == 1;
    for (int i = 0; i < scan->comps_in_scan; i++) {
        int index = scan->component_index[i];
        components[i] = (scanned){
            .plane = &planes[index],
            .across = alone ? 1 : (size_t)settings->components[index].h_samp,
            .down = alone ? 1 : (size_t)settings->components[index].v_samp,
            .table = (uint32_t)cinfo->comp_info[index].dc_tbl_no,
        };
    }
    return scan->comps_in_scan;
}

void rj_dc_scan(rj_tokens *tokens, const rj_settings *settings, const rj_plane *planes, const jpeg_scan_info *scan)
{
    scanned components[MAX_COMPS_IN_SCAN];
    int count = list_scanned(components, settings, tokens->cinfo, planes, scan);
    size_t mcu_columns = (components[0].plane->block_columns + components[0].across - 1) / components[0].across;
    size_t mcu_rows = (components[0].plane->block_rows + components[0].down - 1) / components[0].down;
    size_t interval = rj_restart_interval(settings, mcu_columns);
    for (size_t mcu = 0; mcu < mcu_rows * mcu_columns; mcu++) {
        rj_tokens_make_room(tokens, MOST_OF_MCU);
        int restarts = interval > 0 && mcu > 0 && mcu % interval == 0;
        if (restarts)
            *tokens->next++ = RJ_RESTART;
        for (int i = 0; i < count; i++) {
            components[i].last = restarts ? 0 : components[i].last;
            add_mcu(tokens, &components[i], mcu / mcu_columns, mcu % mcu_columns);
        }
    }
    rj_tokens_finish(tokens);
}
