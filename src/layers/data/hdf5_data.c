/* HDF5Data: batches of rows from HDF5 files, file after file, round and round.
 *
 *   top[i]   (N, ...)   the next N = batch_size rows of the dataset that has the top's name, in the
 *                       shape that they have there
 *
 * `source` is a text file with the paths of the HDF5 files, separated by blanks or line ends (a
 * path with a blank in it cannot be listed). The datasets of a file have equally many rows, and all
 * files have rows of the same shapes; numbers of any type become float. One file at a time is in
 * memory. A batch goes on in the next file where one ends. A transform_param is refused. With
 * `shuffle` the files are in a new order in each round, and the rows in a new order each time that
 * a file is begun. Of several workers that train on the same data, each takes the rows whose
 * number, counted from the start, leaves its rank when divided by the number of workers.
 *
 * Unlike Caffe, whose shuffle no seed governs, random_seed decides the orders: the k-th is drawn
 * from a generator seeded with k more than the word that the solver's generator would give next.
 * That word is not taken, so that other layers draw what they draw in Caffe. And all files must
 * have rows of the same shapes, where Caffe reads on in the wrong places.
 *
 * Example:
 *
 *   layer {
 *     name: "data" type: "HDF5Data" top: "data" top: "label"
 *     hdf5_data_param { source: "train_list.txt" batch_size: 4 shuffle: true }
 *   }
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "layer/layer.h"
#include "store/hdf5.h"

typedef struct hdf5_top {
    lungo_shape item; /* of a row */
    float *values;    /* of the file at hand */
    size_t capacity;
} hdf5_top;

typedef struct hdf5_data_state {
    size_t file_count;
    const char **files;
    hdf5_top *tops;
    uint32_t *file_order, *row_order;
    size_t row_count; /* of the file at hand; 0: none is */
    bool shaped;      /* the items' shapes are known */
    /* Where it stands, which is all that a resumed run needs. */
    uint64_t seed, visit; /* visit: files begun before this one, over all rounds */
    size_t row;           /* the next one's place in row_order */
    uint64_t passed;      /* rows gone by since the beginning */
} hdf5_data_state;

/* ---- the list ---- */

static size_t count_words(const char *text) {
    static const char blanks[] = " \t\r\n\v\f";
    size_t count = 0;
    for (text += strspn(text, blanks); *text; text += strspn(text, blanks), count++)
        text += strcspn(text, blanks);
    return count;
}

static lungo_status keep_list(lungo_layer *layer, char *text) {
    static const char blanks[] = " \t\r\n\v\f";
    hdf5_data_state *state = layer->state;
    char *rest;
    size_t count = count_words(text);
    if (count == 0) return lungo_fail(LUNGO_ERR_DATA, "expected paths of HDF5 files, got none");
    state->files = lungo_arena_array(layer->host->arena, count, sizeof *state->files);
    state->file_order = lungo_arena_array(layer->host->arena, count, sizeof *state->file_order);
    if (!state->files || !state->file_order) return lungo_fail_memory("a list of files", count);
    for (char *word = strtok_r(text, blanks, &rest); word; word = strtok_r(NULL, blanks, &rest)) {
        const char *file = lungo_arena_string(layer->host->arena, word);
        if (!file) return lungo_fail_memory("a file name", strlen(word));
        if (!lungo_file_exists(file)) return lungo_fail_errno("open", file);
        state->files[state->file_count++] = file;
    }
    return LUNGO_OK;
}

static lungo_status read_list(lungo_layer *layer) {
    const char *source = layer->param->hdf5_data_param->source;
    char *text;
    size_t length;
    if (!source || !*source)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "hdf5_data_param.source: expected a text file that lists HDF5 files, got "
                          "none");
    lungo_log_info("hdf5_data_layer.cpp", 81, "Loading list of HDF5 filenames from: %s", source);
    LUNGO_TRY(lungo_file_read(&text, &length, source));
    lungo_status status = keep_list(layer, text);
    free(text);
    if (status) return lungo_trail("in the list '%s'", source);
    lungo_log_info("hdf5_data_layer.cpp", 95, "Number of HDF5 files: %zu",
                   ((hdf5_data_state *)layer->state)->file_count);
    return LUNGO_OK;
}

