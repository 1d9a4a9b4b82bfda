/* WindowData: batches of windows cut out of pictures and warped to squares, for detection.
 *
 *   top[0]     data   (N, 3, S, S)   S = transform_param.crop_size
 *   top[1]     label  (N)            0 for background windows
 *
 * The first N - floor(N fg_fraction) items are drawn from the background windows of the file, the
 * others from the foreground ones. A window is widened so that after warping there are context_pad
 * pixels around it, and with crop_mode "square" made square first; what then lies outside of the
 * picture is 0, after mean and scale. mean, mirror and crop_size are transform_param's, scale is
 * window_data_param's.
 *
 * Unlike Caffe, without a scale of its own the layer takes that of transform_param, where the
 * upgrade of V1 nets puts it: Caffe loses it there. Windows are checked: one that leaves its
 * picture, with nothing to widen it, is an error that names its line.
 *
 * Example:
 *
 *   layer {
 *     name: "data" type: "WindowData" top: "data" top: "label"
 *     transform_param { crop_size: 7 mirror: true mean_value: 127.5 }
 *     window_data_param {
 *       source: "windows.txt" root_folder: "pictures/" batch_size: 4 fg_fraction: 0.25
 *       context_pad: 1 crop_mode: "square"
 *     }
 *   }
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/image_format.h"
#include "data/window_list.h"
#include "layers/data/feed.h"

typedef struct picture_file {
    char *bytes;
    size_t size;
} picture_file;

typedef struct window_data_state {
    lungo_feed feed;
    lungo_window_list list;
    picture_file *cache; /* of the list's images; NULL unless cache_images */
    float scale;
    bool square;
    lungo_rng rng; /* the reader's, once it runs */
} window_data_state;

/* One thread's. */
typedef struct window_data_task {
    const lungo_window *window;
    bool mirror;
    lungo_image picture, cut, warped;
    lungo_buffer path;
} window_data_task;

static void release_task(void *argument) {
    window_data_task *task = argument;
    lungo_image_dispose(&task->picture);
    lungo_image_dispose(&task->cut);
    lungo_image_dispose(&task->warped);
    lungo_buffer_dispose(&task->path);
}

/* ---- from a window to a place in the crop ---- */

/* The part of the window inside the picture, and where it goes in the crop. */
typedef struct placement {
    int x1, y1, x2, y2;
    int left, top, width, height;
} placement;

/* The region around a window's centre that `context` times its size (a square's: of the longer
 * side) covers. Floats, as in Caffe. */
static placement widen(const lungo_window *window, bool square, float context) {
    float half_height = (float)(window->y2 - window->y1 + 1) / 2.0f;
    float half_width = (float)(window->x2 - window->x1 + 1) / 2.0f;
    float x = (float)window->x1 + half_width, y = (float)window->y1 + half_height;
    if (square && half_height > half_width)
        half_width = half_height;
    else if (square)
        half_height = half_width;
    return (placement){.x1 = (int)roundf(x - half_width * context),
                       .y1 = (int)roundf(y - half_height * context),
                       .x2 = (int)roundf(x + half_width * context),
                       .y2 = (int)roundf(y + half_height * context)};
}

static int at_least_zero(int value) {
    return value > 0 ? value : 0;
}

static int scaled(int length, float scale) {
    return (int)roundf((float)length * scale);
}

/* Cuts the region at the picture's edges; its place shrinks in proportion. */
static placement clip(placement region, const lungo_image *picture, int crop, bool mirror) {
    int left = at_least_zero(-region.x1), right = at_least_zero(region.x2 - picture->width + 1);
    int top = at_least_zero(-region.y1), bottom = at_least_zero(region.y2 - picture->height + 1);
    float scale_x = (float)crop / (float)(region.x2 - region.x1 + 1);
    float scale_y = (float)crop / (float)(region.y2 - region.y1 + 1);
    placement place = {
        region.x1 + left, region.y1 + top, region.x2 - right, region.y2 - bottom, 0, 0, 0, 0};
    place.left = scaled(mirror ? right : left, scale_x);
    place.top = scaled(top, scale_y);
    place.width = scaled(place.x2 - place.x1 + 1, scale_x);
    place.height = scaled(place.y2 - place.y1 + 1, scale_y);
    if (place.left + place.width > crop) place.width = crop - place.left;
    if (place.top + place.height > crop) place.height = crop - place.top;
    return place;
}

