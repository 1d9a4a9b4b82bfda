/* Data: batches of records from a database, in key order, round and round.
 *
 *   top[0]     data   (N, C, H, W)   N = batch_size; C, H, W of the first record of each batch,
 *                                    after transform_param (mean, scale, crop, mirror)
 *   top[1]     label  (N)            absent: labels are not wanted
 *
 * Encoded records (JPEG, PNG) are decoded: as stored, or as force_color or force_gray say.
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
#include "data/decoder.h"
#include "layers/data/feed.h"
#include "store/database.h"

typedef struct data_state {
    lungo_feed feed;
    lungo_database *database;
    /* The reader's, once it runs. */
    lungo_decoder decoder;
    lungo_buffer floats; /* of the record at hand */
    uint64_t passed;     /* records read since the beginning */
} data_state;

/* ---- reading ---- */

static lungo_image_mode mode_of(const Caffe__TransformationParameter *param) {
    return param->force_color  ? LUNGO_IMAGE_COLOR
           : param->force_gray ? LUNGO_IMAGE_GRAY
                               : LUNGO_IMAGE_AS_STORED;
}

static lungo_status decode(data_state *state, lungo_datum *datum) {
    lungo_bytes value = lungo_database_value(state->database);
    LUNGO_TRY(lungo_datum_decode(datum, &state->floats, value.data, value.size));
    return lungo_decoder_unpack(&state->decoder, datum, mode_of(state->feed.transform.param));
}

static lungo_status trail_record(const data_state *state) {
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
    lungo_write_rng(writer, &state->feed.transform.rng);
    lungo_write_u64(writer, key.size);
    lungo_write_bytes(writer, key.data, key.size);
    return writer->failed ? lungo_fail_memory("a reader's state", key.size) : LUNGO_OK;
}

static lungo_status read_state(data_state *state, lungo_reader *reader) {
    const char *key;
    uint64_t size;
    bool found;
    LUNGO_TRY(lungo_read_u64(reader, &state->passed));
    LUNGO_TRY(lungo_read_rng(reader, &state->feed.transform.rng));
    LUNGO_TRY(lungo_read_u64(reader, &size));
    LUNGO_TRY(lungo_read_in_place(reader, &key, (size_t)size));
    LUNGO_TRY(lungo_database_seek(state->database, key, (size_t)size, &found));
    lungo_bytes at = lungo_database_key(state->database);
    if (found && at.size == size && !memcmp(at.data, key, (size_t)size)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_DATA, "'%s' has changed: expected the record '%.*s', got none",
                      lungo_database_path(state->database), size < 600 ? (int)size : 600, key);
}

static lungo_status read_item(data_state *state, lungo_batch *batch, int index) {
    lungo_datum datum;
    lungo_transform_words words = lungo_transform_draw(&state->feed.transform);
    if (decode(state, &datum) || lungo_batch_put(batch, index, state->feed.batch_size,
                                                 &state->feed.transform, words, &datum))
        return trail_record(state);
    return advance(state);
}

static lungo_status fill_batch(void *user, lungo_batch *batch) {
    data_state *state = ((const lungo_layer *)user)->state;
    for (int i = 0; i < state->feed.batch_size; i++)
        LUNGO_TRY(read_item(state, batch, i));
    return write_state(state, &batch->state);
}

/* ---- the layer ---- */

/* Settings that Caffe reads and does nothing with. */
static void warn_of_idle_fields(const lungo_layer *layer) {
    const Caffe__DataParameter *param = layer->param->data_param;
    if (param->rand_skip)
        lungo_warn("layer '%s': data_param.rand_skip has no effect, as in Caffe", layer->name);
    if (param->force_encoded_color)
        lungo_warn("layer '%s': data_param.force_encoded_color has no effect, as in Caffe; write "
                   "force_color in transform_param",
                   layer->name);
}

static lungo_status open_source(lungo_layer *layer) {
    data_state *state = layer->state;
    const Caffe__DataParameter *param = layer->param->data_param;
    LUNGO_TRY(
        lungo_feed_check(&state->feed, layer, "data_param", param->batch_size, param->source));
    warn_of_idle_fields(layer);
    return lungo_database_open(&state->database, (lungo_backend)param->backend, param->source);
}

static lungo_status setup(lungo_layer *layer) {
    data_state *state = layer->state;
    lungo_feed *feed = &state->feed;
    bool found;
    lungo_datum datum;
    LUNGO_TRY(lungo_transform_init(&feed->transform, layer->param->transform_param, layer->phase));
    LUNGO_TRY(lungo_database_first(state->database, &found));
    if (decode(state, &datum) || lungo_transform_shape(&feed->transform, &datum, &feed->item))
        return trail_record(state);
    lungo_log_info("data_layer.cpp", 45, "output data size: %d,%d,%d,%d", feed->batch_size,
                   feed->item.dim[0], feed->item.dim[1], feed->item.dim[2]);
    return LUNGO_OK;
}

static lungo_status start(lungo_layer *layer) {
    data_state *state = layer->state;
    lungo_feed_seed_first(&state->feed, layer);
    lungo_feed_seed(&state->feed, layer);
    LUNGO_TRY(write_state(state, &state->feed.consumed));
    return lungo_feed_start(&state->feed, layer, fill_batch);
}

static lungo_status reshape(lungo_layer *layer) {
    return lungo_feed_reshape(&((data_state *)layer->state)->feed, layer);
}

static lungo_status forward(lungo_layer *layer) {
    return lungo_feed_forward(&((data_state *)layer->state)->feed, layer);
}

static lungo_status save(const lungo_layer *layer, lungo_writer *writer) {
    return lungo_feed_save(&((const data_state *)layer->state)->feed, writer);
}

static lungo_status load(lungo_layer *layer, lungo_reader *reader) {
    data_state *state = layer->state;
    lungo_feed_stop(&state->feed);
    LUNGO_TRY(read_state(state, reader));
    LUNGO_TRY(write_state(state, &state->feed.consumed));
    return lungo_feed_start(&state->feed, layer, fill_batch);
}

static void release(lungo_layer *layer) {
    data_state *state = layer->state;
    lungo_feed_dispose(&state->feed);
    lungo_database_close(state->database);
    lungo_decoder_dispose(&state->decoder);
    lungo_buffer_dispose(&state->floats);
}

const lungo_layer_type lungo_layer_data = {
    .name = "Data",
    .brief =
        "Batches of records from a database (LMDB, LevelDB), with mean, scale, crop and mirror.",
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
