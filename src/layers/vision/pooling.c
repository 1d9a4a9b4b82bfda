/* Pooling: the largest or the average value under a window, channel by channel.
 *
 *   bottom[0]  x  (N, C, H, W)
 *   top[0]     y  (N, C, H', W')   H' = ceil((H + 2 pad - kernel) / stride) + 1, or floor with
 *                                  round_mode FLOOR; with padding, a last window that would start
 *                                  at or beyond H + pad is dropped
 *   top[1]     MAX only, may be left out: index of the largest value in its channel plane, as float
 *   backward   MAX: dx = dy at the largest value (the first of equals)
 *              AVE: dx = dy / cells of the window, padding included
 *
 * global_pooling: one window over each plane, whatever its size.
 *
 * Unlike Caffe, which then writes outside its memory, gives no gradient from a window without any
 * number to it.
 *
 * Example:
 *
 *   # x: 2 3 8 8
 *   layer {
 *     name: "pool" type: "Pooling" bottom: "x" top: "pool"
 *     pooling_param { pool: MAX kernel_size: 3 stride: 2 }
 *   }
 */
#include "kernels/pooling.h"

#include <limits.h>

#include "layer/layer.h"

static_assert(sizeof(int32_t) == sizeof(float), "the mask lies in a buffer of float");

typedef struct state {
    lungo_pooling pool;
    lungo_blob *mask; /* of int32_t; NULL for AVE */
} state;

static const char *const directions[2] = {"height", "width"};

/* ---- setup ---- */

/* One setting as `name`, or as name_h and name_w together. */
typedef struct setting {
    const char *one_name, *pair_name; /* "kernel_size", "kernel" */
    bool has_one, has_h, has_w;
    uint32_t one, h, w;
    uint32_t least;
    bool required;
} setting;

static const char *given(bool yes) {
    return yes ? "given" : "absent";
}

static lungo_status read_setting(const setting *s, int out[2]) {
    bool pair = s->has_h && s->has_w, part = s->has_h || s->has_w;
    if ((s->has_one && part) || part != pair || (s->required && !s->has_one && !pair))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "pooling_param: expected %s alone, or %s_h and %s_w together, got %s "
                          "%s, %s_h %s, %s_w %s",
                          s->one_name, s->pair_name, s->pair_name, s->one_name, given(s->has_one),
                          s->pair_name, given(s->has_h), s->pair_name, given(s->has_w));
    uint32_t values[2] = {pair ? s->h : s->one, pair ? s->w : s->one};
    for (int i = 0; i < 2; i++) {
        if (values[i] < s->least || values[i] > INT_MAX)
            return lungo_fail(LUNGO_ERR_CONFIG, "pooling_param: %s (%s): expected %u to %d, got %u",
                              s->one_name, directions[i], s->least, INT_MAX, values[i]);
        out[i] = (int)values[i];
    }
    return LUNGO_OK;
}

static lungo_status check_global(const Caffe__PoolingParameter *p, const lungo_pooling *pool) {
    if (p->has_kernel_size || p->has_kernel_h || p->has_kernel_w)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "pooling_param: global_pooling takes the whole plane: expected no "
                          "kernel_size, kernel_h or kernel_w");
    for (int i = 0; i < 2; i++)
        if (pool->pad[i] != 0 || pool->stride[i] != 1)
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "pooling_param: global_pooling: expected pad 0 and stride 1, got "
                              "pad %d and stride %d (%s)",
                              pool->pad[i], pool->stride[i], directions[i]);
    return LUNGO_OK;
}

static lungo_status check_pad(const lungo_pooling *pool) {
    for (int i = 0; i < 2; i++)
        if (pool->pad[i] != 0 && pool->pad[i] >= pool->kernel[i])
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "pooling_param.pad: expected less than the kernel's %s %d, got %d",
                              directions[i], pool->kernel[i], pool->pad[i]);
    return LUNGO_OK;
}

static lungo_status read_window(const Caffe__PoolingParameter *p, lungo_pooling *pool) {
    setting kernel = {"kernel_size",
                      "kernel",
                      p->has_kernel_size,
                      p->has_kernel_h,
                      p->has_kernel_w,
                      p->kernel_size,
                      p->kernel_h,
                      p->kernel_w,
                      1,
                      true};
    setting stride = {"stride",
                      "stride",
                      p->has_stride,
                      p->has_stride_h,
                      p->has_stride_w,
                      p->stride,
                      p->stride_h,
                      p->stride_w,
                      1,
                      false};
    setting pad = {"pad",    "pad",    p->has_pad, p->has_pad_h, p->has_pad_w, p->pad,
                   p->pad_h, p->pad_w, 0,          false};
    LUNGO_TRY(read_setting(&stride, pool->stride));
    LUNGO_TRY(read_setting(&pad, pool->pad));
    if (p->global_pooling) return check_global(p, pool);
    LUNGO_TRY(read_setting(&kernel, pool->kernel));
    return check_pad(pool);
}

