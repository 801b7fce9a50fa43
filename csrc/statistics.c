/*
 * This file contains the symbols of a sequential file, counted as its blocks come in. libjpeg can count them too, in a pass
 * of its own over all levels that takes a third of an optimised save.
 */

#include "internal.h"

#include <stdlib.h>
#include <string.h>

rj_statistics *rj_statistics_new(const rj_settings *settings, const rj_zigzag_rows *zigzag)
{
    rj_statistics *statistics = calloc(1, sizeof *statistics);
    if (statistics == NULL)
        return NULL;
    statistics->zigzag = zigzag;
    for (int i = 0; i < settings->component_count; i++) {
        const rj_component *component = &settings->components[i];
        statistics->dc[i] = malloc((size_t)component->block_rows * component->block_columns * sizeof(int16_t));
        if (statistics->dc[i] == NULL) {
            rj_statistics_free(statistics);
            return NULL;
        }
    }
    return statistics;
}

void rj_statistics_free(rj_statistics *statistics)
{
    for (int i = 0; statistics != NULL && i < RJ_MAX_COMPONENTS; i++)
        free(statistics->dc[i]);
    free(statistics);
}

/* nonzero: the places of the block's nonzero levels, bit 0 for the first in zigzag order. */
static inline void count_ac(uint64_t nonzero, const int16_t *block, uint32_t *counts)
{
    uint32_t last = 0;
    for (nonzero &= ~(uint64_t)1; nonzero != 0; nonzero &= nonzero - 1) {
        uint32_t place = (uint32_t)__builtin_ctzll(nonzero), run = place - last - 1;
        counts[RJ_SIXTEEN_ZEROS] += run / 16;
        counts[run % 16 << 4 | rj_bit_length(block[rj_zigzag[place]])]++;
        last = place;
    }
    counts[RJ_END_OF_BLOCK] += last < RJ_BLOCK_SIZE - 1;
}

void rj_count_blocks(rj_statistics *statistics, const rj_simd *simd, int component, size_t place,
                     const int16_t (*blocks)[RJ_BLOCK_SIZE], size_t block_count)
{
    uint32_t *counts = statistics->ac[component];
    int16_t *dc = statistics->dc[component] + place;
    for (size_t block = 0; block < block_count; block++) {
        uint64_t nonzero = simd->nonzero(blocks[block]);
        if (nonzero > 1)
            count_ac(rj_in_zigzag(statistics->zigzag, nonzero), blocks[block], counts);
        else /* DC at most, as in every other block of an average photograph */
            counts[RJ_END_OF_BLOCK]++;
        dc[block] = blocks[block][0];
    }
}

/* The blocks of one component in one MCU. Beyond the picture's edges libjpeg repeats the last DC and nothing else. */
static void count_mcu(rj_statistics *statistics, const rj_component *component, int index, size_t first_row,
                      size_t first_column, size_t rows, size_t columns)
{
    uint32_t *counts = statistics->dc_counts[index];
    int *last_dc = &statistics->last_dc[index];
    for (size_t row = first_row; row < first_row + rows; row++)
        for (size_t column = first_column; column < first_column + columns; column++)
            if (row < component->block_rows && column < component->block_columns) {
                int value = statistics->dc[index][row * component->block_columns + column];
                counts[rj_bit_length(value - *last_dc)]++;
                *last_dc = value;
            } else {
                counts[0]++;
                statistics->ac[index][RJ_END_OF_BLOCK]++;
            }
}

size_t rj_restart_interval(const rj_settings *settings, size_t mcus_in_row)
{
    size_t interval = (size_t)settings->restart_rows * mcus_in_row;
    if (settings->restart_rows == 0)
        return settings->restart_blocks;
    return interval < 65535 ? interval : 65535;
}

void rj_count_dc(rj_statistics *statistics, const rj_settings *settings)
{
    int alone = settings->component_count == 1;
    const rj_component *first = &settings->components[0];
    size_t h_first = alone ? 1 : (size_t)first->h_samp, v_first = alone ? 1 : (size_t)first->v_samp;
    size_t columns = (first->block_columns + h_first - 1) / h_first;
    size_t rows = (first->block_rows + v_first - 1) / v_first;
    size_t interval = rj_restart_interval(settings, columns);

    for (size_t mcu = 0; mcu < rows * columns; mcu++) {
        if (interval > 0 && mcu % interval == 0)
            memset(statistics->last_dc, 0, sizeof statistics->last_dc);
        for (int i = 0; i < settings->component_count; i++) {
            size_t h_samp = alone ? 1 : (size_t)settings->components[i].h_samp;
            size_t v_samp = alone ? 1 : (size_t)settings->components[i].v_samp;
            count_mcu(statistics, &settings->components[i], i, mcu / columns * v_samp, mcu % columns * h_samp, v_samp,
                      h_samp);
        }
    }
}

/* Those of the components that have this table. */
static int sum_counts(const rj_statistics *statistics, const jpeg_component_info *components, int component_count,
                      int table, uint32_t dc_counts[RJ_SYMBOLS], uint32_t ac_counts[RJ_SYMBOLS])
{
    int used = 0;
    memset(dc_counts, 0, RJ_SYMBOLS * sizeof *dc_counts);
    memset(ac_counts, 0, RJ_SYMBOLS * sizeof *ac_counts);
    for (int i = 0; i < component_count; i++)
        if (components[i].ac_tbl_no == table) {
            used = 1;
            for (int symbol = 0; symbol < RJ_SYMBOLS; symbol++) {
                dc_counts[symbol] += statistics->dc_counts[i][symbol];
                ac_counts[symbol] += statistics->ac[i][symbol];
            }
        }
    return used;
}

void rj_make_tables(const rj_statistics *statistics, j_compress_ptr cinfo)
{
    for (int table = 0; table < NUM_HUFF_TBLS; table++) {
        uint32_t dc_counts[RJ_SYMBOLS], ac_counts[RJ_SYMBOLS];
        if (sum_counts(statistics, cinfo->comp_info, cinfo->num_components, table, dc_counts, ac_counts)) {
            rj_make_table(cinfo->dc_huff_tbl_ptrs[table], dc_counts);
            rj_make_table(cinfo->ac_huff_tbl_ptrs[table], ac_counts);
        }
    }
}
