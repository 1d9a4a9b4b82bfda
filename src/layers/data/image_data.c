/* ImageData: batches of picture files named in a list of lines `path label`, round and round.
 *
 *   top[0]     data   (N, C, H, W)   C = 3 (blue, green, red), or 1 when not is_color; H, W as the
 *                                    first picture of each batch has, or new_height, new_width;
 *                                    then transform_param (mean, scale, crop, mirror)
 *   top[1]     label  (N)            (N, L) when L = label_count is given
 *
 * With shuffle the list gets a new order at the start and after each pass, by a generator of its
 * own that a word of the solver's seeds. rand_skip leaves out up to so many pictures of the first
 * pass. Threads read data_param.prefetch batches ahead and decode; how many there are changes no
 * batch. With data_param.skip_bad_records pictures that cannot be decoded are passed over: each
 * one's place in its batch goes to the next picture behind that batch's others.
 *
 * Unlike Caffe, each of several workers that train on the same data takes its share of the list, as
 * in Data, and lines may have several labels, and fractions. A label that is no number is an error
 * and not 0, and lines of nothing are passed over.
 *
 * Example:
 *
 *   layer {
 *     name: "data" type: "ImageData" top: "data" top: "label"
 *     transform_param { crop_size: 6 mirror: true mean_value: 127.5 scale: 0.0078125 }
 *     image_data_param {
 *       source: "train.txt" root_folder: "pictures/" batch_size: 4 shuffle: true
 *       new_height: 8 new_width: 8
 *     }
 *   }
 */
#include <string.h>

#include "data/decoder.h"
#include "data/image_list.h"
#include "data/order.h"
#include "layers/data/feed.h"

typedef struct image_data_state {
    lungo_feed feed;
    lungo_image_list *list;
    lungo_order order;
    uint64_t passed; /* pictures gone by since the beginning */
} image_data_state;

/* ---- one picture ---- */

typedef struct image_data_task {
    lungo_transform_words words;
    const lungo_image_line *line;
    lungo_datum datum;
    lungo_buffer path;
    lungo_decoder decoder;
} image_data_task;

static void release_task(void *argument) {
    image_data_task *task = argument;
    lungo_buffer_dispose(&task->path);
    lungo_decoder_dispose(&task->decoder);
}

static lungo_status trail_line(const lungo_layer *layer, const image_data_task *task) {
    return lungo_trail("in line %u of the list '%s'", task->line->number,
                       layer->param->image_data_param->source);
}

static lungo_status decode(void *user, void *argument) {
    const lungo_layer *layer = user;
    const Caffe__ImageDataParameter *param = layer->param->image_data_param;
    image_data_task *task = argument;
    lungo_buffer_clear(&task->path);
    lungo_buffer_printf(&task->path, "%s%s", param->root_folder, task->line->path);
    if (task->path.failed) return lungo_fail_memory("a path", task->path.length);
    task->datum = (lungo_datum){.label = task->line->label};
    if (lungo_decoder_read(&task->decoder, &task->datum, lungo_buffer_text(&task->path),
                           param->is_color ? LUNGO_IMAGE_COLOR : LUNGO_IMAGE_GRAY,
                           (int)param->new_height, (int)param->new_width))
        return trail_line(layer, task);
    return LUNGO_OK;
}

/* ---- the source ---- */

static void advance(image_data_state *state) {
    state->passed++;
    lungo_order_advance(&state->order);
}

static lungo_status next_line(void *user, void *argument, int index) {
    const lungo_layer *layer = user;
    image_data_state *state = layer->state;
    image_data_task *task = argument;
    (void)index;
    while (!lungo_is_own_record(layer, state->passed))
        advance(state);
    task->line = &state->list->lines[lungo_order_item(&state->order)];
    task->words = lungo_transform_draw(&state->feed.transform);
    advance(state);
    return LUNGO_OK;
}

static lungo_status put(void *user, void *argument, lungo_place *place) {
    const lungo_layer *layer = user;
    const image_data_state *state = layer->state;
    const image_data_task *task = argument;
    const float *labels =
        state->list->label_count ? lungo_image_line_labels(state->list, task->line) : NULL;
    if (lungo_feed_put(&state->feed, place, task->words, &task->datum, labels))
        return trail_line(layer, task);
    return LUNGO_OK;
}

static lungo_status save_source(void *user, lungo_writer *writer) {
    const image_data_state *state = ((const lungo_layer *)user)->state;
    lungo_write_rng(writer, &state->feed.transform.rng);
    lungo_write_u64(writer, state->passed);
    lungo_order_save(&state->order, writer);
    return writer->failed ? lungo_fail_memory("a reader's state", writer->length) : LUNGO_OK;
}

static const lungo_source source = {
    sizeof(image_data_task), release_task, next_line, decode, put, save_source};

/* ---- the layer ---- */

static lungo_status check_settings(lungo_feed *feed, const lungo_layer *layer) {
    const Caffe__ImageDataParameter *param = layer->param->image_data_param;
    LUNGO_TRY(lungo_feed_check(feed, layer, "image_data_param", param->batch_size, param->source));
    if ((param->new_height == 0) != (param->new_width == 0))
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "image_data_param: expected both of new_height and new_width or none, got "
            "%ux%u",
            param->new_height, param->new_width);
    if (param->new_height > INT32_MAX || param->new_width > INT32_MAX)
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "image_data_param: expected new_height and new_width below 2^31, got %ux%u",
            param->new_height, param->new_width);
    if (param->has_label_count && (param->label_count < 1 || param->label_count > 1 << 20))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "image_data_param.label_count: expected 1 to 1048576, got %u",
                          param->label_count);
    return LUNGO_OK;
}

