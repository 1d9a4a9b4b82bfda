/* Looking at a net: the getters of include/lungo/net.h. */
#include <string.h>

#include "layer/op.h"
#include "net/passes.h"

const char *lungo_net_name(const lungo_net *net) {
    return net->name;
}

lungo_phase lungo_net_phase(const lungo_net *net) {
    return net->phase;
}

lungo_blob *lungo_net_find_blob(const lungo_net *net, const char *name) {
    for (int i = 0; i < net->blob_count; i++)
        if (lungo_wire_of(net->blobs[i])->named && strcmp(net->blobs[i]->name, name) == 0)
            return net->blobs[i];
    return NULL;
}

size_t lungo_net_input_count(const lungo_net *net) {
    return (size_t)net->input_count;
}

lungo_blob *lungo_net_input(const lungo_net *net, size_t index) {
    return index < (size_t)net->input_count ? net->inputs[index] : NULL;
}

size_t lungo_net_output_count(const lungo_net *net) {
    return (size_t)net->output_count;
}

lungo_blob *lungo_net_output(const lungo_net *net, size_t index) {
    return index < (size_t)net->output_count ? net->outputs[index] : NULL;
}

float lungo_net_output_loss_weight(const lungo_net *net, size_t index) {
    return index < (size_t)net->output_count ? net->output_loss_weights[index] : 0.0f;
}

/* ---- layers ---- */

static const lungo_layer *layer_at(const lungo_net *net, size_t index) {
    return index < (size_t)net->layer_count ? net->layers[index] : NULL;
}

/* In place, or as Split and Reshape do. */
static bool stands_on_bottom(const lungo_layer *layer, const lungo_blob *top) {
    for (int i = 0; i < layer->bottom_count; i++)
        if (layer->bottoms[i]->data == top->data) return true;
    return false;
}

static size_t count_activations(const lungo_layer *layer) {
    size_t count = 0;
    for (int i = 0; i < layer->top_count; i++)
        if (!stands_on_bottom(layer, layer->tops[i])) count += layer->tops[i]->count;
    return count;
}

size_t lungo_net_layer_count(const lungo_net *net) {
    return (size_t)net->layer_count;
}

lungo_layer_info lungo_net_layer(const lungo_net *net, size_t index) {
    const lungo_layer *layer = layer_at(net, index);
    if (!layer) return (lungo_layer_info){0};
    lungo_position at = lungo_document_position(net->document, net->param->layer[index]);
    return (lungo_layer_info){.name = layer->name,
                              .type = layer->type->name,
                              .file = at.file,
                              .line = at.line,
                              .bottom_count = (size_t)layer->bottom_count,
                              .top_count = (size_t)layer->top_count,
                              .param_count = (size_t)layer->param_count,
                              .needs_backward = layer->needs_backward,
                              .macs = lungo_layer_macs(layer),
                              .activations = count_activations(layer)};
}

lungo_blob *lungo_net_layer_param(const lungo_net *net, size_t layer, size_t index) {
    const lungo_layer *found = layer_at(net, layer);
    return found && index < (size_t)found->param_count ? found->params[index].blob : NULL;
}

/* ---- windows ---- */

static void copy_axes(int *out, const int *sizes, int axes) {
    memcpy(out, sizes, (size_t)axes * sizeof *out);
}

static lungo_window_info filter_window(const lungo_convolution *conv) {
    lungo_window_info info = {.axes = conv->window.axes, .groups = conv->groups};
    copy_axes(info.kernel, conv->window.kernel, info.axes);
    copy_axes(info.stride, conv->window.stride, info.axes);
    copy_axes(info.pad, conv->window.pad, info.axes);
    copy_axes(info.dilation, conv->window.dilation, info.axes);
    return info;
}

/* Pooling has the last `axes` of LUNGO_POOLING_AXES. */
static lungo_window_info pooling_window(const lungo_pooling *pool, int axes) {
    lungo_window_info info = {.axes = axes, .groups = 1};
    int first = LUNGO_POOLING_AXES - axes;
    copy_axes(info.kernel, pool->kernel + first, axes);
    copy_axes(info.stride, pool->stride + first, axes);
    copy_axes(info.pad, pool->pad + first, axes);
    for (int i = 0; i < info.axes; i++)
        info.dilation[i] = 1;
    return info;
}

lungo_window_info lungo_net_layer_window(const lungo_net *net, size_t layer) {
    const lungo_layer *found = layer_at(net, layer);
    lungo_op op = found ? lungo_layer_op(found) : (lungo_op){.kind = LUNGO_OP_OTHER};
    if (op.kind == LUNGO_OP_CONVOLUTION || op.kind == LUNGO_OP_DECONVOLUTION)
        return filter_window(&op.convolution);
    if (op.kind == LUNGO_OP_POOLING)
        return pooling_window(&op.pooling.window, found->bottoms[0]->shape.axes - 2);
    return (lungo_window_info){0};
}

/* ---- parameters ---- */

size_t lungo_net_param_count(const lungo_net *net) {
    return (size_t)net->param_count;
}

lungo_param_info lungo_net_param(const lungo_net *net, size_t index) {
    if (index >= (size_t)net->param_count) return (lungo_param_info){0};
    const lungo_learnable *param = &net->params[index];
    return (lungo_param_info){.layer = net->layers[param->layer]->name,
                              .index = (size_t)param->index,
                              .blob = param->blob,
                              .lr_mult = param->lr_mult,
                              .decay_mult = param->decay_mult};
}
