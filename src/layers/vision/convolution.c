/* Convolution: every output is a weighted sum of the inputs under a window, plus a bias.
 *
 *   bottom[i]  x  (N..., C, in...)       channels at `axis`, any number of spatial axes after it;
 *                                        all bottoms of one shape
 *   top[i]     y  (N..., M, out...)      M = num_output
 *                 out = floor((in + 2 pad - (dilation (kernel - 1) + 1)) / stride) + 1
 *   weights    W  (M, C / group, kernel...)
 *              b  (M)                    absent when bias_term is false
 *   backward   dW += dy * x     db += sum of dy over all but M     dx = W' * dy
 *
 * All bottoms go through the same weights, whose gradients add up.
 */
#include "kernels/convolution.h"

#include <limits.h>

#include "kernels/broadcast.h"
#include "layer/layer.h"
#include "layers/vision/window.h"
#include "math/parallel.h"

enum { WEIGHTS, BIAS };

typedef struct state {
    lungo_convolution conv;
    lungo_broadcast bias;
} state;

/* ---- setup ---- */

static lungo_status find_axis(const lungo_layer *layer, int *axis) {
    return lungo_shape_axis(&layer->bottoms[0]->shape, layer->param->convolution_param->axis,
                            "convolution_param.axis", axis);
}

static lungo_status check_groups(const lungo_layer *layer, int channels) {
    const Caffe__ConvolutionParameter *param = layer->param->convolution_param;
    if (param->num_output < 1 || param->num_output > INT_MAX)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "convolution_param.num_output: expected 1 to %d, got %u", INT_MAX,
                          param->num_output);
    if (param->group < 1 || (unsigned)channels % param->group != 0)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "convolution_param.group: expected a divisor of the %d channels of "
                          "bottom '%s' (shape %s), got %u",
                          channels, layer->bottoms[0]->name,
                          lungo_shape_text(&layer->bottoms[0]->shape).text, param->group);
    if (param->num_output % param->group != 0)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "convolution_param.group: expected a divisor of num_output %u, got %u",
                          param->num_output, param->group);
    return LUNGO_OK;
}

static lungo_status add_params(lungo_layer *layer) {
    const Caffe__ConvolutionParameter *param = layer->param->convolution_param;
    const lungo_convolution *conv = &((state *)layer->state)->conv;
    const lungo_window *window = &conv->window;
    lungo_shape weights = {window->axes + 2, {conv->filters, window->channels / conv->groups}};
    for (int i = 0; i < window->axes; i++)
        weights.dim[i + 2] = window->kernel[i];
    LUNGO_TRY(lungo_layer_add_param(layer, &weights, param->weight_filler));
    if (!param->bias_term) return LUNGO_OK;
    return lungo_layer_add_param(layer, &LUNGO_SHAPE(conv->filters), param->bias_filler);
}

static lungo_status setup(lungo_layer *layer) {
    const Caffe__ConvolutionParameter *param = layer->param->convolution_param;
    lungo_convolution *conv = &((state *)layer->state)->conv;
    const lungo_shape *bottom = &layer->bottoms[0]->shape;
    int axis;
    LUNGO_TRY(find_axis(layer, &axis));
    LUNGO_TRY(check_groups(layer, bottom->dim[axis]));
    LUNGO_TRY(lungo_window_read(&conv->window, param, bottom, axis));
    conv->filters = (int)param->num_output;
    conv->groups = (int)param->group;
    return add_params(layer);
}

/* ---- reshape ---- */

static lungo_status check_bottoms(const lungo_layer *layer, int axis) {
    const lungo_window *window = &((state *)layer->state)->conv.window;
    const lungo_blob *first = layer->bottoms[0];
    if (first->shape.axes != axis + 1 + window->axes || first->shape.dim[axis] != window->channels)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shapes do not fit: bottom '%s': expected %d channels at axis %d and %d "
                          "spatial axes to match weights %s, got shape %s",
                          first->name, window->channels, axis, window->axes,
                          lungo_shape_text(&layer->params[WEIGHTS].blob->shape).text,
                          lungo_shape_text(&first->shape).text);
    for (int i = 1; i < layer->bottom_count; i++)
        if (!lungo_shape_equal(&layer->bottoms[i]->shape, &first->shape))
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "shapes do not fit: bottom '%s': expected shape %s like bottom '%s', "
                              "got %s",
                              layer->bottoms[i]->name, lungo_shape_text(&first->shape).text,
                              first->name, lungo_shape_text(&layer->bottoms[i]->shape).text);
    return LUNGO_OK;
}

