/* What the C files share: the states of encoder and reader and the rooms around libjpeg. */

#ifndef RJ_INTERNAL_H
#define RJ_INTERNAL_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

#include "block.h"
#include "chroma.h"
#include "deringing.h"
#include "masking.h"
#include "regjpeg.h"
#include "zigzag.h"

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
/* Room for so many bytes, and up to where it was written. */
uint8_t *rj_destination_room(j_compress_ptr cinfo, size_t size);
void rj_destination_advance(j_compress_ptr cinfo, const uint8_t *end);
size_t rj_destination_size(const rj_destination *destination);
void rj_destination_free(rj_destination *destination);

struct jpeg_source_mgr *rj_source_init(struct jpeg_source_mgr *source, const uint8_t *jpeg, size_t size);

/* What the kernels need for one component. */
typedef struct {
    const uint8_t *block_levels;
    size_t block_columns;
    const rj_quantizer *quantizers;
} rj_component_rule;

/* masking: own_masking, or NULL where the block rule takes allowances as they are. */
typedef struct {
    const rj_simd *simd;
    rj_quantizer *quantizers;
    rj_zigzag_rows zigzag;
    rj_masking own_masking;
    const rj_masking *masking;
    rj_component_rule components[RJ_MAX_COMPONENTS];
} rj_rule;

rj_status rj_rule_init(rj_rule *rule, const rj_settings *settings, uint32_t width, uint32_t height, char *message);
void rj_rule_free(rj_rule *rule);

/* Whether a table's steps, multiplied by any of the scales, are such as levels and coefficients can be made with. */
int rj_steps_fit(const uint16_t table[RJ_BLOCK_SIZE], const float *scales, size_t scale_count);

#define RJ_STEPS_DO_NOT_FIT "a scaled quantisation step is 1 to 32767"

/* Huffman's code of AC: a run of zeros times 16 and the bits of the level behind it, or one of these two. */
enum { RJ_END_OF_BLOCK = 0x00, RJ_SIXTEEN_ZEROS = 0xF0, RJ_SYMBOLS = 256 };

/* How often each symbol of Huffman's code occurs in each component; dc: their DC levels, blocks row by row. */
typedef struct {
    const rj_zigzag_rows *zigzag;
    uint32_t ac[RJ_MAX_COMPONENTS][RJ_SYMBOLS];
    uint32_t dc_counts[RJ_MAX_COMPONENTS][RJ_SYMBOLS];
    int16_t *dc[RJ_MAX_COMPONENTS];
    int last_dc[RJ_MAX_COMPONENTS];
} rj_statistics;

/* One of them for each sequential file: new, count every block of every component, count DC, make the tables, free. */
rj_statistics *rj_statistics_new(const rj_settings *settings, const rj_zigzag_rows *zigzag);
void rj_count_blocks(rj_statistics *statistics, const rj_simd *simd, int component, size_t place,
                     const int16_t (*blocks)[RJ_BLOCK_SIZE], size_t block_count);
/* DC levels are coded as differences, in the order of the MCUs. A component alone has MCUs of one block. */
void rj_count_dc(rj_statistics *statistics, const rj_settings *settings);
void rj_make_tables(const rj_statistics *statistics, j_compress_ptr cinfo);
void rj_statistics_free(rj_statistics *statistics);

/* Bits that follow a symbol; those of a run of blocks that end early, in progressive files, are its length. */
static inline uint32_t rj_bits_behind(uint32_t symbol)
{
    uint32_t run = symbol >> 4, size = symbol & 15;
    return size > 0 || run == 15 ? size : run;
}

void rj_make_table(JHUFF_TBL *table, const uint32_t counts[RJ_SYMBOLS]);
/* The lengths of an optimal code, 0 for what does not occur; how many symbols occur. */
int rj_code_lengths(const uint32_t counts[RJ_SYMBOLS], uint8_t code_lengths[RJ_SYMBOLS]);
/* The bits of so many times these symbols, of what follows them, and of the table of their codes. */
double rj_symbol_bits(const uint32_t counts[RJ_SYMBOLS], double scale);
/* After how many MCUs a restart marker comes, or 0, in a scan with so many MCUs in a row. */
size_t rj_restart_interval(const rj_settings *settings, size_t mcus_in_row);

/* The number of bits that a level's magnitude takes. */
static inline uint32_t rj_bit_length(int level)
{
    return level == 0 ? 0 : 32 - (uint32_t)__builtin_clz((unsigned)(level < 0 ? -level : level));
}