static lungo_status open_source(lungo_layer *layer) {
    image_data_state *state = layer->state;
    const Caffe__ImageDataParameter *param = layer->param->image_data_param;
    LUNGO_TRY(check_settings(&state->feed, layer));
    lungo_log_info("image_data_layer.cpp", 38, "Opening file %s", param->source);
    LUNGO_TRY(lungo_image_list_open_labels(&state->list, param->source, param->label_count));
    if (param->has_label_count) state->feed.label = LUNGO_SHAPE((int)param->label_count);
    lungo_log_info("image_data_layer.cpp", 63, "A total of %zu images.", state->list->count);
    return lungo_order_init(&state->order, state->list->count);
}

/* With skip_bad_records, the first good one. */
static lungo_status look_at_first(lungo_layer *layer, image_data_task *task) {
    image_data_state *state = layer->state;
    lungo_status status = LUNGO_ERR_DATA;
    for (size_t i = 0; status && i < (state->feed.skip_bad ? state->list->count : 1); i++) {
        task->line = &state->list->lines[i];
        status = decode(layer, task);
    }
    LUNGO_TRY(status);
    if (lungo_transform_shape(&state->feed.transform, &task->datum, &state->feed.item))
        return trail_line(layer, task);
    return LUNGO_OK;
}

/* Draws nothing, so that the shape is that of the first picture of the list; pictures of different
 * shapes reshape the net as they come. */
static lungo_status setup(lungo_layer *layer) {
    lungo_feed *feed = &((image_data_state *)layer->state)->feed;
    image_data_task task = {0};
    LUNGO_TRY(lungo_transform_init(&feed->transform, layer->param->transform_param, layer->phase));
    lungo_status status = look_at_first(layer, &task);
    release_task(&task);
    LUNGO_TRY(status);
    lungo_log_info("image_data_layer.cpp", 90, "output data size: %d,%d,%d,%d", feed->batch_size,
                   feed->item.dim[0], feed->item.dim[1], feed->item.dim[2]);
    return LUNGO_OK;
}

static lungo_status skip_some(image_data_state *state, uint32_t most, lungo_rng *rng) {
    uint32_t skip = lungo_rng_word(rng) % most;
    lungo_log_info("image_data_layer.cpp", 70, "Skipping first %u data points.", skip);
    if (skip >= state->list->count)
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "image_data_param.rand_skip: expected to skip fewer than the %zu lines of "
            "the list, got %u",
            state->list->count, skip);
    state->order.next = skip;
    return LUNGO_OK;
}

static lungo_status start(lungo_layer *layer) {
    image_data_state *state = layer->state;
    const Caffe__ImageDataParameter *param = layer->param->image_data_param;
    lungo_rng *rng = layer->host->rng;
    lungo_feed_seed_first(&state->feed, layer);
    if (param->shuffle) {
        lungo_log_info("image_data_layer.cpp", 53, "Shuffling data");
        LUNGO_TRY(lungo_order_shuffle(&state->order, lungo_rng_word(rng)));
    }
    if (param->rand_skip) LUNGO_TRY(skip_some(state, param->rand_skip, rng));
    lungo_feed_seed(&state->feed, layer);
    return lungo_feed_start(&state->feed, layer, &source, true);
}

static lungo_status load(lungo_layer *layer, lungo_reader *reader) {
    image_data_state *state = layer->state;
    lungo_feed_stop(&state->feed);
    LUNGO_TRY(lungo_read_rng(reader, &state->feed.transform.rng));
    LUNGO_TRY(lungo_read_u64(reader, &state->passed));
    if (lungo_order_load(&state->order, reader))
        return lungo_trail("in the list '%s'", layer->param->image_data_param->source);
    return lungo_feed_start(&state->feed, layer, &source, true);
}

static lungo_bytes name_of(const char *name) {
    return (lungo_bytes){name, strlen(name)};
}

static lungo_identity identify(const lungo_layer *layer) {
    const lungo_image_list *list = ((const image_data_state *)layer->state)->list;
    return (lungo_identity){.path = layer->param->image_data_param->source,
                            .counted = true,
                            .count = list->count,
                            .first = name_of(list->lines[0].path),
                            .last = name_of(list->lines[list->count - 1].path)};
}

static void release(lungo_layer *layer) {
    image_data_state *state = layer->state;
    lungo_feed_dispose(&state->feed);
    lungo_image_list_free(state->list);
    lungo_order_dispose(&state->order);
}

const lungo_layer_type lungo_layer_image_data = {
    .name = "ImageData",
    .brief = "Batches of picture files (JPEG, PNG, BMP, PNM) named in a list, with their labels.",
    .family = "data",
    .params = {"image_data_param", "transform_param", "data_param"},
    .state_size = sizeof(image_data_state),
    .bottoms = {0, 0},
    .tops = {2, 2},
    .flags = LUNGO_SOURCE,
    .open = open_source,
    .setup = setup,
    .start = start,
    .reshape = lungo_feed_reshape,
    .forward = lungo_feed_forward,
    .save = lungo_feed_save,
    .load = load,
    .identify = identify,
    .release = release,
};
