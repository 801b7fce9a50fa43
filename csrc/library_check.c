/* The self-test of the libjpeg that was loaded: the seam has to see every block of every component exactly once. */

#include "internal.h"

static const char *const advice = "pyregjpeg needs the libjpeg-turbo that it was built with; reinstall pyregjpeg, or "
                                  "take the other library out of LD_LIBRARY_PATH and LD_PRELOAD";

/* mozjpeg's forward_DCT has one more argument. What it has and libjpeg-turbo lacks is a weak symbol: null there. */
extern int jpeg_c_int_param_supported(j_compress_ptr cinfo, int param) __attribute__((weak));

enum { SIDE = 35, LUMA_BLOCKS = 5, CHROMA_BLOCKS = 3 };

/* Odd sides and 4:2:0 make partial blocks and interleaved rows; a change in libjpeg's calling order shows here. */
static rj_status count_blocks(rj_encoder *encoder, int optimize)
{
    static const uint8_t pixels[SIDE][SIDE][4];
    static const uint8_t block_levels[LUMA_BLOCKS * LUMA_BLOCKS];
    static const float allowance = 0.0f;
    rj_picture picture = {.width = SIDE, .height = SIDE, .pixels = RJ_RGBX};
    rj_settings settings = {.component_count = 3, .table_count = 1, .level_count = 1, .allowances = &allowance,
                            .optimize = optimize};
    for (int i = 0; i < RJ_BLOCK_SIZE; i++)
        settings.tables[0][i] = 16;
    for (int i = 0; i < 3; i++) {
        int samp = i == 0 ? 2 : 1;
        uint32_t blocks = i == 0 ? LUMA_BLOCKS : CHROMA_BLOCKS;
        settings.components[i] = (rj_component){samp, samp, 0, block_levels, blocks, blocks};
    }

    const uint8_t *jpeg;
    size_t size;
    rj_status status = rj_encoder_start(encoder, &picture, &settings, 0);
    if (status == RJ_OK)
        status = rj_encoder_write(encoder, &pixels[0][0][0], sizeof pixels[0], SIDE);
    if (status == RJ_OK)
        status = rj_encoder_finish(encoder, &jpeg, &size);
    if (status != RJ_OK)
        return status;

    for (int i = 0; i < 3; i++) {
        unsigned expected = i == 0 ? LUMA_BLOCKS * LUMA_BLOCKS : CHROMA_BLOCKS * CHROMA_BLOCKS;
        if (encoder->places[i].blocks_seen != expected) {
            snprintf(encoder->error.message, RJ_MESSAGE_SIZE, "its forward DCT is called in another way");
            return RJ_WRONG_LIBRARY;
        }
    }
    return RJ_OK;
}

rj_status rj_check_library(char *message)
{
    if (jpeg_c_int_param_supported != NULL) {
        snprintf(message, RJ_MESSAGE_SIZE, "The libjpeg that was loaded is mozjpeg: %s.", advice);
        return RJ_WRONG_LIBRARY;
    }
    for (int optimize = 0; optimize < 2; optimize++) {
        rj_encoder *encoder = rj_encoder_new();
        if (encoder == NULL) {
            snprintf(message, RJ_MESSAGE_SIZE, "no memory");
            return RJ_NO_MEMORY;
        }
        rj_status status = count_blocks(encoder, optimize);
        if (status != RJ_OK)
            snprintf(message, RJ_MESSAGE_SIZE, "The libjpeg that was loaded cannot be used (%.80s): %s.",
                     rj_encoder_message(encoder), advice);
        rj_encoder_free(encoder);
        if (status != RJ_OK)
            return status == RJ_NO_MEMORY ? status : RJ_WRONG_LIBRARY;
    }
    return RJ_OK;
}
