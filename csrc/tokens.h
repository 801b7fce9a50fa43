/*
 * A progressive scan on its way to bits. It is made of tokens first, so that the symbols are counted before a code for them
 * is chosen: each is a symbol of Huffman's code with the bits behind it, or bits alone.
 */

#ifndef RJ_TOKENS_H
#define RJ_TOKENS_H

#include "internal.h"

/* What a token has in its lowest bits: a symbol, the number of its bits alone, or that a restart comes here. */
enum {
    RJ_BITS_ALONE = RJ_SYMBOLS,
    RJ_MOST_BITS_ALONE = 22,
    RJ_RESTART = RJ_BITS_ALONE + RJ_MOST_BITS_ALONE + 1,
    RJ_TOKEN_KINDS,
    RJ_KIND_BITS = 9
};

static inline uint32_t rj_token(uint32_t kind, uint32_t bits)
{
    return kind | bits << RJ_KIND_BITS;
}

enum { RJ_TOKENS_IN_CHUNK = 1 << 15 };

typedef struct rj_chunk {
    struct rj_chunk *next;
    size_t count;
    uint32_t tokens[RJ_TOKENS_IN_CHUNK];
} rj_chunk;

/*
 * The tokens of one scan after another, in the memory of the compressor. run: of blocks without further levels, which is
 * one token, at run_token, ahead of the bits that those blocks may still have.
 */
typedef struct {
    j_compress_ptr cinfo;
    rj_chunk *first, *last;
    uint32_t *next, *end;
    uint32_t run;
    uint32_t *run_token;
    uint32_t counts[RJ_SYMBOLS];
} rj_tokens;

void rj_tokens_init(rj_tokens *tokens, j_compress_ptr cinfo);
void rj_tokens_begin(rj_tokens *tokens);
void rj_tokens_finish(rj_tokens *tokens);
void rj_tokens_next_chunk(rj_tokens *tokens);

/* Before that many tokens. */
static inline void rj_tokens_make_room(rj_tokens *tokens, size_t count)
{
    if ((size_t)(tokens->end - tokens->next) < count)
        rj_tokens_next_chunk(tokens);
}

enum { RJ_DEEPEST = 2 };

/*
 * What a component's scans need of its levels, found once. Blocks row by row; nonzero: the places of the levels that are not
 * zero without so many of their lowest bits, bit 0 for the first in zigzag order.
 */
typedef struct {
    size_t block_rows, block_columns;
    uint64_t *nonzero[RJ_DEEPEST + 1];
    int16_t *dc;
} rj_plane;

/* The tokens of a scan of DC levels; a symbol is the index of its table times 16 and the number of bits. */
void rj_dc_scan(rj_tokens *tokens, const rj_settings *settings, const rj_plane *planes, const jpeg_scan_info *scan);
/* The tokens of a scan of one component's AC levels. */
void rj_ac_scan(rj_tokens *tokens, rj_encoder *encoder, const rj_plane *plane, const jpeg_scan_info *scan);

/* Code of each kind of token, shifted to the left by the bits behind it, and the length of both. */
typedef struct {
    struct {
        uint32_t code, length;
    } of[RJ_TOKEN_KINDS];
} rj_codes;

/* Those of bits alone; then the tables of the scan, of DC with the index that its symbols have. */
void rj_codes_init(rj_codes *codes);
void rj_codes_add_ac(rj_codes *codes, const JHUFF_TBL *table);
void rj_codes_add_dc(rj_codes *codes, const JHUFF_TBL *table, uint32_t index);
/* The bytes of a scan, into the destination. */
void rj_tokens_write(const rj_tokens *tokens, const rj_codes *codes);

#endif
