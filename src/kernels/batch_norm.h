/* Batch normalisation of each channel by its mean and variance.
 *
 *   x, y  (images, channels, pixels)     mean, variance, rstd  (channels)
 *   mean_c = 1/m sum x,  variance_c = 1/m sum (x - mean_c)^2   over the m values of channel c
 *   y      = (x - mean_c) rstd_c,        rstd_c = 1 / sqrt(variance_c + eps)
 *   dx     = rstd_c (dy - 1/m sum dy - y * 1/m sum dy y)       statistics of this very x
 *   dx     = rstd_c dy                                         statistics given from outside
 *
 * y may be x, and dx may be dy.
 */
#ifndef LUNGO_KERNELS_BATCH_NORM_H
#define LUNGO_KERNELS_BATCH_NORM_H

#include <stddef.h>

typedef struct lungo_batch_norm {
    size_t images, channels, pixels;
} lungo_batch_norm;

void lungo_batch_norm_statistics(const lungo_batch_norm *shape, const float *x, float *mean,
                                 float *variance);
/* The running sums that training keeps, and the statistics they stand for:
 *   stored = keep stored + new, for the mean, for variance m / (m - 1), and for 1 (the factor)
 *   mean = stored_mean / factor,  variance = stored_variance / factor;  0 while the factor is 0 */
void lungo_batch_norm_store(const lungo_batch_norm *shape, float keep, const float *mean,
                            const float *variance, float *stored_mean, float *stored_variance,
                            float *factor);
void lungo_batch_norm_stored(const lungo_batch_norm *shape, const float *stored_mean,
                             const float *stored_variance, float factor, float *mean,
                             float *variance);

void lungo_batch_norm_forward(const lungo_batch_norm *shape, const float *x, const float *mean,
                              const float *rstd, float *y);

void lungo_batch_norm_backward(const lungo_batch_norm *shape, const float *x, const float *mean,
                               const float *rstd, const float *dy, float *dx);
void lungo_batch_norm_backward_fixed(const lungo_batch_norm *shape, const float *rstd,
                                     const float *dy, float *dx);

#endif
