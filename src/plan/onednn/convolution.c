/* See filters.h.
 *
 * A ReLU that oneDNN computes along turns NaN into 0, which would hide a training gone wrong: with
 * weights that are not finite, folded or not, the layers run by themselves. */
#include "plan/onednn/filters.h"

static lungo_status run_layers(lungo_unit *unit) {
    lungo_layer *layers[] = {unit->layer, unit->norm, unit->scale, unit->sum, unit->relu};
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        if (layers[i]) LUNGO_TRY(lungo_layer_forward(layers[i]));
    return LUNGO_OK;
}

static lungo_status follow_params(lungo_unit *unit) {
    lungo_filters *f = unit->state;
    float *scratch = lungo_layer_scratch(unit->layer), *folded = lungo_filters_rest(unit);
    if (!lungo_fold_follow(&f->fold, unit, folded) || !lungo_unit_folds(unit)) return LUNGO_OK;
    return lungo_packed_weights_make(&f->for_map, folded, scratch);
}

static lungo_status forward_convolution(lungo_unit *unit) {
    lungo_filters *f = unit->state;
    if (unit->relu || lungo_unit_folds(unit)) {
        LUNGO_TRY(follow_params(unit));
        if (!f->fold.finite) return run_layers(unit);
    }
    lungo_filters_begin(unit);
    for (int i = 0; i < unit->layer->bottom_count; i++)
        LUNGO_TRY(lungo_filters_to_map(
            unit, lungo_blob_data_in(unit->bottoms[i], f->image_blocked, LUNGO_READ),
            lungo_blob_data_in(unit->tops[i], f->map_blocked, LUNGO_OVERWRITE)));
    return LUNGO_OK;
}

static lungo_status backward_convolution(lungo_unit *unit) {
    const lungo_filters *f = unit->state;
    const lungo_layer *layer = unit->layer;
    if (!layer->needs_backward) return LUNGO_OK;
    lungo_unit_mask_relu(unit, f->map_blocked);
    lungo_filters_begin(unit);
    for (int i = 0; i < layer->bottom_count; i++) {
        LUNGO_TRY(lungo_filters_to_params(unit, i));
        if (lungo_wants_bottom(layer, i))
            LUNGO_TRY(lungo_filters_to_image(
                unit, lungo_blob_diff_in(unit->tops[i], f->map_blocked, LUNGO_READ),
                lungo_blob_diff_in(unit->bottoms[i], f->image_blocked, LUNGO_OVERWRITE)));
    }
    return LUNGO_OK;
}

const lungo_unit_type lungo_onednn_convolution_unit = {
    .name = "oneDNN",
    .state_size = sizeof(lungo_filters),
    .takes_relu = true,
    .takes_norm = true,
    .folds = true,
    .open = lungo_filters_open,
    .forward = forward_convolution,
    .backward = backward_convolution,
    .close = lungo_filters_close,
};
