/* Eltwise: several blobs of one shape into one, value by value.
 *
 *   bottom[i]  x_i  any shape, the same for all
 *   top[0]     y    that shape; may be x_0 itself
 *
 *   SUM   y = sum_i coeff_i x_i     dx_i = coeff_i dy
 *   PROD  y = prod_i x_i            dx_i = dy prod_{j != i} x_j, or dy y / x_i when
 *                                   stable_prod_grad is false: faster from four bottoms on, but
 *                                   not a number where x_i is 0
 *   MAX   y = max_i x_i             dx_i = dy where x_i is the maximum, else 0; of equal values the
 *                                   second of the first two counts, later ones only if larger
 *
 * Gradients are made from the last bottom to the first, since in place dx_0 is dy. In place, PROD
 * needs an x_0 that is gone: a copy is kept.
 *
 * Unlike in Caffe, whose SUM overwrites x_0 before it reads it, every operation works in place.
 *
 * Example:
 *
 *   # a: 2 3 4 4
 *   # b: 2 3 4 4
 *   layer {
 *     name: "difference" type: "Eltwise" bottom: "a" bottom: "b" top: "y"
 *     eltwise_param { operation: SUM coeff: 1 coeff: -1 }
 *   }
 */
#include "layer/op.h"
#include "math/parallel.h"
#include "math/vector.h"

typedef struct eltwise_state {
    lungo_blob *kept;   /* PROD in place: x_0                          */
    lungo_blob *winner; /* MAX: the index of the bottom with the maximum */
} eltwise_state;

enum {
    PROD = CAFFE__ELTWISE_PARAMETER__ELTWISE_OP__PROD,
    SUM = CAFFE__ELTWISE_PARAMETER__ELTWISE_OP__SUM,
    MAX = CAFFE__ELTWISE_PARAMETER__ELTWISE_OP__MAX
};

static lungo_status setup(lungo_layer *layer) {
    eltwise_state *state = layer->state;
    const Caffe__EltwiseParameter *param = layer->param->eltwise_param;
    int operation = (int)param->operation;
    if (param->n_coeff && param->n_coeff != (size_t)layer->bottom_count)
        return lungo_fail(LUNGO_ERR_CONFIG, "coeff: expected none or one per bottom (%d), got %zu",
                          layer->bottom_count, param->n_coeff);
    if (param->n_coeff && operation == PROD)
        return lungo_fail(LUNGO_ERR_CONFIG, "coeff: expected none with operation PROD, got %zu",
                          param->n_coeff);
    if (param->n_coeff && operation == MAX)
        lungo_warn("layer '%s': coeff has no effect with operation MAX", layer->name);
    if (operation == PROD && lungo_is_in_place(layer, 0))
        return lungo_layer_add_buffer(layer, &state->kept, "x");
    if (operation == MAX) return lungo_layer_add_buffer(layer, &state->winner, "winner");
    return LUNGO_OK;
}

static lungo_status reshape(lungo_layer *layer) {
    eltwise_state *state = layer->state;
    const lungo_blob *first = layer->bottoms[0];
    for (int i = 1; i < layer->bottom_count; i++) {
        const lungo_blob *other = layer->bottoms[i];
        if (!lungo_shape_equal(&first->shape, &other->shape))
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "bottom '%s': expected shape %s of bottom '%s', got %s", other->name,
                              lungo_shape_text(&first->shape).text, first->name,
                              lungo_shape_text(&other->shape).text);
    }
    if (state->kept) LUNGO_TRY(lungo_blob_reshape(state->kept, &first->shape));
    if (state->winner) LUNGO_TRY(lungo_blob_reshape(state->winner, &first->shape));
    return lungo_layer_reshape_like_bottom(layer);
}

static float coefficient(const lungo_layer *layer, int i) {
    const Caffe__EltwiseParameter *param = layer->param->eltwise_param;
    return param->n_coeff ? param->coeff[i] : 1;
}

/* x_i as it was before this layer. */
static const float *input(const lungo_layer *layer, int i) {
    const eltwise_state *state = layer->state;
    return lungo_data(i == 0 && state->kept ? state->kept : layer->bottoms[i]);
}

static void forward_sum(lungo_layer *layer, size_t count, float *y) {
    const float *sum = lungo_data(layer->bottoms[0]); /* of the first bottoms, over `first` */
    float first = coefficient(layer, 0);
    for (int i = 1; i < layer->bottom_count; i++, sum = y, first = 1) {
        const float *x = lungo_data(layer->bottoms[i]);
        float c = coefficient(layer, i);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t k = 0; k < count; k++)
            y[k] = first * sum[k] + c * x[k];
    }
}

