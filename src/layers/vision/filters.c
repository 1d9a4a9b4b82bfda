/* Settings, shapes and parameter gradients of Convolution and Deconvolution; see filters.h. */
#include "layers/vision/filters.h"

#include <limits.h>

#include "layers/vision/window.h"
#include "math/parallel.h"

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
    const lungo_convolution *conv = &((lungo_filters *)layer->state)->conv;
    const lungo_window *window = &conv->window;
    lungo_shape weights = {window->axes + 2, {conv->filters, window->channels / conv->groups}};
    for (int i = 0; i < window->axes; i++)
        weights.dim[i + 2] = window->kernel[i];
    LUNGO_TRY(lungo_layer_add_param(layer, &weights, param->weight_filler));
    if (!param->bias_term) return LUNGO_OK;
    return lungo_layer_add_param(layer, &LUNGO_SHAPE((int)param->num_output), param->bias_filler);
}

lungo_status lungo_filters_setup(lungo_layer *layer, bool transposed) {
    const Caffe__ConvolutionParameter *param = layer->param->convolution_param;
    lungo_filters *filters = layer->state;
    lungo_convolution *conv = &filters->conv;
    const lungo_shape *bottom = &layer->bottoms[0]->shape;
    int axis;
    LUNGO_TRY(find_axis(layer, &axis));
    LUNGO_TRY(check_groups(layer, bottom->dim[axis]));
    LUNGO_TRY(lungo_window_read(&conv->window, param, bottom, axis));
    conv->filters = transposed ? bottom->dim[axis] : (int)param->num_output;
    conv->window.channels = transposed ? (int)param->num_output : bottom->dim[axis];
    conv->groups = (int)param->group;
    filters->transposed = transposed;
    return add_params(layer);
}

/* ---- reshape ---- */

static lungo_status check_bottoms(const lungo_layer *layer, int axis) {
    const lungo_filters *filters = layer->state;
    const lungo_window *window = &filters->conv.window;
    const lungo_blob *first = layer->bottoms[0];
    int channels = filters->transposed ? filters->conv.filters : window->channels;
    if (first->shape.axes != axis + 1 + window->axes || first->shape.dim[axis] != channels)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shapes do not fit: bottom '%s': expected %d channels at axis %d and %d "
                          "spatial axes to match weights %s, got shape %s",
                          first->name, channels, axis, window->axes,
                          lungo_shape_text(&layer->params[LUNGO_FILTERS_WEIGHTS].blob->shape).text,
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
    if (!lungo_convolution_scratch(&((lungo_filters *)layer->state)->conv, &floats))
        return lungo_fail(
            LUNGO_ERR_MEMORY, "the columns of bottom '%s' (shape %s) are beyond any memory",
            layer->bottoms[0]->name, lungo_shape_text(&layer->bottoms[0]->shape).text);
    lungo_layer_need_scratch(layer, floats);
    return LUNGO_OK;
}

/* The sizes of the side that is not the bottom's. */
static lungo_status fit_window(lungo_filters *filters, const lungo_blob *bottom, int axis) {
    lungo_window *window = &filters->conv.window;
    return filters->transposed ? lungo_window_fit_transposed(window, bottom, axis)
                               : lungo_window_fit(window, bottom, axis);
}

static lungo_shape top_shape(const lungo_layer *layer, int axis) {
    const lungo_filters *filters = layer->state;
    const lungo_window *window = &filters->conv.window;
    lungo_shape top = layer->bottoms[0]->shape;
    top.dim[axis] = filters->transposed ? window->channels : filters->conv.filters;
    for (int i = 0; i < window->axes; i++)
        top.dim[axis + 1 + i] = filters->transposed ? window->in[i] : window->out[i];
    return top;
}

lungo_status lungo_filters_reshape(lungo_layer *layer) {
    lungo_filters *filters = layer->state;
    int axis;
    LUNGO_TRY(find_axis(layer, &axis));
    LUNGO_TRY(check_bottoms(layer, axis));
    LUNGO_TRY(fit_window(filters, layer->bottoms[0], axis));
    lungo_shape top = top_shape(layer, axis);
    for (int i = 0; i < layer->top_count; i++)
        LUNGO_TRY(lungo_blob_reshape(layer->tops[i], &top));
    filters->conv.images = lungo_shape_range(&top, 0, axis);
    filters->conv.lanes = lungo_lanes(filters->conv.images);
    filters->conv.threads = omp_get_max_threads();
    filters->bias = (lungo_broadcast){filters->conv.images, (size_t)top.dim[axis],
                                      lungo_shape_from(&top, axis + 1)};
    return reserve_scratch(layer);
}

/* ---- parameters ---- */

const float *lungo_filters_bias(const lungo_layer *layer) {
    bool given = layer->param_count > LUNGO_FILTERS_BIAS;
    return given ? lungo_param(layer, LUNGO_FILTERS_BIAS) : NULL;
}

static void backward_weights(lungo_layer *layer, int i, float beta, float *gradient) {
    const lungo_filters *filters = layer->state;
    const float *x = lungo_data(layer->bottoms[i]), *dy = lungo_diff(layer->tops[i]);
    const float *image = filters->transposed ? dy : x, *map = filters->transposed ? x : dy;
    lungo_convolution_backward_weights(&filters->conv, image, map, beta, gradient,
                                       lungo_layer_scratch(layer));
}

void lungo_filters_backward(lungo_layer *layer) {
    const lungo_filters *filters = layer->state;
    for (int j = 0; j < layer->param_count; j++) {
        if (!lungo_wants_param(layer, j)) continue;
        float beta = lungo_grad_beta(layer, j), *gradient = lungo_param_diff(layer, j);
        for (int i = 0; i < layer->top_count; i++, beta = 1) {
            if (j == LUNGO_FILTERS_BIAS)
                lungo_broadcast_sum(&filters->bias, lungo_diff(layer->tops[i]), beta, gradient);
            else
                backward_weights(layer, i, beta, gradient);
        }
    }
}
