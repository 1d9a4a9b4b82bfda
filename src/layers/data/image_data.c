/* ImageData: batches of picture files named in a list of lines `path label`, round and round.
 *
 *   top[0]     data   (N, C, H, W)   C = 3 (blue, green, red), or 1 when not is_color; H, W as the
 *                                    first picture of each batch has, or new_height, new_width;
 *                                    then transform_param (mean, scale, crop, mirror)
 *   top[1]     label  (N)
 *
 * With shuffle the list gets a new order at the start and after each pass, by a generator of its
 * own that a word of the solver's seeds. rand_skip leaves out up to so many pictures of the first
 * pass. A thread reads data_param.prefetch batches ahead.
 *
 * Unlike Caffe, which takes the word behind the last blank for 0 when it is no number, such a line
 * of the list is an error, and lines of nothing are passed over.
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
#include "data/decoder.h"
#include "data/image_list.h"
#include "layers/data/feed.h"

typedef struct image_data_state {
    lungo_feed feed;
    lungo_image_list *list;
    /* The reader's, once it runs. */
    lungo_decoder decoder;
    lungo_buffer path; /* of the picture at hand */
    lungo_rng shuffler;
    uint32_t seed;   /* of the shuffler */
    uint64_t passes; /* over the whole list, that are done */
    size_t next;     /* place in the order of this pass */
} image_data_state;

/* ---- reading ---- */

static lungo_status read_picture(image_data_state *state, const Caffe__ImageDataParameter *param,
                                 lungo_datum *datum) {
    const lungo_image_line *line = &state->list->lines[state->next];
    lungo_buffer_clear(&state->path);
    lungo_buffer_printf(&state->path, "%s%s", param->root_folder, line->path);
    if (state->path.failed) return lungo_fail_memory("a path", state->path.length);
    *datum = (lungo_datum){.label = line->label};
    return lungo_decoder_read(&state->decoder, datum, lungo_buffer_text(&state->path),
                              param->is_color ? LUNGO_IMAGE_COLOR : LUNGO_IMAGE_GRAY,
                              (int)param->new_height, (int)param->new_width);
}

static lungo_status trail_line(const image_data_state *state,
                               const Caffe__ImageDataParameter *param) {
    return lungo_trail("in line %u of the list '%s'", state->list->lines[state->next].number,
                       param->source);
}

static void advance(image_data_state *state, const Caffe__ImageDataParameter *param) {
    if (++state->next < state->list->count) return;
    state->next = 0;
    state->passes++;
    if (param->shuffle) lungo_image_list_mix(state->list, &state->shuffler);
}

/* Words are drawn in the order of the list; what follows them is the work of a decoder. */
static lungo_status read_item(image_data_state *state, const Caffe__ImageDataParameter *param,
                              lungo_batch *batch, int index) {
    lungo_datum datum;
    lungo_transform_words words = lungo_transform_draw(&state->feed.transform);
    if (read_picture(state, param, &datum) ||
        lungo_batch_put(batch, index, state->feed.batch_size, &state->feed.transform, words,
                        &datum))
        return trail_line(state, param);
    advance(state, param);
    return LUNGO_OK;
}

/* The order of a pass follows from the seed and the number of passes before it. */
static lungo_status write_state(const image_data_state *state, lungo_writer *writer) {
    lungo_buffer_clear(writer);
    lungo_write_rng(writer, &state->feed.transform.rng);
    lungo_write_u64(writer, state->seed);
    lungo_write_u64(writer, state->passes);
    lungo_write_u64(writer, state->next);
    return writer->failed ? lungo_fail_memory("a reader's state", writer->length) : LUNGO_OK;
}

/* The order of the list in the pass number `passes`. */
static void order_list(image_data_state *state, bool shuffled) {
    lungo_image_list_sort(state->list);
    lungo_rng_seed(&state->shuffler, state->seed);
    for (uint64_t i = 0; shuffled && i <= state->passes; i++)
        lungo_image_list_mix(state->list, &state->shuffler);
}

