/* Convolution with 3x3 windows side by side by minimal filtering, F(2x2, 3x3) of Lavin and Gray
 * (arXiv:1509.09308): 16 multiply-adds for the four outputs of a tile and a channel, instead of 36.
 * Its judges are the product of kernels/convolution.c and, in the tests, the definition.
 *
 *   y = A' [ sum over channels of (G w G') . (B' x B) ] A      x 4x4, w 3x3, y 2x2, . by elements
 *   dw = G' [ sum over tiles of (A dy A') . (B' x B) ] G
 *
 * The gradient of the data is the first line again, with dy for x and w turned round.
 *
 * Each of the 16 places of the transformed tiles makes one matrix product, over as many tiles as
 * the cache holds transformed. G has halves, A and B have but 0 and +-1: the result is about as
 * exact as a plain sum's, which larger tiles would not be. */
#ifndef LUNGO_KERNELS_WINOGRAD_H
#define LUNGO_KERNELS_WINOGRAD_H

#include "kernels/convolution.h"

/* Whether these functions can do it, and whether they are likely to be faster than the others. */
bool lungo_winograd_works(const lungo_convolution *conv);
bool lungo_winograd_suits(const lungo_convolution *conv);

/* Floats of scratch that any of them needs. */
size_t lungo_winograd_scratch(const lungo_convolution *conv);

/* As in kernels/convolution.h. */
void lungo_winograd_forward(const lungo_convolution *conv, const float *x, const float *w,
                            const float *b, float *y, float *scratch);
void lungo_winograd_backward_data(const lungo_convolution *conv, const float *w, const float *dy,
                                  float *dx, float *scratch);
void lungo_winograd_backward_weights(const lungo_convolution *conv, const float *x, const float *dy,
                                     float beta, float *dw, float *scratch);

#endif
