/* InnerProduct in bf16 by oneDNN's matrix products; see layers/common/inner_product.c, which
 * computes it in float: there OpenBLAS takes as long as oneDNN backward, and a third to a half of
 * its time forward. Weights are copied once per update, as bfloat16: that is read three times as
 * fast as it is made. */
#include <stdio.h>

#include "plan/onednn/onednn.h"

enum { WEIGHTS, BIAS };
enum { FORWARD, OF_WEIGHTS, OF_BOTTOM, PRODUCTS };

/* c (m, n) = a (m, k) b (k, n) + beta c, as lungo_gemm. */
typedef struct product {
    lungo_operand op_a, op_b;
    size_t m, n, k;
    lungo_primitive with_beta[2]; /* 0 and 1 */
} product;

typedef struct products {
    product of[PRODUCTS];
    lungo_narrowed x, dy;
    lungo_packed_weights weights;
    size_t room; /* floats of scratch that primitives want */
} products;

static bool has_bias(const lungo_unit *unit) {
    return unit->layer->param_count > BIAS;
}

static lungo_broadcast bias_of(const lungo_unit *unit) {
    return (lungo_broadcast){unit->op.inner_product.n, unit->op.inner_product.m, 1};
}

/* ---- opening ---- */

/* y = x W'   dW = dy' x   dx = dy W; where W is stored as columns, read its transpose. */
static void describe(const lungo_unit *unit, products *p) {
    size_t n = unit->op.inner_product.n, k = unit->op.inner_product.k, m = unit->op.inner_product.m;
    bool rows = unit->op.inner_product.stored == LUNGO_PLAIN;
    lungo_operand other = rows ? LUNGO_TRANSPOSED : LUNGO_PLAIN;
    p->of[FORWARD] = (product){.op_a = LUNGO_PLAIN, .op_b = other, .m = n, .n = m, .k = k};
    p->of[OF_WEIGHTS] = (product){.op_a = LUNGO_TRANSPOSED,
                                  .op_b = LUNGO_PLAIN,
                                  .m = rows ? m : k,
                                  .n = rows ? k : m,
                                  .k = n};
    p->of[OF_BOTTOM] = (product){
        .op_a = LUNGO_PLAIN, .op_b = unit->op.inner_product.stored, .m = n, .n = k, .k = m};
}

static lungo_status describe_matrix(dnnl_memory_desc_t *out, lungo_operand op, size_t rows,
                                    size_t columns, dnnl_data_type_t type) {
    dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
    return lungo_onednn_check(
        dnnl_memory_desc_init_by_tag(out, 2, dims, type, op == LUNGO_PLAIN ? dnnl_ab : dnnl_ba),
        "a layout");
}

static lungo_status open_product(product *p, int beta, size_t *room, bool *found) {
    static const int ids[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, 0};
    dnnl_memory_desc_t a, b, c;
    dnnl_matmul_desc_t op;
    dnnl_primitive_attr_t attributes;
    lungo_primitive *made = &p->with_beta[beta];
    LUNGO_TRY(describe_matrix(&a, p->op_a, p->m, p->k, dnnl_bf16));
    LUNGO_TRY(describe_matrix(&b, p->op_b, p->k, p->n, dnnl_bf16));
    LUNGO_TRY(describe_matrix(&c, LUNGO_PLAIN, p->m, p->n, dnnl_f32));
    LUNGO_TRY(lungo_onednn_check(dnnl_matmul_desc_init(&op, &a, &b, NULL, &c), "a matrix product"));
    LUNGO_TRY(lungo_onednn_attributes(&attributes, &(lungo_after){.adds_up = beta == 1}));
    lungo_status status = lungo_primitive_choose(made, &op, attributes, NULL, found);
    dnnl_primitive_attr_destroy(attributes);
    if (status || !*found) return status;
    LUNGO_TRY(lungo_primitive_ready(made, ids));
    if (*room < made->scratch) *room = made->scratch;
    return LUNGO_OK;
}