static lungo_status setup(lungo_layer *layer) {
    const Caffe__PoolingParameter *param = layer->param->pooling_param;
    state *s = layer->state;
    bool max = param->pool == CAFFE__POOLING_PARAMETER__POOL_METHOD__MAX;
    if (!max && param->pool != CAFFE__POOLING_PARAMETER__POOL_METHOD__AVE)
        return lungo_fail(LUNGO_ERR_UNSUPPORTED,
                          "pooling_param.pool: expected MAX or AVE, got STOCHASTIC, which Caffe "
                          "has for GPUs alone");
    if (!max && layer->top_count > 1)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "layer takes 1 top with pool AVE, got %d: only MAX has a mask",
                          layer->top_count);
    LUNGO_TRY(read_window(param, &s->pool));
    return max ? lungo_layer_add_buffer(layer, &s->mask, "mask") : LUNGO_OK;
}

/* ---- reshape ---- */

/* a / b rounded up or down, b > 0. */
static long long quotient(long long a, long long b, bool up) {
    long long down = a / b - (a % b < 0);
    return up && a % b != 0 ? down + 1 : down;
}

static lungo_status fit(const lungo_layer *layer, lungo_pooling *pool, int i, bool up) {
    const lungo_blob *bottom = layer->bottoms[0];
    long long rest = pool->in[i] + 2LL * pool->pad[i] - pool->kernel[i];
    long long out = quotient(rest, pool->stride[i], up) + 1;
    bool padded = pool->pad[0] != 0 || pool->pad[1] != 0;
    if (padded && (out - 1) * pool->stride[i] >= (long long)pool->in[i] + pool->pad[i]) out--;
    pool->out[i] = (int)out;
    if (out >= 1 && out <= INT_MAX) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "shapes do not fit: bottom '%s' (shape %s): expected an output %s of 1 to "
                      "%d, got %lld: kernel %d over %d + 2 x %d, stride %d",
                      bottom->name, lungo_shape_text(&bottom->shape).text, directions[i], INT_MAX,
                      out, pool->kernel[i], pool->in[i], pool->pad[i], pool->stride[i]);
}

static lungo_status reshape(lungo_layer *layer) {
    const Caffe__PoolingParameter *param = layer->param->pooling_param;
    lungo_shape shape = layer->bottoms[0]->shape;
    state *s = layer->state;
    lungo_pooling *pool = &s->pool;
    if (shape.axes != 4)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shapes do not fit: bottom '%s': expected 4 axes (number, channels, "
                          "height, width), got shape %s",
                          layer->bottoms[0]->name, lungo_shape_text(&shape).text);
    pool->planes = (size_t)shape.dim[0] * (size_t)shape.dim[1];
    for (int i = 0; i < 2; i++) {
        pool->in[i] = shape.dim[2 + i];
        if (param->global_pooling) pool->kernel[i] = pool->in[i];
        LUNGO_TRY(
            fit(layer, pool, i, param->round_mode == CAFFE__POOLING_PARAMETER__ROUND_MODE__CEIL));
        shape.dim[2 + i] = pool->out[i];
    }
    for (int i = 0; i < layer->top_count; i++)
        LUNGO_TRY(lungo_blob_reshape(layer->tops[i], &shape));
    return s->mask ? lungo_blob_reshape(s->mask, &shape) : LUNGO_OK;
}

/* ---- forward and backward ---- */

static void give_mask(const int32_t *mask, lungo_blob *top) {
    float *y = lungo_data_overwrite(top);
    for (size_t i = 0; i < top->count; i++)
        y[i] = (float)mask[i];
}

static lungo_status forward(lungo_layer *layer) {
    const state *s = layer->state;
    const float *x = lungo_data(layer->bottoms[0]);
    float *y = lungo_data_overwrite(layer->tops[0]);
    if (!s->mask) {
        lungo_pooling_ave_forward(&s->pool, x, y);
        return LUNGO_OK;
    }
    int32_t *mask = (int32_t *)lungo_data_overwrite(s->mask);
    lungo_pooling_max_forward(&s->pool, x, y, mask);
    if (layer->top_count > 1) give_mask(mask, layer->tops[1]);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const state *s = layer->state;
    const float *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    if (s->mask)
        lungo_pooling_max_backward(&s->pool, (const int32_t *)lungo_data(s->mask), dy, dx);
    else
        lungo_pooling_ave_backward(&s->pool, dy, dx);
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_pooling = {
    .name = "Pooling",
    .brief = "The largest or the average value under a window that slides over each channel.",
    .family = "vision",
    .params = {"pooling_param"},
    .state_size = sizeof(state),
    .bottoms = {1, 1},
    .tops = {1, 2},
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
