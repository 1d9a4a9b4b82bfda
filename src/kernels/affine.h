/* Layers that multiply each channel by a number and add another one, as one such map; and that map
 * folded into the weights before it:
 *
 *   y = gamma (W x + b - mean) / sqrt(variance + eps) + beta = W' x + b'
 *   factor = gamma / sqrt(variance + eps)   W' = factor W   b' = shift = factor (b - mean) + beta
 *
 * Begin with the bias of what makes the channels, then let the layers behind it follow in order.
 */
#ifndef LUNGO_KERNELS_AFFINE_H
#define LUNGO_KERNELS_AFFINE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct lungo_affine {
    size_t channels;
    float *factor, *shift; /* per channel */
} lungo_affine;

/* factor = 1, shift = b; NULL: 0 */
void lungo_affine_begin(const lungo_affine *affine, const float *b);

/* BatchNorm by stored statistics, which are sums and stand for their quotients by `count`; see
 * lungo_batch_norm_store. */
void lungo_affine_normalise(const lungo_affine *affine, const float *mean, const float *variance,
                            float count, float eps);

/* Scale and Bias; NULL: all 1, all 0. */
void lungo_affine_scale(const lungo_affine *affine, const float *gamma, const float *beta);

bool lungo_affine_is_finite(const lungo_affine *affine);

/* Weights as rows x per_row x length values. Row r makes channels r / rows_per_group * per_row and
 * the next per_row - 1: a convolution's rows one each, those of a group of a deconvolution all of
 * their group's. */
typedef struct lungo_affine_weights {
    size_t rows, rows_per_group, per_row, length;
} lungo_affine_weights;

/* W' = factor W; `out` may be `w`. */
void lungo_affine_fold(const lungo_affine *affine, const lungo_affine_weights *shape,
                       const float *w, float *out);

#endif
