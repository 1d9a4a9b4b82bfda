/* Pooling: the largest, the average or a sampled value under a window, channel by channel.
 *
 *   bottom[0]  x  (N, C, H, W)
 *   top[0]     y  (N, C, H', W')   H' = ceil((H + 2 pad - kernel) / stride) + 1, or floor with
 *                                  round_mode FLOOR; with padding, a last window that would start
 *                                  at or beyond H + pad is dropped
 *   top[1]     MAX only, may be left out: index of the largest value in its channel plane, as float
 *   backward   MAX: dx = dy at the largest value (the first of equals)
 *              AVE: dx = dy / cells of the window, padding included
 *              STOCHASTIC: dx = dy at the value that was taken; in testing, that of the average
 *
 * global_pooling: one window over each plane, whatever its size.
 *
 * STOCHASTIC (Zeiler and Fergus 2013): in training, one number u is drawn per value of the top,
 * uniform in [0, 1], in their order, from the one generator at every forward; y is the first value
 * at which the sum of the window's values so far, in row order, reaches u times the sum of all. In
 * testing, y = sum x^2 / sum x, the average of what is taken, or 0 when sum x is not above 0. It is
 * meant for values >= 0, as behind a ReLU, and has no padding.
 *
 * Unlike Caffe, which then writes outside its memory, gives no gradient from a window without any
 * number to it; has STOCHASTIC, which Caffe has for GPUs alone; and takes bottoms with one spatial
 * axis (N, C, L) or three (N, C, D, H, W), for all of which kernel_size, stride and pad hold, while
 * kernel_h and the like are for two.
 *
 * Example:
 *
 *   # x: 2 3 8 8
 *   layer {
 *     name: "pool" type: "Pooling" bottom: "x" top: "pool"
 *     pooling_param { pool: MAX kernel_size: 3 stride: 2 }
 *   }
 */
#include "layer/op.h"
#include "layers/vision/pool.h"

#include <limits.h>

static_assert(sizeof(int32_t) == sizeof(float), "the mask lies in a buffer of float");

typedef struct state {
    lungo_pooling pool;
    lungo_pool_method method;
    lungo_blob *mask; /* of int32_t; NULL for AVE, and for STOCHASTIC in testing */
} state;

/* ---- settings ---- */

/* One setting as `name`, or as name_h and name_w together. */
typedef struct setting {
    const char *one_name, *pair_name; /* "kernel_size", "kernel" */
    bool has_one, has_h, has_w;
    uint32_t one, h, w;
    uint32_t least, absent; /* absent: of the axes that the planes do not have */
    bool required;
} setting;

static const char *given(bool yes) {
    return yes ? "given" : "absent";
}

static lungo_status check_spelling(const setting *s, int axes) {
    bool pair = s->has_h && s->has_w, part = s->has_h || s->has_w;
    if ((s->has_one && part) || part != pair || (s->required && !s->has_one && !pair))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "pooling_param: expected %s alone, or %s_h and %s_w together, got %s "
                          "%s, %s_h %s, %s_w %s",
                          s->one_name, s->pair_name, s->pair_name, s->one_name, given(s->has_one),
                          s->pair_name, given(s->has_h), s->pair_name, given(s->has_w));
    if (pair && axes != 2)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "pooling_param: %s_h and %s_w: expected 2 spatial axes, got %d; use %s",
                          s->pair_name, s->pair_name, axes, s->one_name);
    return LUNGO_OK;
}

/* The last `axes` of three are those that the planes have. */
static lungo_status read_setting(const setting *s, int axes, int out[LUNGO_POOLING_AXES]) {
    LUNGO_TRY(check_spelling(s, axes));
    bool pair = s->has_h;
    uint32_t values[LUNGO_POOLING_AXES] = {s->one, pair ? s->h : s->one, pair ? s->w : s->one};
    for (int i = 0; i < LUNGO_POOLING_AXES; i++) {
        out[i] = (int)s->absent;
        if (i < LUNGO_POOLING_AXES - axes) continue;
        if (values[i] < s->least || values[i] > INT_MAX)
            return lungo_fail(LUNGO_ERR_CONFIG, "pooling_param: %s (%s): expected %u to %d, got %u",
                              s->one_name, lungo_pool_axes[i], s->least, INT_MAX, values[i]);
        out[i] = (int)values[i];
    }
    return LUNGO_OK;
}

static lungo_status check_global(const Caffe__PoolingParameter *p, const lungo_pooling *pool) {
    if (p->has_kernel_size || p->has_kernel_h || p->has_kernel_w)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "pooling_param: global_pooling takes the whole plane: expected no "
                          "kernel_size, kernel_h or kernel_w");
    for (int i = 0; i < LUNGO_POOLING_AXES; i++)
        if (pool->pad[i] != 0 || pool->stride[i] != 1)
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "pooling_param: global_pooling: expected pad 0 and stride 1, got "
                              "pad %d and stride %d (%s)",
                              pool->pad[i], pool->stride[i], lungo_pool_axes[i]);
    return LUNGO_OK;
}

