/* Accuracy: the share of items whose true class is among the top_k best scores.
 *
 *   bottom[0]  scores  (outer, C, inner)   classes along `axis`
 *   bottom[1]  labels  (outer, inner)      any shape of that count
 *   top[0]     the share, a scalar; 0 when every label is ignored
 *   top[1]     (C)  the share within each class, if there is a second top; 0 for absent classes
 *
 * Another class with the same score counts as better, so that equal scores are wrong.
 *
 * Unlike Caffe, which takes them for correct, scores that are not numbers are wrong.
 *
 * Example:
 *
 *   # score: 4 10
 *   # label: 4
 *   layer {
 *     name: "accuracy" type: "Accuracy" bottom: "score" bottom: "label" top: "accuracy"
 *     include { phase: TEST }
 *     accuracy_param { top_k: 5 }
 *   }
 */
#include <math.h>
#include <string.h>

#include "layers/loss/loss.h"

typedef struct accuracy_state {
    lungo_classes classes;
    size_t top_k;
    bool warned;
} accuracy_state;

static lungo_status reshape(lungo_layer *layer) {
    accuracy_state *state = layer->state;
    const Caffe__AccuracyParameter *param = layer->param->accuracy_param;
    LUNGO_TRY(lungo_classes_of(layer, param->axis, &state->classes));
    state->top_k = param->top_k;
    if (state->top_k < 1 || state->top_k > state->classes.classes)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "top_k: expected 1 to %zu, the number of classes, got %zu",
                          state->classes.classes, state->top_k);
    LUNGO_TRY(lungo_blob_reshape(layer->tops[0], &lungo_scalar_shape));
    if (layer->top_count < 2) return LUNGO_OK;
    lungo_layer_need_scratch(layer, state->classes.classes);
    return lungo_blob_reshape(layer->tops[1], &LUNGO_SHAPE((int)state->classes.classes));
}

static bool is_correct(const accuracy_state *state, const float *scores, size_t label) {
    size_t inner = state->classes.inner, better = 0;
    float own = scores[label * inner];
    if (isnan(own)) return false;
    for (size_t k = 0; k < state->classes.classes && better < state->top_k; k++)
        better += k != label && !(scores[k * inner] < own);
    return better < state->top_k;
}

static void warn_of_nan(lungo_layer *layer, size_t item) {
    accuracy_state *state = layer->state;
    if (state->warned) return;
    state->warned = true;
    lungo_warn("layer '%s': item %zu of bottom '%s' has a score that is not a number; such items "
               "count as wrong",
               layer->name, item, layer->bottoms[0]->name);
}

/* Hits and items, per class too where the arrays are given. */
static lungo_status count(lungo_layer *layer, float *class_hits, float *class_items, size_t *hits,
                          size_t *items) {
    const accuracy_state *state = layer->state;
    const lungo_classes *classes = &state->classes;
    const Caffe__AccuracyParameter *param = layer->param->accuracy_param;
    const float *scores = lungo_data(layer->bottoms[0]), *labels = lungo_data(layer->bottoms[1]);
    for (size_t i = 0; i < classes->outer * classes->inner; i++) {
        int label;
        if (param->has_ignore_label && lungo_label_int(labels[i]) == param->ignore_label) continue;
        LUNGO_TRY(lungo_classes_label(layer, classes, i, &label));
        size_t item = i / classes->inner, position = i % classes->inner;
        const float *own = scores + item * classes->classes * classes->inner + position;
        bool correct = is_correct(state, own, (size_t)label);
        if (isnan(own[(size_t)label * classes->inner])) warn_of_nan(layer, item);
        *hits += correct;
        ++*items;
        if (!class_hits) continue;
        class_hits[label] += correct;
        class_items[label]++;
    }
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    const accuracy_state *state = layer->state;
    size_t hits = 0, items = 0, classes = state->classes.classes;
    float *per_class = NULL, *class_items = NULL;
    if (layer->top_count > 1) {
        per_class = lungo_data_overwrite(layer->tops[1]);
        class_items = lungo_layer_scratch(layer);
        memset(per_class, 0, classes * sizeof *per_class);
        memset(class_items, 0, classes * sizeof *class_items);
    }
    LUNGO_TRY(count(layer, per_class, class_items, &hits, &items));
    *lungo_data_overwrite(layer->tops[0]) = items ? (float)hits / (float)items : 0;
    for (size_t k = 0; per_class && k < classes; k++)
        if (class_items[k] > 0) per_class[k] /= class_items[k];
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_accuracy = {
    .name = "Accuracy",
    .brief = "Share of the items whose true class is among the top_k best scores.",
    .family = "loss",
    .params = {"accuracy_param"},
    .state_size = sizeof(accuracy_state),
    .bottoms = {2, 2},
    .tops = {1, 2},
    .reshape = reshape,
    .forward = forward,
};