/* How far a component has come. */
typedef struct {
    uint32_t imcu_row;
    uint64_t blocks_seen;
} rj_place;

/*
 * cinfo makes the file. Where that needs all levels first, they lie in `levels`, cinfo is opened when all are there, and
 * the pixels go through another compressor, whose own file nobody looks at. The levels lie in that one's memory, even if
 * it takes no pixels, or in that of the reader that they come from.
 */
struct rj_encoder {
    rj_settings settings; /* only for levels in memory */
    struct jpeg_compress_struct cinfo;
    struct jpeg_compress_struct pixels;
    rj_error error;
    rj_destination destination;
    rj_destination nowhere;
    rj_rule rule;
    int deringing;
    rj_place places[RJ_MAX_COMPONENTS];
    jvirt_barray_ptr levels[RJ_MAX_COMPONENTS];
    int makes_file;
    rj_coefficients *kept[RJ_MAX_COMPONENTS];
    rj_coefficients *const *quantized; /* the kept ones, maybe another encoder's, that the levels come from */
    rj_sharpener *sharpeners[RJ_MAX_COMPONENTS]; /* NULL for what is not sharpened */
    rj_statistics *statistics;
    jpeg_scan_info *scans; /* of a progressive file */
    int scan_count;
    j_compress_ptr takes_pixels;
};

/* Where a block's AC levels are that are not 0, bit 0 for the first place in zigzag order. */
static inline uint64_t rj_nonzero_places(const rj_encoder *encoder, const int16_t block[RJ_BLOCK_SIZE])
{
    return rj_in_zigzag(&encoder->rule.zigzag, encoder->rule.simd->nonzero(block)) & ~(uint64_t)1;
}

rj_status rj_encoder_refuse(rj_encoder *encoder, rj_status status, const char *message);
void rj_configure_picture(j_compress_ptr cinfo, const rj_picture *picture);
void rj_configure_coding(j_compress_ptr cinfo, const rj_settings *settings);

/* What becomes of a block: the hook's three forms. */
typedef enum { RJ_AT_ONCE, RJ_INTO_LEVELS, RJ_KEEP_COEFFICIENTS } rj_destiny;

void rj_hook_install(rj_encoder *encoder, j_compress_ptr cinfo, rj_destiny destiny);
/* After that, where blocks go into memory: chroma of half size is to be sharpened. */
rj_status rj_hook_sharpen(rj_encoder *encoder, float strength);
/* When libjpeg has all pixels: the blocks that waited for samples below them. */
void rj_hook_finish(rj_encoder *encoder);

/* Room for levels: requested before encoder->pixels starts, or made at once, where there are no pixels. */
void rj_levels_request(rj_encoder *encoder, const rj_settings *settings);
void rj_levels_make_room(rj_encoder *encoder, const rj_settings *settings);
/* Before the first levels, once the picture's form is configured in cinfo; and when all are there. */
rj_status rj_levels_expect(rj_encoder *encoder, const rj_settings *settings);
rj_status rj_levels_write_file(rj_encoder *encoder, const uint8_t **jpeg, size_t *size);
JBLOCKROW rj_levels_row(rj_encoder *encoder, int component, size_t row);
/* To be told of every row of blocks once its levels are there. */
void rj_levels_written(rj_encoder *encoder, int component, size_t row, JBLOCKROW blocks);

/* Coefficients that are kept, and their levels by the block rule. */
rj_status rj_coefficients_make_room(rj_encoder *encoder, const rj_settings *settings);
rj_status rj_levels_quantize(rj_encoder *encoder, const rj_encoder *kept);
/* Those levels by the trellis, which needs all of them first. */

/* Whether all components can be in one scan. */
int rj_fits_in_one_scan(const rj_settings *settings);

typedef struct rj_component_costs rj_component_costs;

/*
 * The scans that suit the encoder's levels, chosen before cinfo is opened: those of a progressive file go into the encoder,
 * those of a sequential one, unless it is one for all components, into cinfo. costs: what levels cost in them, of each
 * component, or NULL where nobody asks.
 */
rj_status rj_scans_choose(rj_encoder *encoder, rj_component_costs *costs);
/* The levels by the trellis, for the scans that suit those by the block rule. */
rj_status rj_levels_optimize(rj_encoder *encoder);
/* What follows the first markers and segments of a progressive file, with the scans and levels of the encoder. */
void rj_progressive_write(rj_encoder *encoder);

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
