/* Fillers: the initial values of learnable blobs, with Caffe's numbers for a given seed.
 *
 *   constant            value
 *   uniform             U(min, max)
 *   gaussian            N(mean, std); `sparse` = mean number of non-zero weights per output
 *   positive_unitball   U(0, 1), then each item (slice of axis 0) divided by its sum
 *   xavier              U(-s, s), s = sqrt(3 / n)       n = fan in, fan out or their mean,
 *   msra                N(0, s),  s = sqrt(2 / n)           as variance_norm says
 *   bilinear            the interpolation kernel of an upsampling Deconvolution
 */
#ifndef LUNGO_FILLER_FILLER_H
#define LUNGO_FILLER_FILLER_H

#include "base/error.h"
#include "base/rng.h"
#include "blob/shape.h"
#include "caffe.pb-c.h"

/* Whether these settings can fill this shape; to be asked before anything is allocated or drawn.
 * NULL is a filler with every setting at its default: zeros. */
lungo_status lungo_filler_check(const Caffe__FillerParameter *filler, const lungo_shape *shape);

/* Fills the shape's count of values, drawing as many words as Caffe does. Checks first. */
lungo_status lungo_filler_fill(const Caffe__FillerParameter *filler, const lungo_shape *shape,
                               float *values, lungo_rng *rng);

#endif
