/*
 * This file contains optimal Huffman tables for a sequential file, made from the levels themselves. libjpeg can make
 * them too, in a pass of its own over all levels that takes a third of an optimised save.
 */

#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* A block's levels in the order in which they are coded. */
static const uint8_t zigzag[RJ_BLOCK_SIZE] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
};

enum { END_OF_BLOCK = 0x00, SIXTEEN_ZEROS = 0xF0, SYMBOLS = 256, LONGEST = 16 };

rj_statistics *rj_statistics_new(const rj_settings *settings)
{
    rj_statistics *statistics = calloc(1, sizeof *statistics);
    if (statistics == NULL)
        return NULL;
    for (int k = 0; k < RJ_BLOCK_SIZE; k++)
        for (int bits = 0; bits < 256; bits++)
            if (bits >> zigzag[k] % RJ_BLOCK_SIDE & 1)
                statistics->in_zigzag[zigzag[k] / RJ_BLOCK_SIDE][bits] |= (uint64_t)1 << k;
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

static inline uint32_t bit_length(int level)
{
    return level == 0 ? 0 : 32 - (uint32_t)__builtin_clz((unsigned)abs(level));
}

/* nonzero: the places of the block's nonzero levels, bit 0 for the first in zigzag order. */
static inline void count_ac(uint64_t nonzero, const int16_t *block, uint32_t *counts)
{
    uint32_t last = 0;
    for (nonzero &= ~(uint64_t)1; nonzero != 0; nonzero &= nonzero - 1) {
        uint32_t place = (uint32_t)__builtin_ctzll(nonzero), run = place - last - 1;
        counts[SIXTEEN_ZEROS] += run / 16;
        counts[run % 16 << 4 | bit_length(block[zigzag[place]])]++;
        last = place;
    }
    counts[END_OF_BLOCK] += last < RJ_BLOCK_SIZE - 1;
}

void rj_count_blocks(rj_statistics *statistics, const rj_simd *simd, const jpeg_component_info *component, size_t place,
                     const int16_t (*blocks)[RJ_BLOCK_SIZE], size_t block_count)
{
    uint32_t *counts = statistics->ac[component->ac_tbl_no];
    int16_t *dc = statistics->dc[component->component_index] + place;
    for (size_t block = 0; block < block_count; block++) {
        uint64_t in_rows = simd->nonzero(blocks[block]), nonzero = 0;
        for (int i = 0; i < RJ_BLOCK_SIDE; i++)
            nonzero |= statistics->in_zigzag[i][in_rows >> 8 * i & 255];
        count_ac(nonzero, blocks[block], counts);
        dc[block] = blocks[block][0];
    }
}

/* The blocks of one component in one MCU. Beyond the picture's edges libjpeg repeats the last DC and nothing else. */
static void count_mcu(rj_statistics *statistics, const jpeg_component_info *component, size_t first_row,
                      size_t first_column, size_t rows, size_t columns)
{
    uint32_t *counts = statistics->dc_counts[component->dc_tbl_no];
    const int16_t *dc = statistics->dc[component->component_index];
    int *last_dc = &statistics->last_dc[component->component_index];
    for (size_t row = first_row; row < first_row + rows; row++)
        for (size_t column = first_column; column < first_column + columns; column++)
            if (row < component->height_in_blocks && column < component->width_in_blocks) {
                int value = dc[row * component->width_in_blocks + column];
                counts[bit_length(value - *last_dc)]++;
                *last_dc = value;
            } else {
                counts[0]++;
                statistics->ac[component->ac_tbl_no][END_OF_BLOCK]++;
            }
}

/* DC levels are coded as differences, in the order of the MCUs. A component alone has MCUs of one block. */
static void count_dc(rj_statistics *statistics, j_compress_ptr cinfo)
{
    const jpeg_component_info *components = cinfo->comp_info;
    int alone = cinfo->num_components == 1;
    size_t mcu_width = (size_t)(alone ? 1 : cinfo->max_h_samp_factor) * RJ_BLOCK_SIDE;
    size_t mcu_height = (size_t)(alone ? 1 : cinfo->max_v_samp_factor) * RJ_BLOCK_SIDE;
    size_t columns = (cinfo->image_width + mcu_width - 1) / mcu_width;
    size_t rows = (cinfo->image_height + mcu_height - 1) / mcu_height;
    size_t interval = cinfo->restart_interval;
    if (cinfo->restart_in_rows > 0)
        interval = (size_t)cinfo->restart_in_rows * columns < 65535 ? (size_t)cinfo->restart_in_rows * columns : 65535;

    for (size_t mcu = 0; mcu < rows * columns; mcu++) {
        if (interval > 0 && mcu % interval == 0)
            memset(statistics->last_dc, 0, sizeof statistics->last_dc);
        for (int i = 0; i < cinfo->num_components; i++) {
            size_t h_samp = (size_t)(alone ? 1 : components[i].h_samp_factor);
            size_t v_samp = (size_t)(alone ? 1 : components[i].v_samp_factor);
            count_mcu(statistics, &components[i], mcu / columns * v_samp, mcu % columns * h_samp, v_samp, h_samp);
        }
    }
}

typedef struct {
    uint64_t count;
    int symbol;
    int parent;
} node;

/* The most frequent first; of two that are as frequent, the lower symbol. */
static int by_count(const void *one, const void *other)
{
    const node *a = one, *b = other;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return a->symbol - b->symbol;
}

/*
 * Huffman's tree over `leaves` nodes, the most frequent first: two queues, as the sums come out in ascending order.
 * Leaves lie in nodes[0] to nodes[leaves - 1], what joins them above; lengths[n] counts the leaves n edges deep.
 */
static void count_lengths(node *nodes, int leaves, int *lengths)
{
    int depths[2 * (SYMBOLS + 1)], next_leaf = leaves - 1, next_sum = leaves, sums = leaves;
    while (sums < 2 * leaves - 1) {
        nodes[sums].count = 0;
        for (int i = 0; i < 2; i++) {
            int takes_leaf = next_leaf >= 0 && (next_sum == sums || nodes[next_leaf].count <= nodes[next_sum].count);
            int taken = takes_leaf ? next_leaf-- : next_sum++;
            nodes[sums].count += nodes[taken].count;
            nodes[taken].parent = sums;
        }
        sums++;
    }
    depths[sums - 1] = 0;
    for (int i = sums - 2; i >= 0; i--) {
        depths[i] = depths[nodes[i].parent] + 1;
        lengths[depths[i]] += i < leaves;
    }
}

/* No code of JPEG is longer than 16 bits: ITU-T T.81, figure K.3. */
static void limit_lengths(int *lengths, int deepest)
{
    for (int length = deepest; length > LONGEST; length--)
        while (lengths[length] > 0) {
            int shorter = length - 2;
            while (lengths[shorter] == 0)
                shorter--;
            lengths[length] -= 2; /* two brothers: one takes their father's place, */
            lengths[length - 1]++;
            lengths[shorter + 1] += 2; /* the other goes with a shorter code under a new father. */
            lengths[shorter]--;
        }
}

static void make_table(JHUFF_TBL *table, const uint32_t counts[SYMBOLS])
{
    node nodes[2 * (SYMBOLS + 1)];
    int lengths[SYMBOLS + 1] = {0}, leaves = 0;
    for (int symbol = 0; symbol < SYMBOLS; symbol++)
        if (counts[symbol] > 0)
            nodes[leaves++] = (node){counts[symbol], symbol, 0};
    qsort(nodes, (size_t)leaves, sizeof *nodes, by_count);
    nodes[leaves] = (node){0, SYMBOLS, 0}; /* keeps the code of all ones free, which JPEG does not admit */
    count_lengths(nodes, leaves + 1, lengths);
    limit_lengths(lengths, leaves);
    for (int longest = LONGEST; longest > 0; longest--)
        if (lengths[longest] > 0) {
            lengths[longest]--; /* the one that was kept free */
            break;
        }

    memset(table, 0, sizeof *table);
    for (int length = 1; length <= LONGEST; length++)
        table->bits[length] = (UINT8)lengths[length];
    for (int i = 0; i < leaves; i++)
        table->huffval[i] = (UINT8)nodes[i].symbol;
}

void rj_make_tables(rj_statistics *statistics, j_compress_ptr cinfo)
{
    count_dc(statistics, cinfo);
    for (int i = 0; i < cinfo->num_components; i++) {
        int dc = cinfo->comp_info[i].dc_tbl_no, ac = cinfo->comp_info[i].ac_tbl_no;
        make_table(cinfo->dc_huff_tbl_ptrs[dc], statistics->dc_counts[dc]);
        make_table(cinfo->ac_huff_tbl_ptrs[ac], statistics->ac[ac]);
    }
}
