/* Weights as kernels/winograd.h multiplies them: u (places, count) of w (count, 3x3), for any order
 * of filters and channels. */
#ifndef LUNGO_KERNELS_WINOGRAD_WEIGHTS_H
#define LUNGO_KERNELS_WINOGRAD_WEIGHTS_H

#include <stddef.h>

/* u = G w G' */
void lungo_winograd_weights(size_t count, const float *w, float *u);

/* dw = beta dw + G' u G, with the gradient of u for u */
void lungo_winograd_weights_gradient(size_t count, const float *u, float beta, float *dw);

/* The place of u that belongs to `place` when the windows are turned round. */
size_t lungo_winograd_turned(size_t place);

#endif
