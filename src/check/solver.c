/* A solver: its settings, then the nets that it names or has in it, then both together. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "check/file.h"
#include "proto/message.h"
#include "proto/text.h"
#include "proto/upgrade.h"
#include "solver/solver.h"

/* A net that a solver names, or has in it. */
typedef struct solver_net {
    lungo_checked_file file;
    bool owned; /* the document */
    Caffe__NetParameter *param;
    Caffe__NetState *state; /* as the definition has it */
} solver_net;

typedef struct check_solver {
    const lungo_checked_file *file;
    const Caffe__SolverParameter *param;
    const lungo_model *model;
    lungo_subject train, *tests;
    solver_net *nets; /* the train net's, then those of the tests */
    size_t test_count;
} check_solver;

static lungo_position setting(const check_solver *solver, const char *field) {
    return lungo_message_position(solver->file->document, &solver->param->base, field);
}

/* Texts about a setting begin with its name. */
static void report_setting(const check_solver *solver) {
    const char *message;
    char name[64];
    lungo_split_error(solver->file->path, &message);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(message, " :"), message);
    lungo_report(solver->file, LUNGO_CHECK_CANNOT_BUILD, setting(solver, name), message);
}

/* False: nothing to look at; reported. */
static bool read_net(solver_net *net, const check_solver *solver, const char *field,
                     const char *path) {
    ProtobufCMessage *message;
    char text[512];
    if (!lungo_file_exists(path)) {
        snprintf(text, sizeof text, "%s '%s' is not there%s", field, path,
                 lungo_check_path_advice(path));
        lungo_report(solver->file, LUNGO_CHECK_CANNOT_READ, setting(solver, field), text);
        return false;
    }
    net->file = (lungo_checked_file){
        .check = solver->file->check, .options = solver->file->options, .path = path};
    net->owned = !lungo_document_new(&net->file.document);
    if (net->owned) lungo_document_set_limits(net->file.document, &solver->file->options->limits);
    if (!net->owned ||
        lungo_text_read(net->file.document, &message, &caffe__net_parameter__descriptor, path)) {
        lungo_report_error(&net->file, LUNGO_CHECK_CANNOT_READ);
        return false;
    }
    net->param = (Caffe__NetParameter *)message;
    return true;
}

static bool take_net(solver_net *net, const check_solver *solver, Caffe__NetParameter *param) {
    net->file = *solver->file;
    net->param = param;
    return true;
}

static bool find_train_net(solver_net *net, const check_solver *solver) {
    const Caffe__SolverParameter *param = solver->param;
    if (param->train_net_param) return take_net(net, solver, param->train_net_param);
    if (param->train_net) return read_net(net, solver, "train_net", param->train_net);
    if (param->net_param) return take_net(net, solver, param->net_param);
    return read_net(net, solver, "net", param->net);
}

static bool find_test_net(solver_net *net, const check_solver *solver, size_t index) {
    const Caffe__SolverParameter *param = solver->param;
    if (index < param->n_test_net_param) return take_net(net, solver, param->test_net_param[index]);
    index -= param->n_test_net_param;
    if (index < param->n_test_net) return read_net(net, solver, "test_net", param->test_net[index]);
    if (param->net_param) return take_net(net, solver, param->net_param);
    return read_net(net, solver, "net", param->net);
}

/* The phase; over it the net's own state, then the solver's. */
static lungo_status set_state(solver_net *net, const check_solver *solver, lungo_phase phase,
                              const Caffe__NetState *more) {
    lungo_document *document = net->file.document;
    const lungo_check_options *options = solver->file->options;
    Caffe__NetState *own = net->param->state;
    net->param->state = NULL;
    lungo_net_options state = LUNGO_NET_OPTIONS_INIT;
    state.phase = phase;
    if (phase == LUNGO_TRAIN) {
        state.level = options->level;
        state.stages = options->stages;
        state.stage_count = options->stage_count;
    }
    LUNGO_TRY(lungo_net_set_state(document, net->param, &state));
    ProtobufCMessage *merged = &net->param->state->base;
    if (own) LUNGO_TRY(lungo_message_merge(document, merged, &own->base, NULL));
    if (more) LUNGO_TRY(lungo_message_merge(document, merged, &more->base, NULL));
    return LUNGO_OK;
}

static bool is_both(const check_solver *solver) {
    return solver->test_count > 0 && (solver->param->net || solver->param->net_param);
}

