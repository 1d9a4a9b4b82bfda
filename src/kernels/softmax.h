/* Softmax over the middle one of three axes.
 *
 *   x, y  (outer, classes, inner)    y_c = exp(x_c - max x) / sum_k exp(x_k - max x)
 *   dx_c = y_c (dy_c - sum_k dy_k y_k)
 *
 * y may be x, and dx may be dy.
 */
#ifndef LUNGO_KERNELS_SOFTMAX_H
#define LUNGO_KERNELS_SOFTMAX_H

#include <stddef.h>

typedef struct lungo_softmax {
    size_t outer, classes, inner;
} lungo_softmax;

void lungo_softmax_forward(const lungo_softmax *shape, const float *x, float *y);
void lungo_softmax_backward(const lungo_softmax *shape, const float *y, const float *dy, float *dx);

#endif
