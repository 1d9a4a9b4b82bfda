#include "kernels/reference.h"

#include "math/vector.h"

/* ---- convolution ---- */

/* The pixel of the plane under tap number `tap` of window number `output`; -1 in the padding. */
static ptrdiff_t pixel_under(const lungo_window *w, size_t output, size_t tap) {
    ptrdiff_t index = 0, step = 1;
    for (int i = w->axes - 1; i >= 0; i--) {
        size_t at = output % (size_t)w->out[i], t = tap % (size_t)w->kernel[i];
        ptrdiff_t place = (ptrdiff_t)at * w->stride[i] - w->pad[i] + (ptrdiff_t)t * w->dilation[i];
        if (place < 0 || place >= w->in[i]) return -1;
        index += place * step;
        step *= w->in[i];
        output /= (size_t)w->out[i];
        tap /= (size_t)w->kernel[i];
    }
    return index;
}

/* The sizes of x, w and y without batch and groups, and all of them. */
typedef struct sizes {
    size_t depth, share;                             /* channels and filters of a group */
    size_t channels, filters, pixels, outputs, taps; /* of an image */
    size_t x, w, y;                                  /* floats */
} sizes;

static sizes sizes_of(const lungo_convolution *conv) {
    const lungo_window *w = &conv->window;
    sizes s = {.channels = (size_t)w->channels,
               .filters = (size_t)conv->filters,
               .pixels = lungo_window_pixels(w),
               .outputs = lungo_window_outputs(w),
               .taps = lungo_window_taps(w)};
    s.depth = s.channels / (size_t)conv->groups;
    s.share = s.filters / (size_t)conv->groups;
    s.x = conv->images * s.channels * s.pixels;
    s.w = s.filters * s.depth * s.taps;
    s.y = conv->images * s.filters * s.outputs;
    return s;
}

/* target[...] += a[...] * b[...] for every product in the definition of y; each of the three is
 * indexed like x, w or y. */
typedef enum role { X, W, Y } role;

static void add_terms(const lungo_convolution *conv, const sizes *s, const float *a, role a_role,
                      const float *b, role b_role, float *target, role target_role) {
    for (size_t output = 0; output < s->outputs; output++) {
        for (size_t tap = 0; tap < s->taps; tap++) {
            ptrdiff_t pixel = pixel_under(&conv->window, output, tap);
            for (size_t i = 0; pixel >= 0 && i < conv->images * s->filters * s->depth; i++) {
                size_t c = i % s->depth, m = i / s->depth % s->filters,
                       n = i / s->depth / s->filters;
                size_t channel = m / s->share * s->depth + c;
                size_t at[] = {[X] = (n * s->channels + channel) * s->pixels + (size_t)pixel,
                               [W] = (m * s->depth + c) * s->taps + tap,
                               [Y] = (n * s->filters + m) * s->outputs + output};
                target[at[target_role]] += a[at[a_role]] * b[at[b_role]];
            }
        }
    }
}

void lungo_reference_convolution_forward(const lungo_convolution *conv, const float *x,
                                         const float *w, const float *b, float *y) {
    sizes s = sizes_of(conv);
    for (size_t i = 0; i < s.y; i++)
        y[i] = b ? b[i / s.outputs % s.filters] : 0;
    add_terms(conv, &s, x, X, w, W, y, Y);
}

void lungo_reference_convolution_backward_data(const lungo_convolution *conv, const float *w,
                                               const float *dy, float *dx) {
    sizes s = sizes_of(conv);
    lungo_fill(s.x, 0, dx);
    add_terms(conv, &s, w, W, dy, Y, dx, X);
}

void lungo_reference_convolution_backward_weights(const lungo_convolution *conv, const float *x,
                                                  const float *dy, float beta, float *dw) {
    sizes s = sizes_of(conv);
    lungo_rescale(s.w, beta, dw);
    add_terms(conv, &s, x, X, dy, Y, dw, W);
}

/* ---- matrix product ---- */

void lungo_reference_gemm(lungo_operand op_a, lungo_operand op_b, size_t m, size_t n, size_t k,
                          const float *a, const float *b, float beta, float *c) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            double sum = beta == 0 ? 0 : (double)beta * c[i * n + j];
            for (size_t l = 0; l < k; l++) {
                float left = op_a == LUNGO_PLAIN ? a[i * k + l] : a[l * m + i];
                float right = op_b == LUNGO_PLAIN ? b[l * n + j] : b[j * k + l];
                sum += (double)left * right;
            }
            c[i * n + j] = (float)sum;
        }
    }
}
