/* Convolution as a matrix product: every window of an image becomes a column.
 *
 *   image    (C, in...)
 *   columns  (C * taps, outputs)   row (c, tap): the pixel that each window sees under that tap,
 *                                  0 where it lies in the padding
 */
#ifndef LUNGO_KERNELS_IM2COL_H
#define LUNGO_KERNELS_IM2COL_H

#include "kernels/window.h"

void lungo_im2col(const lungo_window *window, const float *image, float *columns);

/* The transpose of the above: each pixel becomes the sum of its copies. Overwrites the image. */
void lungo_col2im(const lungo_window *window, const float *columns, float *image);

#endif