static lungo_status read_state(image_data_state *state, const Caffe__ImageDataParameter *param,
                               lungo_reader *reader) {
    enum { MOST_PASSES = 1 << 20 };
    uint64_t seed, next;
    LUNGO_TRY(lungo_read_rng(reader, &state->feed.transform.rng));
    LUNGO_TRY(lungo_read_u64(reader, &seed));
    LUNGO_TRY(lungo_read_u64(reader, &state->passes));
    LUNGO_TRY(lungo_read_u64(reader, &next));
    if (next >= state->list->count)
        return lungo_fail(LUNGO_ERR_DATA,
                          "the list '%s' has changed: expected more than %llu lines, got %zu",
                          param->source, (unsigned long long)next, state->list->count);
    if (state->passes > MOST_PASSES)
        return lungo_fail(LUNGO_ERR_FORMAT, "saved state: expected at most %d passes, got %llu",
                          MOST_PASSES, (unsigned long long)state->passes);
    state->seed = (uint32_t)seed;
    state->next = (size_t)next;
    order_list(state, param->shuffle);
    return LUNGO_OK;
}

static lungo_status fill_batch(void *user, lungo_batch *batch) {
    const lungo_layer *layer = user;
    image_data_state *state = layer->state;
    for (int i = 0; i < state->feed.batch_size; i++)
        LUNGO_TRY(read_item(state, layer->param->image_data_param, batch, i));
    return write_state(state, &batch->state);
}

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
    return LUNGO_OK;
}

static lungo_status open_source(lungo_layer *layer) {
    image_data_state *state = layer->state;
    const Caffe__ImageDataParameter *param = layer->param->image_data_param;
    LUNGO_TRY(check_settings(&state->feed, layer));
    lungo_log_info("image_data_layer.cpp", 38, "Opening file %s", param->source);
    LUNGO_TRY(lungo_image_list_open(&state->list, param->source));
    lungo_log_info("image_data_layer.cpp", 63, "A total of %zu images.", state->list->count);
    return LUNGO_OK;
}

/* Draws nothing, so that the shape is that of the first picture of the list; pictures of different
 * shapes reshape the net as they come. */
static lungo_status setup(lungo_layer *layer) {
    image_data_state *state = layer->state;
    lungo_feed *feed = &state->feed;
    const Caffe__ImageDataParameter *param = layer->param->image_data_param;
    lungo_datum datum;
    LUNGO_TRY(lungo_transform_init(&feed->transform, layer->param->transform_param, layer->phase));
    if (read_picture(state, param, &datum) ||
        lungo_transform_shape(&feed->transform, &datum, &feed->item))
        return trail_line(state, param);
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
    state->next = skip;
    return LUNGO_OK;
}

static lungo_status start(lungo_layer *layer) {
    image_data_state *state = layer->state;
    const Caffe__ImageDataParameter *param = layer->param->image_data_param;
    lungo_rng *rng = layer->host->rng;
    lungo_feed_seed_first(&state->feed, layer);
    if (param->shuffle) {
        lungo_log_info("image_data_layer.cpp", 53, "Shuffling data");
        state->seed = lungo_rng_word(rng);
    }
    order_list(state, param->shuffle);
    if (param->rand_skip) LUNGO_TRY(skip_some(state, param->rand_skip, rng));
    lungo_feed_seed(&state->feed, layer);
    LUNGO_TRY(write_state(state, &state->feed.consumed));
    return lungo_feed_start(&state->feed, layer, fill_batch);
}

static lungo_status reshape(lungo_layer *layer) {
    return lungo_feed_reshape(&((image_data_state *)layer->state)->feed, layer);
}

static lungo_status forward(lungo_layer *layer) {
    return lungo_feed_forward(&((image_data_state *)layer->state)->feed, layer);
}

static lungo_status save(const lungo_layer *layer, lungo_writer *writer) {
    return lungo_feed_save(&((const image_data_state *)layer->state)->feed, writer);
}

static lungo_status load(lungo_layer *layer, lungo_reader *reader) {
    image_data_state *state = layer->state;
    lungo_feed_stop(&state->feed);
    LUNGO_TRY(read_state(state, layer->param->image_data_param, reader));
    LUNGO_TRY(write_state(state, &state->feed.consumed));
    return lungo_feed_start(&state->feed, layer, fill_batch);
}

static void release(lungo_layer *layer) {
    image_data_state *state = layer->state;
    lungo_feed_dispose(&state->feed);
    lungo_image_list_free(state->list);
    lungo_decoder_dispose(&state->decoder);
    lungo_buffer_dispose(&state->path);
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
    .reshape = reshape,
    .forward = forward,
    .save = save,
    .load = load,
    .release = release,
};
