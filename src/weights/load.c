/* Copying learned blobs into a net, by the names of layers.
 *
 * Twice over the file: the first time everything is checked, the second time it is copied, so that
 * a file which does not fit changes nothing. */
#include <string.h>

#include "base/log.h"
#include "net/net.h"
#include "weights/kind.h"
#include "weights/model.h"

/* The first of this name, as in Caffe; NULL: none. */
static lungo_layer *find_layer(const lungo_net *net, const char *name) {
    for (int i = 0; i < net->layer_count; i++)
        if (strcmp(net->layers[i]->name, name) == 0) return net->layers[i];
    return NULL;
}

static lungo_status check_shape(const lungo_layer *layer, int j, const lungo_stored_blob *stored) {
    const lungo_blob *blob = layer->params[j].blob;
    if (lungo_stored_blob_fits(stored, &blob->shape)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_DATA,
                      "cannot copy param %d weights from layer '%s': shape mismatch: expected %s, "
                      "as the net has it, got %s from the file. To learn this layer's parameters "
                      "from scratch rather than copying from a saved net, rename the layer",
                      j, layer->name, lungo_shape_text(&blob->shape).text,
                      lungo_shape_text(&stored->shape).text);
}

static lungo_status check_layer(const lungo_layer *layer, const lungo_model *model, size_t index) {
    size_t count = lungo_model_layer(model, index).blob_count;
    if (count != (size_t)layer->param_count)
        return lungo_fail(LUNGO_ERR_DATA,
                          "Incompatible number of blobs for layer '%s': expected %d, as the net "
                          "has it, got %zu from the file",
                          layer->name, layer->param_count, count);
    for (int j = 0; j < layer->param_count; j++) {
        lungo_stored_blob stored;
        LUNGO_TRY(lungo_model_blob(&stored, model, index, (size_t)j));
        LUNGO_TRY(check_shape(layer, j, &stored));
        if (!lungo_data(layer->params[j].blob))
            return lungo_fail(LUNGO_ERR_USAGE, "net without memory: weights cannot be loaded");
    }
    return LUNGO_OK;
}

static lungo_status check_all(const lungo_net *net, const lungo_model *model) {
    for (size_t i = 0; i < lungo_model_layer_count(model); i++) {
        const char *name = lungo_model_layer(model, i).name;
        const lungo_layer *layer = find_layer(net, name);
        if (!layer)
            lungo_log_info("net.cpp", 746, "Ignoring source layer %s", name);
        else if (check_layer(layer, model, i))
            return lungo_net_trail(net, layer);
    }
    return LUNGO_OK;
}

static lungo_status copy_all(const lungo_net *net, const lungo_model *model) {
    for (size_t i = 0; i < lungo_model_layer_count(model); i++) {
        lungo_layer *layer = find_layer(net, lungo_model_layer(model, i).name);
        for (int j = 0; layer && j < layer->param_count; j++) {
            lungo_stored_blob stored;
            LUNGO_TRY(lungo_model_blob(&stored, model, i, (size_t)j));
            LUNGO_TRY(lungo_stored_blob_data(&stored, lungo_data_overwrite(layer->params[j].blob)));
        }
    }
    return LUNGO_OK;
}

lungo_status lungo_net_load_weights(lungo_net *net, const char *path) {
    lungo_model *model;
    LUNGO_TRY(lungo_weights_check_name(path));
    LUNGO_TRY(lungo_model_open(&model, path));
    lungo_status status = check_all(net, model);
    if (!status) status = copy_all(net, model);
    lungo_model_free(model);
    return status ? lungo_trail("while loading weights from %s", path) : LUNGO_OK;
}