static lungo_status read_window(const Caffe__PoolingParameter *p, int axes, lungo_pooling *pool) {
    setting kernel = {.one_name = "kernel_size",
                      .pair_name = "kernel",
                      .has_one = p->has_kernel_size,
                      .has_h = p->has_kernel_h,
                      .has_w = p->has_kernel_w,
                      .one = p->kernel_size,
                      .h = p->kernel_h,
                      .w = p->kernel_w,
                      .least = 1,
                      .absent = 1,
                      .required = true};
    setting stride = {.one_name = "stride",
                      .pair_name = "stride",
                      .has_one = p->has_stride,
                      .has_h = p->has_stride_h,
                      .has_w = p->has_stride_w,
                      .one = p->stride,
                      .h = p->stride_h,
                      .w = p->stride_w,
                      .least = 1,
                      .absent = 1};
    setting pad = {.one_name = "pad",
                   .pair_name = "pad",
                   .has_one = p->has_pad,
                   .has_h = p->has_pad_h,
                   .has_w = p->has_pad_w,
                   .one = p->pad,
                   .h = p->pad_h,
                   .w = p->pad_w};
    LUNGO_TRY(read_setting(&stride, axes, pool->stride));
    LUNGO_TRY(read_setting(&pad, axes, pool->pad));
    if (p->global_pooling) return check_global(p, pool);
    return read_setting(&kernel, axes, pool->kernel);
}

static lungo_status setup(lungo_layer *layer) {
    state *s = layer->state;
    s->method = (lungo_pool_method)layer->param->pooling_param->pool;
    if (s->method != LUNGO_POOL_MAX && layer->top_count > 1)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "layer takes 1 top with pool %s, got %d: only MAX has a mask",
                          s->method == LUNGO_POOL_AVE ? "AVE" : "STOCHASTIC", layer->top_count);
    if (!lungo_pool_has_mask(layer, s->method)) return LUNGO_OK;
    return lungo_layer_add_buffer(layer, &s->mask, "mask");
}

/* ---- reshape ---- */

static void take_planes(const lungo_shape *bottom, int axes, bool global, lungo_pooling *pool) {
    pool->planes = (size_t)bottom->dim[0] * (size_t)bottom->dim[1];
    for (int i = 0; i < LUNGO_POOLING_AXES; i++) {
        int axis = i - (LUNGO_POOLING_AXES - axes);
        pool->in[i] = axis < 0 ? 1 : bottom->dim[2 + axis];
        if (global) pool->kernel[i] = pool->in[i];
    }
}

static lungo_status reshape(lungo_layer *layer) {
    const Caffe__PoolingParameter *param = layer->param->pooling_param;
    const lungo_blob *bottom = layer->bottoms[0];
    state *s = layer->state;
    lungo_shape shape = bottom->shape;
    int axes = shape.axes - 2;
    if (axes < 1 || axes > LUNGO_POOLING_AXES)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shapes do not fit: bottom '%s': expected 3 to 5 axes (number, channels, "
                          "then 1 to 3 spatial ones), got shape %s",
                          bottom->name, lungo_shape_text(&shape).text);
    LUNGO_TRY(read_window(param, axes, &s->pool));
    take_planes(&shape, axes, param->global_pooling, &s->pool);
    LUNGO_TRY(lungo_pool_check_pad(&s->pool, s->method));
    LUNGO_TRY(lungo_pool_fit(&s->pool, bottom,
                             param->round_mode == CAFFE__POOLING_PARAMETER__ROUND_MODE__CEIL));
    for (int i = 0; i < axes; i++)
        shape.dim[2 + i] = s->pool.out[LUNGO_POOLING_AXES - axes + i];
    for (int i = 0; i < layer->top_count; i++)
        LUNGO_TRY(lungo_blob_reshape(layer->tops[i], &shape));
    return s->mask ? lungo_blob_reshape(s->mask, &shape) : LUNGO_OK;
}

/* ---- forward and backward ---- */

static void give_mask(const int32_t *mask, lungo_blob *top) {
    float *y = lungo_data_overwrite(top);
    for (size_t i = 0; i < top->count; i++)
        y[i] = (float)mask[i]; /* NOLINT(*): with a second top there is one */
}

static lungo_status forward(lungo_layer *layer) {
    const state *s = layer->state;
    int32_t *mask = s->mask ? (int32_t *)lungo_data_overwrite(s->mask) : NULL;
    lungo_pool_draw(layer, s->method, layer->tops[0]);
    lungo_pool_forward(s->method, &s->pool, lungo_data(layer->bottoms[0]),
                       lungo_data_update(layer->tops[0]), mask);
    if (layer->top_count > 1) give_mask(mask, layer->tops[1]);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const state *s = layer->state;
    const int32_t *mask = s->mask ? (const int32_t *)lungo_data(s->mask) : NULL;
    lungo_pool_backward(s->method, &s->pool, lungo_data(layer->bottoms[0]), mask,
                        lungo_diff(layer->tops[0]), lungo_diff_overwrite(layer->bottoms[0]));
    return LUNGO_OK;
}

static void describe(const lungo_layer *layer, lungo_op *op) {
    const state *s = layer->state;
    if (s->method != LUNGO_POOL_MAX && s->method != LUNGO_POOL_AVE) return;
    op->kind = LUNGO_OP_POOLING;
    op->pooling.window = s->pool;
    op->pooling.max = s->method == LUNGO_POOL_MAX;
}

const lungo_layer_type lungo_layer_pooling = {
    .name = "Pooling",
    .brief =
        "The largest, the average or a sampled value under a window that slides over each channel.",
    .family = "vision",
    .params = {"pooling_param"},
    .state_size = sizeof(state),
    .bottoms = {1, 1},
    .tops = {1, 2},
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
    .describe = describe,
};
