/* What the C files share: the encoder's state and the rooms around libjpeg. */

#ifndef RJ_INTERNAL_H
#define RJ_INTERNAL_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

#include "block.h"
#include "regjpeg.h"

#if !defined(LIBJPEG_TURBO_VERSION_NUMBER) || defined(JPEG_C_PARAM_SUPPORTED)
#error "pyregjpeg needs libjpeg-turbo, not IJG's libjpeg or mozjpeg: install libjpeg62-turbo-dev (Debian) or \
libjpeg-turbo8-dev (Ubuntu), or set PYREGJPEG_LIBJPEG_DIR to a libjpeg-turbo prefix"
#endif
#if BITS_IN_JSAMPLE != 8
#error "pyregjpeg needs a libjpeg-turbo with 8-bit samples"
#endif

/* libjpeg's error manager that returns to the C function that called libjpeg and keeps the message. */
typedef struct {
    struct jpeg_error_mgr manager;
    jmp_buf return_point;
    char message[RJ_MESSAGE_SIZE];
} rj_error;

_Static_assert(RJ_MESSAGE_SIZE > JMSG_LENGTH_MAX, "a libjpeg message has to fit");

struct jpeg_error_mgr *rj_error_init(rj_error *error);

/* A destination that grows in memory. jpeg_mem_dest leaves its caller's pointer dangling after growth and an error. */
typedef struct {
    struct jpeg_destination_mgr manager;
    uint8_t *bytes;
    size_t capacity;
} rj_destination;

struct jpeg_destination_mgr *rj_destination_init(rj_destination *destination, size_t capacity);
void rj_destination_append(j_compress_ptr cinfo, const uint8_t *bytes, size_t size);
size_t rj_destination_size(const rj_destination *destination);
void rj_destination_free(rj_destination *destination);

/* The block's place in its component, which libjpeg does not pass to forward_DCT. */
typedef struct {
    const uint8_t *block_levels;
    size_t block_columns;
    const rj_quantizer *quantizers;
    uint32_t v_samp;
    uint32_t imcu_row;
    uint64_t blocks_seen;
} rj_component_place;

typedef struct {
    rj_block_kernel *code_blocks;
    rj_quantizer *quantizers;
    rj_component_place places[RJ_MAX_COMPONENTS];
} rj_hook;

rj_status rj_hook_init(rj_hook *hook, const rj_settings *settings, char *message);
void rj_hook_install(rj_hook *hook, j_compress_ptr cinfo);
void rj_hook_free(rj_hook *hook);

struct rj_encoder {
    struct jpeg_compress_struct cinfo;
    rj_error error;
    rj_destination destination;
    rj_hook hook;
};

#endif
