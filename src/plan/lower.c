/* Which layers make a step.
 *
 * A step begins with any layer. If the engine has a unit for its op, layers that change its top in
 * place join it: a ReLU; a BatchNorm with the Scale and ReLU behind it, or those two behind a
 * BatchNorm. Without gradients, a BatchNorm by stored statistics and a Scale become part of a
 * convolution; in a net that infers also where they have tops of their own, and so does the sum of
 * its top and another blob. They have to agree on what backward does. (A top that counts in the
 * loss before it is changed has a Split between.) */
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

static bool takes(const lungo_layer *layer, const lungo_blob *blob) {
    for (int i = 0; i < layer->bottom_count; i++)
        if (layer->bottoms[i] == blob) return true;
    return false;
}

/* The layer behind `before`, when it has this op and takes the one top of that layer, which nobody
 * else does: for others a Split would be between. It changes it in place or, where `tops_of_own`,
 * has a top of its own. */
static lungo_layer *layer_behind(const lungo_net *net, int before, lungo_op_kind kind,
                                 bool tops_of_own, lungo_op *op) {
    const lungo_layer *head = net->layers[before];
    lungo_layer *next = layer_at(net, before + 1);
    if (!next || head->top_count != 1 || next->top_count != 1) return NULL;
    if (!takes(next, head->tops[0])) return NULL;
    if (next->tops[0] != head->tops[0] && !tops_of_own) return NULL;
    if (!same_backward(head, next)) return NULL;
    *op = lungo_layer_op(next);
    return op->kind == kind ? next : NULL;
}

/* A step of a folding unit may leave blobs out. */
static bool may_leave_out(const lungo_unit *unit, const lungo_net *net) {
    return unit->type->folds && net->infers;
}

/* One axis: of one channel. */
static bool is_per_channel(const lungo_broadcast *scale, const lungo_shape *shape) {
    size_t channels = shape->axes > 1 ? (size_t)shape->dim[1] : 1;
    return scale->length == channels && scale->outer == (size_t)shape->dim[0];
}

static void take_scale(lungo_unit *unit, const lungo_net *net, int *last) {
    lungo_op op;
    lungo_layer *scale = layer_behind(net, *last, LUNGO_OP_SCALE, may_leave_out(unit, net), &op);
    if (!scale || !is_per_channel(&op.scale, &unit->tops[0]->shape)) return;
    unit->scale = scale;
    ++*last;
}

/* What fold.h folds. */
static void take_norm(lungo_unit *unit, const lungo_net *net, int *last) {
    lungo_op op;
    lungo_layer *norm =
        layer_behind(net, *last, LUNGO_OP_BATCH_NORM, may_leave_out(unit, net), &op);
    if (norm && op.batch_norm.stored) {
        unit->norm = norm;
        ++*last;
    }
    if (!norm || unit->norm) take_scale(unit, net, last);
}

static bool has_factors_of_1(const lungo_op *sum, int bottoms) {
    for (int i = 0; sum->sum_factors && i < bottoms; i++)
        if (sum->sum_factors[i] != 1) return false;
    return true;
}

/* The other bottom is read while the top is written, so they may not be one. */
static void take_sum(lungo_unit *unit, const lungo_net *net, int *last) {
    lungo_op op;
    lungo_layer *sum = layer_behind(net, *last, LUNGO_OP_SUM, true, &op);
    if (!sum || sum->bottom_count != 2 || !has_factors_of_1(&op, 2)) return;
    lungo_blob *made = net->layers[*last]->tops[0];
    lungo_blob *other = sum->bottoms[sum->bottoms[0] == made];
    if (other->data == made->data || other->data == sum->tops[0]->data) return;
    unit->sum = sum;
    unit->added = other;
    ++*last;
}

static void take_relu(lungo_unit *unit, const lungo_net *net, int *last) {
    lungo_op op;
    lungo_layer *relu = layer_behind(net, *last, LUNGO_OP_RELU, may_leave_out(unit, net), &op);
    if (!relu || op.relu_slope < 0) return;
    unit->relu = relu;
    ++*last;
}

static void begin_unit(lungo_unit *unit, const lungo_net *net, const lungo_unit_table *units,
                       bool sums, int *last) {
    lungo_layer *layer = net->layers[*last];
    lungo_op op = lungo_layer_op(layer);
    const lungo_unit_type *type = units ? (*units)[op.kind] : NULL;
    *unit = (lungo_unit){.first_choice = type,
                         .type = type,
                         .if_faster = net->engine_if_faster,
                         .precision = net->precision,
                         .op = op,
                         .layer = layer,
                         .bottoms = layer->bottoms,
                         .tops = layer->tops};
    if (op.kind == LUNGO_OP_BATCH_NORM && unit->type) take_scale(unit, net, last);
    if (unit->type && unit->type->folds && !layer->needs_backward) take_norm(unit, net, last);
    if (unit->type && sums && may_leave_out(unit, net)) take_sum(unit, net, last);
    if (unit->type && unit->type->takes_relu) take_relu(unit, net, last);
    if (unit->type && may_leave_out(unit, net)) unit->tops = net->layers[*last]->tops;
}

