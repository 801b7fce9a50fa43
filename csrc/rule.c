/* The settings made ready for the kernels: checked, and a quantiser for each map level of each component. */

#include "internal.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_LEVELS = UINT8_MAX + 1 };

/* Of the block rule's 2 A w: where a level that is 0 need not save more than three bits, the trellis need not look. */
static const float before_trellis = 1.5f;

static rj_status refuse(char *message, const char *sentence)
{
    snprintf(message, RJ_MESSAGE_SIZE, "%s", sentence);
    return RJ_BAD_ARGUMENT;
}

int rj_steps_fit(const uint16_t table[RJ_BLOCK_SIZE], const float *scales, size_t scale_count)
{
    float least = table[0], most = table[0];
    for (int i = 1; i < RJ_BLOCK_SIZE; i++) {
        least = table[i] < least ? table[i] : least;
        most = table[i] > most ? table[i] : most;
    }
    for (size_t i = 0; i < scale_count; i++)
        if (!(least * scales[i] >= 1.0f && most * scales[i] <= 32767.0f)) /* nor NaN */
            return 0;
    return 1;
}

static rj_status check_settings(const rj_settings *settings, char *message)
{
    if (settings->component_count < 1 || settings->component_count > RJ_MAX_COMPONENTS)
        return refuse(message, "a picture has 1 to 4 components");
    if (settings->table_count < 1 || settings->table_count > RJ_MAX_TABLES)
        return refuse(message, "a picture has 1 to 4 quantisation tables");
    if (settings->level_count < 1 || settings->level_count > MAX_LEVELS)
        return refuse(message, "a map has 1 to 256 levels");
    for (int i = 0; i < settings->level_count; i++)
        if (!(settings->allowances[i] >= 0))
            return refuse(message, "an allowance is 0 or more");
    if (!(settings->masking >= 0 && settings->masking <= RJ_MAX_MASKING))
        return refuse(message, "masking is 0 to 2");
    if (!(settings->tail >= 0 && settings->tail <= RJ_MAX_TAIL))
        return refuse(message, "tail is 0 to 1000");
    if (settings->trellis && settings->step_scales != NULL)
        return refuse(message, "the trellis takes no scaled steps");
    for (int i = 0; i < settings->component_count; i++) {
        const rj_component *component = &settings->components[i];
        if (component->h_samp < 1 || component->h_samp > MAX_SAMP_FACTOR || component->v_samp < 1 ||
            component->v_samp > MAX_SAMP_FACTOR)
            return refuse(message, "a sampling factor is 1 to 4");
    }
    for (int table = 0; table < settings->table_count; table++)
        for (int i = 0; i < RJ_BLOCK_SIZE; i++)
            if (settings->tables[table][i] < 1 || settings->tables[table][i] > 32767)
                return refuse(message, "a quantisation step is 1 to 32767");
            else if (!(settings->weights[table][i] >= 0 && isfinite(settings->weights[table][i])))
                return refuse(message, "a frequency's weight is finite, 0 or more");
    for (int table = 0; settings->step_scales != NULL && table < settings->table_count; table++)
        if (!rj_steps_fit(settings->tables[table], settings->step_scales, (size_t)settings->level_count))
            return refuse(message, RJ_STEPS_DO_NOT_FIT);
    return RJ_OK;
}

static size_t blocks_across(uint32_t side, int samp, int max_samp)
{
    size_t sampled = (size_t)side * (size_t)samp, per_block = (size_t)max_samp * RJ_BLOCK_SIDE;
    return (sampled + per_block - 1) / per_block;
}

/* Also marks the map levels that occur. */
static rj_status check_component(const rj_settings *settings, int index, size_t rows, size_t columns, uint8_t *occurs,
                                 char *message)
{
    const rj_component *component = &settings->components[index];
    if (component->block_rows != rows || component->block_columns != columns) {
        snprintf(message, RJ_MESSAGE_SIZE, "component %d has %zu x %zu blocks, its map has %u x %u", index, rows,
                 columns, (unsigned)component->block_rows, (unsigned)component->block_columns);
        return RJ_BAD_ARGUMENT;
    }
    if (component->table < 0 || component->table >= settings->table_count) {
        snprintf(message, RJ_MESSAGE_SIZE, "component %d names a quantisation table that is not there", index);
        return RJ_BAD_ARGUMENT;
    }
    for (size_t block = 0; block < rows * columns; block++)
        occurs[component->block_levels[block]] = 1;
    return RJ_OK;
}

