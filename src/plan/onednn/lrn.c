/* LRN across the channels of blocked images, by oneDNN. */
#include <stdio.h>

#include "plan/onednn/onednn.h"

typedef struct lrn {
    lungo_primitive forward, backward;
    float *workspace;
} lrn;

static bool wants_bottom(const lungo_unit *unit) {
    return unit->layer->needs_backward && lungo_wants_bottom(unit->layer, 0);
}

static lungo_status choose(const lungo_unit *unit, lrn *l, bool *found) {
    const lungo_lrn *op = &unit->op.lrn;
    dnnl_memory_desc_t images;
    dnnl_lrn_desc_t desc;
    dnnl_primitive_attr_t attributes;
    bool trains = wants_bottom(unit);
    LUNGO_TRY(lungo_onednn_images(&images, &unit->bottoms[0]->shape, true));
    LUNGO_TRY(lungo_onednn_check(
        dnnl_lrn_forward_desc_init(&desc, trains ? dnnl_forward_training : dnnl_forward_inference,
                                   dnnl_lrn_across_channels, &images, (dnnl_dim_t)op->size,
                                   op->alpha, op->beta, op->k),
        "LRN"));
    LUNGO_TRY(lungo_onednn_attributes(&attributes, NULL));
    lungo_status status = lungo_primitive_choose(&l->forward, &desc, attributes, NULL, found);
    if (!status && *found && trains)
        status = lungo_onednn_check(
            dnnl_lrn_backward_desc_init(&desc, dnnl_lrn_across_channels, &images, &images,
                                        (dnnl_dim_t)op->size, op->alpha, op->beta, op->k),
            "LRN backward");
    if (!status && *found && trains)
        status = lungo_primitive_choose(&l->backward, &desc, attributes, &l->forward, found);
    dnnl_primitive_attr_destroy(attributes);
    return status;
}

static lungo_status ready(lungo_unit *unit, lrn *l) {
    static const int ids[] = {DNNL_ARG_SRC, DNNL_ARG_DST, 0};
    static const int ids_training[] = {DNNL_ARG_SRC, DNNL_ARG_DST, DNNL_ARG_WORKSPACE, 0};
    static const int ids_backward[] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_SRC,
                                       DNNL_ARG_WORKSPACE, 0};
    size_t floats = lungo_layout_floats(lungo_primitive_layout(&l->forward, DNNL_ARG_WORKSPACE));
    l->workspace = lungo_new_floats(floats);
    if (!l->workspace) return lungo_fail_memory("a workspace", floats * sizeof(float));
    LUNGO_TRY(lungo_primitive_ready(&l->forward, floats > 0 ? ids_training : ids));
    if (l->backward.desc) LUNGO_TRY(lungo_primitive_ready(&l->backward, ids_backward));
    size_t more = l->backward.scratch;
    lungo_layer_need_scratch(unit->layer, l->forward.scratch > more ? l->forward.scratch : more);
    return LUNGO_OK;
}

static lungo_status open_unit(lungo_unit *unit) {
    lrn *l = unit->state;
    bool found, done;
    if (unit->op.lrn.within_channel) return lungo_unit_refuse(unit, "within channels");
    if (!lungo_blob_is_blocked(unit->bottoms[0]))
        return lungo_unit_refuse(unit, "its bottom is row-major");
    LUNGO_TRY(choose(unit, l, &found));
    if (!found) return lungo_unit_refuse(unit, "oneDNN has only reference code for it");
    LUNGO_TRY(lungo_blob_block(unit->bottoms[0], &done));
    LUNGO_TRY(lungo_blob_block(unit->tops[0], &done));
    if (!done) return lungo_unit_refuse(unit, "its top has another layout");
    snprintf(unit->info, sizeof unit->info, "%s %s", lungo_primitive_info(&l->forward),
             lungo_primitive_info(&l->backward));
    return ready(unit, l);
}

static void close_unit(lungo_unit *unit) {
    lrn *l = unit->state;
    lungo_primitive_dispose(&l->forward);
    lungo_primitive_dispose(&l->backward);
    lungo_free_floats(l->workspace);
}

static lungo_status forward(lungo_unit *unit) {
    lrn *l = unit->state;
    lungo_primitive_bind(&l->forward, DNNL_ARG_SRC,
                         lungo_blob_data_in(unit->bottoms[0], true, LUNGO_READ));
    lungo_primitive_bind(&l->forward, DNNL_ARG_DST,
                         lungo_blob_data_in(unit->tops[0], true, LUNGO_OVERWRITE));
    lungo_primitive_bind(&l->forward, DNNL_ARG_WORKSPACE, l->workspace);
    return lungo_primitive_run(&l->forward, lungo_layer_scratch(unit->layer));
}

static lungo_status backward(lungo_unit *unit) {
    lrn *l = unit->state;
    if (!wants_bottom(unit)) return LUNGO_OK;
    lungo_primitive_bind(&l->backward, DNNL_ARG_SRC,
                         lungo_blob_data_in(unit->bottoms[0], true, LUNGO_READ));
    lungo_primitive_bind(&l->backward, DNNL_ARG_DIFF_DST,
                         lungo_blob_diff_in(unit->tops[0], true, LUNGO_READ));
    lungo_primitive_bind(&l->backward, DNNL_ARG_DIFF_SRC,
                         lungo_blob_diff_in(unit->bottoms[0], true, LUNGO_OVERWRITE));
    lungo_primitive_bind(&l->backward, DNNL_ARG_WORKSPACE, l->workspace);
    return lungo_primitive_run(&l->backward, lungo_layer_scratch(unit->layer));
}

const lungo_unit_type lungo_onednn_lrn_unit = {
    .name = "oneDNN",
    .state_size = sizeof(lrn),
    .open = open_unit,
    .forward = forward,
    .backward = backward,
    .close = close_unit,
};