static bool wants(const lungo_unit *unit, int which) {
    const lungo_layer *layer = unit->layer;
    if (which == FORWARD) return true;
    return layer->needs_backward &&
           (which == OF_BOTTOM ? lungo_wants_bottom(layer, 0) : lungo_wants_param(layer, WEIGHTS));
}

static lungo_status open_matrices(const lungo_unit *unit, products *p) {
    size_t n = unit->op.inner_product.n, k = unit->op.inner_product.k, m = unit->op.inner_product.m;
    dnnl_memory_desc_t x, dy, w;
    LUNGO_TRY(describe_matrix(&x, LUNGO_PLAIN, n, k, dnnl_f32));
    LUNGO_TRY(describe_matrix(&dy, LUNGO_PLAIN, n, m, dnnl_f32));
    LUNGO_TRY(describe_matrix(&w, LUNGO_PLAIN, m, k, dnnl_f32));
    dnnl_memory_desc_t narrow = lungo_onednn_bf16(w);
    LUNGO_TRY(lungo_packed_weights_open(&p->weights, &w, &narrow, true));
    LUNGO_TRY(lungo_narrowed_open(&p->x, &x));
    return lungo_narrowed_open(&p->dy, &dy);
}

static lungo_status open_all(lungo_unit *unit, products *p, bool *found) {
    *found = true;
    for (int which = 0; which < PRODUCTS && *found; which++) {
        if (!wants(unit, which)) continue;
        LUNGO_TRY(open_product(&p->of[which], 0, &p->room, found));
        if (*found && which == OF_WEIGHTS)
            LUNGO_TRY(open_product(&p->of[which], 1, &p->room, found));
    }
    if (!*found) return LUNGO_OK;
    LUNGO_TRY(open_matrices(unit, p));
    const lungo_primitive *reorders[] = {&p->x.reorder, &p->dy.reorder, &p->weights.reorder};
    for (size_t i = 0; i < sizeof reorders / sizeof *reorders; i++)
        if (p->room < reorders[i]->scratch) p->room = reorders[i]->scratch;
    p->room = lungo_onednn_aligned(p->room);
    lungo_layer_need_scratch(unit->layer, p->room + p->x.floats + p->dy.floats);
    snprintf(unit->info, sizeof unit->info, "%s",
             lungo_primitive_info(&p->of[FORWARD].with_beta[0]));
    return LUNGO_OK;
}

static lungo_status open_unit(lungo_unit *unit) {
    products *p = unit->state;
    bool found = false;
    if (unit->op.inner_product.n * unit->op.inner_product.k == 0)
        return lungo_unit_refuse(unit, "no values");
    if (unit->precision != LUNGO_PRECISION_BF16)
        return lungo_unit_refuse(unit, "OpenBLAS multiplies floats faster than oneDNN");
    describe(unit, p);
    LUNGO_TRY(open_all(unit, p, &found));
    return found ? LUNGO_OK : lungo_unit_refuse(unit, "oneDNN has no product of bfloat16 for it");
}

static void close_unit(lungo_unit *unit) {
    products *p = unit->state;
    for (int which = 0; which < PRODUCTS; which++)
        for (int beta = 0; beta < 2; beta++)
            lungo_primitive_dispose(&p->of[which].with_beta[beta]);
    lungo_narrowed_dispose(&p->x);
    lungo_narrowed_dispose(&p->dy);
    lungo_packed_weights_dispose(&p->weights);
}

/* ---- running ---- */

/* beta: 0 or 1 */
static lungo_status multiply(lungo_unit *unit, int which, const float *a, const float *b,
                             float beta, float *c) {
    lungo_primitive *made = &((products *)unit->state)->of[which].with_beta[beta != 0];
    lungo_primitive_bind(made, DNNL_ARG_SRC, a);
    lungo_primitive_bind(made, DNNL_ARG_WEIGHTS, b);
    lungo_primitive_bind(made, DNNL_ARG_DST, c);
    return lungo_primitive_run(made, lungo_layer_scratch(unit->layer));
}

