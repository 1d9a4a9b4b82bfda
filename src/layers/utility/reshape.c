/* Reshape: the same values in another shape.
 *
 *   bottom[0]  x  (head, replaced, tail)    `num_axes` axes from `axis` on are replaced, -1: all
 *   top[0]     y  (head, shape, tail)       on the values and the gradient of x
 *
 * In `shape`, 0 copies the dimension that x has at that place, and one -1 stands for what is left.
 * A negative `axis` counts from beyond the end: -1 appends.
 *
 * Example:
 *
 *   # x: 2 3 4 4
 *   layer {
 *     name: "rows" type: "Reshape" bottom: "x" top: "y"
 *     reshape_param { shape { dim: 0 dim: -1 dim: 4 } }
 *   }
 */
#include <limits.h>

#include "layer/layer.h"

typedef struct reshape_range {
    int first, end; /* of the axes that are replaced */
} reshape_range;

static lungo_status setup(lungo_layer *layer) {
    const Caffe__BlobShape *shape = layer->param->reshape_param->shape;
    int inferred = 0;
    for (size_t i = 0; shape && i < shape->n_dim; i++) {
        if (shape->dim[i] < -1 || shape->dim[i] > INT_MAX)
            return lungo_fail(LUNGO_ERR_CONFIG, "shape: dim %zu: expected -1 to %d, got %lld", i,
                              INT_MAX, (long long)shape->dim[i]);
        inferred += shape->dim[i] == -1;
    }
    if (inferred > 1)
        return lungo_fail(LUNGO_ERR_CONFIG, "shape: expected at most one dim of -1, got %d",
                          inferred);
    return LUNGO_OK;
}

static lungo_status find_range(const lungo_layer *layer, reshape_range *range) {
    const Caffe__ReshapeParameter *param = layer->param->reshape_param;
    const lungo_shape *in = &layer->bottoms[0]->shape;
    if (param->axis < -in->axes - 1 || param->axis > in->axes)
        return lungo_fail(LUNGO_ERR_CONFIG, "axis: expected %d to %d for shape %s, got %d",
                          -in->axes - 1, in->axes, lungo_shape_text(in).text, param->axis);
    range->first = param->axis < 0 ? param->axis + in->axes + 1 : param->axis;
    if (param->num_axes < -1 || param->num_axes > in->axes - range->first)
        return lungo_fail(
            LUNGO_ERR_CONFIG, "num_axes: expected -1 to %d from axis %d of shape %s on, got %d",
            in->axes - range->first, range->first, lungo_shape_text(in).text, param->num_axes);
    range->end = param->num_axes == -1 ? in->axes : range->first + param->num_axes;
    return LUNGO_OK;
}

static lungo_status copied_dim(const lungo_layer *layer, int index, int *dim) {
    const lungo_shape *in = &layer->bottoms[0]->shape;
    if (index >= in->axes)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shape: a dim of 0 copies axis %d, but bottom '%s' has shape %s", index,
                          layer->bottoms[0]->name, lungo_shape_text(in).text);
    *dim = in->dim[index];
    return LUNGO_OK;
}

/* All dimensions but the -1, which counts as 1 for now; *inferred is its axis, or -1. */
static lungo_status collect(const lungo_layer *layer, lungo_shape *out, int *inferred) {
    const Caffe__BlobShape *given = layer->param->reshape_param->shape;
    const lungo_shape *in = &layer->bottoms[0]->shape;
    size_t given_axes = given ? given->n_dim : 0;
    reshape_range range;
    LUNGO_TRY(find_range(layer, &range));
    if (given_axes > LUNGO_MAX_AXES - (size_t)(in->axes - (range.end - range.first)))
        return lungo_fail(LUNGO_ERR_CONFIG, "shape: expected at most %d axes in all, got more",
                          LUNGO_MAX_AXES);
    *inferred = -1;
    for (int i = 0; i < range.first; i++)
        out->dim[out->axes++] = in->dim[i];
    for (size_t i = 0; i < given_axes; i++) {
        int *dim = &out->dim[out->axes];
        *dim = given->dim[i] == -1 ? 1 : (int)given->dim[i];
        if (given->dim[i] == -1) *inferred = out->axes;
        if (given->dim[i] == 0) LUNGO_TRY(copied_dim(layer, out->axes, dim));
        out->axes++;
    }
    for (int i = range.end; i < in->axes; i++)
        out->dim[out->axes++] = in->dim[i];
    return lungo_shape_check(out);
}

static lungo_status reshape(lungo_layer *layer) {
    const lungo_blob *bottom = layer->bottoms[0];
    lungo_shape out = {0};
    int inferred;
    LUNGO_TRY(collect(layer, &out, &inferred));
    size_t known = lungo_shape_count(&out);
    if (inferred >= 0 && known > 0) out.dim[inferred] = (int)(bottom->count / known);
    if ((inferred >= 0 && known == 0) || lungo_shape_count(&out) != bottom->count)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shape: expected %s%zu values, as bottom '%s' of shape %s has, got %zu",
                          inferred >= 0 ? "a divisor of " : "", bottom->count, bottom->name,
                          lungo_shape_text(&bottom->shape).text, known);
    LUNGO_TRY(lungo_blob_reshape(layer->tops[0], &out));
    lungo_blob_share_data(layer->tops[0], layer->bottoms[0]);
    lungo_blob_share_diff(layer->tops[0], layer->bottoms[0]);
    return LUNGO_OK;
}

/* The gradient is shared, so it has passed already. */
static lungo_status backward(lungo_layer *layer) {
    (void)layer;
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_reshape = {
    .name = "Reshape",
    .brief = "The same values in another shape.",
    .family = "utility",
    .params = {"reshape_param"},
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_ALIASES,
    .setup = setup,
    .reshape = reshape,
    .backward = backward,
};
