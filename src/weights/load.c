/* Copying learned blobs into a net, by the names of layers.
 *
 * Twice over the file: the first time everything is checked, the second time it is copied, so that
 * a file which does not fit changes nothing. (One that is written to between the two is found out,
 * but has changed some by then.) */
#include "weights/load.h"

#include <string.h>

#include "base/log.h"
#include "store/hdf5.h"
#include "weights/hdf5.h"
#include "weights/match.h"
#include "weights/model.h"

static lungo_status open_blob(lungo_stored_blob *out, const lungo_layer *layer, int j,
                              const lungo_model *model, size_t index) {
    LUNGO_TRY(lungo_model_blob(out, model, index, (size_t)j));
    if (lungo_stored_blob_fits(out, &layer->params[j].blob->shape)) return LUNGO_OK;
    return lungo_weights_refuse_shape(layer, j, &out->shape);
}

static lungo_status check_layer(const lungo_layer *layer, const lungo_model *model, size_t index) {
    size_t count = lungo_model_layer(model, index).blob_count;
    if (count != (size_t)layer->param_count) return lungo_weights_refuse_count(layer, count);
    for (int j = 0; j < layer->param_count; j++) {
        lungo_stored_blob stored;
        LUNGO_TRY(open_blob(&stored, layer, j, model, index));
        LUNGO_TRY(lungo_weights_check_memory(layer, j));
    }
    return LUNGO_OK;
}

static lungo_status check_all(const lungo_net *net, const lungo_model *model) {
    for (size_t i = 0; i < lungo_model_layer_count(model); i++) {
        const char *name = lungo_model_layer(model, i).name;
        const lungo_layer *layer = lungo_weights_find_layer(net, name);
        if (!layer)
            lungo_log_info("net.cpp", 746, "Ignoring source layer %s", name);
        else if (check_layer(layer, model, i))
            return lungo_net_trail(net, layer);
    }
    return LUNGO_OK;
}

static lungo_status copy_all(const lungo_net *net, const lungo_model *model) {
    for (size_t i = 0; i < lungo_model_layer_count(model); i++) {
        lungo_layer *layer = lungo_weights_find_layer(net, lungo_model_layer(model, i).name);
        for (int j = 0; layer && j < layer->param_count; j++) {
            lungo_stored_blob stored;
            LUNGO_TRY(open_blob(&stored, layer, j, model, i));
            LUNGO_TRY(lungo_stored_blob_data(&stored, lungo_data_overwrite(layer->params[j].blob)));
        }
    }
    return LUNGO_OK;
}

static bool has_layer(const void *model, const char *name) {
    for (size_t i = 0; i < lungo_model_layer_count(model); i++)
        if (strcmp(lungo_model_layer(model, i).name, name) == 0) return true;
    return false;
}

static lungo_status load_model(lungo_net *net, const char *path, bool whole) {
    lungo_model *model;
    LUNGO_TRY(lungo_model_open(&model, path));
    lungo_status status = check_all(net, model);
    if (!status && whole) status = lungo_weights_check_whole(net, has_layer, model);
    if (!status) status = copy_all(net, model);
    lungo_model_free(model);
    return status;
}

static lungo_status load(lungo_net *net, const char *path, bool whole) {
    bool is_hdf5;
    lungo_status status = lungo_hdf5_is_file(&is_hdf5, path);
    if (!status)
        status = is_hdf5 ? lungo_weights_load_hdf5(net, path, whole) : load_model(net, path, whole);
    return status ? lungo_trail("while loading weights from %s", path) : LUNGO_OK;
}

lungo_status lungo_net_load_weights(lungo_net *net, const char *path) {
    return load(net, path, false);
}

lungo_status lungo_weights_load_whole(lungo_net *net, const char *path) {
    return load(net, path, true);
}
