#include "layers/vision/window.h"

#include <limits.h>

/* One setting in its two spellings: a list (one value for all axes, or one each), or a pair _h, _w
 * for two axes. */
typedef struct setting {
    const char *list_name, *pair_name; /* "kernel_size", "kernel" */
    size_t count;
    const uint32_t *values;
    bool has_pair;
    uint32_t pair[2];
    uint32_t least;
    bool required; /* else `fallback` when nothing is given */
    uint32_t fallback;
} setting;

static lungo_status check_value(const setting *s, const char *name, const char *suffix,
                                uint32_t value) {
    if (value >= s->least && value <= INT_MAX) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG, "convolution_param.%s%s: expected %u to %d, got %u", name,
                      suffix, s->least, INT_MAX, value);
}

static lungo_status read_pair(const setting *s, int axes, int *out) {
    static const char *const suffixes[2] = {"_h", "_w"};
    if (s->count > 0)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "convolution_param: expected %s, or %s_h and %s_w, got both",
                          s->list_name, s->pair_name, s->pair_name);
    if (axes != 2)
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "convolution_param: %s_h and %s_w: expected 2 spatial axes, got %d; use %s",
            s->pair_name, s->pair_name, axes, s->list_name);
    for (int i = 0; i < 2; i++) {
        LUNGO_TRY(check_value(s, s->pair_name, suffixes[i], s->pair[i]));
        out[i] = (int)s->pair[i];
    }
    return LUNGO_OK;
}

static lungo_status read_list(const setting *s, int axes, int *out) {
    bool fits = s->count == 1 || s->count == (size_t)axes || (s->count == 0 && !s->required);
    if (!fits)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "convolution_param.%s: expected 1 value, or %d for as many spatial axes, "
                          "got %zu",
                          s->list_name, axes, s->count);
    for (size_t i = 0; i < s->count; i++)
        LUNGO_TRY(check_value(s, s->list_name, "", s->values[i]));
    for (int i = 0; i < axes; i++)
        out[i] = (int)(s->count == 0 ? s->fallback : s->values[s->count == 1 ? 0 : i]);
    return LUNGO_OK;
}

static lungo_status read_setting(const setting *s, int axes, int *out) {
    return s->has_pair ? read_pair(s, axes, out) : read_list(s, axes, out);
}

lungo_status lungo_window_read(lungo_window *window, const Caffe__ConvolutionParameter *p,
                               const lungo_shape *bottom, int axis) {
    *window = (lungo_window){.axes = bottom->axes - axis - 1,
                             .channels = bottom->dim[axis],
                             .general = p->force_nd_im2col};
    setting kernel = {"kernel_size",
                      "kernel",
                      p->n_kernel_size,
                      p->kernel_size,
                      p->has_kernel_h || p->has_kernel_w,
                      {p->kernel_h, p->kernel_w},
                      1,
                      true,
                      0};
    setting stride = {"stride",
                      "stride",
                      p->n_stride,
                      p->stride,
                      p->has_stride_h || p->has_stride_w,
                      {p->stride_h, p->stride_w},
                      1,
                      false,
                      1};
    setting pad = {
        "pad", "pad", p->n_pad, p->pad, p->has_pad_h || p->has_pad_w, {p->pad_h, p->pad_w},
        0,     false, 0};
    setting dilation = {"dilation", NULL, p->n_dilation, p->dilation, false, {0, 0}, 1, false, 1};
    LUNGO_TRY(read_setting(&kernel, window->axes, window->kernel));
    LUNGO_TRY(read_setting(&stride, window->axes, window->stride));
    LUNGO_TRY(read_setting(&pad, window->axes, window->pad));
    return read_setting(&dilation, window->axes, window->dilation);
}

static lungo_status fit_axis(lungo_window *w, const lungo_blob *bottom, int axis, int i) {
    long long padded = bottom->shape.dim[axis + 1 + i] + 2LL * w->pad[i];
    long long reach = (long long)w->dilation[i] * (w->kernel[i] - 1) + 1;
    long long out = padded < reach ? 0 : (padded - reach) / w->stride[i] + 1;
    w->in[i] = bottom->shape.dim[axis + 1 + i];
    w->out[i] = (int)out;
    if (out >= 1 && out <= INT_MAX) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "shapes do not fit: bottom '%s' (shape %s): spatial axis %d: expected an "
                      "output of 1 to %d, got %lld: the kernel covers %lld (kernel %d, dilation "
                      "%d), the padded input is %lld (%d + 2 x %d)",
                      bottom->name, lungo_shape_text(&bottom->shape).text, i, INT_MAX, out, reach,
                      w->kernel[i], w->dilation[i], padded, w->in[i], w->pad[i]);
}

lungo_status lungo_window_fit(lungo_window *window, const lungo_blob *bottom, int axis) {
    for (int i = 0; i < window->axes; i++)
        LUNGO_TRY(fit_axis(window, bottom, axis, i));
    return LUNGO_OK;
}

static lungo_status fit_transposed(lungo_window *w, const lungo_blob *bottom, int axis, int i) {
    long long places = bottom->shape.dim[axis + 1 + i];
    long long reach = (long long)w->dilation[i] * (w->kernel[i] - 1) + 1;
    long long in = w->stride[i] * (places - 1) + reach - 2LL * w->pad[i];
    w->out[i] = (int)places;
    w->in[i] = (int)in;
    if (places >= 1 && in >= 1 && in <= INT_MAX) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "shapes do not fit: bottom '%s' (shape %s): spatial axis %d: expected an "
                      "output of 1 to %d, got %lld: stride %d x (%lld - 1) + %lld (kernel %d, "
                      "dilation %d) - 2 x pad %d",
                      bottom->name, lungo_shape_text(&bottom->shape).text, i, INT_MAX, in,
                      w->stride[i], places, reach, w->kernel[i], w->dilation[i], w->pad[i]);
}

lungo_status lungo_window_fit_transposed(lungo_window *window, const lungo_blob *bottom, int axis) {
    for (int i = 0; i < window->axes; i++)
        LUNGO_TRY(fit_transposed(window, bottom, axis, i));
    return LUNGO_OK;
}
