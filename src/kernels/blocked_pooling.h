/* MAX and AVE pooling of images in blocks of channels (kernels/blocked.h), with the numbers and
 * masks of kernels/pooling.h.
 *
 *   x  (planes, height, width, lanes)      y, mask  (planes, out height, out width, lanes)
 *
 * A plane is a block of an image; `pool` has no depth: in, out, kernel and stride 1 and pad 0 along
 * the first axis.
 */
#ifndef LUNGO_KERNELS_BLOCKED_POOLING_H
#define LUNGO_KERNELS_BLOCKED_POOLING_H

#include "kernels/pooling.h"

void lungo_blocked_max_forward(const lungo_pooling *pool, size_t lanes, const float *x, float *y,
                               int32_t *mask);
void lungo_blocked_max_backward(const lungo_pooling *pool, size_t lanes, const int32_t *mask,
                                const float *dy, float *dx);

void lungo_blocked_ave_forward(const lungo_pooling *pool, size_t lanes, const float *x, float *y);
void lungo_blocked_ave_backward(const lungo_pooling *pool, size_t lanes, const float *dy,
                                float *dx);

#endif
