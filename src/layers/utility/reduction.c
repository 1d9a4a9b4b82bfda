/* Reduction: all axes from `axis` on into one number.
 *
 *   bottom[0]  x  (outer, K)
 *   top[0]     y  (outer), a scalar when axis is 0
 *
 *   SUM    y = coeff sum x         dx = coeff dy
 *   MEAN   y = coeff sum x / K     dx = coeff dy / K
 *   ASUM   y = coeff sum |x|       dx = coeff dy sign(x), sign(0) = 0
 *   SUMSQ  y = coeff sum x^2       dx = coeff dy 2 x
 *
 * Example:
 *
 *   # x: 2 3 4 4
 *   layer {
 *     name: "mean" type: "Reduction" bottom: "x" top: "y"
 *     reduction_param { operation: MEAN axis: 1 }
 *   }
 */
#include <math.h>

#include "layer/layer.h"

enum {
    SUM = CAFFE__REDUCTION_PARAMETER__REDUCTION_OP__SUM,
    ASUM = CAFFE__REDUCTION_PARAMETER__REDUCTION_OP__ASUM,
    SUMSQ = CAFFE__REDUCTION_PARAMETER__REDUCTION_OP__SUMSQ,
    MEAN = CAFFE__REDUCTION_PARAMETER__REDUCTION_OP__MEAN
};

typedef struct reduction_state {
    int operation;
    size_t outer, inner;
    float coeff; /* divided by K for MEAN */
} reduction_state;

static lungo_status reshape(lungo_layer *layer) {
    const Caffe__ReductionParameter *param = layer->param->reduction_param;
    reduction_state *state = layer->state;
    lungo_shape shape = layer->bottoms[0]->shape;
    int axis;
    LUNGO_TRY(lungo_shape_axis(&shape, param->axis, "axis", &axis));
    *state = (reduction_state){(int)param->operation, lungo_shape_range(&shape, 0, axis),
                               lungo_shape_from(&shape, axis), param->coeff};
    if (state->operation == MEAN && state->inner > 0) state->coeff /= (float)state->inner;
    shape.axes = axis;
    return lungo_blob_reshape(layer->tops[0], &shape);
}

static double reduce(int operation, const float *x, size_t count) {
    double sum = 0;
    switch (operation) {
    case SUM:
    case MEAN:
        for (size_t i = 0; i < count; i++)
            sum += x[i];
        break;
    case ASUM:
        for (size_t i = 0; i < count; i++)
            sum += fabsf(x[i]);
        break;
    case SUMSQ:
        for (size_t i = 0; i < count; i++)
            sum += (double)x[i] * x[i];
        break;
    }
    return sum;
}

static lungo_status forward(lungo_layer *layer) {
    const reduction_state *state = layer->state;
    const float *x = lungo_data(layer->bottoms[0]);
    float *y = lungo_data_overwrite(layer->tops[0]);
    for (size_t i = 0; i < state->outer; i++)
        y[i] = state->coeff * (float)reduce(state->operation, x + i * state->inner, state->inner);
    return LUNGO_OK;
}

static void spread(int operation, float scale, const float *x, size_t count, float *dx) {
    switch (operation) {
    case SUM:
    case MEAN:
        for (size_t i = 0; i < count; i++)
            dx[i] = scale;
        break;
    case ASUM:
        for (size_t i = 0; i < count; i++)
            dx[i] = scale * (float)((x[i] > 0) - (x[i] < 0));
        break;
    case SUMSQ:
        for (size_t i = 0; i < count; i++)
            dx[i] = 2 * scale * x[i];
        break;
    }
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const reduction_state *state = layer->state;
    const float *x = lungo_data(layer->bottoms[0]), *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    for (size_t i = 0; i < state->outer; i++)
        spread(state->operation, state->coeff * dy[i], x + i * state->inner, state->inner,
               dx + i * state->inner);
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_reduction = {
    .name = "Reduction",
    .brief = "Sum, mean, sum of magnitudes or of squares over all axes from one on.",
    .family = "utility",
    .params = {"reduction_param"},
    .state_size = sizeof(reduction_state),
    .bottoms = {1, 1},
    .tops = {1, 1},
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
