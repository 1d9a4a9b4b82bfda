/* See pool.h. */
#include "layers/vision/pool.h"

#include <limits.h>

const char *const lungo_pool_axes[LUNGO_POOLING_AXES] = {"depth", "height", "width"};

bool lungo_pool_has_mask(const lungo_layer *layer, lungo_pool_method method) {
    return method == LUNGO_POOL_MAX ||
           (method == LUNGO_POOL_STOCHASTIC && layer->phase == LUNGO_TRAIN);
}

/* ---- sizes ---- */

lungo_status lungo_pool_check_pad(const lungo_pooling *pool, lungo_pool_method method) {
    for (int i = 0; i < LUNGO_POOLING_AXES; i++) {
        if (pool->pad[i] == 0) continue;
        if (method == LUNGO_POOL_STOCHASTIC)
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "pool STOCHASTIC: expected pad 0, got %d (%s): zeros are never "
                              "sampled",
                              pool->pad[i], lungo_pool_axes[i]);
        if (pool->pad[i] >= pool->kernel[i])
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "pad: expected less than the kernel's %s %d, got %d",
                              lungo_pool_axes[i], pool->kernel[i], pool->pad[i]);
    }
    return LUNGO_OK;
}

/* a / b rounded up or down, b > 0. */
static long long quotient(long long a, long long b, bool up) {
    long long down = a / b - (a % b < 0);
    return up && a % b != 0 ? down + 1 : down;
}

static bool is_padded(const lungo_pooling *pool) {
    bool any = false;
    for (int i = 0; i < LUNGO_POOLING_AXES; i++)
        any |= pool->pad[i] != 0;
    return any;
}

static lungo_status fit_axis(lungo_pooling *pool, const lungo_blob *bottom, int i, bool up) {
    long long rest = pool->in[i] + 2LL * pool->pad[i] - pool->kernel[i];
    long long out = quotient(rest, pool->stride[i], up) + 1;
    if (is_padded(pool) && (out - 1) * pool->stride[i] >= (long long)pool->in[i] + pool->pad[i])
        out--;
    pool->out[i] = (int)out;
    if (out >= 1 && out <= INT_MAX) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "shapes do not fit: bottom '%s' (shape %s): expected an output %s of 1 to "
                      "%d, got %lld: kernel %d over %d + 2 x %d, stride %d",
                      bottom->name, lungo_shape_text(&bottom->shape).text, lungo_pool_axes[i],
                      INT_MAX, out, pool->kernel[i], pool->in[i], pool->pad[i], pool->stride[i]);
}

lungo_status lungo_pool_fit(lungo_pooling *pool, const lungo_blob *bottom, bool up) {
    for (int i = 0; i < LUNGO_POOLING_AXES; i++)
        LUNGO_TRY(fit_axis(pool, bottom, i, up));
    return LUNGO_OK;
}

/* ---- running ---- */

void lungo_pool_draw(const lungo_layer *layer, lungo_pool_method method, lungo_blob *top) {
    if (method != LUNGO_POOL_STOCHASTIC || layer->phase != LUNGO_TRAIN) return;
    float *y = lungo_data_overwrite(top);
    for (size_t i = 0; i < top->count; i++)
        y[i] = lungo_rng_uniform(layer->host->rng, 0, 1);
}

void lungo_pool_forward(lungo_pool_method method, const lungo_pooling *pool, const float *x,
                        float *y, int32_t *mask) {
    if (method == LUNGO_POOL_AVE)
        lungo_pooling_ave_forward(pool, x, y);
    else if (method == LUNGO_POOL_MAX)
        lungo_pooling_max_forward(pool, x, y, mask);
    else if (mask)
        lungo_pooling_sample_forward(pool, x, y, mask);
    else
        lungo_pooling_expect_forward(pool, x, y);
}

void lungo_pool_backward(lungo_pool_method method, const lungo_pooling *pool, const float *x,
                         const int32_t *mask, const float *dy, float *dx) {
    if (method == LUNGO_POOL_AVE)
        lungo_pooling_ave_backward(pool, dy, dx);
    else if (mask)
        lungo_pooling_mask_backward(pool, mask, dy, dx);
    else
        lungo_pooling_expect_backward(pool, x, dy, dx);
}
