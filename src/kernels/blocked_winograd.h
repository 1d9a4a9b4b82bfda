/* Convolution as kernels/winograd.h computes it, of blocked images (kernels/blocked.h): a lane of a
 * vector is a channel here, and a row of a matrix a tile. Its judge is kernels/reference.h.
 *
 * The channels and the filters of a group come in whole blocks of LUNGO_LANES. */
#ifndef LUNGO_KERNELS_BLOCKED_WINOGRAD_H
#define LUNGO_KERNELS_BLOCKED_WINOGRAD_H

#include "kernels/convolution.h"

bool lungo_blocked_winograd_works(const lungo_convolution *conv);

/* Likely to be faster than a direct convolution near the processor's peak. */
bool lungo_blocked_winograd_suits(const lungo_convolution *conv);

/* Floats of transformed weights (kernels/winograd_weights.h), and of scratch; the gradient of the
 * weights takes as many as they have more. */
size_t lungo_blocked_winograd_weights(const lungo_convolution *conv);
size_t lungo_blocked_winograd_scratch(const lungo_convolution *conv);

/* What is done to a sum before it is stored, in this order. */
typedef struct lungo_after_sum {
    const float *bias;  /* (filters), added; NULL: none */
    const float *added; /* like y, added; NULL: none */
    const float *slope; /* of a ReLU: below 0 the value times this; NULL: none */
} lungo_after_sum;

/* x, y, dx and dy blocked. */
void lungo_blocked_winograd_forward(const lungo_convolution *conv, const float *x, const float *u,
                                    const lungo_after_sum *after, float *y, float *scratch);
void lungo_blocked_winograd_backward_data(const lungo_convolution *conv, const float *u,
                                          const float *dy, float *dx, float *scratch);
void lungo_blocked_winograd_backward_weights(const lungo_convolution *conv, const float *x,
                                             const float *dy, float beta, float *dw,
                                             float *scratch);

#endif
