/* Convolution and Deconvolution by the judges of kernels/reference.h. */
#include <stdio.h>

#include "kernels/reference.h"
#include "plan/units.h"

enum { WEIGHTS, BIAS };

static lungo_status open_unit(lungo_unit *unit) {
    snprintf(unit->info, sizeof unit->info, "plain loops");
    return LUNGO_OK;
}

static lungo_broadcast bias_of(const lungo_unit *unit) {
    const lungo_convolution *conv = &unit->op.convolution;
    const lungo_window *window = &conv->window;
    if (unit->op.kind == LUNGO_OP_CONVOLUTION)
        return (lungo_broadcast){conv->images, (size_t)conv->filters, lungo_window_outputs(window)};
    return (lungo_broadcast){conv->images, (size_t)window->channels, lungo_window_pixels(window)};
}

static void add_bias(const lungo_unit *unit, float *y) {
    lungo_broadcast shape = bias_of(unit);
    if (unit->layer->param_count > BIAS)
        lungo_broadcast_add(&shape, y, lungo_param(unit->layer, BIAS), y);
}

/* From the image side to the map side: Convolution forward, Deconvolution backward. */
static void to_map(const lungo_unit *unit, const float *image, float *map) {
    lungo_reference_convolution_forward(&unit->op.convolution, image,
                                        lungo_param(unit->layer, WEIGHTS), NULL, map);
}

static void to_image(const lungo_unit *unit, const float *map, float *image) {
    lungo_reference_convolution_backward_data(&unit->op.convolution,
                                              lungo_param(unit->layer, WEIGHTS), map, image);
}

static lungo_status forward(lungo_unit *unit) {
    for (int i = 0; i < unit->layer->bottom_count; i++) {
        const float *x = lungo_data(unit->bottoms[i]);
        float *y = lungo_data_overwrite(unit->tops[i]);
        if (unit->op.kind == LUNGO_OP_CONVOLUTION)
            to_map(unit, x, y);
        else
            to_image(unit, x, y);
        add_bias(unit, y);
    }
    return LUNGO_OK;
}

static void backward_weights(lungo_unit *unit) {
    float beta = lungo_grad_beta(unit->layer, WEIGHTS);
    float *dw = lungo_param_diff(unit->layer, WEIGHTS);
    for (int i = 0; i < unit->layer->bottom_count; i++, beta = 1) {
        const float *x = lungo_data(unit->bottoms[i]), *dy = lungo_diff(unit->tops[i]);
        bool plain = unit->op.kind == LUNGO_OP_CONVOLUTION;
        lungo_reference_convolution_backward_weights(&unit->op.convolution, plain ? x : dy,
                                                     plain ? dy : x, beta, dw);
    }
}

static void backward_bias(lungo_unit *unit) {
    lungo_broadcast shape = bias_of(unit);
    float beta = lungo_grad_beta(unit->layer, BIAS), *db = lungo_param_diff(unit->layer, BIAS);
    for (int i = 0; i < unit->layer->bottom_count; i++, beta = 1)
        lungo_broadcast_sum(&shape, lungo_diff(unit->tops[i]), beta, db);
}

static lungo_status backward(lungo_unit *unit) {
    lungo_layer *layer = unit->layer;
    if (!layer->needs_backward) return LUNGO_OK;
    if (lungo_wants_param(layer, WEIGHTS)) backward_weights(unit);
    if (layer->param_count > BIAS && lungo_wants_param(layer, BIAS)) backward_bias(unit);
    for (int i = 0; i < layer->bottom_count; i++) {
        if (!lungo_wants_bottom(layer, i)) continue;
        const float *dy = lungo_diff(unit->tops[i]);
        float *dx = lungo_diff_overwrite(unit->bottoms[i]);
        if (unit->op.kind == LUNGO_OP_CONVOLUTION)
            to_image(unit, dy, dx);
        else
            to_map(unit, dy, dx);
    }
    return LUNGO_OK;
}

const lungo_unit_type lungo_reference_filters_unit = {
    .name = "reference",
    .open = open_unit,
    .forward = forward,
    .backward = backward,
};
