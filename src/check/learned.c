/* Rules about parameters: their decay, and the weights that are to be loaded. */
#include <stdio.h>
#include <string.h>

#include "check/rules.h"
#include "lungo/suggest.h"
#include "solver/solver.h"
#include "weights/match.h"

/* ---- decay ---- */

/* How many parameters from `first` on have this note, if none before has; else 0. */
static size_t count_note(const lungo_solver *solver, size_t first, const char *note) {
    size_t count = 0;
    for (size_t i = 0; i < lungo_net_param_count(solver->net); i++) {
        if (lungo_solver_decay(solver, i).note != note) continue;
        if (i < first) return 0;
        count++;
    }
    return count;
}

static void report_notes(const lungo_subject *subject, const lungo_solver *solver) {
    for (size_t i = 0; i < lungo_net_param_count(solver->net); i++) {
        lungo_decay_info info = lungo_solver_decay(solver, i);
        size_t count = *info.note ? count_note(solver, i, info.note) : 0;
        if (count == 0) continue;
        const Caffe__LayerParameter *given =
            lungo_subject_given(subject, solver->net->params[i].layer);
        char more[40] = "";
        if (count > 1) snprintf(more, sizeof more, " (and %zu more)", count - 1);
        lungo_find_layer(subject, given, "layer '%s', parameter %zu%s: %s", info.param.layer,
                         info.param.index, more, info.note);
    }
}

/* As much of a solver as its table of decay looks at. */
void lungo_check_decay(const lungo_subject *subject) {
    lungo_solver solver = {.param = (Caffe__SolverParameter *)subject->solver,
                           .net = subject->net,
                           .shapes_only = true};
    if (!subject->net || lungo_rule_find(&solver.rule, solver.param) ||
        lungo_policy_find(&solver.policy, solver.param) ||
        lungo_decay_open(&solver.decay, solver.param, true))
        return;
    report_notes(subject, &solver);
}

/* ---- weights ---- */

static const char *net_layer_name(const void *net, size_t index) {
    return ((const lungo_net *)net)->layers[index]->name;
}

static const char *model_layer_name(const void *model, size_t index) {
    return lungo_model_layer(model, index).name;
}

static const char *sentence(const char hint[LUNGO_SUGGEST_MAX]) {
    return strncmp(hint, "; did you mean", 14) == 0 ? hint : "";
}

static size_t find_in_model(const lungo_model *model, const char *name) {
    for (size_t i = 0; i < lungo_model_layer_count(model); i++)
        if (strcmp(lungo_model_layer(model, i).name, name) == 0) return i;
    return SIZE_MAX;
}

void lungo_check_weights_unused(const lungo_subject *subject) {
    const lungo_model *model = subject->weights;
    for (size_t i = 0; i < lungo_model_layer_count(model); i++) {
        lungo_model_layer_info info = lungo_model_layer(model, i);
        char hint[LUNGO_SUGGEST_MAX];
        if (info.blob_count == 0 || lungo_weights_find_layer(subject->net, info.name)) continue;
        lungo_suggest(hint, info.name, net_layer_name, subject->net,
                      (size_t)subject->net->layer_count);
        lungo_find(subject, (lungo_position){0},
                   "'%s' has %zu blobs of a layer '%s', which the net lacks%s. Weights are matched "
                   "by name: rename the layer if they are meant for one",
                   subject->weights_path, info.blob_count, info.name, sentence(hint));
    }
}

void lungo_check_weights_missing(const lungo_subject *subject) {
    const lungo_model *model = subject->weights;
    for (int i = 0; i < subject->net->layer_count; i++) {
        const lungo_layer *layer = subject->net->layers[i];
        char hint[LUNGO_SUGGEST_MAX];
        if (layer->param_count == 0 || find_in_model(model, layer->name) != SIZE_MAX) continue;
        lungo_suggest(hint, layer->name, model_layer_name, model, lungo_model_layer_count(model));
        lungo_find_layer(subject, lungo_subject_given(subject, i),
                         "layer '%s' (%s): '%s' has no weights for it%s. It keeps what its fillers "
                         "give",
                         layer->name, layer->type->name, subject->weights_path, sentence(hint));
    }
}

static void check_shapes(const lungo_subject *subject, int index, size_t stored_layer) {
    const lungo_layer *layer = subject->net->layers[index];
    const Caffe__LayerParameter *given = lungo_subject_given(subject, index);
    size_t count = lungo_model_layer(subject->weights, stored_layer).blob_count;
    if (count != (size_t)layer->param_count)
        lungo_find_layer(
            subject, given,
            "layer '%s' (%s): expected %d blobs, as the net has it, got %zu from '%s'. "
            "Rename the layer to learn it anew",
            layer->name, layer->type->name, layer->param_count, count, subject->weights_path);
    for (int j = 0; j < layer->param_count && (size_t)j < count; j++) {
        lungo_stored_blob stored;
        const lungo_shape *shape = &layer->params[j].blob->shape;
        if (lungo_model_blob(&stored, subject->weights, stored_layer, (size_t)j) ||
            lungo_stored_blob_fits(&stored, shape))
            continue;
        lungo_find_layer(
            subject, given,
            "layer '%s' (%s), parameter %d: expected %s, as the net has it, got %s from "
            "'%s'. Rename the layer to learn it anew",
            layer->name, layer->type->name, j, lungo_shape_text(shape).text,
            lungo_shape_text(&stored.shape).text, subject->weights_path);
    }
}

/* A layer without blobs in the file was saved by a net in which it had none. */
void lungo_check_weights_shape(const lungo_subject *subject) {
    for (int i = 0; i < subject->net->layer_count; i++) {
        size_t stored = find_in_model(subject->weights, subject->net->layers[i]->name);
        if (stored != SIZE_MAX && lungo_subject_given(subject, i)) check_shapes(subject, i, stored);
    }
}
