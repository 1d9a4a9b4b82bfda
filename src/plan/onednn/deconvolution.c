/* See filters.h. */
#include "plan/onednn/filters.h"

enum { BIAS = LUNGO_FILTERS_BIAS };

/* Of the top, for the bias; one lane is row-major. */
static lungo_blocked layout_of(const lungo_filters *f, const lungo_blob *top) {
    return lungo_blob_layout(top, f->image_blocked ? lungo_plan_lanes() : 1);
}

static lungo_status forward_deconvolution(lungo_unit *unit) {
    const lungo_filters *f = unit->state;
    lungo_filters_begin(unit);
    for (int i = 0; i < unit->layer->bottom_count; i++) {
        lungo_blocked layout = layout_of(f, unit->tops[i]);
        float *y = lungo_blob_data_in(unit->tops[i], f->image_blocked, LUNGO_OVERWRITE);
        LUNGO_TRY(lungo_filters_to_image(
            unit, lungo_blob_data_in(unit->bottoms[i], f->map_blocked, LUNGO_READ), y));
        if (lungo_filters_have_bias(unit))
            lungo_blocked_add(&layout, lungo_param(unit->layer, BIAS), y);
    }
    return LUNGO_OK;
}

static void backward_bias(lungo_unit *unit) {
    const lungo_filters *f = unit->state;
    if (!lungo_filters_have_bias(unit) || !lungo_wants_param(unit->layer, BIAS)) return;
    float beta = lungo_grad_beta(unit->layer, BIAS), *db = lungo_param_diff(unit->layer, BIAS);
    for (int i = 0; i < unit->layer->bottom_count; i++, beta = 1) {
        lungo_blocked layout = layout_of(f, unit->tops[i]);
        lungo_blocked_sum(&layout, lungo_blob_diff_in(unit->tops[i], f->image_blocked, LUNGO_READ),
                          beta, db);
    }
}

static lungo_status backward_deconvolution(lungo_unit *unit) {
    const lungo_filters *f = unit->state;
    const lungo_layer *layer = unit->layer;
    if (!layer->needs_backward) return LUNGO_OK;
    backward_bias(unit);
    lungo_filters_begin(unit);
    for (int i = 0; i < layer->bottom_count; i++) {
        LUNGO_TRY(lungo_filters_to_params(unit, i));
        if (lungo_wants_bottom(layer, i))
            LUNGO_TRY(lungo_filters_to_map(
                unit, lungo_blob_diff_in(unit->tops[i], f->image_blocked, LUNGO_READ),
                lungo_blob_diff_in(unit->bottoms[i], f->map_blocked, LUNGO_OVERWRITE)));
    }
    return LUNGO_OK;
}

const lungo_unit_type lungo_onednn_deconvolution_unit = {
    .name = "oneDNN",
    .state_size = sizeof(lungo_filters),
    .takes_norm = true,
    .open = lungo_filters_open,
    .forward = forward_deconvolution,
    .backward = backward_deconvolution,
    .close = lungo_filters_close,
};
