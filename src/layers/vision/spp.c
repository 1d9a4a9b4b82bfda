/* SPP: spatial pyramid pooling: each channel pooled over 1, 2 x 2, 4 x 4 ... windows, so that
 * images of any size give about as many values (He et al. 2014).
 *
 *   bottom[0]  x  (N, C, H, W)
 *   top[0]     y  (N, values)   level 0 of all channels, then level 1, ...; with pyramid_height 1
 *                               it is (N, C, H', W') instead, as in Caffe
 *   backward   the sum over the levels of what Pooling does
 *
 * Level l has 2^l windows along each side:  kernel = stride = ceil(H / 2^l),  and what they cover
 * beyond the image is padding on both sides:  pad = (2^l kernel - H + 1) / 2.  That and Pooling's
 * rounding can make one window less; where pad would not be less than the kernel, the image is too
 * small for the level.
 *
 * STOCHASTIC is that of Pooling: it has no padding, so the sides must be divisible by
 * 2^(pyramid_height - 1); numbers are drawn in the order of the top's values.
 *
 * Unlike Caffe, which has it for GPUs alone, has STOCHASTIC.
 *
 * Example:
 *
 *   # x: 2 3 9 12
 *   layer {
 *     name: "pyramid" type: "SPP" bottom: "x" top: "y"
 *     spp_param { pyramid_height: 3 pool: MAX }
 *   }
 */
#include "layers/vision/pool.h"
#include "math/vector.h"

enum { MAX_LEVELS = 31 };

typedef struct state {
    int levels;
    lungo_pool_method method;
    lungo_pooling pools[MAX_LEVELS]; /* of one image */
    lungo_blob *mask;                /* of int32_t, like the top */
} state;

static lungo_status setup(lungo_layer *layer) {
    const Caffe__SPPParameter *param = layer->param->spp_param;
    state *s = layer->state;
    if (param->pyramid_height < 1 || param->pyramid_height > MAX_LEVELS)
        return lungo_fail(LUNGO_ERR_CONFIG, "spp_param.pyramid_height: expected 1 to %d, got %u",
                          MAX_LEVELS, param->pyramid_height);
    s->levels = (int)param->pyramid_height;
    s->method = (lungo_pool_method)param->pool;
    if (!lungo_pool_has_mask(layer, s->method)) return LUNGO_OK;
    return lungo_layer_add_buffer(layer, &s->mask, "mask");
}

/* ---- reshape ---- */

static lungo_status fit_level(const lungo_layer *layer, lungo_pooling *pool, int level) {
    const lungo_blob *bottom = layer->bottoms[0];
    const state *s = layer->state;
    long long bins = 1LL << level;
    *pool = (lungo_pooling){
        (size_t)bottom->shape.dim[1], {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}};
    for (int i = 1; i < LUNGO_POOLING_AXES; i++) {
        int in = bottom->shape.dim[1 + i];
        pool->in[i] = in;
        pool->kernel[i] = pool->stride[i] = (int)((in + bins - 1) / bins);
        pool->pad[i] = (int)((pool->kernel[i] * bins - in + 1) / 2);
    }
    lungo_status status = lungo_pool_check_pad(pool, s->method);
    if (!status) status = lungo_pool_fit(pool, bottom, true);
    return status
               ? lungo_trail("at pyramid level %d (%lld x %lld windows) over bottom '%s' "
                             "(shape %s)",
                             level, bins, bins, bottom->name, lungo_shape_text(&bottom->shape).text)
               : LUNGO_OK;
}

static size_t values_of(const lungo_pooling *pool) {
    return pool->planes * (size_t)pool->out[1] * (size_t)pool->out[2];
}

static size_t values_of_image(const state *s) {
    size_t values = 0;
    for (int l = 0; l < s->levels; l++)
        values += values_of(&s->pools[l]);
    return values;
}

static lungo_status check_bottom(const lungo_blob *bottom) {
    const lungo_shape *shape = &bottom->shape;
    if (shape->axes == 4 && shape->dim[2] > 0 && shape->dim[3] > 0) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "shapes do not fit: bottom '%s': expected 4 axes (number, channels, height, "
                      "width) of which the last two are at least 1, got shape %s",
                      bottom->name, lungo_shape_text(shape).text);
}

static lungo_status reshape(lungo_layer *layer) {
    const lungo_shape *bottom = &layer->bottoms[0]->shape;
    state *s = layer->state;
    LUNGO_TRY(check_bottom(layer->bottoms[0]));
    for (int l = 0; l < s->levels; l++)
        LUNGO_TRY(fit_level(layer, &s->pools[l], l));
    lungo_shape top = LUNGO_SHAPE(bottom->dim[0], (int)values_of_image(s));
    if (s->levels == 1)
        top = LUNGO_SHAPE(bottom->dim[0], bottom->dim[1], s->pools[0].out[1], s->pools[0].out[2]);
    lungo_layer_need_scratch(layer, lungo_shape_from(bottom, 1));
    LUNGO_TRY(lungo_blob_reshape(layer->tops[0], &top));
    return s->mask ? lungo_blob_reshape(s->mask, &top) : LUNGO_OK;
}

/* ---- forward and backward ---- */

static lungo_status forward(lungo_layer *layer) {
    const state *s = layer->state;
    const lungo_blob *bottom = layer->bottoms[0];
    size_t image = lungo_shape_from(&bottom->shape, 1), images = (size_t)bottom->shape.dim[0];
    const float *x = lungo_data(bottom);
    lungo_pool_draw(layer, s->method, layer->tops[0]);
    float *y = lungo_data_update(layer->tops[0]);
    int32_t *mask = s->mask ? (int32_t *)lungo_data_overwrite(s->mask) : NULL;
    for (size_t n = 0; n < images; n++) {
        for (int l = 0; l < s->levels; l++) {
            lungo_pool_forward(s->method, &s->pools[l], x + n * image, y, mask);
            y += values_of(&s->pools[l]);
            if (mask) mask += values_of(&s->pools[l]);
        }
    }
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const state *s = layer->state;
    lungo_blob *bottom = layer->bottoms[0];
    size_t image = lungo_shape_from(&bottom->shape, 1), images = (size_t)bottom->shape.dim[0];
    const float *x = lungo_data(bottom), *dy = lungo_diff(layer->tops[0]);
    const int32_t *mask = s->mask ? (const int32_t *)lungo_data(s->mask) : NULL;
    float *dx = lungo_diff_overwrite(bottom), *level = lungo_layer_scratch(layer);
    for (size_t n = 0; n < images; n++, dx += image) {
        for (int l = 0; l < s->levels; l++) {
            lungo_pool_backward(s->method, &s->pools[l], x + n * image, mask, dy,
                                l == 0 ? dx : level);
            if (l > 0) lungo_add(image, level, dx);
            dy += values_of(&s->pools[l]);
            if (mask) mask += values_of(&s->pools[l]);
        }
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_spp = {
    .name = "SPP",
    .brief = "Spatial pyramid pooling: 1, 2 x 2, 4 x 4 ... windows over each channel, in one row.",
    .family = "vision",
    .params = {"spp_param"},
    .state_size = sizeof(state),
    .bottoms = {1, 1},
    .tops = {1, 1},
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
