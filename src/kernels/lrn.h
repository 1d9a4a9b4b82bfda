/* Local response normalisation: each value is damped by the squares of its neighbours.
 *
 *   x, y, scale  (images, channels, height, width)
 *   scale_i = k + alpha / n * sum of x_j^2 over the window around i
 *   y_i     = x_i scale_i^-beta
 *   dx_i    = dy_i scale_i^-beta - 2 alpha beta / n * x_i * sum of dy_j y_j / scale_j over the
 * window
 *
 * The window spans `size` channels (n = size) or size x size pixels of one channel (n = size^2).
 * `size` is odd; neighbours outside the image count as 0.
 */
#ifndef LUNGO_KERNELS_LRN_H
#define LUNGO_KERNELS_LRN_H

#include <stdbool.h>
#include <stddef.h>

typedef struct lungo_lrn {
    size_t images, channels, height, width;
    size_t size;
    bool within_channel;
    float alpha, beta, k;
    int lanes; /* shares of the images, each with its part of `scratch` */
} lungo_lrn;

/* Floats of scratch that forward and backward need. */
size_t lungo_lrn_scratch(const lungo_lrn *lrn);

void lungo_lrn_forward(const lungo_lrn *lrn, const float *x, float *scale, float *y,
                       float *scratch);
void lungo_lrn_backward(const lungo_lrn *lrn, const float *x, const float *y, const float *scale,
                        const float *dy, float *dx, float *scratch);

#endif
