/* Rules about layers and the blobs between them. */
#include <string.h>

#include "check/rules.h"
#include "proto/message.h"

/* The list of all types, which the error text ends with, would be repeated for every layer. */
void lungo_check_unknown_type(const lungo_subject *subject) {
    const lungo_layer_type *type;
    for (size_t i = 0; i < subject->layer_count; i++) {
        const Caffe__LayerParameter *layer = subject->layers[i];
        if (!lungo_layer_find_type(&type, layer->type ?: "")) continue;
        const char *text = lungo_error_text() + strlen("lungo: ");
        const char *list = strstr(text, " (known types");
        lungo_find_field(subject, layer, &layer->base, "type",
                         "layer '%s': %.*s. `lungo layers` lists the types", layer->name ?: "",
                         list ? (int)(list - text) : (int)strlen(text), text);
    }
}

/* ---- names ---- */

static bool has_params(const lungo_subject *subject, const char *name, int from, int *found) {
    for (int i = from; i < subject->net->layer_count; i++) {
        const lungo_layer *layer = subject->net->layers[i];
        if (layer->param_count == 0 || strcmp(layer->name, name)) continue;
        *found = i;
        return true;
    }
    return false;
}

void lungo_check_duplicate_name(const lungo_subject *subject) {
    const lungo_net *net = subject->net;
    for (int i = 0, other; i < net->layer_count; i++) {
        const lungo_layer *layer = net->layers[i];
        if (layer->param_count == 0 || !has_params(subject, layer->name, i + 1, &other)) continue;
        const Caffe__LayerParameter *given = lungo_subject_given(subject, other);
        const Caffe__LayerParameter *first = lungo_subject_given(subject, i);
        lungo_find_layer(
            subject, given,
            "layer '%s' has the name of the layer in line %d, and both have "
            "parameters, of which a file of weights gives one only. Rename one of them",
            layer->name, lungo_document_position(subject->document, first).line);
    }
}

/* ---- what nobody takes ---- */

/* Tops that are there to be looked at. */
static bool is_to_be_seen(const lungo_subject *subject, size_t i) {
    const lungo_layer_type *type = subject->types[i];
    return (type->flags & (LUNGO_LOSS | LUNGO_SOURCE)) || strcmp(type->name, "Accuracy") == 0 ||
           subject->layers[i]->n_bottom == 0 || subject->layers[i]->n_loss_weight > 0;
}

static bool is_made_in_place(const Caffe__LayerParameter *layer, size_t top) {
    return top < layer->n_bottom && strcmp(layer->top[top], layer->bottom[top]) == 0;
}

/* A Slice or a Split that has one top too many is no waste. */
static size_t count_taken(const lungo_subject *subject, size_t i) {
    const Caffe__LayerParameter *layer = subject->layers[i];
    size_t taken = 0;
    for (size_t j = 0; j < layer->n_top; j++)
        taken += lungo_subject_taker(subject, i, layer->top[j], i) != SIZE_MAX;
    return taken;
}

void lungo_check_unused_top(const lungo_subject *subject) {
    for (size_t i = 0; i < subject->layer_count; i++) {
        const Caffe__LayerParameter *layer = subject->layers[i];
        if (is_to_be_seen(subject, i) || layer->n_top == 0 || count_taken(subject, i) > 0) continue;
        bool in_place = is_made_in_place(layer, 0);
        lungo_find_layer(subject, layer,
                         "layer '%s': nobody takes %s '%s', so training computes it for nothing. "
                         "Drop the layer, or give it include { phase: TEST }",
                         layer->name ?: "", in_place ? "what it makes of" : "its top",
                         layer->top[0]);
    }
}

static const char *first_learned(const lungo_layer *layer) {
    for (int j = 0; j < layer->param_count; j++)
        if (layer->params[j].asked && !layer->params[j].frozen && layer->params[j].lr_mult != 0)
            return layer->name;
    return NULL;
}

void lungo_check_no_loss_reaches(const lungo_subject *subject) {
    const lungo_net *net = subject->net;
    for (int i = 0; i < net->layer_count; i++) {
        const lungo_layer *layer = net->layers[i];
        const Caffe__LayerParameter *given = lungo_subject_given(subject, i);
        if (layer->needs_backward || !given || !first_learned(layer)) continue;
        lungo_find_layer(subject, given,
                         "layer '%s' (%s): no loss reaches it, so its parameters never learn. "
                         "Connect it to a loss, drop it, or say so with param { lr_mult: 0 }",
                         layer->name, layer->type->name);
    }
}

/* ---- in place ---- */

/* Types whose gradient is computed from their top. */
static bool needs_top(const char *type) {
    static const char *const types[] = {"Sigmoid", "TanH", "ELU", "Exp", "Softmax", "LRN", "MVN"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i], type) == 0) return true;
    return false;
}

/* Layers in place that leave the values as they are, in TRAIN. */
static bool leaves_values(const Caffe__LayerParameter *layer) {
    return lungo_is_type(layer, "Flatten") || lungo_is_type(layer, "Reshape") ||
           lungo_is_type(layer, "Split");
}

void lungo_check_changed_in_place(const lungo_subject *subject) {
    for (size_t i = 0; i < subject->layer_count; i++) {
        const Caffe__LayerParameter *layer = subject->layers[i];
        if (!needs_top(layer->type) || layer->n_top == 0) continue;
        size_t next = lungo_subject_taker(subject, i, layer->top[0], i);
        if (next == SIZE_MAX) continue;
        const Caffe__LayerParameter *after = subject->layers[next];
        if (!after->n_top || !is_made_in_place(after, 0) || leaves_values(after)) continue;
        if (strcmp(after->top[0], layer->top[0])) continue;
        lungo_find_layer(subject, after,
                         "layer '%s' (%s) changes '%s' in place, which layer '%s' (%s) needs as it "
                         "was for its gradient. Give the top of '%s' a name of its own",
                         after->name ?: "", after->type, after->top[0], layer->name ?: "",
                         layer->type, after->name ?: "");
    }
}

/* ---- data ---- */

static bool has_phase_rule(const Caffe__LayerParameter *layer) {
    return layer->n_include > 0 || layer->n_exclude > 0;
}

static const char *source_of(const Caffe__LayerParameter *layer) {
    if (layer->data_param && layer->data_param->source) return layer->data_param->source;
    if (layer->image_data_param) return layer->image_data_param->source;
    if (layer->hdf5_data_param) return layer->hdf5_data_param->source;
    return layer->window_data_param ? layer->window_data_param->source : NULL;
}

void lungo_check_same_data(const lungo_subject *subject) {
    for (size_t i = 0; i < subject->layer_count && subject->both_phases; i++) {
        const Caffe__LayerParameter *layer = subject->layers[i];
        if (layer->n_bottom > 0 || has_phase_rule(layer) || !source_of(layer)) continue;
        lungo_find_layer(subject, layer,
                         "layer '%s' reads '%s' in TRAIN and in TEST. Give it "
                         "include { phase: TRAIN }, and TEST a layer of its own",
                         layer->name ?: "", source_of(layer));
    }
}
