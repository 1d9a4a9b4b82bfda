#include "weights/match.h"

#include <string.h>

lungo_layer *lungo_weights_find_layer(const lungo_net *net, const char *name) {
    for (int i = 0; i < net->layer_count; i++)
        if (strcmp(net->layers[i]->name, name) == 0) return net->layers[i];
    return NULL;
}

lungo_status lungo_weights_check_whole(const lungo_net *net, lungo_weights_has *has,
                                       const void *stored) {
    for (int i = 0; i < net->layer_count; i++) {
        const lungo_layer *layer = net->layers[i];
        if (layer->param_count == 0 || has(stored, layer->name)) continue;
        lungo_fail(LUNGO_ERR_DATA,
                   "weights of another net: expected learned blobs of layer '%s', got none",
                   layer->name);
        return lungo_net_trail(net, layer);
    }
    return LUNGO_OK;
}

lungo_status lungo_weights_check_memory(const lungo_layer *layer, int j) {
    if (lungo_data(layer->params[j].blob)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_USAGE, "net without memory: weights cannot be loaded");
}

lungo_status lungo_weights_refuse_shape(const lungo_layer *layer, int j, const lungo_shape *got) {
    return lungo_fail(LUNGO_ERR_DATA,
                      "cannot copy param %d weights from layer '%s': shape mismatch: expected %s, "
                      "as the net has it, got %s from the file. To learn this layer's parameters "
                      "from scratch rather than copying from a saved net, rename the layer",
                      j, layer->name, lungo_shape_text(&layer->params[j].blob->shape).text,
                      lungo_shape_text(got).text);
}

lungo_status lungo_weights_refuse_count(const lungo_layer *layer, size_t got) {
    return lungo_fail(LUNGO_ERR_DATA,
                      "Incompatible number of blobs for layer '%s': expected %d, as the net has "
                      "it, got %zu from the file",
                      layer->name, layer->param_count, got);
}
