/* Im2col: every window of an image as a column of values, the first half of a convolution.
 *
 *   bottom[0]  x  (N..., C, in...)   channels at `axis`; axes before it count as images
 *   top[0]     y  (N..., C taps, out...)   row (c, tap): what each window sees under that tap of
 *                                  channel c, 0 in the padding
 *   backward   dx = sum of dy over the copies of each pixel
 *
 * kernel_size, stride, pad and dilation of convolution_param as in Convolution; the rest of it is
 * not looked at.
 *
 * Example:
 *
 *   # x: 2 3 8 8
 *   layer {
 *     name: "columns" type: "Im2col" bottom: "x" top: "columns"
 *     convolution_param { kernel_size: 3 stride: 2 }
 *   }
 */
#include "kernels/im2col.h"

#include <limits.h>

#include "layers/vision/window.h"
#include "math/parallel.h"

typedef struct state {
    lungo_window window;
    size_t images, bottom_step, top_step; /* floats from one image to the next */
} state;

static lungo_status find_axis(const lungo_layer *layer, int *axis) {
    return lungo_shape_axis(&layer->bottoms[0]->shape, layer->param->convolution_param->axis,
                            "convolution_param.axis", axis);
}

static lungo_status check_channels(const lungo_layer *layer, size_t channels) {
    if (channels <= INT_MAX) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG, "top '%s': expected at most %d channels, got %zu",
                      layer->tops[0]->name, INT_MAX, channels);
}

static lungo_status reshape(lungo_layer *layer) {
    const lungo_blob *bottom = layer->bottoms[0];
    state *s = layer->state;
    lungo_window *window = &s->window;
    int axis;
    LUNGO_TRY(find_axis(layer, &axis));
    if (axis == bottom->shape.axes - 1)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shapes do not fit: bottom '%s': expected spatial axes behind axis %d, "
                          "got shape %s",
                          bottom->name, axis, lungo_shape_text(&bottom->shape).text);
    LUNGO_TRY(lungo_window_read(window, layer->param->convolution_param, &bottom->shape, axis));
    LUNGO_TRY(lungo_window_fit(window, bottom, axis));
    size_t taps = 1;
    for (int i = 0; i < window->axes; i++) {
        taps *= (size_t)window->kernel[i];
        LUNGO_TRY(check_channels(layer, taps));
    }
    LUNGO_TRY(check_channels(layer, taps * (size_t)window->channels));
    lungo_shape top = bottom->shape;
    top.dim[axis] = (int)(taps * (size_t)window->channels);
    for (int i = 0; i < window->axes; i++)
        top.dim[axis + 1 + i] = window->out[i];
    LUNGO_TRY(lungo_blob_reshape(layer->tops[0], &top));
    s->images = lungo_shape_range(&top, 0, axis);
    s->bottom_step = lungo_shape_from(&bottom->shape, axis);
    s->top_step = lungo_shape_from(&top, axis);
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    const state *s = layer->state;
    const float *x = lungo_data(layer->bottoms[0]);
    float *y = lungo_data_overwrite(layer->tops[0]);
#pragma omp parallel for if (lungo_worth_threads(layer->tops[0]->count))
    for (size_t n = 0; n < s->images; n++)
        lungo_im2col(&s->window, x + n * s->bottom_step, y + n * s->top_step);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const state *s = layer->state;
    const float *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
#pragma omp parallel for if (lungo_worth_threads(layer->tops[0]->count))
    for (size_t n = 0; n < s->images; n++)
        lungo_col2im(&s->window, dy + n * s->top_step, dx + n * s->bottom_step);
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_im2col = {
    .name = "Im2col",
    .brief = "Every window of an image as a column of values.",
    .family = "vision",
    .params = {"convolution_param"},
    .state_size = sizeof(state),
    .bottoms = {1, 1},
    .tops = {1, 1},
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