/* ---- one file ---- */

static lungo_status refuse_dataset(const lungo_layer *layer, int i, const char *file,
                                   const char *expected, const lungo_shape *got) {
    return lungo_fail(LUNGO_ERR_DATA, "HDF5 file '%s': dataset '%s': expected %s, got shape %s",
                      file, layer->tops[i]->name, expected, lungo_shape_text(got).text);
}

/* The rows that all datasets have. The first file that is looked at decides how rows are shaped. */
static lungo_status look_at_file(const lungo_layer *layer, lungo_hdf5 *file, size_t *rows) {
    const hdf5_data_state *state = layer->state;
    const char *path = lungo_hdf5_path(file);
    for (int i = 0; i < layer->top_count; i++) {
        lungo_shape shape, item = {0}, *first = &state->tops[i].item;
        LUNGO_TRY(lungo_hdf5_shape(&shape, file, layer->tops[i]->name));
        if (shape.axes < 1 || shape.dim[0] < 1)
            return refuse_dataset(layer, i, path, "rows", &shape);
        item.axes = shape.axes - 1;
        memcpy(item.dim, shape.dim + 1, (size_t)item.axes * sizeof item.dim[0]);
        if (i == 0) *rows = (size_t)shape.dim[0];
        if ((size_t)shape.dim[0] != *rows)
            return lungo_fail(LUNGO_ERR_DATA,
                              "HDF5 file '%s': dataset '%s': expected %zu rows, as dataset '%s' "
                              "has, got %d (shape %s)",
                              path, layer->tops[i]->name, *rows, layer->tops[0]->name, shape.dim[0],
                              lungo_shape_text(&shape).text);
        LUNGO_TRY(lungo_shape_check(&item));
        if (!state->shaped) *first = item;
        if (!lungo_shape_equal(first, &item))
            return lungo_fail(
                LUNGO_ERR_DATA,
                "HDF5 file '%s': dataset '%s': expected rows of shape %s, as in '%s', "
                "got %s",
                path, layer->tops[i]->name, lungo_shape_text(first).text, state->files[0],
                lungo_shape_text(&item).text);
    }
    return LUNGO_OK;
}

/* A name that is not there is most often a top that is not called like the dataset. */
static lungo_status name_datasets(lungo_hdf5 *file) {
    lungo_arena arena = {0};
    lungo_buffer names = {0};
    lungo_hdf5_entry *entries;
    size_t count = 0;
    lungo_held_error held;
    lungo_error_hold(&held);
    if (lungo_hdf5_list(&entries, &count, &arena, file, "/") == LUNGO_OK)
        for (size_t i = 0; i < count && i < 20; i++)
            lungo_buffer_printf(&names, "%s'%s'", i ? ", " : "", entries[i].name);
    lungo_error_raise(&held);
    lungo_status code = lungo_trail("each top takes the dataset of its name; the file has %s",
                                    count ? lungo_buffer_text(&names) : "nothing");
    lungo_buffer_dispose(&names);
    lungo_arena_dispose(&arena);
    return code;
}

static lungo_status read_rows(const lungo_layer *layer, lungo_hdf5 *file, size_t rows) {
    hdf5_data_state *state = layer->state;
    for (int i = 0; i < layer->top_count; i++) {
        hdf5_top *top = &state->tops[i];
        size_t values = rows * lungo_shape_count(&top->item); /* both below 2^31 */
        if (values > top->capacity) {
            lungo_free_floats(top->values);
            top->capacity = 0;
            top->values = lungo_new_floats(values);
            if (!top->values)
                return lungo_fail_memory("an HDF5 file's rows", values * sizeof(float));
            top->capacity = values;
        }
        LUNGO_TRY(lungo_hdf5_read(file, layer->tops[i]->name, top->values, values));
    }
    return LUNGO_OK;
}

