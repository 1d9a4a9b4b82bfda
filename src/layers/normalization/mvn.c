/* MVN: mean 0 and, unless `normalize_variance` is false, variance 1 within each channel of each
 * item, or within the item when `across_channels`.
 *
 *   bottom[0]  x  up to four axes (N, C, H, W)
 *   top[0]     y  (N, C, H, W), always four axes
 *   y = x - mean                         dx = dy - mean(dy)
 *   y = (x - mean) / (std + eps)         dx = (dy - mean(dy) - y mean(dy y)) / (std + eps)
 *
 * As in Caffe eps is added to the standard deviation, after the root, and the gradient is the one
 * for eps 0: good as long as eps is small beside std.
 *
 * Example:
 *
 *   # x: 2 3 4 4
 *   layer {
 *     name: "mvn" type: "MVN" bottom: "x" top: "y"
 *     mvn_param { across_channels: true }
 *   }
 */
#include <math.h>

#include "layer/layer.h"

typedef struct mvn_state {
    size_t groups, width;
    lungo_blob *deviations; /* std + eps of every group */
} mvn_state;

static lungo_status setup(lungo_layer *layer) {
    mvn_state *state = layer->state;
    return lungo_layer_add_buffer(layer, &state->deviations, "deviations");
}

static lungo_status reshape(lungo_layer *layer) {
    mvn_state *state = layer->state;
    const lungo_blob *x = layer->bottoms[0];
    if (x->shape.axes > 4)
        return lungo_fail(LUNGO_ERR_CONFIG, "bottom '%s': expected at most 4 axes, got shape %s",
                          x->name, lungo_shape_text(&x->shape).text);
    lungo_shape shape =
        LUNGO_SHAPE(lungo_shape_legacy(&x->shape, 0), lungo_shape_legacy(&x->shape, 1),
                    lungo_shape_legacy(&x->shape, 2), lungo_shape_legacy(&x->shape, 3));
    int grouped = layer->param->mvn_param->across_channels ? 1 : 2;
    state->groups = lungo_shape_range(&shape, 0, grouped);
    state->width = lungo_shape_from(&shape, grouped);
    LUNGO_TRY(lungo_blob_reshape(state->deviations, &LUNGO_SHAPE((int)state->groups)));
    return lungo_blob_reshape(layer->tops[0], &shape);
}

static float mean_of(const float *values, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return (float)(sum / (double)count);
}

static float mean_product(const float *a, const float *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)a[i] * b[i];
    return (float)(sum / (double)count);
}

static lungo_status forward(lungo_layer *layer) {
    const mvn_state *state = layer->state;
    const Caffe__MVNParameter *param = layer->param->mvn_param;
    const float *x = lungo_data(layer->bottoms[0]);
    float *y = lungo_data_overwrite(layer->tops[0]);
    float *deviations = lungo_data_overwrite(state->deviations);
    for (size_t g = 0; g < state->groups; g++, x += state->width, y += state->width) {
        float mean = mean_of(x, state->width);
        for (size_t i = 0; i < state->width; i++)
            y[i] = x[i] - mean;
        if (!param->normalize_variance) continue;
        deviations[g] = sqrtf(mean_product(y, y, state->width)) + param->eps;
        for (size_t i = 0; i < state->width; i++)
            y[i] /= deviations[g];
    }
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const mvn_state *state = layer->state;
    bool scaled = layer->param->mvn_param->normalize_variance;
    const float *y = lungo_data(layer->tops[0]), *dy = lungo_diff(layer->tops[0]);
    const float *deviations = lungo_data(state->deviations);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    for (size_t g = 0; g < state->groups; g++) {
        float mean = mean_of(dy, state->width);
        float product = scaled ? mean_product(dy, y, state->width) : 0;
        float divisor = scaled ? deviations[g] : 1;
        for (size_t i = 0; i < state->width; i++)
            dx[i] = (dy[i] - mean - y[i] * product) / divisor;
        y += state->width, dy += state->width, dx += state->width;
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_mvn = {
    .name = "MVN",
    .brief = "Mean 0 and variance 1 within each channel of each item, or within each item.",
    .family = "normalization",
    .params = {"mvn_param"},
    .state_size = sizeof(mvn_state),
    .bottoms = {1, 1},
    .tops = {1, 1},
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
