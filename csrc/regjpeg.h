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

/* block_levels: for each block, row by row, one index into the allowances; alive until rj_encoder_finish. */
typedef struct {
    int h_samp;
    int v_samp;
    int table;
    const uint8_t *block_levels;
    uint32_t block_rows;
    uint32_t block_columns;
} rj_component;

/*
 * allowances: one for each map level, at least 0, in units of an orthonormal DCT coefficient (see block.h);
 * segments: complete APPn and COM markers, written after libjpeg's own header;
 * simd: as for rj_simd_name.
 */
typedef struct {
    uint32_t width;
    uint32_t height;
    rj_pixels pixels;
    int keep_rgb;
    int component_count;
    rj_component components[RJ_MAX_COMPONENTS];
    int table_count;
    uint16_t tables[RJ_MAX_TABLES][64];
    int level_count;
    const float *allowances;
    int optimize;
    int progressive;
    int smoothing;
    uint32_t restart_blocks;
    uint32_t restart_rows;
    uint16_t x_density;
    uint16_t y_density;
    const uint8_t *segments;
    size_t segments_size;
    const char *simd;
} rj_settings;

typedef struct rj_encoder rj_encoder;

/* One picture: new, start, write until all rows are in, finish, free. After an error only message and free. */
rj_encoder *rj_encoder_new(void);
rj_status rj_encoder_start(rj_encoder *encoder, const rj_settings *settings);
rj_status rj_encoder_write(rj_encoder *encoder, const uint8_t *rows, size_t stride, uint32_t row_count);
rj_status rj_encoder_finish(rj_encoder *encoder, const uint8_t **jpeg, size_t *size);
const char *rj_encoder_message(const rj_encoder *encoder);
void rj_encoder_free(rj_encoder *encoder);

/* The block kernel of that name ("avx2", "sse2", "neon", "generic"), by NULL the fastest; NULL if it cannot run here. */
const char *rj_simd_name(const char *name);

/* Whether the libjpeg loaded at run time is a libjpeg-turbo that the seam fits; message says why not. */
rj_status rj_check_library(char *message);
