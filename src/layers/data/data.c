/* Data: batches of records from a database, in key order, round and round.
 *
 *   top[0]     data   (N, C, H, W)   N = batch_size; C, H, W of the first record of each batch,
 *                                    after transform_param (mean, scale, crop, mirror)
 *   top[1]     label  (N)            absent: labels are not wanted
 *
 * A thread reads data_param.prefetch batches ahead and makes the values. The generator of crops and
 * mirrors is the layer's own, seeded with a word of the solver's; another word goes to the reader,
 * as Caffe's does, which keeps the draws of all later layers in step.
 *
 * Example:
 *
 *   layer {
 *     name: "data" type: "Data" top: "data" top: "label"
 *     include { phase: TRAIN }
 *     transform_param { crop_size: 6 mirror: true mean_value: 127.5 scale: 0.0078125 }
 *     data_param { source: "train_lmdb" backend: LMDB batch_size: 4 }
 *   }
 */
#include <string.h>

#include "data/datum.h"
#include "data/prefetch.h"
#include "data/transform.h"
#include "layer/layer.h"
#include "store/database.h"

typedef struct data_state {
    lungo_database *database;
    lungo_transform transform;
    lungo_prefetch *prefetch;
    lungo_shape item;      /* C, H, W of the batch on the tops */
    lungo_writer consumed; /* the reader's state behind that batch */
    /* The reader's, once it runs. */
    lungo_buffer floats; /* of the record at hand */
    uint64_t passed;     /* records read since the beginning */
} data_state;

/* ---- reading ---- */

static lungo_status decode(data_state *state, lungo_datum *datum) {
    lungo_bytes value = lungo_database_value(state->database);
    lungo_status status = lungo_datum_decode(datum, &state->floats, value.data, value.size);
    if (!status) return LUNGO_OK;
    lungo_bytes key = lungo_database_key(state->database);
    return lungo_trail("in record '%.*s' of '%s'", (int)key.size, (const char *)key.data,
                       lungo_database_path(state->database));
}

static lungo_status advance(data_state *state) {
    bool found;
    state->passed++;
    LUNGO_TRY(lungo_database_next(state->database, &found));
    if (found) return LUNGO_OK;
    lungo_log_info("data_layer.cpp", 73, "Restarting data prefetching from start.");
    return lungo_database_first(state->database, &found);
}

/* Where the reader stands: records read so far, the key of the next one, the generator. */
static lungo_status write_state(const data_state *state, lungo_writer *writer) {
    lungo_bytes key = lungo_database_key(state->database);
    lungo_buffer_clear(writer);
    lungo_write_u64(writer, state->passed);
    lungo_write_u64(writer, (uint64_t)state->transform.rng.next);
    for (int i = 0; i < LUNGO_RNG_WORDS; i++)
        lungo_write_u64(writer, state->transform.rng.state[i]);
    lungo_write_u64(writer, key.size);
    lungo_write_bytes(writer, key.data, key.size);
    return writer->failed ? lungo_fail_memory("a reader's state", key.size) : LUNGO_OK;
}

static lungo_status read_generator(lungo_rng *rng, lungo_reader *reader) {
    uint64_t word;
    LUNGO_TRY(lungo_read_u64(reader, &word));
    if (word > LUNGO_RNG_WORDS)
        return lungo_fail(LUNGO_ERR_FORMAT, "saved generator: expected a place up to %d, got %llu",
                          LUNGO_RNG_WORDS, (unsigned long long)word);
    rng->next = (int)word;
    for (int i = 0; i < LUNGO_RNG_WORDS; i++) {
        LUNGO_TRY(lungo_read_u64(reader, &word));
        rng->state[i] = (uint32_t)word;
    }
    return LUNGO_OK;
}

/* LMDB's keys have at most 511 bytes. */
static lungo_status read_state(data_state *state, lungo_reader *reader) {
    char key[512];
    uint64_t size;
    bool found;
    LUNGO_TRY(lungo_read_u64(reader, &state->passed));
    LUNGO_TRY(read_generator(&state->transform.rng, reader));
    LUNGO_TRY(lungo_read_u64(reader, &size));
    if (size > sizeof key)
        return lungo_fail(LUNGO_ERR_FORMAT, "saved key: expected at most %zu bytes, got %llu",
                          sizeof key, (unsigned long long)size);
    LUNGO_TRY(lungo_read_bytes(reader, key, (size_t)size));
    LUNGO_TRY(lungo_database_seek(state->database, key, (size_t)size, &found));
    lungo_bytes at = lungo_database_key(state->database);
    if (found && at.size == size && !memcmp(at.data, key, (size_t)size)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_DATA, "'%s' has changed: expected the record '%.*s', got none",
                      lungo_database_path(state->database), (int)size, key);
}

