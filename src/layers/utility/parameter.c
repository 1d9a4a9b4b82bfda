/* Parameter: a learnable blob as a top. It begins as zeros (there is no filler) and is usually
 * loaded.
 *
 *   top[0]     the parameter itself: its values, and its gradient
 *   backward   whoever takes the top has written the parameter's gradient; if nobody has, it is 0
 *
 * As in Caffe that writer overwrites and does not add, so with iter_size above 1 only the last pass
 * counts, still divided by iter_size.
 *
 * Example:
 *
 *   layer {
 *     name: "table" type: "Parameter" top: "table"
 *     param { name: "table" lr_mult: 1 }
 *     parameter_param { shape { dim: 10 dim: 4 } }
 *   }
 */
#include "layer/blob_shape.h"
#include "layer/layer.h"

static lungo_status setup(lungo_layer *layer) {
    lungo_shape shape;
    LUNGO_TRY(lungo_shape_read(&shape, layer->param->parameter_param->shape));
    return lungo_layer_add_param(layer, &shape, NULL);
}

static lungo_status reshape(lungo_layer *layer) {
    lungo_blob *param = layer->params[0].blob;
    LUNGO_TRY(lungo_blob_reshape(layer->tops[0], &param->shape));
    lungo_blob_share_data(layer->tops[0], param);
    lungo_blob_share_diff(layer->tops[0], param);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    lungo_blob_settle_diff(layer->params[0].blob);
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_parameter = {
    .name = "Parameter",
    .brief = "A learnable blob as a top, for other layers to take.",
    .family = "utility",
    .params = {"parameter_param"},
    .bottoms = {0, 0},
    .tops = {1, 1},
    .flags = LUNGO_ALIASES,
    .setup = setup,
    .reshape = reshape,
    .backward = backward,
};
