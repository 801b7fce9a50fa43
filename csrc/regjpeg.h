/*
 * The contract between csrc/ and pyregjpeg/native.py. cffi reads this file unchanged, hence no preprocessor
 * conditionals and no includes: whoever includes it has included <stddef.h> and <stdint.h> before.
 */

#define RJ_MAX_COMPONENTS 4
#define RJ_MAX_TABLES 4
#define RJ_MESSAGE_SIZE 512

typedef enum {
    RJ_OK,
    RJ_NO_MEMORY,
    RJ_BAD_ARGUMENT,
    RJ_LIBJPEG_ERROR,
    RJ_WRONG_LIBRARY
} rj_status;

/* How a pixel lies in memory: 1, 3, 4 (the fourth byte unused), 3 and 4 bytes. CMYK is inverted, as Adobe's files are. */
typedef enum {
    RJ_GREY,
    RJ_RGB,
    RJ_RGBX,
    RJ_YCBCR,
    RJ_CMYK
} rj_pixels;

/* block_levels: for each block, row by row, one index into the allowances; alive as long as they are encoded. */
typedef struct {
    int h_samp;
    int v_samp;
    int table;
    const uint8_t *block_levels;
    uint32_t block_rows;
    uint32_t block_columns;
} rj_component;

/* The scans of a file. Progressive ones are those that suit its levels; smallest: those, unless sequential is smaller. */
typedef enum {
    RJ_SEQUENTIAL,
    RJ_PROGRESSIVE,
    RJ_SMALLEST
} rj_scans;

/*
 * The pixels that are to become a file, and what is done to them before the DCT. Densities are in dots per inch.
 * chroma_sharpening: how much, 0 to 2, chroma of half size is sharpened for decoders that interpolate it (see chroma.c).
 * deringing: white and black may decode to what is clipped (see deringing.c).
 */
typedef struct {
    uint32_t width;
    uint32_t height;
    rj_pixels pixels;
    int keep_rgb;
    int smoothing;
    float chroma_sharpening;
    int deringing;
    uint16_t x_density;
    uint16_t y_density;
} rj_picture;

/*
 * How coefficients become a file. weights: how much of an allowance each frequency of a table has, at least 0;
 * allowances: one for each map level, at least 0 (see block.h for both); step_scales: what the tables' steps are
 * multiplied by, one for each map level, or NULL. masking: the power of contrast by which errors count less, 0 to 2;
 * tail: by what share the allowance of a block's last levels is larger, 0 to 1000 (see masking.h for both). trellis:
 * levels by trellis.h instead, a bit being worth allowance times weight in squared steps, and without a tail. search_scans:
 * takes its time for the scans. segments: complete APPn and COM markers, written after libjpeg's own header; simd: as
 * for rj_simd_name.
 */
typedef struct {
    int component_count;
    rj_component components[RJ_MAX_COMPONENTS];
    int table_count;
    uint16_t tables[RJ_MAX_TABLES][64];
    float weights[RJ_MAX_TABLES][64];
    int level_count;
    const float *allowances;
    const float *step_scales;
    float masking;
    float tail;
    int trellis;
    int optimize;
    rj_scans scans;
    int search_scans;
    uint32_t restart_blocks;
    uint32_t restart_rows;
    const uint8_t *segments;
    size_t segments_size;
    const char *simd;
} rj_settings;

/*
 * What a JPEG file says of itself. Each component has a table of its own; block_levels is null. has_chroma: the second and
 * the third component are colour differences.
 */
typedef struct {
    uint32_t width;
    uint32_t height;
    int component_count;
    rj_component components[RJ_MAX_COMPONENTS];
    uint16_t tables[RJ_MAX_COMPONENTS][64];
    int has_chroma;
    int progressive;
} rj_header;

/*
 * For each region of 16 x 16 pixels, row by row, what the tables' steps are multiplied by in it: for luma and, in a second
 * plane, for chroma, if there is any. simd: as for rj_simd_name.
 */
typedef struct {
    const float *scales;
    uint32_t planes;
    uint32_t rows;
    uint32_t columns;
    const char *simd;
} rj_region_scales;

typedef struct rj_reader rj_reader;
typedef struct rj_encoder rj_encoder;

/*
 * One JPEG file, which has to stay alive: new, open, read, then any of the others but decode; free. Or: new, open, decode,
 * free. After an error only message and free. The header has the tables only once the file is read. Unless keep_going, a
 * warning of libjpeg is an error; else rj_reader_message is the first of them, or empty.
 */
rj_reader *rj_reader_new(void);
rj_status rj_reader_open(rj_reader *reader, const uint8_t *jpeg, size_t size, int keep_going, rj_header *header);
rj_status rj_reader_read(rj_reader *reader, rj_header *header);
/* All APPn and COM markers, complete and in order, as rj_settings takes them; valid until the reader is freed. */
rj_status rj_reader_segments(rj_reader *reader, const uint8_t **segments, size_t *size);
/* Bytes of the file up to and with its EOI. */
size_t rj_reader_end(const rj_reader *reader);
/* The levels of a component, 64 for each block in natural order, blocks row by row. */
rj_status rj_reader_levels(rj_reader *reader, int component, int16_t *levels);
/*
 * The pixels of a file that is grey or YCbCr in 4:4:4 or 4:2:0: one byte or RGB, rows without gaps. Levels times scaled
 * steps are rounded, halves to the even one, for libjpeg's accurate integer inverse DCT. scales: NULL if all are 1.
 */
rj_status rj_reader_decode(rj_reader *reader, const rj_region_scales *scales, uint8_t *pixels);
const char *rj_reader_message(const rj_reader *reader);
void rj_reader_free(rj_reader *reader);

/*
 * One picture: new, start, write until all rows are in, finish, free. After an error only message and free. The file
 * stays valid until the encoder is freed.
 *
 * From a reader instead: new, transcode, free. keep leaves the reader's levels as they are, for another transcode.
 *
 * With keep_coefficients, start, write and finish make no file worth having, but keep the unquantised coefficients; then
 * any number of other encoders, of the same picture, may do: new, requantize, free. rj_encoder_coefficients gives a
 * component's, in units of an orthonormal DCT, 64 for each block in natural order, blocks row by row.
 */
rj_encoder *rj_encoder_new(void);
rj_status rj_encoder_start(rj_encoder *encoder, const rj_picture *picture, const rj_settings *settings,
                           int keep_coefficients);
rj_status rj_encoder_write(rj_encoder *encoder, const uint8_t *rows, size_t stride, uint32_t row_count);
rj_status rj_encoder_finish(rj_encoder *encoder, const uint8_t **jpeg, size_t *size);
rj_status rj_encoder_transcode(rj_encoder *encoder, rj_reader *reader, const rj_settings *settings, int keep,
                               const uint8_t **jpeg, size_t *size);
rj_status rj_encoder_requantize(rj_encoder *encoder, const rj_encoder *kept, const rj_picture *picture,
                                const rj_settings *settings, const uint8_t **jpeg, size_t *size);
rj_status rj_encoder_coefficients(rj_encoder *encoder, int component, float *coefficients);
const char *rj_encoder_message(const rj_encoder *encoder);
void rj_encoder_free(rj_encoder *encoder);

/* The block kernel of that name ("avx2", "sse2", "neon", "generic"), by NULL the fastest; NULL if it cannot run here. */
const char *rj_simd_name(const char *name);

/* Whether the libjpeg loaded at run time is a libjpeg-turbo that the seam fits; message says why not. */
rj_status rj_check_library(char *message);
