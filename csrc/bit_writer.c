/* This file contains the way from tokens to the bytes of a scan. */

#include "bands.h"
#include "tokens.h"

#include <string.h>

enum { LONGEST_CODE = 16 };

/* A byte of 255 in a scan is followed by a byte of 0, lest it begins a marker. */
enum { MOST_BYTES_OF_TOKEN = 2 * 4, MOST_BYTES_AT_END = 2 * 8 + 2 };

/* bits: that are not written yet, the last of them in the lowest bits; room: for how many more. */
typedef struct {
    uint8_t *next;
    uint64_t bits;
    int room;
    uint8_t restart;
} writer;

static void add_codes(rj_codes *codes, const JHUFF_TBL *table, uint32_t first_symbol,
                      uint32_t (*bits_behind)(uint32_t symbol))
{
    uint32_t code = 0;
    for (uint32_t length = 1, i = 0; length <= LONGEST_CODE; length++, code <<= 1)
        for (uint32_t end = i + table->bits[length]; i < end; i++, code++) {
            uint32_t symbol = table->huffval[i], behind = bits_behind(symbol);
            codes->of[first_symbol + symbol].code = code << behind;
            codes->of[first_symbol + symbol].length = length + behind;
        }
}

static uint32_t bits_behind_dc(uint32_t symbol)
{
    return symbol;
}

void rj_codes_init(rj_codes *codes)
{
    memset(codes, 0, sizeof *codes);
    for (uint32_t count = 1; count <= RJ_MOST_BITS_ALONE; count++)
        codes->of[RJ_BITS_ALONE + count].length = count;
}

void rj_codes_add_ac(rj_codes *codes, const JHUFF_TBL *table)
{
    add_codes(codes, table, 0, rj_bits_behind);
}

void rj_codes_add_dc(rj_codes *codes, const JHUFF_TBL *table, uint32_t index)
{
    add_codes(codes, table, index << 4, bits_behind_dc);
}

static inline void put_byte(writer *to, uint8_t byte)
{
    *to->next++ = byte;
    if (byte == 0xFF)
        *to->next++ = 0;
}

/* Whether some byte has its highest bit set, and loses it when 1 is added to all: 255 does. */
static inline int may_have_255(uint64_t word)
{
    return (word & ~(word + 0x0101010101010101) & 0x8080808080808080) != 0;
}

static inline void put_word(writer *to, uint64_t word)
{
    if (may_have_255(word)) {
        for (int shift = 56; shift >= 0; shift -= 8)
            put_byte(to, (uint8_t)(word >> shift));
        return;
    }
    for (int i = 0; i < 8; i++)
        to->next[i] = (uint8_t)(word >> (56 - 8 * i));
    to->next += 8;
}

static inline void put(writer *to, uint64_t bits, int length)
{
    to->room -= length;
    if (to->room >= 0) {
        to->bits = to->bits << length | bits;
        return;
    }
    put_word(to, to->bits << (length + to->room) | bits >> -to->room);
    to->bits = bits;
    to->room += 64;
}

/* The last byte is filled up with ones. */
static void flush(writer *to)
{
    int rest = (64 - to->room) % 8;
    if (rest > 0)
        put(to, (1u << (8 - rest)) - 1, 8 - rest);
    for (int shift = 64 - to->room - 8; shift >= 0; shift -= 8)
        put_byte(to, (uint8_t)(to->bits >> shift));
    to->room = 64;
}

static void put_restart(writer *to)
{
    flush(to);
    *to->next++ = 0xFF;
    *to->next++ = (uint8_t)(JPEG_RST0 + to->restart);
    to->restart = (uint8_t)((to->restart + 1) % 8);
}

static void put_tokens(writer *to, const uint32_t *tokens, size_t count, const rj_codes *codes)
{
    writer here = *to;
    for (size_t i = 0; i < count; i++) {
        uint32_t kind = tokens[i] & ((1u << RJ_KIND_BITS) - 1);
        put(&here, codes->of[kind].code | tokens[i] >> RJ_KIND_BITS, (int)codes->of[kind].length);
    }
    *to = here;
}

static size_t until_restart(const uint32_t *tokens, size_t count)
{
    size_t i = 0;
    while (i < count && tokens[i] != RJ_RESTART)
        i++;
    return i;
}

static void put_chunk(writer *to, const rj_chunk *chunk, const rj_codes *codes, int has_restarts)
{
    for (size_t done = 0; done < chunk->count; done++) {
        size_t count = chunk->count - done;
        if (has_restarts)
            count = until_restart(chunk->tokens + done, count);
        put_tokens(to, chunk->tokens + done, count, codes);
        done += count;
        if (done < chunk->count)
            put_restart(to);
    }
}

void rj_tokens_write(const rj_tokens *tokens, const rj_codes *codes)
{
    j_compress_ptr cinfo = tokens->cinfo;
    int has_restarts = cinfo->restart_interval > 0 || cinfo->restart_in_rows > 0;
    writer to = {.room = 64};
    for (const rj_chunk *chunk = tokens->first;; chunk = chunk->next) {
        to.next = rj_destination_room(cinfo, chunk->count * MOST_BYTES_OF_TOKEN + MOST_BYTES_AT_END);
        put_chunk(&to, chunk, codes, has_restarts);
        if (chunk == tokens->last)
            flush(&to);
        rj_destination_advance(cinfo, to.next);
        if (chunk == tokens->last)
            return;
    }
}
