/* Convolution of images with a filter bank: as one matrix product per image and group, without a
 * matrix (kernels/direct.h), or with fewer multiplications (kernels/winograd.h), as is faster.
 *
 *   x  (N, C, in...)        w  (M, C / groups, kernel...)       b  (M)
 *   y  (N, M, out...)       y_n = w col(x_n) + b                col: im2col
 *   dx_n = im(w' dy_n)      dw = sum_n dy_n col(x_n)'           db_m = sum of dy over all but m
 *
 * Group g sees channels and filters number g of `groups` equal shares.
 * The images are shared out among `lanes`, see math/parallel.h; each has its part of `scratch`.
 * What is shared out otherwise goes to `threads`.
 */
#ifndef LUNGO_KERNELS_CONVOLUTION_H
#define LUNGO_KERNELS_CONVOLUTION_H

#include "kernels/window.h"

typedef struct lungo_convolution {
    lungo_window window; /* over the channels of x */
    size_t images;
    int filters, groups, lanes, threads;
} lungo_convolution;

/* Floats of scratch that forward and backward need; false when size_t cannot hold it. */
bool lungo_convolution_scratch(const lungo_convolution *conv, size_t *floats);

/* `b` may be NULL. */
void lungo_convolution_forward(const lungo_convolution *conv, const float *x, const float *w,
                               const float *b, float *y, float *scratch);

void lungo_convolution_backward_data(const lungo_convolution *conv, const float *w, const float *dy,
                                     float *dx, float *scratch);

/* dw = beta dw + the above. */
void lungo_convolution_backward_weights(const lungo_convolution *conv, const float *x,
                                        const float *dy, float beta, float *dw, float *scratch);

/* The same, always as matrix products. */
void lungo_product_forward(const lungo_convolution *conv, const float *x, const float *w,
                           const float *b, float *y, float *scratch);
void lungo_product_backward_data(const lungo_convolution *conv, const float *w, const float *dy,
                                 float *dx, float *scratch);
void lungo_product_backward_weights(const lungo_convolution *conv, const float *x, const float *dy,
                                    float beta, float *dw, float *scratch);

#endif