static rj_status check_components(const rj_settings *settings, uint32_t width, uint32_t height, uint8_t *occurs,
                                  char *message)
{
    int h_max = 1, v_max = 1;
    for (int i = 0; i < settings->component_count; i++) {
        h_max = settings->components[i].h_samp > h_max ? settings->components[i].h_samp : h_max;
        v_max = settings->components[i].v_samp > v_max ? settings->components[i].v_samp : v_max;
    }
    for (int i = 0; i < settings->component_count; i++) {
        size_t rows = blocks_across(height, settings->components[i].v_samp, v_max);
        size_t columns = blocks_across(width, settings->components[i].h_samp, h_max);
        rj_status status = check_component(settings, i, rows, columns, occurs, message);
        if (status != RJ_OK)
            return status;
    }
    for (int level = settings->level_count; level < MAX_LEVELS; level++)
        if (occurs[level]) {
            snprintf(message, RJ_MESSAGE_SIZE, "a block has level %d of %d", level, settings->level_count);
            return RJ_BAD_ARGUMENT;
        }
    return RJ_OK;
}

static rj_status make_quantizers(rj_rule *rule, const rj_settings *settings, const uint8_t *occurs, char *message)
{
    size_t level_count = (size_t)settings->level_count;
    size_t count = (size_t)settings->table_count * level_count;
    rule->quantizers = aligned_alloc(_Alignof(rj_quantizer), count * sizeof *rule->quantizers);
    if (rule->quantizers == NULL) {
        snprintf(message, RJ_MESSAGE_SIZE, "no memory for the quantisers");
        return RJ_NO_MEMORY;
    }
    for (int table = 0; table < settings->table_count; table++)
        for (size_t level = 0; level < level_count; level++) {
            rj_quantizer *quantizer = &rule->quantizers[(size_t)table * level_count + level];
            float allowance = settings->allowances[level] * (settings->trellis ? before_trellis : 1.0f);
            float step_scale = settings->step_scales == NULL ? 1.0f : settings->step_scales[level];
            if (occurs[level])
                rj_quantizer_init(quantizer, settings->tables[table], settings->weights[table], step_scale, allowance);
        }
    for (int i = 0; i < settings->component_count; i++) {
        const rj_component *component = &settings->components[i];
        rule->components[i] = (rj_component_rule){
            .block_levels = component->block_levels,
            .block_columns = component->block_columns,
            .quantizers = &rule->quantizers[(size_t)component->table * level_count],
        };
    }
    return RJ_OK;
}

/*
 * The trellis knows itself what the end of a block costs, and masks by itself: what comes to it is better chosen without
 * (measured on photographs).
 */
static void init_masking(rj_rule *rule, const rj_settings *settings)
{
    float tail = settings->trellis ? 0.0f : settings->tail;
    rj_zigzag_rows_init(&rule->zigzag);
    rj_masking_init(&rule->own_masking, &rule->zigzag, settings->masking, tail);
    rule->masking = !settings->trellis && (settings->masking > 0 || tail > 0) ? &rule->own_masking : NULL;
}

rj_status rj_rule_init(rj_rule *rule, const rj_settings *settings, uint32_t width, uint32_t height, char *message)
{
    uint8_t occurs[MAX_LEVELS] = {0};
    rj_status status = check_settings(settings, message);
    if (status == RJ_OK)
        status = check_components(settings, width, height, occurs, message);
    if (status != RJ_OK)
        return status;
    rule->simd = rj_simd_find(settings->simd);
    if (rule->simd == NULL) {
        snprintf(message, RJ_MESSAGE_SIZE, "this processor has no block kernel '%s'", settings->simd);
        return RJ_BAD_ARGUMENT;
    }
    init_masking(rule, settings);
    return make_quantizers(rule, settings, occurs, message);
}

void rj_rule_free(rj_rule *rule)
{
    free(rule->quantizers);
}
