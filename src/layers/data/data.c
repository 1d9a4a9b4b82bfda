/* Data: batches of records from a database, in key order or shuffled, round and round.
 *
 *   top[0]     data   (N, C, H, W)   N = batch_size; C, H, W of the first record of each batch,
 *                                    after transform_param (mean, scale, crop, mirror)
 *   top[1]     label  (N)            absent: labels are not wanted
 *
 * Encoded records (JPEG, PNG) are decoded: as stored, or as force_color or force_gray say. With
 * skip_bad_records those that cannot be decoded are passed over: each one's place in its batch goes
 * to the next record behind that batch's others. Of several workers that train on the same data,
 * each takes the records whose number, counted from the start, leaves its rank when divided by the
 * number of workers.
 *
 * Threads read data_param.prefetch batches ahead and make the values; how many there are changes
 * none of them. The generator of crops and mirrors is the layer's own, seeded with a word of the
 * solver's; another word goes to the reader, as Caffe's does, which keeps the draws of all later
 * layers in step; with shuffle, one before it to the order of the records.
 *
 * Unlike Caffe, records may be shuffled, and a damaged one is an error that names its key.
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
#include "data/datum.h"
#include "data/decoder.h"
#include "data/walk.h"
#include "layers/data/feed.h"

typedef struct data_state {
    lungo_feed feed;
    lungo_database *database; /* until the walk has it */
    lungo_walk walk;
    bool encoded;      /* the first record is */
    uint64_t restarts; /* of the walk, that the log has told of */
    lungo_identity identity;
} data_state;

/* ---- one record ---- */

typedef struct data_task {
    lungo_transform_words words;
    lungo_bytes key, value;
    lungo_datum datum;
    lungo_buffer held, floats;
    lungo_decoder decoder;
} data_task;

static void release_task(void *argument) {
    data_task *task = argument;
    lungo_buffer_dispose(&task->held);
    lungo_buffer_dispose(&task->floats);
    lungo_decoder_dispose(&task->decoder);
}

static lungo_image_mode mode_of(const Caffe__TransformationParameter *param) {
    return param->force_color  ? LUNGO_IMAGE_COLOR
           : param->force_gray ? LUNGO_IMAGE_GRAY
                               : LUNGO_IMAGE_AS_STORED;
}

static lungo_status trail_record(const data_state *state, const data_task *task) {
    return lungo_trail("in record '%.*s' of '%s'", (int)task->key.size,
                       (const char *)task->key.data, lungo_database_path(state->walk.database));
}

static lungo_status hold(const data_state *state, data_task *task) {
    return lungo_database_hold(state->walk.database, &task->held, &task->key, &task->value);
}

static lungo_status decode(void *user, void *argument) {
    const data_state *state = ((const lungo_layer *)user)->state;
    data_task *task = argument;
    lungo_datum *datum = &task->datum;
    if (lungo_datum_decode(datum, &task->floats, task->value.data, task->value.size) ||
        lungo_decoder_unpack(&task->decoder, datum, mode_of(state->feed.transform.param)))
        return trail_record(state, task);
    return LUNGO_OK;
}

/* ---- the source ---- */

static lungo_status next_record(void *user, void *argument, int index) {
    const lungo_layer *layer = user;
    data_state *state = layer->state;
    data_task *task = argument;
    (void)index;
    while (!lungo_is_own_record(layer, state->walk.passed))
        LUNGO_TRY(lungo_walk_advance(&state->walk));
    LUNGO_TRY(hold(state, task));
    task->words = lungo_transform_draw(&state->feed.transform);
    return lungo_walk_advance(&state->walk);
}

static lungo_status put(void *user, void *argument, lungo_place *place) {
    const data_state *state = ((const lungo_layer *)user)->state;
    const data_task *task = argument;
    if (lungo_feed_put(&state->feed, place, task->words, &task->datum, NULL))
        return trail_record(state, task);
    return LUNGO_OK;
}

static lungo_status save_source(void *user, lungo_writer *writer) {
    const data_state *state = ((const lungo_layer *)user)->state;
    lungo_walk_save(&state->walk, writer);
    lungo_write_rng(writer, &state->feed.transform.rng);
    return writer->failed ? lungo_fail_memory("a reader's state", writer->length) : LUNGO_OK;
}

static const lungo_source source = {sizeof(data_task), release_task, next_record, decode, put,
                                    save_source};

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