static lungo_status check_train_net(check_solver *solver) {
    solver_net *net = &solver->nets[0];
    if (!find_train_net(net, solver) || !lungo_checked_upgrade(&net->file, net->param))
        return LUNGO_OK;
    LUNGO_TRY(set_state(net, solver, LUNGO_TRAIN, solver->param->train_state));
    solver->train = (lungo_subject){.both_phases = is_both(solver),
                                    .weights = solver->model,
                                    .solver = solver->param,
                                    .solver_document = solver->file->document};
    return lungo_check_subject(&solver->train, &net->file, net->param, LUNGO_TRAIN);
}

static lungo_status check_test_net(check_solver *solver, size_t index) {
    solver_net *net = &solver->nets[index + 1];
    const Caffe__NetState *more =
        index < solver->param->n_test_state ? solver->param->test_state[index] : NULL;
    if (!find_test_net(net, solver, index) || !lungo_checked_upgrade(&net->file, net->param))
        return LUNGO_OK;
    LUNGO_TRY(set_state(net, solver, LUNGO_TEST, more));
    solver->tests[index].both_phases = is_both(solver);
    return lungo_check_subject(&solver->tests[index], &net->file, net->param, LUNGO_TEST);
}

static void check_settings(const check_solver *solver) {
    const Caffe__SolverParameter *param = solver->param;
    const lungo_rule *rule;
    const lungo_policy *policy;
    if (lungo_solver_check_counts(param)) report_setting(solver);
    if (lungo_rule_find(&rule, param)) report_setting(solver);
    if (lungo_policy_find(&policy, param)) report_setting(solver);
}

static void check_weights_exist(const check_solver *solver) {
    for (size_t i = 0; i < solver->param->n_weights; i++) {
        char text[512];
        const char *path = solver->param->weights[i];
        if (strchr(path, ',') || lungo_file_exists(path)) continue;
        snprintf(text, sizeof text, "weights '%s' is not there%s", path,
                 lungo_check_path_advice(path));
        lungo_report(solver->file, LUNGO_CHECK_MISSING_FILE, setting(solver, "weights"), text);
    }
}

static lungo_status check_nets(check_solver *solver) {
    lungo_arena *arena = lungo_document_arena(solver->file->document);
    size_t count = solver->test_count = solver->param->n_test_iter;
    if (lungo_solver_check_sources(solver->param)) {
        report_setting(solver);
        return LUNGO_OK;
    }
    solver->tests = lungo_arena_array(arena, count, sizeof *solver->tests);
    solver->nets = lungo_arena_array(arena, count + 1, sizeof *solver->nets);
    if (!solver->tests || !solver->nets) return lungo_fail_memory("test nets", count);
    LUNGO_TRY(check_train_net(solver));
    for (size_t i = 0; i < count; i++)
        LUNGO_TRY(check_test_net(solver, i));
    return LUNGO_OK;
}

static void dispose_nets(check_solver *solver) {
    if (!solver->nets || !solver->tests) return;
    lungo_subject_dispose(&solver->train);
    for (size_t i = 0; i < solver->test_count; i++)
        lungo_subject_dispose(&solver->tests[i]);
    for (size_t i = 0; i <= solver->test_count; i++)
        if (solver->nets[i].owned) lungo_document_free(solver->nets[i].file.document);
}

static void look_at_solver(check_solver *solver) {
    lungo_subject subject = solver->train;
    subject.check = solver->file->check;
    subject.file = solver->file->path;
    subject.solver = solver->param;
    subject.solver_document = solver->file->document;
    subject.tests = solver->tests;
    subject.test_count = solver->tests ? solver->test_count : 0;
    lungo_check_apply(&subject, LUNGO_RULE_SOLVER);
}

lungo_status lungo_check_solver(const lungo_checked_file *file, const lungo_model *model) {
    Caffe__SolverParameter *param = (Caffe__SolverParameter *)file->message;
    check_solver solver = {.file = file, .param = param, .model = model};
    if (param->has_solver_type)
        lungo_report(file, LUNGO_CHECK_OLD_FORMAT, setting(&solver, "solver_type"),
                     "solver_type is the old form of type: \"...\", which is read as it is. "
                     "`upgrade_solver_proto_text OLD NEW` writes today's");
    if (lungo_upgrade_solver(file->document, param, file->path)) {
        report_setting(&solver);
        return LUNGO_OK;
    }
    check_settings(&solver);
    check_weights_exist(&solver);
    lungo_status status = check_nets(&solver);
    if (status == LUNGO_OK) look_at_solver(&solver);
    dispose_nets(&solver);
    return status;
}
