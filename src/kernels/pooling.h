/* Pooling: the largest, the average or a sampled value under a window, plane by plane.
 *
 *   x  (planes, in...)      y, mask  (planes, out...)       up to three axes: depth, height, width
 *   along an axis, window i covers  i stride - pad .. i stride - pad + kernel - 1,  cut to the
 *   image
 *
 * Planes with fewer axes have in, out, kernel and stride 1 and pad 0 along the first ones.
 *
 * MAX: the first of equal values in row order wins; mask is its index in the plane. A window with
 * no value above -FLT_MAX (not numbers, or nothing of the image at all) gives -FLT_MAX and mask -1.
 * AVE divides by the cells of the window that lie in the image or its padding, not beyond.
 * SAMPLE takes one of the values in proportion to their size, and EXPECT what that gives on average
 * (Zeiler and Fergus 2013, Stochastic Pooling, 3.1 and 3.2); both are meant for values >= 0.
 */
#ifndef LUNGO_KERNELS_POOLING_H
#define LUNGO_KERNELS_POOLING_H

#include <stddef.h>
#include <stdint.h>

enum { LUNGO_POOLING_AXES = 3 };

typedef struct lungo_pooling {
    size_t planes; /* images x channels */
    int in[LUNGO_POOLING_AXES], out[LUNGO_POOLING_AXES];
    int kernel[LUNGO_POOLING_AXES], stride[LUNGO_POOLING_AXES], pad[LUNGO_POOLING_AXES];
} lungo_pooling;

void lungo_pooling_max_forward(const lungo_pooling *pool, const float *x, float *y, int32_t *mask);

/* For MAX and SAMPLE. */
void lungo_pooling_mask_backward(const lungo_pooling *pool, const int32_t *mask, const float *dy,
                                 float *dx);

void lungo_pooling_ave_forward(const lungo_pooling *pool, const float *x, float *y);
void lungo_pooling_ave_backward(const lungo_pooling *pool, const float *dy, float *dx);

/* y holds a number u in [0, 1] for each window, which its value replaces: the first at which the
 * sum of the values so far, in row order, reaches u times the sum of all; the last one where none
 * does (values below 0). A window with nothing in it gives 0 and mask -1. */
void lungo_pooling_sample_forward(const lungo_pooling *pool, const float *x, float *y,
                                  int32_t *mask);

/* y = sum x^2 / sum x; 0 unless sum x > 0. */
void lungo_pooling_expect_forward(const lungo_pooling *pool, const float *x, float *y);
void lungo_pooling_expect_backward(const lungo_pooling *pool, const float *x, const float *dy,
                                   float *dx);

/* What one window covers along one axis: pixels first <= i < end, `cells` with the padding. */
typedef struct lungo_extent {
    ptrdiff_t first, end, cells;
} lungo_extent;

static inline lungo_extent lungo_extent_of(const lungo_pooling *pool, int axis, int at) {
    ptrdiff_t in = pool->in[axis], pad = pool->pad[axis];
    ptrdiff_t first = (ptrdiff_t)at * pool->stride[axis] - pad;
    ptrdiff_t end = first + pool->kernel[axis];
    if (end > in + pad) end = in + pad;
    lungo_extent e = {first < 0 ? 0 : first, end < in ? end : in, end - first};
    if (e.end < e.first) e.end = e.first;
    return e;
}

#endif