static void forward_prod(lungo_layer *layer, size_t count, float *y) {
    const eltwise_state *state = layer->state;
    const float *x = lungo_data(layer->bottoms[0]);
    if (state->kept) lungo_copy(count, x, lungo_data_overwrite(state->kept));
    lungo_copy(count, x, y);
    for (int i = 1; i < layer->bottom_count; i++) {
        x = lungo_data(layer->bottoms[i]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t k = 0; k < count; k++)
            y[k] *= x[k];
    }
}

static void forward_max(lungo_layer *layer, size_t count, float *y) {
    const eltwise_state *state = layer->state;
    const float *a = lungo_data(layer->bottoms[0]), *b = lungo_data(layer->bottoms[1]);
    float *winner = lungo_data_overwrite(state->winner);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t k = 0; k < count; k++) {
        winner[k] = a[k] > b[k] ? 0 : 1;
        y[k] = a[k] > b[k] ? a[k] : b[k];
    }
    for (int i = 2; i < layer->bottom_count; i++) {
        const float *x = lungo_data(layer->bottoms[i]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t k = 0; k < count; k++) {
            if (!(x[k] > y[k])) continue;
            winner[k] = (float)i;
            y[k] = x[k];
        }
    }
}

static lungo_status forward(lungo_layer *layer) {
    size_t count = layer->tops[0]->count;
    float *y = lungo_data_overwrite(layer->tops[0]);
    switch ((int)layer->param->eltwise_param->operation) {
    case PROD:
        forward_prod(layer, count, y);
        break;
    case SUM:
        forward_sum(layer, count, y);
        break;
    case MAX:
        forward_max(layer, count, y);
        break;
    }
    return LUNGO_OK;
}

static void backward_sum(const lungo_layer *layer, int i, size_t count, const float *dy,
                         float *dx) {
    float c = coefficient(layer, i);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t k = 0; k < count; k++)
        dx[k] = c * dy[k];
}

static void backward_prod(const lungo_layer *layer, int i, size_t count, const float *dy,
                          float *dx) {
    if (!layer->param->eltwise_param->stable_prod_grad) {
        const float *x = input(layer, i), *y = lungo_data(layer->tops[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t k = 0; k < count; k++)
            dx[k] = y[k] / x[k] * dy[k];
        return;
    }
    lungo_copy(count, dy, dx);
    for (int j = 0; j < layer->bottom_count; j++) {
        if (j == i) continue;
        const float *x = input(layer, j);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t k = 0; k < count; k++)
            dx[k] *= x[k];
    }
}

static void backward_max(const lungo_layer *layer, int i, size_t count, const float *dy,
                         float *dx) {
    const eltwise_state *state = layer->state;
    const float *winner = lungo_data(state->winner);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t k = 0; k < count; k++)
        dx[k] = winner[k] == (float)i ? dy[k] : 0;
}

static lungo_status backward(lungo_layer *layer) {
    size_t count = layer->tops[0]->count;
    const float *dy = lungo_diff(layer->tops[0]);
    for (int i = layer->bottom_count - 1; i >= 0; i--) {
        if (!lungo_wants_bottom(layer, i)) continue;
        float *dx = lungo_diff_overwrite(layer->bottoms[i]);
        switch ((int)layer->param->eltwise_param->operation) {
        case PROD:
            backward_prod(layer, i, count, dy, dx);
            break;
        case SUM:
            backward_sum(layer, i, count, dy, dx);
            break;
        case MAX:
            backward_max(layer, i, count, dy, dx);
            break;
        }
    }
    return LUNGO_OK;
}

static void describe(const lungo_layer *layer, lungo_op *op) {
    const Caffe__EltwiseParameter *param = layer->param->eltwise_param;
    if ((int)param->operation != SUM) return;
    op->kind = LUNGO_OP_SUM;
    op->sum_factors = param->n_coeff ? param->coeff : NULL;
}

const lungo_layer_type lungo_layer_eltwise = {
    .name = "Eltwise",
    .brief = "Sum (with coefficients), product or maximum of blobs of one shape.",
    .family = "utility",
    .params = {"eltwise_param"},
    .state_size = sizeof(eltwise_state),
    .bottoms = {2, -1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
    .describe = describe,
};
