/* HingeLoss: one class against all others, with a margin of 1.
 *
 *   bottom[0]  x      (N, C)   C: all values of an item
 *   bottom[1]  label  (N)      never gets a gradient
 *   top[0]     loss = sum of m / N over items and classes, with m = max(0, 1 - s x), s = 1 for the
 *              label's class and -1 for the others; with norm L2, m^2 for m
 *   backward   dx = -dloss s / N where m > 0, else 0; with norm L2, dx = -dloss 2 s m / N
 *
 * Unlike Caffe, which reads beyond its memory, refuses a label out of range.
 *
 * Example:
 *
 *   # score: 4 10
 *   # label: 4
 *   layer {
 *     name: "loss" type: "HingeLoss" bottom: "score" bottom: "label" top: "loss"
 *     hinge_loss_param { norm: L2 }
 *   }
 */
#include "layers/loss/loss.h"

static lungo_status reshape(lungo_layer *layer) {
    LUNGO_TRY(lungo_loss_reshape(layer));
    return lungo_classes_of_items(layer, layer->state);
}

static bool is_l2(const lungo_layer *layer) {
    return layer->param->hinge_loss_param->norm == CAFFE__HINGE_LOSS_PARAMETER__NORM__L2;
}

/* s x; the margin follows from it. */
static float agreement(float x, bool own_class) {
    return own_class ? x : -x;
}

static lungo_status forward(lungo_layer *layer) {
    const lungo_classes *classes = layer->state;
    const float *x = lungo_data(layer->bottoms[0]);
    bool l2 = is_l2(layer);
    double sum = 0;
    for (size_t n = 0; n < classes->outer; n++, x += classes->classes) {
        int label;
        LUNGO_TRY(lungo_classes_label(layer, classes, n, &label));
        for (size_t c = 0; c < classes->classes; c++) {
            float margin = 1 - agreement(x[c], c == (size_t)label);
            if (margin > 0) sum += l2 ? margin * margin : margin;
        }
    }
    *lungo_data_overwrite(layer->tops[0]) = (float)(sum / (double)classes->outer);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const lungo_classes *classes = layer->state;
    const float *x = lungo_data(layer->bottoms[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    float scale = *lungo_diff(layer->tops[0]) / (float)classes->outer;
    bool l2 = is_l2(layer);
    for (size_t n = 0; n < classes->outer; n++, x += classes->classes, dx += classes->classes) {
        int label;
        LUNGO_TRY(lungo_classes_label(layer, classes, n, &label));
        for (size_t c = 0; c < classes->classes; c++) {
            bool own = c == (size_t)label;
            float margin = 1 - agreement(x[c], own), slope = l2 ? 2 * margin : 1;
            dx[c] = margin > 0 ? agreement(-scale * slope, own) : 0;
        }
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_hinge_loss = {
    .name = "HingeLoss",
    .brief = "One class against all others with a margin of 1, as in a support vector machine.",
    .family = "loss",
    .params = {"hinge_loss_param"},
    .state_size = sizeof(lungo_classes),
    .bottoms = {2, 2},
    .tops = {1, 1},
    .flags = LUNGO_LOSS | LUNGO_AUTO_TOPS,
    .no_backward = 1 << 1,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
