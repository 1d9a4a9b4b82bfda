/* What Pooling and SPP share: the size of the output, and the method. */
#ifndef LUNGO_LAYERS_VISION_POOL_H
#define LUNGO_LAYERS_VISION_POOL_H

#include "kernels/pooling.h"
#include "layer/layer.h"

/* Numbered as in both messages of the schema. */
typedef enum lungo_pool_method {
    LUNGO_POOL_MAX,
    LUNGO_POOL_AVE,
    LUNGO_POOL_STOCHASTIC
} lungo_pool_method;

/* "depth", "height", "width". */
extern const char *const lungo_pool_axes[LUNGO_POOLING_AXES];

/* Whether forward notes where each value came from: MAX, and STOCHASTIC in training. */
bool lungo_pool_has_mask(const lungo_layer *layer, lungo_pool_method method);

/* A padding that is too large for the kernel, or that STOCHASTIC does not have. */
lungo_status lungo_pool_check_pad(const lungo_pooling *pool, lungo_pool_method method);

/* out of in, kernel, stride and pad along all axes, rounded up or down. */
lungo_status lungo_pool_fit(lungo_pooling *pool, const lungo_blob *bottom, bool up);

/* STOCHASTIC in training: one number per value of the top, drawn in their order from the one
 * generator, to be replaced by the values. Nothing for the others. */
void lungo_pool_draw(const lungo_layer *layer, lungo_pool_method method, lungo_blob *top);

/* mask is NULL where there is none. */
void lungo_pool_forward(lungo_pool_method method, const lungo_pooling *pool, const float *x,
                        float *y, int32_t *mask);
void lungo_pool_backward(lungo_pool_method method, const lungo_pooling *pool, const float *x,
                         const int32_t *mask, const float *dy, float *dx);

#endif
