/* Convolution of two axes without a matrix of columns. Its judges are the product of
 * kernels/convolution.c and, in the tests, the definition.
 *
 * Every image is first laid out so that what a tap sees of neighbouring windows lies side by side:
 * padded, and with stride s taken apart into the s x s images of every s-th row and column. Then
 *
 *   y_m[p] = b_m + sum_k w_mk laid[row_k + p]        k: channel and tap;  p: a window's place
 *
 * for vectors of neighbouring places p, without copying anything. Places run over whole rows of the
 * laid image: those between the end of one row of windows and the start of the next are computed in
 * vain. The gradient of the data is such a sum again, one per residue of the stride; that of the
 * weights sums over places instead of taps.
 */
#ifndef LUNGO_KERNELS_DIRECT_H
#define LUNGO_KERNELS_DIRECT_H

#include "kernels/convolution.h"

/* Whether these functions can do it, and where they are likely to be faster than the product. */
bool lungo_direct_works(const lungo_convolution *conv);
bool lungo_direct_suits_forward(const lungo_convolution *conv);
bool lungo_direct_suits_backward(const lungo_convolution *conv);

/* Floats of scratch that any of them needs. */
size_t lungo_direct_scratch(const lungo_convolution *conv);

/* As in kernels/convolution.h. */
void lungo_direct_forward(const lungo_convolution *conv, const float *x, const float *w,
                          const float *b, float *y, float *scratch);
void lungo_direct_backward_data(const lungo_convolution *conv, const float *w, const float *dy,
                                float *dx, float *scratch);

/* Every channel is a group of its own. */
bool lungo_is_depthwise(const lungo_convolution *conv);
void lungo_depthwise_backward_weights(const lungo_convolution *conv, const float *x,
                                      const float *dy, float beta, float *dw, float *scratch);

#endif
