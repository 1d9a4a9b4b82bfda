#include "proto/upgrade.h"

#include <string.h>

#include "base/log.h"
#include "proto/message.h"
#include "proto/upgrade_layers.h"

#define FUTURE "Note that future Caffe releases will "

/* What Caffe logs before and after each step: the lines of upgrade_proto.cpp and their texts. */
static const struct {
    int begin_line, end_line, note_line;
    const char *what, *done, *note;
} steps[LUNGO_UPGRADE_STEPS] = {
    [LUNGO_UPGRADE_V0] = {28, 36, 39, "input file specified using deprecated V0LayerParameter",
                          "file specified using deprecated V0LayerParameter",
                          FUTURE "not support V0NetParameter; use "
                                 "./build/tools/upgrade_net_proto_text for prototxt and "
                                 "./build/tools/upgrade_net_proto_binary for model weights upgrade "
                                 "this and any other net protos to the new format."},
    [LUNGO_UPGRADE_TRANSFORM] = {46, 49, 51,
                                 "input file specified using deprecated transformation parameters",
                                 "file specified using deprecated data transformation parameters.",
                                 FUTURE "only support transform_param messages for transformation "
                                        "fields."},
    [LUNGO_UPGRADE_V1] = {55, 63, 0, "input file specified using deprecated V1LayerParameter",
                          "file specified using deprecated V1LayerParameter", NULL},
    [LUNGO_UPGRADE_INPUT] = {69, 72, 74, "input file specified using deprecated input fields",
                             "file specified using deprecated input fields.",
                             FUTURE "only support input layers and not input fields."},
    [LUNGO_UPGRADE_BATCH_NORM] = {79, 82, 0, "batch norm layers using deprecated params",
                                  "batch norm layers using deprecated params.", NULL},
    [LUNGO_UPGRADE_SOLVER_TYPE] = {1084, 1091, 1093,
                                   "input file specified using deprecated 'solver_type' field "
                                   "(enum)'",
                                   "file specified using deprecated 'solver_type' field (enum) to "
                                   "'type' field (string).",
                                   FUTURE "only support 'type' field (string) for a solver's "
                                          "type."},
};

void lungo_upgrade_log_begin(lungo_upgrade_step step, const char *file) {
    lungo_log_info("upgrade_proto.cpp", steps[step].begin_line, "Attempting to upgrade %s: %s",
                   steps[step].what, file);
}

void lungo_upgrade_log_end(lungo_upgrade_step step, bool complete) {
    if (complete)
        lungo_log_info("upgrade_proto.cpp", steps[step].end_line, "Successfully upgraded %s",
                       steps[step].done);
    else
        lungo_log_error("upgrade_proto.cpp", 33,
                        "Warning: had one or more problems upgrading V0NetParameter to "
                        "NetParameter (see above); continuing anyway.");
    if (steps[step].note)
        lungo_log_warning("upgrade_proto.cpp", steps[step].note_line, "%s", steps[step].note);
}

/* ---- net-level inputs ---- */

static lungo_status check_input_sizes(const Caffe__NetParameter *net) {
    bool by_shape = net->n_input_shape > 0;
    size_t got = by_shape ? net->n_input_shape : net->n_input_dim;
    size_t expected = by_shape ? net->n_input : 4 * net->n_input;
    if (got < expected)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "net-level inputs: expected %zu %s for %zu inputs, got %zu", expected,
                          by_shape ? "input_shape" : "input_dim", net->n_input, got);
    if (got > expected)
        lungo_warn("net-level inputs: %zu %s for %zu inputs: the last %zu are ignored, as by Caffe",
                   got, by_shape ? "input_shape" : "input_dim", net->n_input, got - expected);
    return LUNGO_OK;
}

/* The shape of input `index`, from input_shape or from four input_dims. */
static lungo_status add_shape(lungo_document *document, Caffe__InputParameter *input,
                              const Caffe__NetParameter *net, size_t index) {
    ProtobufCMessage *shape = lungo_message_add_message(document, &input->base,
                                                        lungo_message_field(&input->base, "shape"));
    if (!shape) return lungo_fail_memory("an input's shape", sizeof(Caffe__BlobShape));
    if (net->n_input_shape > 0)
        return lungo_message_merge(document, shape, &net->input_shape[index]->base, document);
    for (size_t i = 4 * index; i < 4 * index + 4; i++) {
        int64_t *dim = lungo_message_add(document, shape, lungo_message_field(shape, "dim"));
        if (!dim) return lungo_fail_memory("an input's shape", sizeof *dim);
        *dim = net->input_dim[i];
    }
    return LUNGO_OK;
}