/* With skip_bad_records, the first good one. */
static lungo_status look_at_first(lungo_layer *layer, data_task *task) {
    data_state *state = layer->state;
    lungo_feed *feed = &state->feed;
    lungo_status status;
    bool found = true;
    do {
        LUNGO_TRY(hold(state, task));
        status = decode(layer, task);
        if (status && feed->skip_bad) LUNGO_TRY(lungo_database_next(state->walk.database, &found));
    } while (status && feed->skip_bad && found);
    LUNGO_TRY(status);
    if (lungo_transform_shape(&feed->transform, &task->datum, &feed->item))
        return trail_record(state, task);
    return lungo_database_first(state->walk.database, &found);
}

static lungo_status note_key(lungo_layer *layer, lungo_bytes *out) {
    lungo_bytes key = lungo_database_key(((data_state *)layer->state)->walk.database);
    *out = (lungo_bytes){lungo_arena_copy(layer->host->arena, key.data, key.size), key.size};
    return out->data ? LUNGO_OK : lungo_fail_memory("a key", key.size);
}

/* From the first record, and back to it. */
static lungo_status note_identity(lungo_layer *layer) {
    data_state *state = layer->state;
    lungo_database *database = state->walk.database;
    lungo_identity *identity = &state->identity;
    size_t count = 0;
    bool found;
    identity->path = layer->param->data_param->source;
    identity->counted = lungo_database_counts(database);
    if (identity->counted) LUNGO_TRY(lungo_database_count(database, &count));
    identity->count = count;
    LUNGO_TRY(note_key(layer, &identity->first));
    LUNGO_TRY(lungo_database_last(database, &found));
    LUNGO_TRY(note_key(layer, &identity->last));
    return lungo_database_first(database, &found);
}

static lungo_status find_item_shape(lungo_layer *layer) {
    data_state *state = layer->state;
    data_task task = {0};
    lungo_status status = look_at_first(layer, &task);
    state->encoded = task.decoder.capacity > 0;
    release_task(&task);
    return status;
}

static lungo_status setup(lungo_layer *layer) {
    data_state *state = layer->state;
    lungo_feed *feed = &state->feed;
    lungo_database *database = state->database;
    state->database = NULL;
    LUNGO_TRY(lungo_walk_begin(&state->walk, database));
    LUNGO_TRY(note_identity(layer));
    LUNGO_TRY(lungo_transform_init(&feed->transform, layer->param->transform_param, layer->phase));
    LUNGO_TRY(find_item_shape(layer));
    lungo_log_info("data_layer.cpp", 45, "output data size: %d,%d,%d,%d", feed->batch_size,
                   feed->item.dim[0], feed->item.dim[1], feed->item.dim[2]);
    return LUNGO_OK;
}

static lungo_status start(lungo_layer *layer) {
    data_state *state = layer->state;
    lungo_feed_seed_first(&state->feed, layer);
    if (layer->param->data_param->shuffle)
        LUNGO_TRY(lungo_walk_shuffle(&state->walk, lungo_rng_word(layer->host->rng)));
    lungo_feed_seed(&state->feed, layer);
    return lungo_feed_start(&state->feed, layer, &source, state->encoded);
}

/* The reader is ahead of the net: it is told of where the batch is used, as in every such run. */
static lungo_status tell_restarts(data_state *state) {
    const lungo_writer *consumed = &state->feed.consumed;
    lungo_reader reader = {consumed->bytes, consumed->bytes + consumed->length};
    uint64_t restarts;
    LUNGO_TRY(lungo_read_u64(&reader, &restarts));
    for (; state->restarts < restarts; state->restarts++)
        lungo_log_info("data_layer.cpp", 73, "Restarting data prefetching from start.");
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    data_state *state = layer->state;
    LUNGO_TRY(lungo_feed_forward(layer));
    return tell_restarts(state);
}

static lungo_status load(lungo_layer *layer, lungo_reader *reader) {
    data_state *state = layer->state;
    lungo_feed_stop(&state->feed);
    LUNGO_TRY(lungo_walk_load(&state->walk, reader));
    state->restarts = state->walk.restarts;
    LUNGO_TRY(lungo_read_rng(reader, &state->feed.transform.rng));
    return lungo_feed_start(&state->feed, layer, &source, state->encoded);
}

static lungo_identity identify(const lungo_layer *layer) {
    return ((const data_state *)layer->state)->identity;
}

static void release(lungo_layer *layer) {
    data_state *state = layer->state;
    lungo_feed_dispose(&state->feed);
    lungo_walk_dispose(&state->walk);
    lungo_database_close(state->database);
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
    .reshape = lungo_feed_reshape,
    .forward = forward,
    .save = lungo_feed_save,
    .load = load,
    .identify = identify,
    .release = release,
};
