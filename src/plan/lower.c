/* Which layers make a step.
 *
 * A step begins with any layer. If the engine has a unit for its op, layers that change its top in
 * place join it: a ReLU; a BatchNorm with the Scale and ReLU behind it, or those two behind a
 * BatchNorm. Without gradients, a BatchNorm by stored statistics and a Scale become part of a
 * convolution. They have to agree on what backward does. (A top that counts in the loss before it
 * is changed has a Split between.) */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/step.h"

/* ---- joining ---- */

static lungo_layer *layer_at(const lungo_net *net, int index) {
    return index < net->layer_count ? net->layers[index] : NULL;
}

static bool same_backward(const lungo_layer *a, const lungo_layer *b) {
    if (a->needs_backward != b->needs_backward) return false;
    return !b->needs_backward || b->bottom_wanted[0];
}

/* The layer behind `before`, when it changes the one top of that layer in place and has this op. */
static lungo_layer *in_place_behind(const lungo_net *net, int before, lungo_op_kind kind,
                                    lungo_op *op) {
    const lungo_layer *head = net->layers[before];
    lungo_layer *next = layer_at(net, before + 1);
    if (!next || head->top_count != 1) return NULL;
    if (next->bottom_count != 1 || next->top_count != 1) return NULL;
    if (next->bottoms[0] != head->tops[0] || next->tops[0] != head->tops[0]) return NULL;
    if (!same_backward(head, next)) return NULL;
    *op = lungo_layer_op(next);
    return op->kind == kind ? next : NULL;
}

/* One axis: of one channel. */
static bool is_per_channel(const lungo_broadcast *scale, const lungo_shape *shape) {
    size_t channels = shape->axes > 1 ? (size_t)shape->dim[1] : 1;
    return scale->length == channels && scale->outer == (size_t)shape->dim[0];
}

static void take_scale(lungo_unit *unit, const lungo_net *net, int *last) {
    lungo_op op;
    lungo_layer *scale = in_place_behind(net, *last, LUNGO_OP_SCALE, &op);
    if (!scale || !is_per_channel(&op.scale, &unit->tops[0]->shape)) return;
    unit->scale = scale;
    ++*last;
}

/* What fold.h folds. */
static void take_norm(lungo_unit *unit, const lungo_net *net, int *last) {
    lungo_op op;
    lungo_layer *norm = in_place_behind(net, *last, LUNGO_OP_BATCH_NORM, &op);
    if (norm && op.batch_norm.stored) {
        unit->norm = norm;
        ++*last;
    }
    if (!norm || unit->norm) take_scale(unit, net, last);
}

static void take_relu(lungo_unit *unit, const lungo_net *net, int *last) {
    lungo_op op;
    lungo_layer *relu = in_place_behind(net, *last, LUNGO_OP_RELU, &op);
    if (!relu || op.relu_slope < 0) return;
    unit->relu = relu;
    ++*last;
}

static void begin_unit(lungo_unit *unit, const lungo_net *net, const lungo_unit_table *units,
                       int *last) {
    lungo_layer *layer = net->layers[*last];
    lungo_op op = lungo_layer_op(layer);
    *unit = (lungo_unit){.type = units ? (*units)[op.kind] : NULL,
                         .if_faster = net->engine_if_faster,
                         .op = op,
                         .layer = layer,
                         .bottoms = layer->bottoms,
                         .tops = layer->tops};
    if (op.kind == LUNGO_OP_BATCH_NORM && unit->type) take_scale(unit, net, last);
    if (unit->type && unit->type->folds && !layer->needs_backward) take_norm(unit, net, last);
    if (unit->type && unit->type->takes_relu) take_relu(unit, net, last);
}

/* ---- units ---- */

static void close_unit(lungo_unit *unit) {
    if (!unit->state) return;
    if (unit->type->close) unit->type->close(unit);
    free(unit->state);
    unit->state = NULL;
}

static lungo_status open_unit(lungo_unit *unit) {
    close_unit(unit);
    unit->op = lungo_layer_op(unit->layer);
    unit->refused = false;
    size_t size = unit->type->state_size > 0 ? unit->type->state_size : 1;
    unit->state = calloc(1, size);
    if (!unit->state) return lungo_fail_memory("a step", size);
    return unit->type->open(unit);
}

static void close_units(lungo_step *step) {
    for (int i = 0; i < step->unit_count; i++)
        close_unit(&step->units[i]);
    lungo_blob_dispose(&step->between);
    step->unit_count = 0;
}

lungo_status lungo_unit_refuse(lungo_unit *unit, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(unit->info, sizeof unit->info, format, arguments);
    va_end(arguments);
    unit->refused = true;
    return LUNGO_OK;
}