static lungo_status fill_input_layer(lungo_document *document, Caffe__LayerParameter *layer,
                                     const Caffe__NetParameter *net) {
    lungo_arena *arena = lungo_document_arena(document);
    ProtobufCMessage *message = &layer->base;
    layer->name = lungo_arena_string(arena, "input");
    layer->type = lungo_arena_string(arena, "Input");
    ProtobufCMessage *input =
        lungo_message_ensure(document, message, lungo_message_field(message, "input_param"));
    if (!layer->name || !layer->type || !input)
        return lungo_fail_memory("an Input layer", sizeof(Caffe__InputParameter));
    LUNGO_TRY(lungo_message_merge_field(document, message, lungo_message_field(message, "top"),
                                        &net->base, lungo_message_field(&net->base, "input"),
                                        NULL));
    for (size_t i = 0; i < net->n_input; i++)
        LUNGO_TRY(add_shape(document, (Caffe__InputParameter *)input, net, i));
    return LUNGO_OK;
}

/* The Input layer stands where the first input_shape does, or else where the net does. */
static lungo_status add_input_layer(lungo_document *document, Caffe__NetParameter *net) {
    LUNGO_TRY(check_input_sizes(net));
    Caffe__LayerParameter *layer = (Caffe__LayerParameter *)lungo_message_add_message(
        document, &net->base, lungo_message_field(&net->base, "layer"));
    if (!layer) return lungo_fail_memory("an Input layer", sizeof *layer);
    const void *origin = net->n_input_shape > 0 ? (void *)net->input_shape[0] : (void *)net;
    LUNGO_TRY(
        lungo_document_set_position(document, layer, lungo_document_position(document, origin)));
    memmove(net->layer + 1, net->layer, (net->n_layer - 1) * sizeof *net->layer);
    net->layer[0] = layer;
    return fill_input_layer(document, layer, net);
}

/* Inputs without sizes are found in old files of weights: there is nothing to make of them. */
static lungo_status upgrade_input(lungo_document *document, Caffe__NetParameter *net) {
    if (net->n_input_shape > 0 || net->n_input_dim > 0) LUNGO_TRY(add_input_layer(document, net));
    net->n_input = net->n_input_shape = net->n_input_dim = 0;
    return LUNGO_OK;
}

/* ---- BatchNorm ---- */

static bool is_old_batch_norm(const Caffe__LayerParameter *layer) {
    return layer->type && strcmp(layer->type, "BatchNorm") == 0 && layer->n_param == 3;
}

static bool has_old_batch_norm(const Caffe__NetParameter *net) {
    for (size_t i = 0; i < net->n_layer; i++)
        if (is_old_batch_norm(net->layer[i])) return true;
    return false;
}

/* Its three blobs are statistics: no solver may move them. */
static void freeze_batch_norm(Caffe__NetParameter *net) {
    for (size_t i = 0; i < net->n_layer; i++)
        for (size_t j = 0; j < net->layer[i]->n_param && is_old_batch_norm(net->layer[i]); j++) {
            Caffe__ParamSpec *spec = net->layer[i]->param[j];
            spec->has_lr_mult = spec->has_decay_mult = true;
            spec->lr_mult = spec->decay_mult = 0;
        }
}

/* ---- the whole ---- */

static lungo_status upgrade_layers(lungo_document *document, Caffe__NetParameter *net,
                                   const char *file, bool *complete) {
    if (lungo_upgrade_is_v0(net)) {
        lungo_upgrade_log_begin(LUNGO_UPGRADE_V0, file);
        LUNGO_TRY(lungo_upgrade_from_v0(document, net, complete));
        lungo_upgrade_log_end(LUNGO_UPGRADE_V0, *complete);
    }
    if (lungo_upgrade_has_transform_fields(net)) {
        lungo_upgrade_log_begin(LUNGO_UPGRADE_TRANSFORM, file);
        LUNGO_TRY(lungo_upgrade_transform_fields(document, net));
        lungo_upgrade_log_end(LUNGO_UPGRADE_TRANSFORM, true);
    }
    if (net->n_layers > 0) {
        lungo_upgrade_log_begin(LUNGO_UPGRADE_V1, file);
        LUNGO_TRY(lungo_upgrade_from_v1(document, net));
        lungo_upgrade_log_end(LUNGO_UPGRADE_V1, true);
    }
    return LUNGO_OK;
}

