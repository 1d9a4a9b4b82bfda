/* Pooling: the largest or the average value under a window, plane by plane.
 *
 *   x  (planes, in_h, in_w)      y, mask  (planes, out_h, out_w)
 *   window i covers rows  i stride - pad .. i stride - pad + kernel - 1,  cut to the image
 *
 * MAX: the first of equal values in row order wins; mask is its index in the plane. A window with
 * no value above -FLT_MAX (not numbers, or nothing of the image at all) gives -FLT_MAX and mask -1.
 * AVE divides by the cells of the window that lie in the image or its padding, not beyond.
 */
#ifndef LUNGO_KERNELS_POOLING_H
#define LUNGO_KERNELS_POOLING_H

#include <stddef.h>
#include <stdint.h>

typedef struct lungo_pooling {
    size_t planes;                                   /* images x channels */
    int in[2], out[2], kernel[2], stride[2], pad[2]; /* height, width */
} lungo_pooling;

void lungo_pooling_max_forward(const lungo_pooling *pool, const float *x, float *y, int32_t *mask);
void lungo_pooling_max_backward(const lungo_pooling *pool, const int32_t *mask, const float *dy,
                                float *dx);

void lungo_pooling_ave_forward(const lungo_pooling *pool, const float *x, float *y);
void lungo_pooling_ave_backward(const lungo_pooling *pool, const float *dy, float *dx);

#endif
