/*
 * The self-test of the libjpeg that was loaded: the encoder's seam has to see every block of every component exactly
 * once, the decoder's has to find each block in its region and to leave libjpeg's own pixels where scales are 1.
 */

#include "internal.h"

#include <string.h>

static const char *const advice = "pyregjpeg needs the libjpeg-turbo that it was built with; reinstall pyregjpeg, or "
                                  "take the other library out of LD_LIBRARY_PATH and LD_PRELOAD";

/* mozjpeg's forward_DCT has one more argument. What it has and libjpeg-turbo lacks is a weak symbol: null there. */
extern int jpeg_c_int_param_supported(j_compress_ptr cinfo, int param) __attribute__((weak));

/* The last form takes another way through libjpeg's decoder than the first two. */
enum { SIDE = 35, LUMA_BLOCKS = 5, CHROMA_BLOCKS = 3, PLANES = 2, REGIONS = 3, FORMS = 3 };

typedef struct {
    uint8_t rgb[SIDE][SIDE][3];
} rj_tiny_picture;

/* Odd sides and 4:2:0 make partial blocks and interleaved rows; a change in libjpeg's calling order shows here. */
static rj_status encode(rj_encoder *encoder, int form, const uint8_t **jpeg, size_t *size)
{
    static const uint8_t block_levels[LUMA_BLOCKS * LUMA_BLOCKS];
    static const float allowance = 0.0f;
    rj_picture picture = {.width = SIDE, .height = SIDE, .pixels = RJ_RGBX};
    rj_settings settings = {.component_count = 3, .table_count = 1, .level_count = 1, .allowances = &allowance,
                            .optimize = form == 1, .scans = form == 2 ? RJ_PROGRESSIVE : RJ_SEQUENTIAL};
    for (int i = 0; i < RJ_BLOCK_SIZE; i++)
        settings.tables[0][i] = 16;
    for (int i = 0; i < 3; i++) {
        int samp = i == 0 ? 2 : 1;
        uint32_t blocks = i == 0 ? LUMA_BLOCKS : CHROMA_BLOCKS;
        settings.components[i] = (rj_component){samp, samp, 0, block_levels, blocks, blocks};
    }

    /* Grey, so that no chroma carries what happens in a region beyond it; with something in every block. */
    uint8_t pixels[SIDE][SIDE][4];
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++)
            memset(pixels[row][column], 64 + (row * row + 5 * row * column + 11 * column) % 128, 4);
    rj_status status = rj_encoder_start(encoder, &picture, &settings, 0);
    if (status == RJ_OK)
        status = rj_encoder_write(encoder, &pixels[0][0][0], sizeof pixels[0], SIDE);
    return status == RJ_OK ? rj_encoder_finish(encoder, jpeg, size) : status;
}

static int saw_every_block(const rj_encoder *encoder)
{
    int all = 1;
    for (int i = 0; i < 3; i++)
        all &= encoder->places[i].blocks_seen ==
               (i == 0 ? LUMA_BLOCKS * LUMA_BLOCKS : CHROMA_BLOCKS * CHROMA_BLOCKS);
    return all;
}

static rj_status decode(const uint8_t *jpeg, size_t size, const rj_region_scales *scales, rj_tiny_picture *picture,
                        char *reason)
{
    rj_header header;
    rj_reader *reader = rj_reader_new();
    if (reader == NULL)
        return RJ_NO_MEMORY;
    rj_status status = rj_reader_open(reader, jpeg, size, 0, &header);
    if (status == RJ_OK)
        status = rj_reader_decode(reader, scales, &picture->rgb[0][0][0]);
    snprintf(reason, RJ_MESSAGE_SIZE, "%s", rj_reader_message(reader));
    rj_reader_free(reader);
    return status;
}

/* The region in the middle, scaled, has other pixels, and no other region. */
static rj_status compare_regions(const uint8_t *jpeg, size_t size, char *reason)
{
    static const float values[PLANES * REGIONS * REGIONS] = {1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1};
    const rj_region_scales scales = {values, PLANES, REGIONS, REGIONS, NULL};
    rj_tiny_picture plain, scaled;
    rj_status status = decode(jpeg, size, NULL, &plain, reason);
    if (status == RJ_OK)
        status = decode(jpeg, size, &scales, &scaled, reason);
    if (status != RJ_OK)
        return status;

    int outside = 0, inside = 0;
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            int differs = memcmp(plain.rgb[row][column], scaled.rgb[row][column], 3) != 0;
            if (row / 16 == 1 && column / 16 == 1)
                inside += differs;
            else
                outside += differs;
        }
    if (outside == 0 && inside > 0)
        return RJ_OK;
    snprintf(reason, RJ_MESSAGE_SIZE, "its inverse DCT is called in another way");
    return RJ_WRONG_LIBRARY;
}

static rj_status check_form(int form, char *reason)
{
    rj_encoder *encoder = rj_encoder_new();
    if (encoder == NULL)
        return RJ_NO_MEMORY;
    const uint8_t *jpeg;
    size_t size;
    rj_status status = encode(encoder, form, &jpeg, &size);
    snprintf(reason, RJ_MESSAGE_SIZE, "%s", rj_encoder_message(encoder));
    if (status == RJ_OK && !saw_every_block(encoder)) {
        snprintf(reason, RJ_MESSAGE_SIZE, "its forward DCT is called in another way");
        status = RJ_WRONG_LIBRARY;
    }
    if (status == RJ_OK)
        status = compare_regions(jpeg, size, reason);
    rj_encoder_free(encoder);
    return status;
}

rj_status rj_check_library(char *message)
{
    if (jpeg_c_int_param_supported != NULL) {
        snprintf(message, RJ_MESSAGE_SIZE, "The libjpeg that was loaded is mozjpeg: %s.", advice);
        return RJ_WRONG_LIBRARY;
    }
    for (int form = 0; form < FORMS; form++) {
        char reason[RJ_MESSAGE_SIZE];
        rj_status status = check_form(form, reason);
        if (status == RJ_NO_MEMORY) {
            snprintf(message, RJ_MESSAGE_SIZE, "no memory");
            return status;
        }
        if (status != RJ_OK) {
            snprintf(message, RJ_MESSAGE_SIZE, "The libjpeg that was loaded cannot be used (%.80s): %s.", reason,
                     advice);
            return RJ_WRONG_LIBRARY;
        }
    }
    return RJ_OK;
}