static lungo_status upgrade_net(lungo_document *document, Caffe__NetParameter *net,
                                const char *file, bool *complete) {
    *complete = true;
    LUNGO_TRY(upgrade_layers(document, net, file, complete));
    if (net->n_input > 0) {
        lungo_upgrade_log_begin(LUNGO_UPGRADE_INPUT, file);
        LUNGO_TRY(upgrade_input(document, net));
        lungo_upgrade_log_end(LUNGO_UPGRADE_INPUT, true);
    }
    if (has_old_batch_norm(net)) {
        lungo_upgrade_log_begin(LUNGO_UPGRADE_BATCH_NORM, file);
        freeze_batch_norm(net);
        lungo_upgrade_log_end(LUNGO_UPGRADE_BATCH_NORM, true);
    }
    LUNGO_TRY(lungo_upgrade_fork_fields(document, net));
    lungo_upgrade_warn_of_transform_fields(document, net);
    return LUNGO_OK;
}

lungo_status lungo_upgrade_net_noting(lungo_document *document, Caffe__NetParameter *param,
                                      const char *file, bool *complete) {
    if (upgrade_net(document, param, file, complete) == LUNGO_OK) return LUNGO_OK;
    return lungo_trail("while upgrading net '%s' of %s", param->name ? param->name : "", file);
}

lungo_status lungo_upgrade_net(lungo_document *document, Caffe__NetParameter *param,
                               const char *file) {
    bool complete;
    return lungo_upgrade_net_noting(document, param, file, &complete);
}

bool lungo_upgrade_net_is_due(const Caffe__NetParameter *param) {
    return param->n_layers > 0 || param->n_input > 0 || has_old_batch_norm(param) ||
           lungo_upgrade_has_fork_fields(param);
}

/* ---- solvers ---- */

static const char *const solver_types[] = {
    [CAFFE__SOLVER_PARAMETER__SOLVER_TYPE__SGD] = "SGD",
    [CAFFE__SOLVER_PARAMETER__SOLVER_TYPE__NESTEROV] = "Nesterov",
    [CAFFE__SOLVER_PARAMETER__SOLVER_TYPE__ADAGRAD] = "AdaGrad",
    [CAFFE__SOLVER_PARAMETER__SOLVER_TYPE__RMSPROP] = "RMSProp",
    [CAFFE__SOLVER_PARAMETER__SOLVER_TYPE__ADADELTA] = "AdaDelta",
    [CAFFE__SOLVER_PARAMETER__SOLVER_TYPE__ADAM] = "Adam",
};

lungo_status lungo_upgrade_solver_type(lungo_document *document, Caffe__SolverParameter *solver,
                                       const char *file) {
    const ProtobufCMessage *message = &solver->base;
    lungo_upgrade_log_begin(LUNGO_UPGRADE_SOLVER_TYPE, file);
    if (lungo_message_has(message, lungo_message_field(message, "type")))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "Failed to upgrade solver: old solver_type field (enum) and new type "
                          "field (string) cannot be both specified in solver proto text: expected "
                          "type alone, got type: \"%s\" beside solver_type in %s",
                          solver->type, file);
    char *type =
        lungo_arena_string(lungo_document_arena(document), solver_types[solver->solver_type]);
    if (!type) return lungo_fail_memory("the type of a solver", sizeof "AdaGrad");
    solver->type = type;
    lungo_message_clear(&solver->base, lungo_message_field(message, "solver_type"));
    lungo_upgrade_log_end(LUNGO_UPGRADE_SOLVER_TYPE, true);
    return LUNGO_OK;
}

lungo_status lungo_upgrade_solver(lungo_document *document, Caffe__SolverParameter *param,
                                  const char *file) {
    if (param->has_solver_type) LUNGO_TRY(lungo_upgrade_solver_type(document, param, file));
    if (param->net_param) LUNGO_TRY(lungo_upgrade_net(document, param->net_param, file));
    if (param->train_net_param)
        LUNGO_TRY(lungo_upgrade_net(document, param->train_net_param, file));
    for (size_t i = 0; i < param->n_test_net_param; i++)
        LUNGO_TRY(lungo_upgrade_net(document, param->test_net_param[i], file));
    return LUNGO_OK;
}
