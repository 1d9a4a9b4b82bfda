/* Split: the same values for several readers, whose gradients add up.
 *
 *   bottom[0]  x   any shape
 *   top[i]     x   the same memory
 *   backward   dx = sum_i dtop[i]
 *
 * Nets get one of these by themselves wherever a blob has more than one reader.
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "split" type: "Split" bottom: "x" top: "a" top: "b"
 *   }
 */
#include "layer/op.h"
#include "math/parallel.h"
#include "math/vector.h"

static lungo_status reshape(lungo_layer *layer) {
    for (int i = 0; i < layer->top_count; i++) {
        LUNGO_TRY(lungo_blob_reshape(layer->tops[i], &layer->bottoms[0]->shape));
        lungo_blob_share_data(layer->tops[i], layer->bottoms[0]);
    }
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    size_t count = layer->bottoms[0]->count;
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    const float *sum = lungo_diff(layer->tops[0]); /* of the first tops */
    if (layer->top_count == 1) lungo_copy(count, sum, dx);
    for (int i = 1; i < layer->top_count; i++, sum = dx) {
        const float *dy = lungo_diff(layer->tops[i]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t k = 0; k < count; k++)
            dx[k] = sum[k] + dy[k];
    }
    return LUNGO_OK;
}

static void describe(const lungo_layer *layer, lungo_op *op) {
    (void)layer;
    op->kind = LUNGO_OP_SPLIT;
}

const lungo_layer_type lungo_layer_split = {
    .name = "Split",
    .brief = "The same values for several readers; their gradients add up.",
    .family = "utility",
    .bottoms = {1, 1},
    .tops = {1, -1},
    .flags = LUNGO_ALIASES,
    .reshape = reshape,
    .backward = backward,
    .describe = describe,
};
