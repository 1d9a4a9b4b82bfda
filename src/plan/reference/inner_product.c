/* InnerProduct by the judges of kernels/reference.h; see layers/common/inner_product.c. */
#include <stdio.h>

#include "kernels/reference.h"
#include "plan/units.h"

enum { WEIGHTS, BIAS };

static lungo_status open_unit(lungo_unit *unit) {
    snprintf(unit->info, sizeof unit->info, "plain loops");
    return LUNGO_OK;
}

static lungo_status forward(lungo_unit *unit) {
    const lungo_layer *layer = unit->layer;
    size_t n = unit->op.inner_product.n, k = unit->op.inner_product.k, m = unit->op.inner_product.m;
    lungo_operand stored = unit->op.inner_product.stored;
    float *y = lungo_data_overwrite(unit->tops[0]);
    lungo_reference_gemm(LUNGO_PLAIN, stored == LUNGO_PLAIN ? LUNGO_TRANSPOSED : LUNGO_PLAIN, n, m,
                         k, lungo_data(unit->bottoms[0]), lungo_param(layer, WEIGHTS), 0, y);
    if (layer->param_count > BIAS)
        lungo_broadcast_add(&(lungo_broadcast){n, m, 1}, y, lungo_param(layer, BIAS), y);
    return LUNGO_OK;
}

static lungo_status backward(lungo_unit *unit) {
    lungo_layer *layer = unit->layer;
    size_t n = unit->op.inner_product.n, k = unit->op.inner_product.k, m = unit->op.inner_product.m;
    lungo_operand stored = unit->op.inner_product.stored;
    if (!layer->needs_backward) return LUNGO_OK;
    const float *x = lungo_data(unit->bottoms[0]), *dy = lungo_diff(unit->tops[0]);
    bool plain = stored == LUNGO_PLAIN;
    if (lungo_wants_param(layer, WEIGHTS))
        lungo_reference_gemm(LUNGO_TRANSPOSED, LUNGO_PLAIN, plain ? m : k, plain ? k : m, n,
                             plain ? dy : x, plain ? x : dy, lungo_grad_beta(layer, WEIGHTS),
                             lungo_param_diff(layer, WEIGHTS));
    if (layer->param_count > BIAS && lungo_wants_param(layer, BIAS))
        lungo_broadcast_sum(&(lungo_broadcast){n, m, 1}, dy, lungo_grad_beta(layer, BIAS),
                            lungo_param_diff(layer, BIAS));
    if (lungo_wants_bottom(layer, 0))
        lungo_reference_gemm(LUNGO_PLAIN, stored, n, k, m, dy, lungo_param(layer, WEIGHTS), 0,
                             lungo_diff_overwrite(unit->bottoms[0]));
    return LUNGO_OK;
}

const lungo_unit_type lungo_reference_inner_product_unit = {
    .name = "reference",
    .open = open_unit,
    .forward = forward,
    .backward = backward,
};