/* The gradient of the blob between two units lies where that of their common top lies: each takes
 * what the other has left there. */
static lungo_status put_blob_between(lungo_step *step) {
    lungo_unit *first = &step->units[0], *second = &step->units[1];
    lungo_blob *top = first->layer->tops[0];
    if (!step->between.data) LUNGO_TRY(lungo_blob_init(&step->between, top->name));
    LUNGO_TRY(lungo_blob_reshape(&step->between, &top->shape));
    lungo_blob_share_diff(&step->between, top);
    LUNGO_TRY(lungo_blob_allocate_data(&step->between));
    step->between_tops[0] = &step->between;
    first->tops = second->bottoms = step->between_tops;
    return LUNGO_OK;
}

static lungo_status open_units(lungo_step *step) {
    if (step->unit_count > 1) LUNGO_TRY(put_blob_between(step));
    for (int i = 0; i < step->unit_count; i++) {
        LUNGO_TRY(open_unit(&step->units[i]));
        if (!step->units[i].refused) continue;
        memcpy(step->why, step->units[i].info, sizeof step->why);
        close_units(step);
    }
    return LUNGO_OK;
}

static lungo_status open_with_scratch(lungo_step *step, lungo_net *net) {
    LUNGO_TRY(open_units(step));
    return lungo_net_allocate_scratch(&net->host);
}

/* ---- steps ---- */

static void note_shapes(lungo_step *step, const lungo_net *net) {
    for (int i = step->first; i <= step->last; i++)
        for (int j = 0; j < net->layers[i]->bottom_count; j++)
            step->bottom_shapes[i - step->first][j] = net->layers[i]->bottoms[j]->shape;
}

static lungo_status note_layers(lungo_step *step, lungo_net *net) {
    size_t layers = (size_t)(step->last - step->first + 1);
    step->bottom_shapes = lungo_arena_array(&net->arena, layers, sizeof *step->bottom_shapes);
    if (!step->bottom_shapes) return lungo_fail_memory("a plan", layers * sizeof(void *));
    for (int i = step->first; i <= step->last; i++) {
        const lungo_layer *layer = net->layers[i];
        size_t bottoms = (size_t)layer->bottom_count;
        lungo_shape *shapes = lungo_arena_array(&net->arena, bottoms, sizeof *shapes);
        if (!shapes) return lungo_fail_memory("a plan", bottoms * sizeof *shapes);
        step->bottom_shapes[i - step->first] = shapes;
    }
    note_shapes(step, net);
    return LUNGO_OK;
}

lungo_status lungo_step_make(lungo_step *step, lungo_net *net, const lungo_unit_table *units,
                             int first) {
    lungo_op op;
    *step = (lungo_step){.first = first, .last = first};
    begin_unit(&step->units[0], net, units, &step->last);
    const lungo_unit_type *type = step->units[0].type;
    if (!type) return note_layers(step, net);
    step->unit_count = 1;
    if (type->takes_norm && step->last == first && (*units)[LUNGO_OP_BATCH_NORM] &&
        in_place_behind(net, step->last, LUNGO_OP_BATCH_NORM, &op)) {
        step->last++;
        begin_unit(&step->units[1], net, units, &step->last);
        step->unit_count = 2;
    }
    LUNGO_TRY(open_with_scratch(step, net));
    if (step->unit_count == 0) step->last = first;
    return note_layers(step, net);
}

int lungo_step_changed(const lungo_step *step, const lungo_net *net, int first, int last) {
    for (int i = step->first; i <= step->last; i++) {
        const lungo_layer *layer = net->layers[i];
        const lungo_shape *shapes = step->bottom_shapes[i - step->first];
        for (int j = 0; i >= first && i <= last && j < layer->bottom_count; j++)
            if (!lungo_shape_equal(&shapes[j], &layer->bottoms[j]->shape)) return i;
    }
    return -1;
}

/* A unit that refuses the new shapes leaves the step to its layers. */
lungo_status lungo_step_follow_shapes(lungo_step *step, lungo_net *net) {
    int changed = lungo_step_changed(step, net, step->first, step->last);
    if (changed < 0) return LUNGO_OK;
    for (int i = step->first; i <= step->last; i++)
        LUNGO_TRY(lungo_net_reshape_layer(net, net->layers[i]));
    note_shapes(step, net);
    return open_with_scratch(step, net) ? lungo_net_trail(net, net->layers[step->first]) : LUNGO_OK;
}

void lungo_step_dispose(lungo_step *step) {
    close_units(step);
}
