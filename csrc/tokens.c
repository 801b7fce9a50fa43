/* This file contains the tokens of one scan: the room for them, and of each kind of scan which ones it has. */

#include "tokens.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_RUN = 0x7FFF };

/* A block has at most one for each level, one for bits behind each, those for runs of zeros, its end and a restart. */
enum { MOST_OF_BLOCK = 2 * RJ_BLOCK_SIZE + 16 };

static rj_chunk *new_chunk(j_compress_ptr cinfo)
{
    rj_chunk *chunk = cinfo->mem->alloc_large((j_common_ptr)cinfo, JPOOL_IMAGE, sizeof *chunk);
    chunk->next = NULL;
    return chunk;
}

static void open_chunk(rj_tokens *tokens, rj_chunk *chunk)
{
    tokens->last = chunk;
    tokens->next = chunk->tokens;
    tokens->end = chunk->tokens + RJ_TOKENS_IN_CHUNK;
}

void rj_tokens_init(rj_tokens *tokens, j_compress_ptr cinfo)
{
    memset(tokens, 0, sizeof *tokens);
    tokens->cinfo = cinfo;
    tokens->first = new_chunk(cinfo);
}

void rj_tokens_begin(rj_tokens *tokens)
{
    open_chunk(tokens, tokens->first);
    memset(tokens->counts, 0, sizeof tokens->counts);
}

void rj_tokens_next_chunk(rj_tokens *tokens)
{
    tokens->last->count = (size_t)(tokens->next - tokens->last->tokens);
    if (tokens->last->next == NULL)
        tokens->last->next = new_chunk(tokens->cinfo);
    open_chunk(tokens, tokens->last->next);
}

static inline void end_run(rj_tokens *tokens)
{
    if (tokens->run == 0)
        return;
    uint32_t size = rj_bit_length((int)tokens->run) - 1;
    *tokens->run_token = rj_token(size << 4, tokens->run - (1u << size));
    tokens->counts[size << 4]++;
    tokens->run = 0;
}

static inline void add_to_run(rj_tokens *tokens)
{
    if (tokens->run == 0)
        tokens->run_token = tokens->next++;
    if (++tokens->run == LONGEST_RUN)
        end_run(tokens);
}

void rj_tokens_finish(rj_tokens *tokens)
{
    end_run(tokens);
    tokens->last->count = (size_t)(tokens->next - tokens->last->tokens);
}

static void restart(rj_tokens *tokens)
{
    end_run(tokens);
    *tokens->next++ = RJ_RESTART;
}

static void first_pass(rj_tokens *tokens, const jpeg_scan_info *scan, const int16_t *block, uint64_t places)
{
    uint32_t *next = tokens->next, from = (uint32_t)scan->Ss;
    for (; places != 0; places &= places - 1) {
        uint32_t place = (uint32_t)__builtin_ctzll(places), zeros = place - from;
        for (; zeros > 15; zeros -= 16) {
            *next++ = RJ_SIXTEEN_ZEROS;
            tokens->counts[RJ_SIXTEEN_ZEROS]++;
        }
        int level = block[rj_zigzag[place]], sign = level >> 15;
        uint32_t magnitude = (uint32_t)((level ^ sign) - sign) >> scan->Al;
        uint32_t size = rj_bit_length((int)magnitude), symbol = zeros << 4 | size;
        *next++ = rj_token(symbol, (magnitude ^ (uint32_t)sign) & ((1u << size) - 1));
        tokens->counts[symbol]++;
        from = place + 1;
    }
    tokens->next = next;
    if (from <= (uint32_t)scan->Se)
        add_to_run(tokens);
}

/* Bits of levels that were there before, kept until the symbol that they follow is known. */
typedef struct {
    uint64_t bits;
    uint32_t count;
} kept_bits;

static inline void put_bits(rj_tokens *tokens, kept_bits *kept)
{
    while (kept->count > 0) {
        uint32_t count = kept->count < RJ_MOST_BITS_ALONE ? kept->count : RJ_MOST_BITS_ALONE;
        kept->count -= count;
        *tokens->next++ = rj_token(RJ_BITS_ALONE + count, (uint32_t)(kept->bits >> kept->count) & ((1u << count) - 1));
    }
    kept->bits = 0;
}

