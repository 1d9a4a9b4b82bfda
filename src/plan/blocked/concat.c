/* Concat of blocked images along the channels. Parts begin at whole blocks, so that each is a run
 * of memory per image. */
#include <stdio.h>
#include <string.h>

#include "math/parallel.h"
#include "plan/units.h"

static lungo_status open_unit(lungo_unit *unit) {
    const lungo_layer *layer = unit->layer;
    bool done = true;
    if (layer->bottom_count < 2) return lungo_unit_refuse(unit, "it has one bottom");
    if (unit->op.concat_axis != 1) return lungo_unit_refuse(unit, "not along the channels");
    for (int i = 0; i < layer->bottom_count && done; i++) {
        if (!lungo_blob_is_blocked(unit->bottoms[i]))
            return lungo_unit_refuse(unit, "bottom %d is row-major", i);
        const lungo_blocked *part = &unit->bottoms[i]->data->layout;
        if (part->channels % part->lanes != 0 && i + 1 < layer->bottom_count)
            return lungo_unit_refuse(unit, "bottom %d has %zu channels, no multiple of %zu", i,
                                     part->channels, part->lanes);
        LUNGO_TRY(lungo_blob_block(unit->bottoms[i], &done));
    }
    if (done) LUNGO_TRY(lungo_blob_block(unit->tops[0], &done));
    if (!done) return lungo_unit_refuse(unit, "its top has another layout");
    snprintf(unit->info, sizeof unit->info, "whole blocks");
    return LUNGO_OK;
}

static size_t image_floats(const lungo_blob *blob) {
    return lungo_blob_count_in(blob, true) / (size_t)blob->shape.dim[0];
}

/* From or to the part of every image that begins at `start`. */
static void copy(float *to, size_t to_step, const float *from, size_t from_step, size_t floats,
                 size_t images) {
#pragma omp parallel for if (lungo_worth_threads(images * floats))
    for (size_t n = 0; n < images; n++)
        memcpy(to + n * to_step, from + n * from_step, floats * sizeof *to);
}

static lungo_status forward(lungo_unit *unit) {
    lungo_blob *top = unit->tops[0];
    size_t images = (size_t)top->shape.dim[0], whole = image_floats(top);
    float *y = lungo_blob_data_in(top, true, LUNGO_OVERWRITE);
    for (int i = 0; i < unit->layer->bottom_count; i++) {
        size_t part = image_floats(unit->bottoms[i]);
        copy(y, whole, lungo_blob_data_in(unit->bottoms[i], true, LUNGO_READ), part, part, images);
        y += part;
    }
    return LUNGO_OK;
}

static lungo_status backward(lungo_unit *unit) {
    lungo_blob *top = unit->tops[0];
    if (!unit->layer->needs_backward) return LUNGO_OK;
    size_t images = (size_t)top->shape.dim[0], whole = image_floats(top);
    const float *dy = lungo_blob_diff_in(top, true, LUNGO_READ);
    for (int i = 0; i < unit->layer->bottom_count; i++) {
        size_t part = image_floats(unit->bottoms[i]);
        if (lungo_wants_bottom(unit->layer, i))
            copy(lungo_blob_diff_in(unit->bottoms[i], true, LUNGO_OVERWRITE), part, dy, whole, part,
                 images);
        dy += part;
    }
    return LUNGO_OK;
}

const lungo_unit_type lungo_blocked_concat_unit = {
    .name = "blocked",
    .state_size = 0,
    .open = open_unit,
    .forward = forward,
    .backward = backward,
};
