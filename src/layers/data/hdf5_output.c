/* HDF5Output: writes two bottoms to an HDF5 file.
 *
 *   bottom[0]  (N, ...)   rows for the dataset "data"
 *   bottom[1]  (N, ...)   rows for the dataset "label"
 *
 * Rows are written with four axes, as in Caffe: num, channels, height, width, with 1 for those that
 * a bottom lacks (one of more than four keeps its own). The first forward makes the file anew, in
 * place of one that was there. The file is whole and closed after each forward; when the process is
 * killed while it appends, the file may be damaged.
 *
 * Unlike Caffe, which ends at the second forward because the datasets exist, each later forward
 * appends its rows.
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
#include "base/file.h"
#include "layer/layer.h"
#include "store/hdf5.h"

typedef struct hdf5_output_state {
    bool begun;
} hdf5_output_state;

static lungo_status setup(lungo_layer *layer) {
    const char *name = layer->param->hdf5_output_param->file_name;
    if (name && *name) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "hdf5_output_param.file_name: expected a path to write to, got none");
}

/* What cannot be written shows before the first batch is computed. */
static lungo_status start(lungo_layer *layer) {
    lungo_file_writer *probe;
    LUNGO_TRY(lungo_hdf5_check());
    LUNGO_TRY(lungo_file_writer_open(&probe, layer->param->hdf5_output_param->file_name));
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

static lungo_status append(lungo_hdf5_writer *file, const char *dataset, const lungo_blob *blob) {
    lungo_shape shape = blob->shape;
    for (; shape.axes < 4; shape.axes++)
        shape.dim[shape.axes] = 1;
    return lungo_hdf5_append(file, dataset, &shape, lungo_data(blob));
}

static lungo_status write_batch(const lungo_layer *layer, const char *path) {
    hdf5_output_state *state = layer->state;
    lungo_hdf5_writer *file;
    LUNGO_TRY(state->begun ? lungo_hdf5_extend(&file, path) : lungo_hdf5_create(&file, path));
    lungo_status status = append(file, "data", layer->bottoms[0]);
    if (!status) status = append(file, "label", layer->bottoms[1]);
    if (status) {
        lungo_hdf5_abandon(file);
        return status;
    }
    LUNGO_TRY(lungo_hdf5_commit(file));
    state->begun = true;
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    const char *path = layer->param->hdf5_output_param->file_name;
    lungo_log_info("hdf5_output_layer.cpp", 33, "Saving HDF5 file %s", path);
    if (write_batch(layer, path)) return lungo_trail("while writing HDF5 file '%s'", path);
    lungo_log_info("hdf5_output_layer.cpp", 38, "Successfully saved %d rows",
                   lungo_shape_legacy(&layer->bottoms[0]->shape, 0));
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
};