/* The symbol of a level that appears, or of sixteen zeros, with the bits of the levels between it and the one before. */
static inline void put_refined(rj_tokens *tokens, uint32_t symbol, uint32_t sign, kept_bits *between)
{
    *tokens->next++ = rj_token(symbol, sign);
    tokens->counts[symbol]++;
    put_bits(tokens, between);
}

/*
 * Levels that were there before get one bit each; those that appear, a symbol and a sign. ITU-T T.81, G.1.2.3. Which of both
 * a level is nobody can guess, so the loop does not branch on it.
 */
static void refine(rj_tokens *tokens, const jpeg_scan_info *scan, const int16_t *block, uint64_t places, uint64_t older)
{
    uint64_t appearing = places & ~older;
    uint32_t zeros = 0, from = (uint32_t)scan->Ss;
    kept_bits between = {0, 0};
    if (appearing != 0)
        end_run(tokens);
    for (; places != 0; places &= places - 1) {
        uint32_t place = (uint32_t)__builtin_ctzll(places), appears = appearing >> place & 1;
        int level = block[rj_zigzag[place]];
        zeros += place - from;
        from = place + 1;
        for (; zeros > 15 && appearing >> place != 0; zeros -= 16)
            put_refined(tokens, RJ_SIXTEEN_ZEROS, 0, &between);
        if (appears && between.count > RJ_MOST_BITS_ALONE) {
            put_refined(tokens, zeros << 4 | 1, level > 0, &between);
            zeros = 0;
            continue;
        }
        uint32_t symbol = zeros % 16 << 4 | 1;
        uint64_t if_older = (uint64_t)appears - 1;
        tokens->next[0] = rj_token(symbol, level > 0);
        tokens->counts[symbol] += appears;
        tokens->next[appears] = rj_token(RJ_BITS_ALONE + between.count, (uint32_t)between.bits);
        tokens->next += appears + (appears & (between.count > 0));
        zeros &= (uint32_t)if_older;
        between.bits = (between.bits << 1 | ((uint32_t)abs(level) >> scan->Al & 1)) & if_older;
        between.count = (between.count + 1) & (uint32_t)if_older;
    }
    if (between.count > 0 || from <= (uint32_t)scan->Se) {
        if (tokens->run == 0)
            tokens->run_token = tokens->next++;
        put_bits(tokens, &between);
        if (++tokens->run == LONGEST_RUN)
            end_run(tokens);
    }
}

/* Only some levels of each block are looked at, so the processor does not see by itself that the next blocks follow. */
static inline void fetch_ahead(const int16_t *block)
{
    enum { BLOCKS_AHEAD = 8, HALF = RJ_BLOCK_SIZE / 2 };
    __builtin_prefetch(block + BLOCKS_AHEAD * RJ_BLOCK_SIZE);
    __builtin_prefetch(block + BLOCKS_AHEAD * RJ_BLOCK_SIZE + HALF);
}

void rj_ac_scan(rj_tokens *tokens, rj_encoder *encoder, const rj_plane *plane, const jpeg_scan_info *scan)
{
    int index = scan->component_index[0];
    size_t interval = rj_restart_interval(&encoder->settings, plane->block_columns), until_restart = interval;
    uint64_t band = ((uint64_t)2 << scan->Se) - ((uint64_t)1 << scan->Ss);
    for (size_t row = 0; row < plane->block_rows; row++) {
        const int16_t(*blocks)[RJ_BLOCK_SIZE] = (const int16_t(*)[RJ_BLOCK_SIZE])rj_levels_row(encoder, index, row);
        const uint64_t *nonzero = plane->nonzero[scan->Al] + row * plane->block_columns;
        const uint64_t *older = scan->Ah == 0 ? NULL : plane->nonzero[scan->Ah] + row * plane->block_columns;
        for (size_t column = 0; column < plane->block_columns; column++) {
            uint64_t places = nonzero[column] & band;
            fetch_ahead(blocks[column]);
            rj_tokens_make_room(tokens, MOST_OF_BLOCK);
            if (interval > 0 && until_restart-- == 0) {
                restart(tokens);
                until_restart = interval - 1;
            }
            if (places == 0) {
                add_to_run(tokens);
            } else if (scan->Ah == 0) {
                end_run(tokens);
                first_pass(tokens, scan, blocks[column], places);
            } else {
                refine(tokens, scan, blocks[column], places, older[column]);
            }
        }
    }
    rj_tokens_finish(tokens);
}
