/* Flatten: the axes from `axis` to `end_axis` become one.
 *
 *   bottom[0]  x  (outer, a, b, ..., inner)
 *   top[0]     y  (outer, a b ..., inner)     on the values and the gradient of x
 *
 * Example:
 *
 *   # x: 2 3 4 4
 *   layer {
 *     name: "flat" type: "Flatten" bottom: "x" top: "y"
 *     flatten_param { axis: 1 end_axis: 2 }
 *   }
 */
#include "layer/layer.h"

static lungo_status reshape(lungo_layer *layer) {
    const Caffe__FlattenParameter *param = layer->param->flatten_param;
    const lungo_shape *in = &layer->bottoms[0]->shape;
    int first, last;
    LUNGO_TRY(lungo_shape_axis(in, param->axis, "axis", &first));
    LUNGO_TRY(lungo_shape_axis(in, param->end_axis, "end_axis", &last));
    if (first > last + 1) /* last + 1 adds an axis of 1, as in Caffe */
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "end_axis: expected axis %d of shape %s or later, got %d", first,
                          lungo_shape_text(in).text, last);
    lungo_shape out = {0};
    for (int i = 0; i < first; i++)
        out.dim[out.axes++] = in->dim[i];
    out.dim[out.axes++] = (int)lungo_shape_range(in, first, last + 1);
    if (in->axes - (last + 1) > LUNGO_MAX_AXES - out.axes)
        return lungo_fail(LUNGO_ERR_CONFIG, "expected at most %d axes, got more", LUNGO_MAX_AXES);
    for (int i = last + 1; i < in->axes; i++)
        out.dim[out.axes++] = in->dim[i];
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

const lungo_layer_type lungo_layer_flatten = {
    .name = "Flatten",
    .brief = "Makes one axis of several: the same values in another shape.",
    .family = "utility",
    .params = {"flatten_param"},
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_ALIASES,
    .reshape = reshape,
    .backward = backward,
};