static lungo_status load_file(const lungo_layer *layer, const char *path) {
    hdf5_data_state *state = layer->state;
    lungo_hdf5 *file;
    size_t rows = 0;
    state->row_count = 0;
    LUNGO_TRY(lungo_hdf5_open(&file, path));
    lungo_status status = look_at_file(layer, file, &rows);
    if (!status) status = read_rows(layer, file, rows);
    lungo_hdf5_close(file);
    LUNGO_TRY(status);
    uint32_t *order = reallocarray(state->row_order, rows, sizeof *order);
    if (!order) return lungo_fail_memory("an order of rows", rows * sizeof *order);
    state->row_order = order;
    state->row_count = rows;
    return LUNGO_OK;
}

/* ---- orders ---- */

static void draw_order(const lungo_layer *layer, uint32_t *order, size_t count, uint64_t number) {
    const hdf5_data_state *state = layer->state;
    lungo_rng rng;
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    if (!layer->param->hdf5_data_param->shuffle) return;
    lungo_rng_seed(&rng, (uint32_t)(state->seed + number));
    lungo_rng_shuffle(&rng, order, count, sizeof *order);
}

/* Orders of files have even numbers, those of rows odd ones. A single file stays in memory. */
static lungo_status begin_file(const lungo_layer *layer) {
    hdf5_data_state *state = layer->state;
    uint64_t round = state->visit / state->file_count;
    draw_order(layer, state->file_order, state->file_count, 2 * round);
    uint32_t index = state->file_order[state->visit % state->file_count];
    if (state->file_count > 1 || state->row_count == 0)
        LUNGO_TRY(load_file(layer, state->files[index]));
    draw_order(layer, state->row_order, state->row_count, 2 * state->visit + 1);
    return LUNGO_OK;
}

/* ---- the layer ---- */

static lungo_status check_settings(const lungo_layer *layer) {
    uint32_t batch_size = layer->param->hdf5_data_param->batch_size;
    if (layer->param->transform_param)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "layer does not transform data: expected no transform_param, got one");
    if (batch_size >= 1 && batch_size <= INT32_MAX) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG, "hdf5_data_param.batch_size: expected 1 or more, got %u",
                      batch_size);
}

static lungo_status setup(lungo_layer *layer) {
    hdf5_data_state *state = layer->state;
    lungo_hdf5 *file;
    size_t rows;
    LUNGO_TRY(check_settings(layer));
    LUNGO_TRY(read_list(layer));
    state->tops = lungo_arena_array(layer->host->arena, (size_t)layer->top_count, sizeof(hdf5_top));
    if (!state->tops) return lungo_fail_memory("a list of datasets", (size_t)layer->top_count);
    LUNGO_TRY(lungo_hdf5_open(&file, state->files[0]));
    lungo_status status = look_at_file(layer, file, &rows);
    if (status) status = name_datasets(file);
    lungo_hdf5_close(file);
    state->shaped = status == LUNGO_OK;
    return status;
}

static lungo_status reshape(lungo_layer *layer) {
    const hdf5_data_state *state = layer->state;
    for (int i = 0; i < layer->top_count; i++) {
        const lungo_shape *item = &state->tops[i].item;
        lungo_shape shape = {item->axes + 1, {(int)layer->param->hdf5_data_param->batch_size}};
        memcpy(shape.dim + 1, item->dim, (size_t)item->axes * sizeof item->dim[0]);
        LUNGO_TRY(lungo_blob_reshape(layer->tops[i], &shape));
    }
    return LUNGO_OK;
}

