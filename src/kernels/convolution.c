#include "kernels/convolution.h"

#include "kernels/direct.h"
#include "kernels/im2col.h"
#include "kernels/winograd.h"
#include "math/gemm.h"
#include "math/parallel.h"
#include "math/vector.h"

/* The matrices of one group of one image. */
typedef struct product {
    size_t filters, depth, outputs; /* w (filters, depth), columns (depth, outputs) */
    size_t image, columns, top;     /* floats of x_n, col(x_n) and y_n, all groups */
    size_t weights;                 /* floats of w, all groups */
} product;

static product product_of(const lungo_convolution *conv) {
    const lungo_window *w = &conv->window;
    size_t groups = (size_t)conv->groups, channels = (size_t)w->channels;
    product p = {.filters = (size_t)conv->filters / groups,
                 .depth = channels / groups * lungo_window_taps(w),
                 .outputs = lungo_window_outputs(w)};
    p.image = channels * lungo_window_pixels(w);
    p.columns = groups * p.depth * p.outputs;
    p.top = groups * p.filters * p.outputs;
    p.weights = groups * p.filters * p.depth;
    return p;
}

/* With 1x1 windows side by side the image is its own matrix of columns. */
static bool is_pointwise(const lungo_window *w) {
    for (int i = 0; i < w->axes; i++)
        if (w->kernel[i] != 1 || w->stride[i] != 1 || w->pad[i] != 0) return false;
    return true;
}

static size_t column_floats(const lungo_convolution *conv, const product *p) {
    return is_pointwise(&conv->window) ? 0 : p->columns;
}

/* Lanes that sum up gradients of their own cost memory: no more of it than x itself takes. */
static int gradient_lanes(const lungo_convolution *conv, const product *p) {
    bool fits = (size_t)(conv->lanes - 1) * p->weights <= conv->images * p->image;
    return fits ? conv->lanes : 1;
}

/* What the product needs; what is chosen instead of it below may need more. */
static bool product_scratch(const lungo_convolution *conv, size_t *floats) {
    product p = product_of(conv);
    size_t columns, sums = (size_t)(gradient_lanes(conv, &p) - 1) * p.weights;
    if (__builtin_mul_overflow((size_t)conv->groups * p.depth, p.outputs, &columns)) return false;
    if (is_pointwise(&conv->window)) columns = 0;
    if (__builtin_mul_overflow(columns, (size_t)conv->lanes, &columns)) return false;
    return !__builtin_add_overflow(columns, sums, floats);
}

bool lungo_convolution_scratch(const lungo_convolution *conv, size_t *floats) {
    if (!product_scratch(conv, floats)) return false;
    size_t direct = lungo_direct_works(conv) ? lungo_direct_scratch(conv) : 0;
    size_t winograd = lungo_winograd_suits(conv) ? lungo_winograd_scratch(conv) : 0;
    if (direct > *floats) *floats = direct;
    if (winograd > *floats) *floats = winograd;
    return true;
}

static const float *columns_of(const lungo_window *w, const float *image, float *columns) {
    if (is_pointwise(w)) return image;
    lungo_im2col(w, image, columns);
    return columns;
}

/* ---- forward ---- */

static void forward_image(const lungo_convolution *conv, const product *p, const float *columns,
                          const float *w, const float *b, float *y) {
    for (size_t g = 0; g < (size_t)conv->groups; g++)
        lungo_gemm(LUNGO_PLAIN, LUNGO_PLAIN, p->filters, p->outputs, p->depth,
                   w + g * p->filters * p->depth, columns + g * p->depth * p->outputs, 0,
                   y + g * p->filters * p->outputs);
    for (size_t m = 0; b && m < (size_t)conv->filters; m++)
        for (size_t i = 0; i < p->outputs; i++)
            y[m * p->outputs + i] += b[m];
}

void lungo_product_forward(const lungo_convolution *conv, const float *x, const float *w,
                           const float *b, float *y, float *scratch) {
    product p = product_of(conv);
    int lanes = conv->lanes;
#pragma omp parallel for num_threads(lanes)
    for (int lane = 0; lane < lanes; lane++) {
        float *room = scratch + (size_t)lane * column_floats(conv, &p);
        size_t end = lungo_lane_start(conv->images, lane + 1, lanes);
        for (size_t n = lungo_lane_start(conv->images, lane, lanes); n < end; n++) {
            const float *columns = columns_of(&conv->window, x + n * p.image, room);
            forward_image(conv, &p, columns, w, b, y + n * p.top);
        }
    }
}

/* ---- backward ---- */

