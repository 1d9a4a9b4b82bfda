#include "layers/activation/kept_input.h"

#include "math/vector.h"

lungo_status lungo_input_setup(lungo_layer *layer) {
    lungo_blob *copy;
    return lungo_is_in_place(layer, 0) ? lungo_layer_add_buffer(layer, &copy, "input") : LUNGO_OK;
}

lungo_status lungo_input_reshape(lungo_layer *layer) {
    const lungo_shape *shape = &layer->bottoms[0]->shape;
    if (layer->buffer_count > 0) LUNGO_TRY(lungo_blob_reshape(layer->buffers[0], shape));
    return lungo_layer_reshape_like_bottom(layer);
}

const float *lungo_input_keep(lungo_layer *layer) {
    const float *x = lungo_data(layer->bottoms[0]);
    if (layer->buffer_count > 0)
        lungo_copy(layer->bottoms[0]->count, x, lungo_data_overwrite(layer->buffers[0]));
    return x;
}

const float *lungo_input(const lungo_layer *layer) {
    return lungo_data(layer->buffer_count > 0 ? layer->buffers[0] : layer->bottoms[0]);
}