/* The seed is the word that the solver's generator would give next; a copy gives it instead. */
static lungo_status start(lungo_layer *layer) {
    hdf5_data_state *state = layer->state;
    lungo_rng copy = *layer->host->rng;
    state->seed = lungo_rng_word(&copy);
    return begin_file(layer);
}

/* After a failure the next try is for the same file: none is passed over. */
static lungo_status begin_next_file(lungo_layer *layer) {
    hdf5_data_state *state = layer->state;
    state->visit++;
    state->row = 0;
    lungo_status status = begin_file(layer);
    if (status) state->visit--;
    return status;
}

/* The next row, of those that are this worker's. */
static lungo_status find_row(lungo_layer *layer) {
    hdf5_data_state *state = layer->state;
    while (true) {
        if (state->row == state->row_count) LUNGO_TRY(begin_next_file(layer));
        if (lungo_is_own_record(layer, state->passed)) return LUNGO_OK;
        state->row++;
        state->passed++;
    }
}

static lungo_status forward(lungo_layer *layer) {
    hdf5_data_state *state = layer->state;
    size_t batch_size = layer->param->hdf5_data_param->batch_size;
    for (size_t n = 0; n < batch_size; n++) {
        LUNGO_TRY(find_row(layer));
        size_t row = state->row_order[state->row++];
        state->passed++;
        for (int i = 0; i < layer->top_count; i++) {
            size_t count = lungo_shape_count(&state->tops[i].item);
            if (count > 0)
                memcpy(lungo_data_update(layer->tops[i]) + n * count,
                       state->tops[i].values + row * count, count * sizeof(float));
        }
    }
    return LUNGO_OK;
}

static lungo_status save(const lungo_layer *layer, lungo_writer *writer) {
    const hdf5_data_state *state = layer->state;
    lungo_write_u64(writer, state->seed);
    lungo_write_u64(writer, state->visit);
    lungo_write_u64(writer, state->row);
    lungo_write_u64(writer, state->passed);
    return writer->failed ? lungo_fail_memory("a reader's state", 32) : LUNGO_OK;
}

static lungo_status load(lungo_layer *layer, lungo_reader *reader) {
    hdf5_data_state *state = layer->state;
    uint64_t row;
    LUNGO_TRY(lungo_read_u64(reader, &state->seed));
    LUNGO_TRY(lungo_read_u64(reader, &state->visit));
    LUNGO_TRY(lungo_read_u64(reader, &row));
    LUNGO_TRY(lungo_read_u64(reader, &state->passed));
    LUNGO_TRY(begin_file(layer));
    if (row > state->row_count)
        return lungo_fail(LUNGO_ERR_DATA, "HDF5 files have changed: expected %llu rows, got %zu",
                          (unsigned long long)row, state->row_count);
    state->row = (size_t)row;
    return LUNGO_OK;
}

static lungo_identity identify(const lungo_layer *layer) {
    const hdf5_data_state *state = layer->state;
    const char *first = state->files[0], *last = state->files[state->file_count - 1];
    return (lungo_identity){.path = layer->param->hdf5_data_param->source,
                            .counted = true,
                            .count = state->file_count,
                            .first = {first, strlen(first)},
                            .last = {last, strlen(last)}};
}

static void release(lungo_layer *layer) {
    hdf5_data_state *state = layer->state;
    for (int i = 0; state->tops && i < layer->top_count; i++)
        lungo_free_floats(state->tops[i].values);
    free(state->row_order);
}

const lungo_layer_type lungo_layer_hdf5_data = {
    .name = "HDF5Data",
    .brief = "Batches of rows from the datasets of HDF5 files, one dataset per top.",
    .family = "data",
    .params = {"hdf5_data_param"},
    .state_size = sizeof(hdf5_data_state),
    .bottoms = {0, 0},
    .tops = {1, -1},
    .flags = LUNGO_SOURCE,
    .setup = setup,
    .start = start,
    .reshape = reshape,
    .forward = forward,
    .save = save,
    .load = load,
    .identify = identify,
    .release = release,
};