static lungo_status find_place(placement *place, const window_data_state *state,
                               const Caffe__WindowDataParameter *param,
                               const window_data_task *task) {
    int crop = state->feed.item.dim[1];
    const lungo_image *picture = &task->picture;
    const lungo_window *window = task->window;
    *place = (placement){window->x1, window->y1, window->x2, window->y2, 0, 0, crop, crop};
    if (param->context_pad > 0 || state->square) {
        float context = (float)crop / (float)(crop - 2 * (int)param->context_pad);
        *place = clip(widen(window, state->square, context), picture, crop, task->mirror);
    }
    if (place->x1 >= 0 && place->y1 >= 0 && place->x2 < picture->width &&
        place->y2 < picture->height && place->x1 <= place->x2 && place->y1 <= place->y2)
        return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_DATA,
                      "expected a window inside its picture of %dx%d (height, width), got x %d to "
                      "%d, y %d to %d",
                      picture->height, picture->width, window->x1, window->x2, window->y1,
                      window->y2);
}

/* ---- pixels ---- */

static lungo_status cut_out(lungo_image *cut, const lungo_image *picture, const placement *place) {
    int height = place->y2 - place->y1 + 1, width = place->x2 - place->x1 + 1;
    size_t pixel = (size_t)picture->channels;
    LUNGO_TRY(lungo_image_shape(cut, picture->channels, height, width));
    for (int y = 0; y < height; y++)
        memcpy(lungo_image_row(cut, y),
               lungo_image_row(picture, place->y1 + y) + (size_t)place->x1 * pixel,
               (size_t)width * pixel);
    return LUNGO_OK;
}

/* What is subtracted at a place of the crop: mean files are centred on it. */
static float mean_at(const lungo_transform *transform, int channel, int y, int x, int crop) {
    const int *dim = transform->mean_dim;
    size_t means = transform->param->n_mean_value;
    if (!transform->mean)
        return means ? transform->param->mean_value[means > 1 ? channel : 0] : 0.0f;
    int offset = (dim[2] - crop) / 2;
    size_t row = (size_t)channel * (size_t)dim[1] + (size_t)(y + offset);
    return transform->mean[row * (size_t)dim[2] + (size_t)(x + offset)];
}

static void paint(const window_data_state *state, const window_data_task *task,
                  const placement *place, float *values) {
    const lungo_image *warped = &task->warped;
    int crop = state->feed.item.dim[1];
    for (int y = 0; y < warped->height; y++)
        for (int x = 0; x < warped->width; x++)
            for (int c = 0; c < warped->channels; c++) {
                int from = task->mirror ? warped->width - 1 - x : x;
                int row = y + place->top, column = x + place->left;
                float pixel = warped->pixels[(y * warped->width + from) * warped->channels + c];
                values[(c * crop + row) * crop + column] =
                    (pixel - mean_at(&state->feed.transform, c, row, column, crop)) * state->scale;
            }
}

/* ---- the source ---- */

static lungo_status trail_window(const lungo_layer *layer, const window_data_task *task) {
    return lungo_trail("in line %u of the window file '%s'", task->window->line,
                       layer->param->window_data_param->source);
}

static const char *path_of(lungo_buffer *path, const lungo_layer *layer, size_t image) {
    const window_data_state *state = layer->state;
    lungo_buffer_clear(path);
    lungo_buffer_printf(path, "%s%s", layer->param->window_data_param->root_folder,
                        state->list.paths[image]);
    return lungo_buffer_text(path);
}

static int foreground_count(const lungo_layer *layer) {
    const Caffe__WindowDataParameter *param = layer->param->window_data_param;
    return (int)((float)param->batch_size * param->fg_fraction);
}

static lungo_status next_window(void *user, void *argument, int index) {
    const lungo_layer *layer = user;
    window_data_state *state = layer->state;
    window_data_task *task = argument;
    int background = state->feed.batch_size - foreground_count(layer);
    const lungo_window_set *set = &state->list.sets[index >= background];
    task->window = &set->windows[lungo_rng_word(&state->rng) % set->count];
    task->mirror = layer->param->transform_param->mirror && lungo_rng_word(&state->rng) % 2;
    return LUNGO_OK;
}