static void backward_image(const lungo_convolution *conv, const product *p, const float *w,
                           const float *dy, float *columns) {
    for (size_t g = 0; g < (size_t)conv->groups; g++)
        lungo_gemm(LUNGO_TRANSPOSED, LUNGO_PLAIN, p->depth, p->outputs, p->filters,
                   w + g * p->filters * p->depth, dy + g * p->filters * p->outputs, 0,
                   columns + g * p->depth * p->outputs);
}

void lungo_product_backward_data(const lungo_convolution *conv, const float *w, const float *dy,
                                 float *dx, float *scratch) {
    product p = product_of(conv);
    bool pointwise = is_pointwise(&conv->window);
    int lanes = conv->lanes;
#pragma omp parallel for num_threads(lanes)
    for (int lane = 0; lane < lanes; lane++) {
        float *room = scratch + (size_t)lane * column_floats(conv, &p);
        size_t end = lungo_lane_start(conv->images, lane + 1, lanes);
        for (size_t n = lungo_lane_start(conv->images, lane, lanes); n < end; n++) {
            float *image = dx + n * p.image, *columns = pointwise ? image : room;
            backward_image(conv, &p, w, dy + n * p.top, columns);
            if (!pointwise) lungo_col2im(&conv->window, columns, image);
        }
    }
}

static void weights_of_image(const lungo_convolution *conv, const product *p, const float *columns,
                             const float *dy, float beta, float *dw) {
    for (size_t g = 0; g < (size_t)conv->groups; g++)
        lungo_gemm(LUNGO_PLAIN, LUNGO_TRANSPOSED, p->filters, p->depth, p->outputs,
                   dy + g * p->filters * p->outputs, columns + g * p->depth * p->outputs, beta,
                   dw + g * p->filters * p->depth);
}

/* Lane 0 works on dw itself, the others on sums of their own, added afterwards in their order. */
void lungo_product_backward_weights(const lungo_convolution *conv, const float *x, const float *dy,
                                    float beta, float *dw, float *scratch) {
    product p = product_of(conv);
    int lanes = gradient_lanes(conv, &p);
    float *sums = scratch + (size_t)lanes * column_floats(conv, &p);
    if (conv->images == 0) lungo_rescale(p.weights, beta, dw);
#pragma omp parallel for num_threads(lanes)
    for (int lane = 0; lane < lanes; lane++) {
        float *room = scratch + (size_t)lane * column_floats(conv, &p);
        float *sum = lane == 0 ? dw : sums + (size_t)(lane - 1) * p.weights;
        size_t start = lungo_lane_start(conv->images, lane, lanes);
        size_t end = lungo_lane_start(conv->images, lane + 1, lanes);
        for (size_t n = start; n < end; n++) {
            const float *columns = columns_of(&conv->window, x + n * p.image, room);
            float keep = n > start ? 1 : lane == 0 ? beta : 0;
            weights_of_image(conv, &p, columns, dy + n * p.top, keep, sum);
        }
    }
    for (int lane = 1; lane < lanes; lane++)
        lungo_add(p.weights, sums + (size_t)(lane - 1) * p.weights, dw);
}

/* ---- the fastest of the ways ---- */

void lungo_convolution_forward(const lungo_convolution *conv, const float *x, const float *w,
                               const float *b, float *y, float *scratch) {
    if (lungo_winograd_suits(conv))
        lungo_winograd_forward(conv, x, w, b, y, scratch);
    else if (lungo_direct_suits_forward(conv))
        lungo_direct_forward(conv, x, w, b, y, scratch);
    else
        lungo_product_forward(conv, x, w, b, y, scratch);
}

void lungo_convolution_backward_data(const lungo_convolution *conv, const float *w, const float *dy,
                                     float *dx, float *scratch) {
    if (lungo_winograd_suits(conv))
        lungo_winograd_backward_data(conv, w, dy, dx, scratch);
    else if (lungo_direct_suits_backward(conv))
        lungo_direct_backward_data(conv, w, dy, dx, scratch);
    else
        lungo_product_backward_data(conv, w, dy, dx, scratch);
}

void lungo_convolution_backward_weights(const lungo_convolution *conv, const float *x,
                                        const float *dy, float beta, float *dw, float *scratch) {
    if (lungo_winograd_suits(conv))
        lungo_winograd_backward_weights(conv, x, dy, beta, dw, scratch);
    else if (lungo_is_depthwise(conv) && lungo_direct_works(conv))
        lungo_depthwise_backward_weights(conv, x, dy, beta, dw, scratch);
    else
        lungo_product_backward_weights(conv, x, dy, beta, dw, scratch);
}
