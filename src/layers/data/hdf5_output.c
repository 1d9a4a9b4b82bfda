/* HDF5Output: writes two bottoms to an HDF5 file.
 *
 *   bottom[0]  (N, ...)   rows for the dataset "data"
 *   bottom[1]  (N, ...)   rows for the dataset "label"
 *
 * Rows are written with four axes, as in Caffe: num, channels, height, width, with 1 for those that
 * a bottom lacks (one of more than four keeps its own). The first forward makes the file anew, in
 * place of one that was there. The file is whole and closed after each forward. A disk that is full
 * leaves it as it was; a process that is killed while it appends, or a machine that fails then, may
 * leave it damaged.
 *
 * Unlike Caffe, which ends at the second forward because the datasets exist, each later forward
 * appends its rows. A training that is resumed goes on in the file that is there: before its first
 * forward the file is cut back to the rows of the snapshot. It has to have them: a file that has
 * not is an error. If there is none, which is warned of, one is begun with the rows that follow.
 *
 * Example:
 *
 *   # x: 4 10
 *   # label: 4
 *   layer {
 *     name: "save" type: "HDF5Output" bottom: "x" bottom: "label"
 *     hdf5_output_param { file_name: "features.h5" }
 *   }
 */
#include <inttypes.h>
#include <limits.h>

#include "base/file.h"
#include "layer/layer.h"
#include "store/hdf5.h"

static const char *const datasets[] = {"data", "label", NULL};

typedef struct hdf5_output_state {
    uint64_t rows; /* that the file holds; 0: it is not begun */
    bool uncut;    /* it may hold more, of a run behind the snapshot or of a forward that failed */
} hdf5_output_state;

static const char *path_of(const lungo_layer *layer) {
    return layer->param->hdf5_output_param->file_name;
}

static lungo_status setup(lungo_layer *layer) {
    const char *path = path_of(layer);
    if (path && *path) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "hdf5_output_param.file_name: expected a path to write to, got none");
}

/* What cannot be written shows before the first batch is computed. A run that was killed may have
 * left the beginning of a file. */
static lungo_status start(lungo_layer *layer) {
    lungo_file_writer *probe;
    LUNGO_TRY(lungo_hdf5_check());
    lungo_file_remove_leftovers(path_of(layer));
    LUNGO_TRY(lungo_file_writer_open(&probe, path_of(layer)));
    lungo_file_writer_abandon(probe);
    return LUNGO_OK;
}

static lungo_status reshape(lungo_layer *layer) {
    for (int i = 0; i < 2; i++)
        if (layer->bottoms[i]->count == 0)
            return lungo_fail(LUNGO_ERR_CONFIG, "bottom '%s': expected values, got none (shape %s)",
                              layer->bottoms[i]->name,
                              lungo_shape_text(&layer->bottoms[i]->shape).text);
    int data = lungo_shape_legacy(&layer->bottoms[0]->shape, 0);
    int label = lungo_shape_legacy(&layer->bottoms[1]->shape, 0);
    if (data == label) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "bottoms must have equally many rows: expected %d in '%s', got %d", data,
                      layer->bottoms[1]->name, label);
}

/* ---- writing ---- */

static lungo_shape shape_in_file(const lungo_blob *blob) {
    lungo_shape shape = blob->shape;
    for (; shape.axes < 4; shape.axes++)
        shape.dim[shape.axes] = 1;
    return shape;
}

static lungo_status append(const lungo_layer *layer, lungo_hdf5_writer *file) {
    for (int i = 0; i < 2; i++) {
        const lungo_blob *blob = layer->bottoms[i];
        lungo_shape shape = shape_in_file(blob);
        LUNGO_TRY(lungo_hdf5_append(file, datasets[i], &shape, lungo_data(blob)));
    }
    return LUNGO_OK;
}

static lungo_status write_batch(const lungo_layer *layer) {
    const hdf5_output_state *state = layer->state;
    size_t values = layer->bottoms[0]->count + layer->bottoms[1]->count;
    lungo_hdf5_writer *file;
    LUNGO_TRY(state->rows ? lungo_hdf5_extend(&file, path_of(layer), values * sizeof(float))
                          : lungo_hdf5_create(&file, path_of(layer)));
    lungo_status status = append(layer, file);
    if (!status) return lungo_hdf5_commit(file);
    lungo_hdf5_abandon(file);
    return status;
}

