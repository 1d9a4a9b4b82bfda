/* MemoryData: batches from arrays that the program hands over, round and round.
 *
 *   top[0]   data    (N, C, H, W)   N = batch_size; channels, height, width
 *   top[1]   label   (N)   and from the first forward on (N, 1, 1, 1), as in Caffe
 *
 * lungo_memory_data_set() gives it the arrays; before that, a forward is an error. A
 * transform_param has no effect on them, as in Caffe. A snapshot holds the place of the next item,
 * not the arrays: a program that resumes gives the same ones, before it restores or after.
 *
 * Example:
 *
 *   layer {
 *     name: "data" type: "MemoryData" top: "data" top: "label"
 *     memory_data_param { batch_size: 4 channels: 3 height: 8 width: 8 }
 *   }
 */
#include "layers/data/memory_data.h"

#include <string.h>

#include "data/transform.h"

typedef struct memory_data_state {
    const float *data, *labels; /* the program's */
    size_t count, next;         /* items */
    size_t resumed;             /* where the arrays begin that are given next */
    bool draws;                 /* Caffe would seed a transformer */
} memory_data_state;

static lungo_status check_place(uint64_t next, size_t count) {
    if (next == 0 || next < count) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_DATA,
                      "data has changed: expected more than %llu items, for the run to go on, got "
                      "%zu",
                      (unsigned long long)next, count);
}

lungo_status lungo_memory_data_feed(lungo_layer *layer, const float *data, const float *labels,
                                    size_t count) {
    memory_data_state *state = layer->state;
    uint32_t batch_size = layer->param->memory_data_param->batch_size;
    if (!data || !labels)
        return lungo_fail(LUNGO_ERR_USAGE, "expected data and labels, got no %s",
                          data ? "labels" : "data");
    if (count == 0 || count % batch_size != 0)
        return lungo_fail(LUNGO_ERR_USAGE,
                          "expected a multiple of the batch size of %u items, got %zu", batch_size,
                          count);
    LUNGO_TRY(check_place(state->resumed, count));
    if (layer->param->transform_param)
        lungo_log_warning("memory_data_layer.cpp", 90,
                          "MemoryData does not transform array data on Reset()");
    *state = (memory_data_state){data, labels, count, state->resumed, 0, state->draws};
    return LUNGO_OK;
}

static lungo_status check_size(const char *field, uint32_t size) {
    if (size >= 1 && size <= INT32_MAX) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG, "memory_data_param.%s: expected 1 or more, got %u", field,
                      size);
}

static lungo_status check_transform(lungo_layer *layer) {
    memory_data_state *state = layer->state;
    lungo_transform transform;
    LUNGO_TRY(lungo_transform_init(&transform, layer->param->transform_param, layer->phase));
    state->draws = lungo_transform_draws(&transform);
    lungo_transform_dispose(&transform);
    return LUNGO_OK;
}

static lungo_status setup(lungo_layer *layer) {
    const Caffe__MemoryDataParameter *param = layer->param->memory_data_param;
    LUNGO_TRY(check_size("batch_size", param->batch_size));
    LUNGO_TRY(check_size("channels", param->channels));
    LUNGO_TRY(check_size("height", param->height));
    LUNGO_TRY(check_size("width", param->width));
    return layer->param->transform_param ? check_transform(layer) : LUNGO_OK;
}

/* The word that seeds Caffe's transformer: taken, so that later layers draw what they draw there.
 */
static lungo_status start(lungo_layer *layer) {
    if (((memory_data_state *)layer->state)->draws) lungo_rng_word(layer->host->rng);
    return LUNGO_OK;
}

static lungo_status reshape(lungo_layer *layer) {
    const Caffe__MemoryDataParameter *param = layer->param->memory_data_param;
    int count = (int)param->batch_size;
    LUNGO_TRY(
        lungo_blob_reshape(layer->tops[0], &LUNGO_SHAPE(count, (int)param->channels,
                                                        (int)param->height, (int)param->width)));
    return lungo_blob_reshape(layer->tops[1], &LUNGO_SHAPE(count));
}

static lungo_status forward(lungo_layer *layer) {
    memory_data_state *state = layer->state;
    lungo_blob *data = layer->tops[0], *label = layer->tops[1];
    size_t batch_size = label->count, item = data->count / batch_size;
    if (!state->data)
        return lungo_fail(
            LUNGO_ERR_USAGE,
            "layer has no data: lungo_memory_data_set() has to come before a forward");
    LUNGO_TRY(lungo_blob_reshape(label, &LUNGO_SHAPE((int)batch_size, 1, 1, 1)));
    memcpy(lungo_data_overwrite(data), state->data + state->next * item,
           data->count * sizeof(float));
    memcpy(lungo_data_overwrite(label), state->labels + state->next, batch_size * sizeof(float));
    state->next = (state->next + batch_size) % state->count;
    return LUNGO_OK;
}

static lungo_status save(const lungo_layer *layer, lungo_writer *writer) {
    lungo_write_u64(writer, ((const memory_data_state *)layer->state)->next);
    return writer->failed ? lungo_fail_memory("a reader's state", 8) : LUNGO_OK;
}

static lungo_status load(lungo_layer *layer, lungo_reader *reader) {
    memory_data_state *state = layer->state;
    uint64_t next;
    LUNGO_TRY(lungo_read_u64(reader, &next));
    if (state->data) LUNGO_TRY(check_place(next, state->count));
    if (next % layer->param->memory_data_param->batch_size)
        return lungo_fail(
            LUNGO_ERR_FORMAT,
            "saved state: expected a multiple of the batch size of %u items, got %llu",
            layer->param->memory_data_param->batch_size, (unsigned long long)next);
    state->next = (size_t)next;
    state->resumed = state->data ? 0 : (size_t)next;
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_memory_data = {
    .name = "MemoryData",
    .brief = "Batches from arrays that the program hands over.",
    .family = "data",
    .params = {"memory_data_param"},
    .state_size = sizeof(memory_data_state),
    .bottoms = {0, 0},
    .tops = {2, 2},
    .flags = LUNGO_SOURCE,
    .setup = setup,
    .start = start,
    .reshape = reshape,
    .forward = forward,
    .save = save,
    .load = load,
};