static lungo_status read_picture(const lungo_layer *layer, window_data_task *task) {
    const window_data_state *state = layer->state;
    size_t image = task->window->image;
    const char *path = path_of(&task->path, layer, image);
    if (!state->cache) return lungo_image_read(&task->picture, path, LUNGO_IMAGE_COLOR);
    const picture_file *file = &state->cache[image];
    return lungo_image_decode(&task->picture, file->bytes, file->size, LUNGO_IMAGE_COLOR, path);
}

static lungo_status decode(void *user, void *argument) {
    return read_picture(user, argument) ? trail_window(user, argument) : LUNGO_OK;
}

static lungo_status paint_window(const lungo_layer *layer, window_data_task *task, float *values) {
    const window_data_state *state = layer->state;
    placement place;
    memset(values, 0, lungo_shape_count(&state->feed.item) * sizeof *values);
    LUNGO_TRY(find_place(&place, state, layer->param->window_data_param, task));
    if (place.width < 1 || place.height < 1) return LUNGO_OK; /* all of it is padding */
    LUNGO_TRY(cut_out(&task->cut, &task->picture, &place));
    LUNGO_TRY(lungo_image_resize(&task->warped, &task->cut, place.height, place.width));
    paint(state, task, &place, values);
    return LUNGO_OK;
}

static lungo_status put(void *user, void *argument, lungo_place *place) {
    const lungo_layer *layer = user;
    const window_data_state *state = layer->state;
    window_data_task *task = argument;
    float *values, *label;
    LUNGO_TRY(lungo_place_claim(place, &state->feed.item, &state->feed.label, &values, &label));
    *label = (float)task->window->label;
    return paint_window(layer, task, values) ? trail_window(layer, task) : LUNGO_OK;
}

static lungo_status save_source(void *user, lungo_writer *writer) {
    const window_data_state *state = ((const lungo_layer *)user)->state;
    lungo_write_rng(writer, &state->rng);
    return writer->failed ? lungo_fail_memory("a reader's state", sizeof state->rng) : LUNGO_OK;
}

static const lungo_source source = {
    sizeof(window_data_task), release_task, next_window, decode, put, save_source};

/* ---- the layer ---- */

static lungo_status check_settings(lungo_layer *layer) {
    window_data_state *state = layer->state;
    const Caffe__WindowDataParameter *param = layer->param->window_data_param;
    uint32_t crop = layer->param->transform_param->crop_size;
    LUNGO_TRY(lungo_feed_check(&state->feed, layer, "window_data_param", param->batch_size,
                               param->source));
    if (layer->param->transform_param->has_crop_h || layer->param->transform_param->has_crop_w)
        return lungo_fail(LUNGO_ERR_CONFIG, "transform_param: windows are warped to squares: "
                                            "expected crop_size, got crop_h and crop_w");
    state->square = !strcmp(param->crop_mode, "square");
    if (!state->square && strcmp(param->crop_mode, "warp"))
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "window_data_param.crop_mode: expected \"warp\" or \"square\", got \"%s\"",
            param->crop_mode);
    if (crop < 1 || crop > 1 << 14 || param->context_pad >= (crop + 1) / 2)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "transform_param.crop_size: expected 1 to 16384 and more than twice "
                          "context_pad (%u), got %u",
                          param->context_pad, crop);
    if (!(param->fg_fraction >= 0 && param->fg_fraction <= 1))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "window_data_param.fg_fraction: expected 0 to 1, got %g",
                          (double)param->fg_fraction);
    state->feed.item = LUNGO_SHAPE(3, (int)crop, (int)crop);
    state->scale = param->has_scale ? param->scale : layer->param->transform_param->scale;
    return LUNGO_OK;
}

static lungo_status check_sets(const lungo_layer *layer) {
    const window_data_state *state = layer->state;
    static const char *const names[] = {"background", "foreground"};
    int foreground = foreground_count(layer);
    int wanted[2] = {state->feed.batch_size - foreground, foreground};
    for (int i = 0; i < 2; i++)
        if (wanted[i] > 0 && state->list.sets[i].count == 0)
            return lungo_fail(LUNGO_ERR_DATA,
                              "the window file '%s': expected %s windows for %d items of each "
                              "batch, got none",
                              layer->param->window_data_param->source, names[i], wanted[i]);
    return LUNGO_OK;
}

