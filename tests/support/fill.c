#include "support/fill.h"

#include <math.h>
#include <stdlib.h>

#include "layer/op.h"
#include "support/arrays.h"

void lungo_fill_random(lungo_blob *blob, unsigned seed, float offset, float spread) {
    float *values = lungo_random_array(blob->count, seed), *to = lungo_data_overwrite(blob);
    for (size_t i = 0; i < blob->count; i++)
        to[i] = offset + spread * values[i];
    free(values);
}

static void fill_weights(lungo_layer *layer, unsigned seed) {
    const lungo_shape *shape = &layer->params[0].blob->shape;
    float inputs = (float)layer->params[0].blob->count / (float)shape->dim[0];
    lungo_fill_random(layer->params[0].blob, seed, 0, sqrtf(6 / inputs));
    if (layer->param_count > 1) lungo_fill_random(layer->params[1].blob, seed + 1, 0, 0.3f);
}

/* Sums over three batches: means about 0, variances about 1. */
static void fill_statistics(lungo_layer *layer, unsigned seed) {
    lungo_fill_random(layer->params[0].blob, seed, 0.3f, 1.5f);
    lungo_fill_random(layer->params[1].blob, seed + 1, 3, 2);
    lungo_fill_random(layer->params[2].blob, seed + 2, 3, 0);
}

static void fill_scale(lungo_layer *layer, unsigned seed) {
    lungo_fill_random(layer->params[0].blob, seed, 1, 0.4f);
    if (layer->param_count > 1) lungo_fill_random(layer->params[1].blob, seed + 1, 0.1f, 0.5f);
}

void lungo_fill_net(lungo_net *net) {
    static void (*const fillers[LUNGO_OP_KINDS])(lungo_layer *, unsigned) = {
        [LUNGO_OP_CONVOLUTION] = fill_weights,   [LUNGO_OP_DECONVOLUTION] = fill_weights,
        [LUNGO_OP_INNER_PRODUCT] = fill_weights, [LUNGO_OP_BATCH_NORM] = fill_statistics,
        [LUNGO_OP_SCALE] = fill_scale,           [LUNGO_OP_BIAS] = fill_scale};
    for (int i = 0; i < net->layer_count; i++) {
        void (*filler)(lungo_layer *, unsigned) = fillers[lungo_layer_op(net->layers[i]).kind];
        if (filler) filler(net->layers[i], (unsigned)i + 1);
    }
    for (int k = 0; k < net->input_count; k++)
        lungo_fill_random(net->inputs[k], (unsigned)k + 77, 0, 1);
}
