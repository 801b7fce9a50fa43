/* What the C files share: the states of encoder and reader and the rooms around libjpeg. */

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

/*
 * libjpeg's error manager that returns to the C function that called libjpeg and keeps the message, or, of warnings that
 * are not refused, the first one.
 */
typedef struct {
    struct jpeg_error_mgr manager;
    jmp_buf return_point;
    int refuse_warnings;
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

struct jpeg_source_mgr *rj_source_init(struct jpeg_source_mgr *source, const uint8_t *jpeg, size_t size);

/* What the kernels need for one component. */
typedef struct {
    const uint8_t *block_levels;
    size_t block_columns;
    const rj_quantizer *quantizers;
} rj_component_rule;

typedef struct {
    const rj_simd *simd;
    rj_quantizer *quantizers;
    rj_component_rule components[RJ_MAX_COMPONENTS];
} rj_rule;

/* old_tables: for each component the table that its levels were made with, or NULL where they are yet to be made. */
rj_status rj_rule_init(rj_rule *rule, const rj_settings *settings, uint32_t width, uint32_t height,
                       const uint16_t (*old_tables)[RJ_BLOCK_SIZE], char *message);
void rj_rule_free(rj_rule *rule);

/* Whether a table's steps, multiplied by any of the scales, are such as levels and coefficients can be made with. */
int rj_steps_fit(const uint16_t table[RJ_BLOCK_SIZE], const float *scales, size_t scale_count);

#define RJ_STEPS_DO_NOT_FIT "a scaled quantisation step is 1 to 32767"

/* How often each symbol of Huffman's code occurs, by table; dc: each component's DC levels, blocks row by row. */
typedef struct {
    uint64_t in_zigzag[RJ_BLOCK_SIDE][256]; /* for a row of a block with these places set: its places in zigzag order */
    uint32_t ac[NUM_HUFF_TBLS][256];
    uint32_t dc_counts[NUM_HUFF_TBLS][256];
    int16_t *dc[RJ_MAX_COMPONENTS];
    int last_dc[RJ_MAX_COMPONENTS];
} rj_statistics;

/* One of them for each file: new, count every block of every component, make the tables, free. */
rj_statistics *rj_statistics_new(const rj_settings *settings);
void rj_count_blocks(rj_statistics *statistics, const rj_simd *simd, const jpeg_component_info *component, size_t place,
                     const int16_t (*blocks)[RJ_BLOCK_SIZE], size_t block_count);
void rj_make_tables(rj_statistics *statistics, j_compress_ptr cinfo);
void rj_statistics_free(rj_statistics *statistics);

/* How far a component has come. */
typedef struct {
    uint32_t imcu_row;
    uint64_t blocks_seen;
} rj_place;

/*
 * cinfo makes the file. Where that needs all levels first, to make Huffman tables of them, they lie in `levels`, and the
 * pixels go through another compressor, whose own file nobody looks at.
 */
struct rj_encoder {
    struct jpeg_compress_struct cinfo;
    struct jpeg_compress_struct pixels;
    rj_error error;
    rj_destination destination;
    rj_destination nowhere;
    rj_rule rule;
    rj_place places[RJ_MAX_COMPONENTS];
    jvirt_barray_ptr levels[RJ_MAX_COMPONENTS];
    rj_coefficients *kept[RJ_MAX_COMPONENTS];
    rj_statistics *statistics;
    j_compress_ptr takes_pixels;
};

rj_status rj_encoder_refuse(rj_encoder *encoder, rj_status status, const char *message);
void rj_configure_picture(j_compress_ptr cinfo, const rj_picture *picture);
void rj_configure_coding(j_compress_ptr cinfo, const rj_settings *settings);

/* What becomes of a block: the hook's three forms. */
typedef enum { RJ_AT_ONCE, RJ_INTO_LEVELS, RJ_KEEP_COEFFICIENTS } rj_destiny;

void rj_hook_install(rj_encoder *encoder, j_compress_ptr cinfo, rj_destiny destiny);

/* The file of the encoder's levels, once the picture's form is configured; in arrays of its own if none are given. */
rj_status rj_levels_open(rj_encoder *encoder, const rj_settings *settings, jvirt_barray_ptr *levels);
JBLOCKROW rj_levels_row(rj_encoder *encoder, int component, size_t row);
/* To be told of every block once its levels are there. */
void rj_levels_written(rj_encoder *encoder, int component, size_t row, size_t column, size_t block_count,
                       JBLOCKROW blocks);

/* What a file's markers have said of its colours so far. */
typedef struct {
    int jfif, adobe, adobe_transform;
} rj_colour_markers;

typedef void rj_inverse_dct(j_decompress_ptr dinfo, jpeg_component_info *compptr, JCOEFPTR levels, JSAMPARRAY output,
                            JDIMENSION output_column);

/* What the decoder's hook needs for a component; region_side is in samples of it. */
typedef struct {
    rj_inverse_dct *inverse_dct;
    uint16_t table[RJ_BLOCK_SIZE];
    const float *scales;
    size_t region_columns;
    JDIMENSION region_side;
} rj_scaled_component;

struct rj_reader {
    struct jpeg_decompress_struct dinfo;
    rj_error error;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    rj_header header;
    rj_colour_markers colour_markers;
    jvirt_barray_ptr *levels;
    const rj_simd *simd;
    rj_scaled_component scaled_components[RJ_MAX_COMPONENTS];
    size_t size;
    uint8_t *segments;
};

rj_status rj_reader_refuse(rj_reader *reader, const char *message);

#endif