/* ---- units ---- */

static void close_unit(lungo_unit *unit) {
    if (!unit->state) return;
    if (unit->type->close) unit->type->close(unit);
    free(unit->state);
    unit->state = NULL;
}

static lungo_status open_as(lungo_unit *unit, const lungo_unit_type *type) {
    close_unit(unit);
    unit->type = type;
    unit->refused = false;
    size_t size = unit->type->state_size > 0 ? unit->type->state_size : 1;
    unit->state = calloc(1, size);
    if (!unit->state) return lungo_fail_memory("a step", size);
    return unit->type->open(unit);
}

static lungo_status open_unit(lungo_unit *unit) {
    unit->op = lungo_layer_op(unit->layer);
    LUNGO_TRY(open_as(unit, unit->first_choice));
    while (unit->refused && unit->type->otherwise)
        LUNGO_TRY(open_as(unit, unit->type->otherwise));
    return LUNGO_OK;
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

static void note_reshapes(lungo_step *step, const lungo_net *net) {
    for (int i = step->first; i <= step->last; i++)
        for (int j = 0; j < net->layers[i]->bottom_count; j++)
            step->reshapes[i - step->first][j] = net->layers[i]->bottoms[j]->reshapes;
}

static lungo_status note_layers(lungo_step *step, lungo_net *net) {
    size_t layers = (size_t)(step->last - step->first + 1);
    step->reshapes = lungo_arena_array(&net->arena, layers, sizeof *step->reshapes);
    if (!step->reshapes) return lungo_fail_memory("a plan", layers * sizeof(void *));
    for (int i = step->first; i <= step->last; i++) {
        size_t bottoms = (size_t)net->layers[i]->bottom_count;
        size_t *reshapes = lungo_arena_array(&net->arena, bottoms, sizeof *reshapes);
        if (!reshapes) return lungo_fail_memory("a plan", bottoms * sizeof *reshapes);
        step->reshapes[i - step->first] = reshapes;
    }
    note_reshapes(step, net);
    return LUNGO_OK;
}

static lungo_status make_units(lungo_step *step, lungo_net *net, const lungo_unit_table *units,
                               bool sums) {
    lungo_op op;
    int first = step->first;
    step->last = first;
    begin_unit(&step->units[0], net, units, sums, &step->last);
    const lungo_unit_type *type = step->units[0].type;
    if (!type) return LUNGO_OK;
    step->unit_count = 1;
    if (type->takes_norm && step->last == first && (*units)[LUNGO_OP_BATCH_NORM] &&
        layer_behind(net, step->last, LUNGO_OP_BATCH_NORM, false, &op)) {
        step->last++;
        begin_unit(&step->units[1], net, units, false, &step->last);
        step->unit_count = 2;
    }
    LUNGO_TRY(open_with_scratch(step, net));
    if (step->unit_count == 0) step->last = first;
    return LUNGO_OK;
}

/* A unit that refuses with a sum may do without. */
lungo_status lungo_step_make(lungo_step *step, lungo_net *net, const lungo_unit_table *units,
                             int first) {
    *step = (lungo_step){.first = first, .last = first};
    LUNGO_TRY(make_units(step, net, units, true));
    if (step->unit_count == 0 && step->units[0].sum) LUNGO_TRY(make_units(step, net, units, false));
    return note_layers(step, net);
}

int lungo_step_changed(const lungo_step *step, const lungo_net *net, int first, int last) {
    for (int i = step->first; i <= step->last; i++) {
        const lungo_layer *layer = net->layers[i];
        const size_t *reshapes = step->reshapes[i - step->first];
        for (int j = 0; i >= first && i <= last && j < layer->bottom_count; j++)
            if (reshapes[j] != layer->bottoms[j]->reshapes) return i;
    }
    return -1;
}

/* A unit that refuses the new shapes leaves the step to its layers. After a failure the next call
 * begins anew. */
lungo_status lungo_step_follow_shapes(lungo_step *step, lungo_net *net) {
    int changed = lungo_step_changed(step, net, step->first, step->last);
    if (changed < 0) return LUNGO_OK;
    for (int i = step->first; i <= step->last; i++)
        LUNGO_TRY(lungo_net_reshape_layer(net, net->layers[i]));
    if (open_with_scratch(step, net)) return lungo_net_trail(net, net->layers[step->first]);
    note_reshapes(step, net);
    return LUNGO_OK;
}

void lungo_step_dispose(lungo_step *step) {
    close_units(step);
}
