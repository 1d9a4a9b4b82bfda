/* InnerProduct: y = W x + b.
 *
 *   bottom[0]  x  (N, K)   axes before `axis` make N, the rest flatten to K
 *   top[0]     y  (N, M)   M = num_output
 *   weights    W  (M, K)   (K, M) when `transpose`
 *              b  (M)      absent when bias_term is false
 *   backward   dW += dy' x     db += sum_n dy     dx = dy W
 *
 * Example:
 *
 *   # x: 2 3 4 4
 *   layer {
 *     name: "ip" type: "InnerProduct" bottom: "x" top: "ip"
 *     param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
 *     inner_product_param { num_output: 10 weight_filler { type: "xavier" } }
 *   }
 */
#include <limits.h>

#include "kernels/broadcast.h"
#include "layer/op.h"
#include "math/gemm.h"

enum { WEIGHTS, BIAS };

typedef struct state {
    size_t n, k, m;
    lungo_operand stored; /* how W lies in memory */
} state;

static lungo_status find_axis(const lungo_layer *layer, int *axis) {
    return lungo_shape_axis(&layer->bottoms[0]->shape, layer->param->inner_product_param->axis,
                            "inner_product_param.axis", axis);
}

static lungo_status setup(lungo_layer *layer) {
    const Caffe__InnerProductParameter *param = layer->param->inner_product_param;
    const lungo_shape *bottom = &layer->bottoms[0]->shape;
    state *s = layer->state;
    int axis;
    LUNGO_TRY(find_axis(layer, &axis));
    s->k = lungo_shape_from(bottom, axis);
    s->m = param->num_output;
    if (s->m < 1 || s->m > INT_MAX)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "inner_product_param.num_output: expected 1 to %d, got %zu", INT_MAX,
                          s->m);
    if (s->k > INT_MAX)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "bottom '%s': expected at most %d values per item, got %zu (shape %s)",
                          layer->bottoms[0]->name, INT_MAX, s->k, lungo_shape_text(bottom).text);
    int k = (int)s->k, m = (int)s->m;
    lungo_shape weights = param->transpose ? LUNGO_SHAPE(k, m) : LUNGO_SHAPE(m, k);
    s->stored = param->transpose ? LUNGO_TRANSPOSED : LUNGO_PLAIN;
    LUNGO_TRY(lungo_layer_add_param(layer, &weights, param->weight_filler));
    if (!param->bias_term) return LUNGO_OK;
    return lungo_layer_add_param(layer, &LUNGO_SHAPE(m), param->bias_filler);
}

static lungo_status reshape(lungo_layer *layer) {
    const lungo_blob *bottom = layer->bottoms[0];
    state *s = layer->state;
    int axis;
    LUNGO_TRY(find_axis(layer, &axis));
    size_t k = lungo_shape_from(&bottom->shape, axis);
    if (k != s->k)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shapes do not fit: bottom '%s': expected %zu values per item to match "
                          "weights %s, got %zu (shape %s)",
                          bottom->name, s->k,
                          lungo_shape_text(&layer->params[WEIGHTS].blob->shape).text, k,
                          lungo_shape_text(&bottom->shape).text);
    s->n = lungo_shape_range(&bottom->shape, 0, axis);
    lungo_shape top = bottom->shape;
    top.axes = axis + 1;
    top.dim[axis] = (int)s->m;
    return lungo_blob_reshape(layer->tops[0], &top);
}

static bool has_bias(const lungo_layer *layer) {
    return layer->param_count > BIAS;
}

static lungo_status forward(lungo_layer *layer) {
    const state *s = layer->state;
    const float *x = lungo_data(layer->bottoms[0]), *w = lungo_param(layer, WEIGHTS);
    float *y = lungo_data_overwrite(layer->tops[0]);
    lungo_operand op_w = s->stored == LUNGO_PLAIN ? LUNGO_TRANSPOSED : LUNGO_PLAIN;
    lungo_gemm(LUNGO_PLAIN, op_w, s->n, s->m, s->k, x, w, 0, y);
    if (has_bias(layer))
        lungo_broadcast_add(&(lungo_broadcast){s->n, s->m, 1}, y, lungo_param(layer, BIAS), y);
    return LUNGO_OK;
}

static void backward_weights(lungo_layer *layer, const float *dy) {
    const state *s = layer->state;
    const float *x = lungo_data(layer->bottoms[0]);
    float beta = lungo_grad_beta(layer, WEIGHTS), *dw = lungo_param_diff(layer, WEIGHTS);
    if (s->stored == LUNGO_PLAIN)
        lungo_gemm(LUNGO_TRANSPOSED, LUNGO_PLAIN, s->m, s->k, s->n, dy, x, beta, dw);
    else
        lungo_gemm(LUNGO_TRANSPOSED, LUNGO_PLAIN, s->k, s->m, s->n, x, dy, beta, dw);
}

static lungo_status backward(lungo_layer *layer) {
    const state *s = layer->state;
    const float *dy = lungo_diff(layer->tops[0]);
    if (lungo_wants_param(layer, WEIGHTS)) backward_weights(layer, dy);
    if (has_bias(layer) && lungo_wants_param(layer, BIAS))
        lungo_broadcast_sum(&(lungo_broadcast){s->n, s->m, 1}, dy, lungo_grad_beta(layer, BIAS),
                            lungo_param_diff(layer, BIAS));
    if (lungo_wants_bottom(layer, 0))
        lungo_gemm(LUNGO_PLAIN, s->stored, s->n, s->k, s->m, dy, lungo_param(layer, WEIGHTS), 0,
                   lungo_diff_overwrite(layer->bottoms[0]));
    return LUNGO_OK;
}

static void describe(const lungo_layer *layer, lungo_op *op) {
    const state *s = layer->state;
    op->kind = LUNGO_OP_INNER_PRODUCT;
    op->inner_product.n = s->n;
    op->inner_product.k = s->k;
    op->inner_product.m = s->m;
    op->inner_product.stored = s->stored;
}

const lungo_layer_type lungo_layer_inner_product = {
    .name = "InnerProduct",
    .brief = "Every output is a weighted sum of all inputs plus a bias: a fully connected layer.",
    .family = "common",
    .params = {"inner_product_param"},
    .state_size = sizeof(state),
    .bottoms = {1, 1},
    .tops = {1, 1},
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
    .describe = describe,
};
