/* libjpeg's destination: a buffer in memory that doubles when it is full and never suspends. */

#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include <jerror.h>

static void reserve(j_compress_ptr cinfo, size_t capacity)
{
    rj_destination *destination = (rj_destination *)(void *)cinfo->dest;
    size_t used = destination->capacity - destination->manager.free_in_buffer;
    uint8_t *bytes = realloc(destination->bytes, capacity);
    if (bytes == NULL)
        ERREXIT1(cinfo, JERR_OUT_OF_MEMORY, 0);
    destination->bytes = bytes;
    destination->capacity = capacity;
    destination->manager.next_output_byte = bytes + used;
    destination->manager.free_in_buffer = capacity - used;
}

static void init_destination(j_compress_ptr cinfo)
{
    rj_destination *destination = (rj_destination *)(void *)cinfo->dest;
    size_t capacity = destination->capacity;
    destination->capacity = 0;
    destination->manager.free_in_buffer = 0;
    reserve(cinfo, capacity);
}

/* libjpeg calls this when the buffer is full and does not keep free_in_buffer up to date before. */
static boolean empty_output_buffer(j_compress_ptr cinfo)
{
    rj_destination *destination = (rj_destination *)(void *)cinfo->dest;
    destination->manager.free_in_buffer = 0;
    reserve(cinfo, 2 * destination->capacity);
    return TRUE;
}

static void term_destination(j_compress_ptr cinfo)
{
    (void)cinfo;
}

struct jpeg_destination_mgr *rj_destination_init(rj_destination *destination, size_t capacity)
{
    destination->manager.init_destination = init_destination;
    destination->manager.empty_output_buffer = empty_output_buffer;
    destination->manager.term_destination = term_destination;
    destination->bytes = NULL;
    destination->capacity = capacity;
    return &destination->manager;
}

uint8_t *rj_destination_room(j_compress_ptr cinfo, size_t size)
{
    rj_destination *destination = (rj_destination *)(void *)cinfo->dest;
    /* Strictly more than size: libjpeg expects room for at least one byte between its writes. */
    if (destination->manager.free_in_buffer <= size)
        reserve(cinfo, 2 * destination->capacity + size);
    return destination->manager.next_output_byte;
}

void rj_destination_advance(j_compress_ptr cinfo, const uint8_t *end)
{
    size_t written = (size_t)(end - cinfo->dest->next_output_byte);
    cinfo->dest->next_output_byte += written;
    cinfo->dest->free_in_buffer -= written;
}

void rj_destination_append(j_compress_ptr cinfo, const uint8_t *bytes, size_t size)
{
    uint8_t *room = rj_destination_room(cinfo, size);
    memcpy(room, bytes, size);
    rj_destination_advance(cinfo, room + size);
}

size_t rj_destination_size(const rj_destination *destination)
{
    return destination->capacity - destination->manager.free_in_buffer;
}

void rj_destination_free(rj_destination *destination)
{
    free(destination->bytes);
}
