/* InnerProduct by oneDNN's matrix product; see layers/common/inner_product.c. Weights stay
 * row-major: there are too many of them to be copied for every update. */
#include <stdio.h>

#include "plan/onednn/onednn.h"

enum { WEIGHTS, BIAS };

/* A matrix in memory, perhaps to be read as its transpose. */
static char letter_of(lungo_operand op) {
    return op == LUNGO_TRANSPOSED ? 'T' : 'N';
}

/* c (m, n) = a (m, k) b (k, n) + beta c, as lungo_gemm. */
static lungo_status multiply(lungo_operand op_a, lungo_operand op_b, size_t m, size_t n, size_t k,
                             const float *a, const float *b, float beta, float *c) {
    dnnl_dim_t rows = (dnnl_dim_t)m, columns = (dnnl_dim_t)n, depth = (dnnl_dim_t)k;
    return lungo_onednn_check(dnnl_sgemm(letter_of(op_a), letter_of(op_b), rows, columns, depth,
                                         1.0f, a, op_a == LUNGO_TRANSPOSED ? rows : depth, b,
                                         op_b == LUNGO_TRANSPOSED ? depth : columns, beta, c,
                                         columns),
                              "a matrix product");
}

static lungo_operand other(lungo_operand op) {
    return op == LUNGO_PLAIN ? LUNGO_TRANSPOSED : LUNGO_PLAIN;
}

static bool has_bias(const lungo_unit *unit) {
    return unit->layer->param_count > BIAS;
}

static lungo_broadcast bias_of(const lungo_unit *unit) {
    return (lungo_broadcast){unit->op.inner_product.n, unit->op.inner_product.m, 1};
}

static lungo_status open_unit(lungo_unit *unit) {
    enum { FEWEST_WEIGHTS = 1 << 20 }; /* with fewer it is no faster than OpenBLAS */
    if (unit->op.inner_product.n * unit->op.inner_product.k == 0)
        return lungo_unit_refuse(unit, "no values");
    if (unit->if_faster && unit->op.inner_product.m * unit->op.inner_product.k < FEWEST_WEIGHTS)
        return lungo_unit_refuse(unit, "fewer than %d weights", FEWEST_WEIGHTS);
    snprintf(unit->info, sizeof unit->info, "sgemm");
    return LUNGO_OK;
}

static void through_relu(const lungo_unit *unit, float *y) {
    if (!unit->relu) return;
    float slope = unit->relu->param->relu_param->negative_slope;
    for (size_t i = 0; i < unit->tops[0]->count; i++)
        y[i] = y[i] > 0 ? y[i] : slope * y[i] + 0.0f;
}

static lungo_status forward(lungo_unit *unit) {
    size_t n = unit->op.inner_product.n, k = unit->op.inner_product.k, m = unit->op.inner_product.m;
    float *y = lungo_data_overwrite(unit->tops[0]);
    lungo_broadcast bias = bias_of(unit);
    LUNGO_TRY(multiply(LUNGO_PLAIN, other(unit->op.inner_product.stored), n, m, k,
                       lungo_data(unit->bottoms[0]), lungo_param(unit->layer, WEIGHTS), 0, y));
    if (has_bias(unit)) lungo_broadcast_add(&bias, y, lungo_param(unit->layer, BIAS), y);
    through_relu(unit, y);
    return LUNGO_OK;
}

static lungo_status backward_weights(lungo_unit *unit, const float *dy) {
    size_t n = unit->op.inner_product.n, k = unit->op.inner_product.k, m = unit->op.inner_product.m;
    const float *x = lungo_data(unit->bottoms[0]);
    float beta = lungo_grad_beta(unit->layer, WEIGHTS);
    float *dw = lungo_param_diff(unit->layer, WEIGHTS);
    if (unit->op.inner_product.stored == LUNGO_PLAIN)
        return multiply(LUNGO_TRANSPOSED, LUNGO_PLAIN, m, k, n, dy, x, beta, dw);
    return multiply(LUNGO_TRANSPOSED, LUNGO_PLAIN, k, m, n, x, dy, beta, dw);
}

static lungo_status backward(lungo_unit *unit) {
    lungo_layer *layer = unit->layer;
    if (!layer->needs_backward) return LUNGO_OK;
    lungo_unit_mask_relu(unit, false);
    const float *dy = lungo_diff(unit->tops[0]);
    lungo_broadcast bias = bias_of(unit);
    if (lungo_wants_param(layer, WEIGHTS)) LUNGO_TRY(backward_weights(unit, dy));
    if (has_bias(unit) && lungo_wants_param(layer, BIAS))
        lungo_broadcast_sum(&bias, dy, lungo_grad_beta(layer, BIAS), lungo_param_diff(layer, BIAS));
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    return multiply(LUNGO_PLAIN, unit->op.inner_product.stored, unit->op.inner_product.n,
                    unit->op.inner_product.k, unit->op.inner_product.m, dy,
                    lungo_param(layer, WEIGHTS), 0, lungo_diff_overwrite(unit->bottoms[0]));
}

const lungo_unit_type lungo_onednn_inner_product_unit = {
    .name = "oneDNN",
    .takes_relu = true,
    .open = open_unit,
    .forward = forward,
    .backward = backward,
};