static lungo_status fill_cache(lungo_layer *layer) {
    window_data_state *state = layer->state;
    state->cache = calloc(state->list.image_count, sizeof *state->cache);
    if (!state->cache) return lungo_fail_memory("cached pictures", state->list.image_count);
    lungo_buffer path = {0};
    lungo_status status = LUNGO_OK;
    for (size_t i = 0; i < state->list.image_count && !status; i++)
        status = lungo_file_read(&state->cache[i].bytes, &state->cache[i].size,
                                 path_of(&path, layer, i));
    lungo_buffer_dispose(&path);
    return status;
}

static lungo_status open_source(lungo_layer *layer) {
    window_data_state *state = layer->state;
    const Caffe__WindowDataParameter *param = layer->param->window_data_param;
    LUNGO_TRY(check_settings(layer));
    LUNGO_TRY(lungo_window_list_read(&state->list, param->source, param->fg_threshold,
                                     param->bg_threshold));
    lungo_log_info("window_data_layer.cpp", 157, "Number of images: %zu", state->list.image_count);
    LUNGO_TRY(check_sets(layer));
    return param->cache_images ? fill_cache(layer) : LUNGO_OK;
}

/* A mean file covers the crop from its offset on, which Caffe takes from the width alone. */
static lungo_status check_mean(const window_data_state *state) {
    const lungo_transform *transform = &state->feed.transform;
    const int *dim = transform->mean_dim, crop = state->feed.item.dim[1];
    size_t means = transform->param->n_mean_value;
    if (means > 1 && means != 3)
        return lungo_fail(LUNGO_ERR_CONFIG, "mean_value: expected 1 or 3, got %zu", means);
    if (!transform->mean || (dim[0] == 3 && dim[2] >= crop && dim[1] >= (dim[2] - crop) / 2 + crop))
        return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "mean_file '%s': expected a square of 3 channels, not smaller than the "
                      "crop_size %d, got %dx%dx%d",
                      transform->param->mean_file, crop, dim[0], dim[1], dim[2]);
}

static lungo_status setup(lungo_layer *layer) {
    window_data_state *state = layer->state;
    LUNGO_TRY(
        lungo_transform_init(&state->feed.transform, layer->param->transform_param, layer->phase));
    LUNGO_TRY(check_mean(state));
    const int *dim = state->feed.item.dim;
    lungo_log_info("window_data_layer.cpp", 180, "output data size: %d,%d,%d,%d",
                   state->feed.batch_size, dim[0], dim[1], dim[2]);
    return LUNGO_OK;
}

static lungo_status start(lungo_layer *layer) {
    window_data_state *state = layer->state;
    lungo_feed_seed_first(&state->feed, layer);
    lungo_rng_seed(&state->rng, lungo_rng_word(layer->host->rng));
    lungo_feed_seed(&state->feed, layer);
    return lungo_feed_start(&state->feed, layer, &source, true);
}

static lungo_status load(lungo_layer *layer, lungo_reader *reader) {
    window_data_state *state = layer->state;
    lungo_feed_stop(&state->feed);
    LUNGO_TRY(lungo_read_rng(reader, &state->rng));
    return lungo_feed_start(&state->feed, layer, &source, true);
}

static lungo_identity identify(const lungo_layer *layer) {
    const lungo_window_list *list = &((const window_data_state *)layer->state)->list;
    const char *first = list->paths[0], *last = list->paths[list->image_count - 1];
    return (lungo_identity){.path = layer->param->window_data_param->source,
                            .counted = true,
                            .count = list->sets[0].count + list->sets[1].count,
                            .first = {first, strlen(first)},
                            .last = {last, strlen(last)}};
}

static void release(lungo_layer *layer) {
    window_data_state *state = layer->state;
    lungo_feed_dispose(&state->feed);
    for (size_t i = 0; state->cache && i < state->list.image_count; i++)
        free(state->cache[i].bytes);
    free(state->cache);
    lungo_window_list_dispose(&state->list);
}

const lungo_layer_type lungo_layer_window_data = {
    .name = "WindowData",
    .brief = "Batches of windows cut out of pictures and warped to squares, for detection.",
    .family = "data",
    .params = {"window_data_param", "transform_param", "data_param"},
    .state_size = sizeof(window_data_state),
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
