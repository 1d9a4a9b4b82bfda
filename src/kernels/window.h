/* A window that slides over the spatial axes of an image: what im2col and convolution share.
 *
 *   image     (channels, in[0], in[1], ...)
 *   output i  along axis a covers the pixels  i * stride - pad + tap * dilation,  0 <= tap < kernel
 *   out       floor((in + 2 pad - (dilation (kernel - 1) + 1)) / stride) + 1 per axis, at least 1
 */
#ifndef LUNGO_KERNELS_WINDOW_H
#define LUNGO_KERNELS_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

enum { LUNGO_MAX_SPATIAL = 32 };

typedef struct lungo_window {
    int axes; /* spatial ones: 2 for plain images; 0 is fine */
    int channels;
    int in[LUNGO_MAX_SPATIAL], out[LUNGO_MAX_SPATIAL];
    int kernel[LUNGO_MAX_SPATIAL], stride[LUNGO_MAX_SPATIAL];
    int pad[LUNGO_MAX_SPATIAL], dilation[LUNGO_MAX_SPATIAL];
    bool general; /* the code for any number of axes even where there are two */
} lungo_window;

static inline size_t lungo_window_product(const int *sizes, int axes) {
    size_t product = 1;
    for (int i = 0; i < axes; i++)
        product *= (size_t)sizes[i];
    return product;
}

/* Pixels of one channel, taps of one window, and windows. */
static inline size_t lungo_window_pixels(const lungo_window *window) {
    return lungo_window_product(window->in, window->axes);
}

static inline size_t lungo_window_taps(const lungo_window *window) {
    return lungo_window_product(window->kernel, window->axes);
}

static inline size_t lungo_window_outputs(const lungo_window *window) {
    return lungo_window_product(window->out, window->axes);
}

/* Along one axis, outputs first <= i < end see a pixel under a tap: output `first` the pixel
 * `from`, the next ones `stride` further each. */
typedef struct lungo_span {
    ptrdiff_t first, end, from;
} lungo_span;

/* `shift` is where the tap stands for output 0: tap * dilation - pad. */
static inline lungo_span lungo_span_of(ptrdiff_t in, ptrdiff_t out, ptrdiff_t stride,
                                       ptrdiff_t shift) {
    ptrdiff_t before = shift >= 0 ? 0 : stride - 1 - shift;
    ptrdiff_t under = shift >= in ? 0 : in - shift + stride - 1;
    bool dense = stride == 1; /* divisions take longer than many a row does */
    ptrdiff_t first = dense ? before : before / stride, end = dense ? under : under / stride;
    if (end > out) end = out;
    if (first > end) first = end;
    return (lungo_span){first, end, first * stride + shift};
}

#endif