static lungo_status size_batch(lungo_batch *batch, const lungo_shape *item, int count) {
    lungo_shape data = {item->axes + 1, {count}};
    memcpy(data.dim + 1, item->dim, (size_t)item->axes * sizeof item->dim[0]);
    LUNGO_TRY(lungo_blob_reshape(&batch->data, &data));
    LUNGO_TRY(lungo_blob_reshape(&batch->label, &LUNGO_SHAPE(count)));
    LUNGO_TRY(lungo_blob_allocate_data(&batch->data));
    return lungo_blob_allocate_data(&batch->label);
}

static lungo_status read_item(data_state *state, lungo_batch *batch, int index) {
    lungo_datum datum;
    lungo_shape item;
    LUNGO_TRY(decode(state, &datum));
    LUNGO_TRY(lungo_transform_shape(&state->transform, &datum, &item));
    if (index == 0) LUNGO_TRY(size_batch(batch, &item, batch->label.shape.dim[0]));
    size_t count = lungo_shape_count(&item);
    if (count != lungo_shape_from(&batch->data.shape, 1))
        return lungo_fail(LUNGO_ERR_DATA,
                          "records of one batch must have one shape: expected %zu values, got %s; "
                          "resize the images or use batch_size: 1",
                          lungo_shape_from(&batch->data.shape, 1), lungo_shape_text(&item).text);
    lungo_transform_choice choice = lungo_transform_choose(&state->transform, &datum);
    lungo_transform_apply(&state->transform, choice, &datum,
                          lungo_data_update(&batch->data) + (size_t)index * count);
    lungo_data_update(&batch->label)[index] = (float)datum.label;
    return advance(state);
}

static lungo_status fill_batch(void *user, lungo_batch *batch) {
    const lungo_layer *layer = user;
    data_state *state = layer->state;
    int count = (int)layer->param->data_param->batch_size;
    batch->label.shape = LUNGO_SHAPE(count);
    for (int i = 0; i < count; i++)
        if (read_item(state, batch, i))
            return lungo_trail("reading '%s'", lungo_database_path(state->database));
    return write_state(state, &batch->state);
}

/* ---- the layer ---- */

/* Settings that Caffe's V1 nets had here; in a V2 layer Caffe reads them and does nothing. */
static void warn_of_idle_fields(const lungo_layer *layer) {
    const Caffe__DataParameter *param = layer->param->data_param;
    if (param->rand_skip)
        lungo_warn("layer '%s': data_param.rand_skip has no effect, as in Caffe", layer->name);
    if (param->mean_file || param->has_scale || param->has_mirror || param->has_crop_size)
        lungo_warn("layer '%s': scale, mean_file, crop_size and mirror have no effect in "
                   "data_param, as in Caffe; they belong into transform_param",
                   layer->name);
}

static lungo_status check_settings(const Caffe__DataParameter *param) {
    if (param->batch_size < 1 || param->batch_size > INT32_MAX)
        return lungo_fail(LUNGO_ERR_CONFIG, "data_param.batch_size: expected 1 or more, got %u",
                          param->batch_size);
    if (param->prefetch < 1 || param->prefetch > 1024)
        return lungo_fail(LUNGO_ERR_CONFIG, "data_param.prefetch: expected 1 to 1024, got %u",
                          param->prefetch);
    if (!param->source || !*param->source)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "data_param.source: expected the path of a database, got none");
    return LUNGO_OK;
}

static lungo_status read_first(lungo_layer *layer) {
    data_state *state = layer->state;
    bool found;
    lungo_datum datum;
    LUNGO_TRY(lungo_database_first(state->database, &found));
    if (decode(state, &datum) || lungo_transform_shape(&state->transform, &datum, &state->item))
        return lungo_trail("reading '%s'", lungo_database_path(state->database));
    lungo_log_info("data_layer.cpp", 45, "output data size: %u,%d,%d,%d",
                   layer->param->data_param->batch_size, state->item.dim[0], state->item.dim[1],
                   state->item.dim[2]);
    return LUNGO_OK;
}

