/* How much a layer multiplies and adds. */
#include <string.h>

#include "layer/op.h"

static unsigned long long of_window(const lungo_convolution *conv) {
    size_t taps = lungo_window_taps(&conv->window), outputs = lungo_window_outputs(&conv->window);
    size_t channels = (size_t)conv->window.channels / (size_t)conv->groups;
    return (unsigned long long)conv->images * (size_t)conv->filters * outputs * taps * channels;
}

/* Each matrix once per step of each sequence: bottom 0 is (steps, sequences, ...). */
static unsigned long long of_recurrence(const lungo_layer *layer) {
    unsigned long long weights = 0;
    for (int j = 0; j < layer->param_count; j++)
        if (layer->params[j].blob->shape.axes > 1) weights += layer->params[j].blob->count;
    return weights * lungo_shape_range(&layer->bottoms[0]->shape, 0, 2);
}

unsigned long long lungo_layer_macs(const lungo_layer *layer) {
    const char *type = layer->type->name;
    if (strcmp(type, "LSTM") == 0 || strcmp(type, "RNN") == 0) return of_recurrence(layer);
    lungo_op op = lungo_layer_op(layer);
    if (op.kind == LUNGO_OP_INNER_PRODUCT)
        return (unsigned long long)op.inner_product.n * op.inner_product.k * op.inner_product.m;
    bool window = op.kind == LUNGO_OP_CONVOLUTION || op.kind == LUNGO_OP_DECONVOLUTION;
    return window ? (unsigned long long)layer->bottom_count * of_window(&op.convolution) : 0;
}
