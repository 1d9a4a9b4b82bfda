/* Batch normalisation together with the Scale and the ReLU behind it, over images in any layout of
 * kernels/blocked.h. One lane is row-major.
 *
 *   y  = relu((x - mean_c) factor_c + beta_c)     factor = rstd gamma
 *   g  = dy where y > 0, else slope dy            dbeta = sum g,  dgamma = rstd sum g (x - mean)
 *   dx = p_c g + q_c (x - mean_c) + r_c
 *
 * with  p = factor,  q = r = 0                                for statistics given from outside,
 * and   p = factor,  q = -factor rstd^2 dot / m,  r = -factor sum / m   for those of this very x;
 * sum = sum g,  dot = sum g (x - mean),  over the m values of channel c.
 *
 * `slope` NULL: there is no ReLU, and y is not read backward.
 *
 * Vectors over channels hold as many values as there are lanes in all blocks; those of the padding
 * are 0. y may be x, and dx may be dy.
 */
#ifndef LUNGO_KERNELS_BLOCKED_NORM_H
#define LUNGO_KERNELS_BLOCKED_NORM_H

#include "kernels/blocked.h"

/* Values in a vector over channels. */
static inline size_t lungo_blocked_channels(const lungo_blocked *layout) {
    return lungo_blocked_blocks(layout) * layout->lanes;
}

/* Floats of scratch that statistics and sums need. */
size_t lungo_blocked_norm_scratch(const lungo_blocked *layout);

void lungo_blocked_norm_statistics(const lungo_blocked *layout, const float *x, float *mean,
                                   float *variance, float *scratch);
void lungo_blocked_norm_forward(const lungo_blocked *layout, const float *mean, const float *factor,
                                const float *beta, const float *slope, const float *x, float *y);

void lungo_blocked_norm_sums(const lungo_blocked *layout, const float *mean, const float *slope,
                             const float *x, const float *y, const float *dy, float *sum,
                             float *dot, float *scratch);
void lungo_blocked_norm_backward(const lungo_blocked *layout, const float *mean, const float *p,
                                 const float *q, const float *r, const float *slope, const float *x,
                                 const float *y, const float *dy, float *dx);

#endif