static lungo_status reserve_scratch(lungo_layer *layer) {
    size_t floats;
    if (!lungo_convolution_scratch(&((state *)layer->state)->conv, &floats))
        return lungo_fail(
            LUNGO_ERR_MEMORY, "the columns of bottom '%s' (shape %s) are beyond any memory",
            layer->bottoms[0]->name, lungo_shape_text(&layer->bottoms[0]->shape).text);
    lungo_layer_need_scratch(layer, floats);
    return LUNGO_OK;
}

static lungo_status reshape(lungo_layer *layer) {
    state *s = layer->state;
    lungo_convolution *conv = &s->conv;
    int axis;
    LUNGO_TRY(find_axis(layer, &axis));
    LUNGO_TRY(check_bottoms(layer, axis));
    LUNGO_TRY(lungo_window_fit(&conv->window, layer->bottoms[0], axis));
    lungo_shape top = layer->bottoms[0]->shape;
    top.dim[axis] = conv->filters;
    for (int i = 0; i < conv->window.axes; i++)
        top.dim[axis + 1 + i] = conv->window.out[i];
    for (int i = 0; i < layer->top_count; i++)
        LUNGO_TRY(lungo_blob_reshape(layer->tops[i], &top));
    conv->images = lungo_shape_range(&top, 0, axis);
    conv->lanes = lungo_lanes(conv->images);
    s->bias =
        (lungo_broadcast){conv->images, (size_t)conv->filters, lungo_window_outputs(&conv->window)};
    return reserve_scratch(layer);
}

/* ---- forward and backward ---- */

static bool has_bias(const lungo_layer *layer) {
    return layer->param_count > BIAS;
}

static lungo_status forward(lungo_layer *layer) {
    const state *s = layer->state;
    const float *w = lungo_param(layer, WEIGHTS);
    const float *b = has_bias(layer) ? lungo_param(layer, BIAS) : NULL;
    for (int i = 0; i < layer->bottom_count; i++)
        lungo_convolution_forward(&s->conv, lungo_data(layer->bottoms[i]), w, b,
                                  lungo_data_overwrite(layer->tops[i]), lungo_layer_scratch(layer));
    return LUNGO_OK;
}

static void backward_params(lungo_layer *layer) {
    const state *s = layer->state;
    for (int j = 0; j < layer->param_count; j++) {
        if (!lungo_wants_param(layer, j)) continue;
        float beta = lungo_grad_beta(layer, j), *gradient = lungo_param_diff(layer, j);
        for (int i = 0; i < layer->top_count; i++, beta = 1) {
            const float *x = lungo_data(layer->bottoms[i]), *dy = lungo_diff(layer->tops[i]);
            if (j == BIAS)
                lungo_broadcast_sum(&s->bias, dy, beta, gradient);
            else
                lungo_convolution_backward_weights(&s->conv, x, dy, beta, gradient,
                                                   lungo_layer_scratch(layer));
        }
    }
}

static lungo_status backward(lungo_layer *layer) {
    const state *s = layer->state;
    backward_params(layer);
    for (int i = 0; i < layer->bottom_count; i++)
        if (lungo_wants_bottom(layer, i))
            lungo_convolution_backward_data(
                &s->conv, lungo_param(layer, WEIGHTS), lungo_diff(layer->tops[i]),
                lungo_diff_overwrite(layer->bottoms[i]), lungo_layer_scratch(layer));
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_convolution = {
    .name = "Convolution",
    .brief = "Slides a bank of learned filters over the spatial axes, one or more of them.",
    .family = "vision",
    .params = {"convolution_param"},
    .state_size = sizeof(state),
    .bottoms = {1, -1},
    .tops = {1, -1},
    .flags = LUNGO_TOPS_EQUAL_BOTTOMS,
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