/* ---- a file that is there already ---- */

static lungo_status check_dataset(lungo_hdf5 *file, const char *dataset, uint64_t rows,
                                  const lungo_blob *blob) {
    lungo_shape expected = shape_in_file(blob), got;
    LUNGO_TRY(lungo_hdf5_shape(&got, file, dataset));
    expected.dim[0] = got.dim[0];
    if (lungo_shape_equal(&got, &expected) && (uint64_t)got.dim[0] >= rows) return LUNGO_OK;
    expected.dim[0] = (int)rows;
    return lungo_fail(LUNGO_ERR_DATA,
                      "dataset '%s': expected the rows of the run that is resumed, %s or more of "
                      "them, got %s",
                      dataset, lungo_shape_text(&expected).text, lungo_shape_text(&got).text);
}

/* The file of another run is not written to. */
static lungo_status check_file(const lungo_layer *layer, uint64_t rows) {
    lungo_hdf5 *file;
    LUNGO_TRY(lungo_hdf5_open(&file, path_of(layer)));
    lungo_status status = LUNGO_OK;
    for (int i = 0; !status && i < 2; i++)
        status = check_dataset(file, datasets[i], rows, layer->bottoms[i]);
    lungo_hdf5_close(file);
    return status;
}

static lungo_status cut_back(const lungo_layer *layer) {
    hdf5_output_state *state = layer->state;
    if (!state->uncut) return LUNGO_OK;
    LUNGO_TRY(check_file(layer, state->rows));
    LUNGO_TRY(lungo_hdf5_cut(path_of(layer), datasets, state->rows));
    state->uncut = false;
    return LUNGO_OK;
}

/* ---- */

static lungo_status forward(lungo_layer *layer) {
    hdf5_output_state *state = layer->state;
    int rows = lungo_shape_legacy(&layer->bottoms[0]->shape, 0);
    lungo_log_info("hdf5_output_layer.cpp", 33, "Saving HDF5 file %s", path_of(layer));
    lungo_status status = cut_back(layer);
    if (!status) status = write_batch(layer);
    if (status) {
        state->uncut = state->rows > 0;
        return lungo_trail("while writing HDF5 file '%s'", path_of(layer));
    }
    state->rows += (uint64_t)rows;
    lungo_log_info("hdf5_output_layer.cpp", 38, "Successfully saved %d rows", rows);
    return LUNGO_OK;
}

static lungo_status save(const lungo_layer *layer, lungo_writer *writer) {
    const hdf5_output_state *state = layer->state;
    lungo_write_u64(writer, state->rows);
    return writer->failed ? lungo_fail_memory("a number of rows", 8) : LUNGO_OK;
}

/* Nothing in the file changes before there is something to append. */
static lungo_status load(lungo_layer *layer, lungo_reader *reader) {
    hdf5_output_state *state = layer->state;
    uint64_t rows;
    LUNGO_TRY(lungo_read_u64(reader, &rows));
    if (rows > INT_MAX)
        return lungo_fail(LUNGO_ERR_FORMAT, "expected at most %d rows, got %" PRIu64, INT_MAX,
                          rows);
    if (rows > 0 && !lungo_file_exists(path_of(layer))) {
        lungo_warn("layer '%s' (HDF5Output): expected the file '%s' with the %" PRIu64
                   " rows that were written before the snapshot, got none: it begins anew, with "
                   "the rows that follow",
                   layer->name, path_of(layer), rows);
        rows = 0;
    }
    if (rows > 0 && check_file(layer, rows))
        return lungo_trail("in the file '%s', to which rows are to be appended: put back the one "
                           "that belongs to the snapshot, or move this one away",
                           path_of(layer));
    *state = (hdf5_output_state){.rows = rows, .uncut = rows > 0};
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_hdf5_output = {
    .name = "HDF5Output",
    .brief = "Writes two bottoms to an HDF5 file, batch after batch.",
    .family = "data",
    .params = {"hdf5_output_param"},
    .state_size = sizeof(hdf5_output_state),
    .bottoms = {2, 2},
    .tops = {0, 0},
    .flags = LUNGO_ONCE,
    .setup = setup,
    .start = start,
    .reshape = reshape,
    .forward = forward,
    .save = save,
    .load = load,
};
