/* A net in one phase: its layers, and the net that they make, built without memory and, where they
 * are missing, without its data. */
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "proto/message.h"

/* ---- layers ---- */

/* A weight of 0 is given to keep a loss out. */
static bool counts(const Caffe__LayerParameter *layer, const lungo_layer_type *type) {
    for (size_t i = 0; i < layer->n_loss_weight; i++)
        if (layer->loss_weight[i] != 0) return true;
    return layer->n_loss_weight == 0 && type && (type->flags & LUNGO_LOSS);
}

static lungo_status list_layers(lungo_subject *subject) {
    Caffe__NetParameter *param = subject->param;
    lungo_arena *arena = lungo_document_arena(subject->document);
    subject->layers = lungo_arena_array(arena, param->n_layer, sizeof *subject->layers);
    subject->types = lungo_arena_array(arena, param->n_layer, sizeof *subject->types);
    if (!subject->layers || !subject->types)
        return lungo_fail_memory("a list of layers", param->n_layer);
    for (size_t i = 0; i < param->n_layer; i++) {
        if (!lungo_net_includes(param->state, param->layer[i])) continue;
        size_t at = subject->layer_count++;
        subject->layers[at] = param->layer[i];
        if (lungo_layer_find_type(&subject->types[at], param->layer[i]->type ?: ""))
            subject->types[at] = NULL;
        subject->has_loss |= counts(param->layer[i], subject->types[at]);
    }
    return LUNGO_OK;
}

size_t lungo_subject_maker(const lungo_subject *subject, size_t index, const char *blob) {
    while (index-- > 0)
        for (size_t j = 0; j < subject->layers[index]->n_top; j++)
            if (strcmp(subject->layers[index]->top[j], blob) == 0) return index;
    return SIZE_MAX;
}

static bool makes(const Caffe__LayerParameter *layer, const char *blob) {
    for (size_t j = 0; j < layer->n_top; j++)
        if (strcmp(layer->top[j], blob) == 0) return true;
    return false;
}

static bool takes(const Caffe__LayerParameter *layer, const char *blob) {
    for (size_t j = 0; j < layer->n_bottom; j++)
        if (strcmp(layer->bottom[j], blob) == 0) return true;
    return false;
}

size_t lungo_subject_taker(const lungo_subject *subject, size_t maker, const char *blob,
                           size_t after) {
    for (size_t i = after + 1; i < subject->layer_count; i++) {
        if (after != maker && makes(subject->layers[after], blob)) return SIZE_MAX;
        if (takes(subject->layers[i], blob)) return i;
        if (makes(subject->layers[i], blob)) return SIZE_MAX;
    }
    return SIZE_MAX;
}

const Caffe__LayerParameter *lungo_subject_given(const lungo_subject *subject, int layer) {
    lungo_position at =
        lungo_document_position(subject->net->document, subject->net->param->layer[layer]);
    for (size_t i = 0; i < subject->layer_count && at.line; i++) {
        lungo_position given = lungo_document_position(subject->document, subject->layers[i]);
        if (given.line == at.line && given.column == at.column) return subject->layers[i];
    }
    return NULL;
}

lungo_position lungo_subject_position(const lungo_subject *subject,
                                      const Caffe__LayerParameter *layer,
                                      const ProtobufCMessage *message, const char *field) {
    lungo_position at = lungo_message_position(subject->document, message, field);
    return at.line ? at : lungo_document_position(subject->document, layer);
}

/* ---- the net ---- */

static bool all_types_known(const lungo_subject *subject) {
    for (size_t i = 0; i < subject->layer_count; i++)
        if (!subject->types[i]) return false;
    return true;
}

/* Settings that a rule of its own reports are no reason not to build the rest. */
static void drop_reported(Caffe__NetParameter *param) {
    for (size_t i = 0; i < param->n_layer; i++)
        if (lungo_is_type(param->layer[i], "BatchNorm")) param->layer[i]->n_param = 0;
}

/* The message without "lungo: ". */
static const char *error_message(void) {
    const char *text = lungo_error_text();
    return strncmp(text, "lungo: ", 7) == 0 ? text + 7 : text;
}

/* Missing files have a rule of their own. */
static void report_failure(lungo_subject *subject, lungo_position at) {
    lungo_missing_file missing;
    for (size_t i = 0; i < subject->layer_count && lungo_error_code() == LUNGO_ERR_FILE; i++)
        if (lungo_net_missing_file(&missing, subject->layers[i])) return;
    if (subject->guessed) return;
    subject->rule = LUNGO_CHECK_CANNOT_BUILD;
    lungo_find(subject, at, "%s", error_message());
}

static lungo_status build(lungo_subject *subject, lungo_document *document) {
    Caffe__NetParameter *copy;
    lungo_position failed_at = {0};
    lungo_net_build_options options = {
        .open = LUNGO_NET_OPTIONS_INIT, .no_memory = true, .failed_at = &failed_at};
    options.open.seed = 1;
    options.open.limits = *lungo_document_limits(subject->document);
    LUNGO_TRY(lungo_message_copy(document, &copy, &subject->param->base, subject->document));
    drop_reported(copy);
    LUNGO_TRY(lungo_net_stand_in(document, copy, &subject->guessed));
    lungo_status status = lungo_net_build(&subject->net, copy, document, &options);
    if (status == LUNGO_OK) return LUNGO_OK;
    subject->net = NULL;
    report_failure(subject, failed_at);
    return LUNGO_OK;
}

lungo_status lungo_subject_init(lungo_subject *subject) {
    LUNGO_TRY(list_layers(subject));
    if (!all_types_known(subject)) return LUNGO_OK;
    lungo_document *document;
    LUNGO_TRY(lungo_document_new(&document));
    lungo_status status = build(subject, document);
    lungo_document_free(document);
    return status;
}

void lungo_subject_dispose(lungo_subject *subject) {
    lungo_net_dispose(subject->net);
    subject->net = NULL;
}
