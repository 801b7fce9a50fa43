/* This file contains optimal Huffman codes for symbols that were counted. */

#include "internal.h"

#include <stdlib.h>
#include <string.h>

enum { SYMBOLS = RJ_SYMBOLS, LONGEST = 16 };

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

/* The symbols that occur, the most frequent first, and how many codes have each length; the number of symbols. */
static int optimal_lengths(const uint32_t counts[SYMBOLS], node nodes[2 * (SYMBOLS + 1)], int lengths[SYMBOLS + 1])
{
    int leaves = 0;
    memset(lengths, 0, (SYMBOLS + 1) * sizeof *lengths);
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
    return leaves;
}

void rj_make_table(JHUFF_TBL *table, const uint32_t counts[SYMBOLS])
{
    node nodes[2 * (SYMBOLS + 1)];
    int lengths[SYMBOLS + 1], leaves = optimal_lengths(counts, nodes, lengths);
    memset(table, 0, sizeof *table);
    for (int length = 1; length <= LONGEST; length++)
        table->bits[length] = (UINT8)lengths[length];
    for (int i = 0; i < leaves; i++)
        table->huffval[i] = (UINT8)nodes[i].symbol;
}

int rj_code_lengths(const uint32_t counts[SYMBOLS], uint8_t code_lengths[SYMBOLS])
{
    node nodes[2 * (SYMBOLS + 1)];
    int lengths[SYMBOLS + 1], leaves = optimal_lengths(counts, nodes, lengths);
    memset(code_lengths, 0, SYMBOLS);
    for (int i = 0, length = 1; i < leaves; i++) {
        while (lengths[length] == 0)
            length++;
        lengths[length]--;
        code_lengths[nodes[i].symbol] = (uint8_t)length;
    }
    return leaves;
}

double rj_symbol_bits(const uint32_t counts[RJ_SYMBOLS], double scale)
{
    enum { TABLE = 21 }; /* bytes besides its symbols */
    uint8_t lengths[RJ_SYMBOLS];
    int symbol_count = rj_code_lengths(counts, lengths);
    uint64_t bits = 0;
    for (uint32_t symbol = 0; symbol < RJ_SYMBOLS; symbol++)
        bits += (uint64_t)counts[symbol] * (lengths[symbol] + rj_bits_behind(symbol));
    return (double)bits * scale + 8.0 * (TABLE + symbol_count);
}
