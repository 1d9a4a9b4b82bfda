/* Silence: takes blobs that nobody wants, so that they are no outputs of the net.
 *
 *   bottom[i]  any shape
 *   backward   dx_i = 0
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "silence" type: "Silence" bottom: "x"
 *   }
 */
#include <string.h>

#include "layer/layer.h"

static lungo_status backward(lungo_layer *layer) {
    for (int i = 0; i < layer->bottom_count; i++) {
        if (!lungo_wants_bottom(layer, i)) continue;
        lungo_blob *bottom = layer->bottoms[i];
        memset(lungo_diff_overwrite(bottom), 0, bottom->count * sizeof(float));
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_silence = {
    .name = "Silence",
    .brief = "Takes blobs that nobody wants, so that they are not outputs of the net.",
    .family = "utility",
    .bottoms = {1, -1},
    .tops = {0, 0},
    .backward = backward,
};
