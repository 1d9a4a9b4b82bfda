/* Input: blobs that the caller of the net fills.
 *
 *   top[i]     any shape: input_param.shape[i], or the only one given for all tops
 *
 * The tops are shaped once, at setup: from then on their shapes are the caller's to change, and a
 * reshape of the net must not take them back. Without shapes the tops are scalars until then.
 *
 * Example:
 *
 *   layer {
 *     name: "data" type: "Input" top: "data"
 *     input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } }
 *   }
 */
#include "layer/blob_shape.h"
#include "layer/layer.h"

static lungo_status setup(lungo_layer *layer) {
    const Caffe__InputParameter *param = layer->param->input_param;
    size_t shapes = param->n_shape;
    if (shapes > 1 && shapes != (size_t)layer->top_count)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "input_param: expected no shape, one, or one per top (%d), got %zu",
                          layer->top_count, shapes);
    for (int i = 0; i < layer->top_count && shapes > 0; i++) {
        lungo_shape shape;
        LUNGO_TRY(lungo_shape_read(&shape, param->shape[shapes == 1 ? 0 : i]));
        LUNGO_TRY(lungo_blob_reshape(layer->tops[i], &shape));
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_input = {
    .name = "Input",
    .brief = "Blobs that the program using the net fills.",
    .family = "data",
    .params = {"input_param"},
    .bottoms = {0, 0},
    .tops = {1, -1},
    .flags = LUNGO_SOURCE,
    .setup = setup,
};
