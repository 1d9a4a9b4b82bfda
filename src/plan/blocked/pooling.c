/* Pooling of blocked images: the kernel takes all lanes of a block at once. */
#include <stdio.h>

#include "kernels/blocked_pooling.h"
#include "plan/units.h"

typedef struct pooling {
    lungo_pooling window; /* over blocks in place of channels */
    size_t lanes;
    size_t mask_count;
    int32_t *mask; /* MAX */
} pooling;

static lungo_status open_unit(lungo_unit *unit) {
    pooling *p = unit->state;
    lungo_blob *bottom = unit->bottoms[0];
    bool done;
    if (bottom->shape.axes > 4) return lungo_unit_refuse(unit, "three spatial axes");
    if (unit->layer->top_count > 1) return lungo_unit_refuse(unit, "its mask is a top");
    if (!lungo_blob_is_blocked(bottom)) return lungo_unit_refuse(unit, "its bottom is row-major");
    LUNGO_TRY(lungo_blob_block(bottom, &done));
    LUNGO_TRY(lungo_blob_block(unit->tops[0], &done));
    if (!done) return lungo_unit_refuse(unit, "its top has another layout");
    const lungo_blocked *layout = &bottom->data->layout;
    p->window = unit->op.pooling.window;
    p->window.planes = layout->images * lungo_blocked_blocks(layout);
    p->lanes = layout->lanes;
    snprintf(unit->info, sizeof unit->info, "%s of blocks", unit->op.pooling.max ? "MAX" : "AVE");
    if (!unit->op.pooling.max) return LUNGO_OK;
    p->mask_count = lungo_blob_count_in(unit->tops[0], true);
    p->mask = (int32_t *)lungo_new_floats(p->mask_count);
    return p->mask ? LUNGO_OK : lungo_fail_memory("a mask", p->mask_count * sizeof *p->mask);
}

static void close_unit(lungo_unit *unit) {
    lungo_free_floats((float *)((pooling *)unit->state)->mask);
}

static lungo_status forward(lungo_unit *unit) {
    const pooling *p = unit->state;
    const float *x = lungo_blob_data_in(unit->bottoms[0], true, LUNGO_READ);
    float *y = lungo_blob_data_in(unit->tops[0], true, LUNGO_OVERWRITE);
    if (p->mask)
        lungo_blocked_max_forward(&p->window, p->lanes, x, y, p->mask);
    else
        lungo_blocked_ave_forward(&p->window, p->lanes, x, y);
    return LUNGO_OK;
}

static lungo_status backward(lungo_unit *unit) {
    const pooling *p = unit->state;
    if (!unit->layer->needs_backward || !lungo_wants_bottom(unit->layer, 0)) return LUNGO_OK;
    const float *dy = lungo_blob_diff_in(unit->tops[0], true, LUNGO_READ);
    float *dx = lungo_blob_diff_in(unit->bottoms[0], true, LUNGO_OVERWRITE);
    if (p->mask)
        lungo_blocked_max_backward(&p->window, p->lanes, p->mask, dy, dx);
    else
        lungo_blocked_ave_backward(&p->window, p->lanes, dy, dx);
    return LUNGO_OK;
}

const lungo_unit_type lungo_blocked_pooling_unit = {
    .name = "blocked",
    .state_size = sizeof(pooling),
    .open = open_unit,
    .forward = forward,
    .backward = backward,
    .close = close_unit,
};