/* ---- what is multiplied, in bfloat16 ---- */

static lungo_status read_x(lungo_unit *unit, const float **out) {
    products *p = unit->state;
    float *scratch = lungo_layer_scratch(unit->layer), *copy = scratch + p->room;
    *out = copy;
    p->x.of = NULL;
    return lungo_narrowed_make(&p->x, lungo_data(unit->bottoms[0]), copy, scratch);
}

static lungo_status read_dy(lungo_unit *unit, const float **out) {
    products *p = unit->state;
    float *scratch = lungo_layer_scratch(unit->layer), *copy = scratch + p->room + p->x.floats;
    *out = copy;
    p->dy.of = NULL;
    return lungo_narrowed_make(&p->dy, lungo_diff(unit->tops[0]), copy, scratch);
}

static lungo_status read_weights(lungo_unit *unit, const float **out) {
    products *p = unit->state;
    LUNGO_TRY(lungo_packed_weights_get(&p->weights, unit->layer->params[WEIGHTS].blob,
                                       lungo_layer_scratch(unit->layer), out));
    unit->packing = p->weights.seconds;
    return LUNGO_OK;
}

/* ---- forward and backward ---- */

static void through_relu(const lungo_unit *unit, float *y) {
    if (!unit->relu) return;
    float slope = unit->relu->param->relu_param->negative_slope;
    for (size_t i = 0; i < unit->tops[0]->count; i++)
        y[i] = y[i] > 0 ? y[i] : slope * y[i] + 0.0f;
}

static lungo_status forward(lungo_unit *unit) {
    const float *x, *w;
    LUNGO_TRY(read_x(unit, &x));
    LUNGO_TRY(read_weights(unit, &w));
    float *y = lungo_data_overwrite(unit->tops[0]);
    lungo_broadcast bias = bias_of(unit);
    LUNGO_TRY(multiply(unit, FORWARD, x, w, 0, y));
    if (has_bias(unit)) lungo_broadcast_add(&bias, y, lungo_param(unit->layer, BIAS), y);
    through_relu(unit, y);
    return LUNGO_OK;
}

static lungo_status backward_weights(lungo_unit *unit, const float *dy) {
    const float *x;
    float beta = lungo_grad_beta(unit->layer, WEIGHTS);
    float *dw = lungo_param_diff(unit->layer, WEIGHTS);
    bool rows = unit->op.inner_product.stored == LUNGO_PLAIN;
    LUNGO_TRY(read_x(unit, &x));
    return multiply(unit, OF_WEIGHTS, rows ? dy : x, rows ? x : dy, beta, dw);
}

static lungo_status backward_bottom(lungo_unit *unit, const float *dy) {
    const float *w;
    LUNGO_TRY(read_weights(unit, &w));
    return multiply(unit, OF_BOTTOM, dy, w, 0, lungo_diff_overwrite(unit->bottoms[0]));
}

static lungo_status backward(lungo_unit *unit) {
    lungo_layer *layer = unit->layer;
    const float *dy;
    if (!layer->needs_backward) return LUNGO_OK;
    lungo_unit_mask_relu(unit, false);
    LUNGO_TRY(read_dy(unit, &dy));
    lungo_broadcast bias = bias_of(unit);
    if (lungo_wants_param(layer, WEIGHTS)) LUNGO_TRY(backward_weights(unit, dy));
    if (has_bias(unit) && lungo_wants_param(layer, BIAS))
        lungo_broadcast_sum(&bias, lungo_diff(unit->tops[0]), lungo_grad_beta(layer, BIAS),
                            lungo_param_diff(layer, BIAS));
    return lungo_wants_bottom(layer, 0) ? backward_bottom(unit, dy) : LUNGO_OK;
}

const lungo_unit_type lungo_onednn_inner_product_unit = {
    .name = "oneDNN",
    .state_size = sizeof(products),
    .takes_relu = true,
    .open = open_unit,
    .forward = forward,
    .backward = backward,
    .close = close_unit,
};