static lungo_status open_source(lungo_layer *layer) {
    data_state *state = layer->state;
    const Caffe__DataParameter *param = layer->param->data_param;
    LUNGO_TRY(check_settings(param));
    warn_of_idle_fields(layer);
    return lungo_database_open(&state->database, (lungo_backend)param->backend, param->source);
}

static lungo_status setup(lungo_layer *layer) {
    data_state *state = layer->state;
    LUNGO_TRY(lungo_transform_init(&state->transform, layer->param->transform_param, layer->phase));
    return read_first(layer);
}

static lungo_status start_reading(lungo_layer *layer) {
    data_state *state = layer->state;
    LUNGO_TRY(write_state(state, &state->consumed));
    return lungo_prefetch_start(&state->prefetch, layer->param->data_param->prefetch, fill_batch,
                                layer);
}

/* Caffe seeds the transformer twice; only the second word counts. */
static lungo_status start(lungo_layer *layer) {
    data_state *state = layer->state;
    if (lungo_transform_draws(&state->transform)) {
        lungo_rng_word(layer->host->rng);
        lungo_rng_seed(&state->transform.rng, lungo_rng_word(layer->host->rng));
    }
    lungo_rng_word(layer->host->rng);
    return start_reading(layer);
}

static lungo_status reshape(lungo_layer *layer) {
    const data_state *state = layer->state;
    int count = (int)layer->param->data_param->batch_size;
    const int *dim = state->item.dim;
    LUNGO_TRY(lungo_blob_reshape(layer->tops[0], &LUNGO_SHAPE(count, dim[0], dim[1], dim[2])));
    return layer->top_count > 1 ? lungo_blob_reshape(layer->tops[1], &LUNGO_SHAPE(count))
                                : LUNGO_OK;
}

/* The tops stand on the batch's own memory: nothing is copied. */
static lungo_status forward(lungo_layer *layer) {
    data_state *state = layer->state;
    const lungo_batch *batch;
    LUNGO_TRY(lungo_prefetch_next(state->prefetch, &batch));
    LUNGO_TRY(lungo_blob_reshape(layer->tops[0], &batch->data.shape));
    lungo_storage_lend(layer->tops[0]->data, batch->data.data->values);
    if (layer->top_count > 1) lungo_storage_lend(layer->tops[1]->data, batch->label.data->values);
    memcpy(state->item.dim, batch->data.shape.dim + 1, 3 * sizeof state->item.dim[0]);
    lungo_buffer_clear(&state->consumed);
    lungo_write_bytes(&state->consumed, batch->state.bytes, batch->state.length);
    return state->consumed.failed ? lungo_fail_memory("a reader's state", 1) : LUNGO_OK;
}

static lungo_status save(const lungo_layer *layer, lungo_writer *writer) {
    const data_state *state = layer->state;
    lungo_write_bytes(writer, state->consumed.bytes, state->consumed.length);
    return writer->failed ? lungo_fail_memory("a reader's state", 1) : LUNGO_OK;
}

static lungo_status load(lungo_layer *layer, lungo_reader *reader) {
    data_state *state = layer->state;
    lungo_prefetch_stop(state->prefetch);
    state->prefetch = NULL;
    LUNGO_TRY(read_state(state, reader));
    return start_reading(layer);
}

static void release(lungo_layer *layer) {
    data_state *state = layer->state;
    lungo_prefetch_stop(state->prefetch);
    lungo_database_close(state->database);
    lungo_transform_dispose(&state->transform);
    lungo_buffer_dispose(&state->floats);
    lungo_buffer_dispose(&state->consumed);
}

const lungo_layer_type lungo_layer_data = {
    .name = "Data",
    .brief = "Batches of records from a database (LMDB), with mean, scale, crop and mirror.",
    .family = "data",
    .params = {"data_param", "transform_param"},
    .state_size = sizeof(data_state),
    .bottoms = {0, 0},
    .tops = {1, 2},
    .flags = LUNGO_SOURCE,
    .open = open_source,
    .setup = setup,
    .start = start,
    .reshape = reshape,
    .forward = forward,
    .save = save,
    .load = load,
    .release = release,
};
