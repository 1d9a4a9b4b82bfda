/* The train net and the test nets that a solver file names.
 *
 *   train   exactly one of net, net_param, train_net, train_net_param
 *   test    each of test_net_param, then each of test_net, then net or net_param once for every
 *           test_iter that is left
 *
 * A net's state begins as its phase; over it come the net's own state, then train_state or
 * test_state. Test nets use the parameters of the train net, and all draw from one generator in
 * the order in which they are built.
 */
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"
#include "proto/message.h"
#include "proto/text.h"
#include "proto/upgrade.h"
#include "solver/solver.h"

/* A definition on its way to become a net. */
typedef struct net_source {
    lungo_document *document;
    Caffe__NetParameter *param;
    char *label; /* for the log; in the document's arena */
} net_source;

/* ---- definitions ---- */

static lungo_status label_source(net_source *source, const char *format, const char *path) {
    lungo_arena *arena = lungo_document_arena(source->document);
    source->label = lungo_arena_printf(arena, "%s%s", format, path);
    return source->label ? LUNGO_OK : lungo_fail_memory("a net's name", strlen(path));
}

/* After a failure, too, dispose_source has to follow. */
static lungo_status read_source(net_source *source, const lungo_solver *solver, const char *field,
                                const char *path) {
    ProtobufCMessage *message;
    LUNGO_TRY(lungo_document_new(&source->document));
    lungo_document_skip_unknown(source->document, solver->skip_unknown_fields);
    lungo_document_set_limits(source->document, &solver->limits);
    LUNGO_TRY(label_source(source, field, path));
    LUNGO_TRY(lungo_text_read(source->document, &message, &caffe__net_parameter__descriptor, path));
    source->param = (Caffe__NetParameter *)message;
    return lungo_upgrade_net(source->document, source->param, path);
}

static lungo_status copy_source(net_source *source, const char *field,
                                const Caffe__NetParameter *param, const lungo_document *from) {
    LUNGO_TRY(lungo_document_new(&source->document));
    LUNGO_TRY(label_source(source, field, ""));
    return lungo_message_copy(source->document, &source->param, &param->base, from);
}

static void dispose_source(net_source *source) {
    lungo_document_free(source->document);
}

static lungo_status set_state(net_source *source, Caffe__Phase phase, const Caffe__NetState *more,
                              const lungo_document *from) {
    ProtobufCMessage *message = lungo_message_new(source->document, &caffe__net_state__descriptor);
    if (!message) return lungo_fail_memory("a net's state", sizeof(Caffe__NetState));
    Caffe__NetState *state = (Caffe__NetState *)message;
    state->has_phase = true;
    state->phase = phase;
    if (source->param->state)
        LUNGO_TRY(lungo_message_merge(source->document, message, &source->param->state->base,
                                      source->document));
    if (more) LUNGO_TRY(lungo_message_merge(source->document, message, &more->base, from));
    source->param->state = state;
    return LUNGO_OK;
}

/* ---- weights to start from ---- */

static lungo_status load_one(lungo_net *net, const char *name, size_t length) {
    static const char blanks[] = " \t\r\n";
    while (length > 0 && strchr(blanks, name[0]))
        name++, length--;
    while (length > 0 && strchr(blanks, name[length - 1]))
        length--;
    char *path = strndup(name, length);
    if (!path) return lungo_fail_memory("a file name", length);
    lungo_log_info("solver.cpp", 72, "Finetuning from %s", path);
    lungo_status status = lungo_net_load_weights(net, path);
    free(path);
    return status;
}

/* Each entry of `weights` may be a list with commas. */
static lungo_status load_into(const lungo_solver *solver, lungo_net *net) {
    for (size_t i = 0; i < solver->param->n_weights; i++) {
        const char *names = solver->param->weights[i];
        for (size_t length; length = strcspn(names, ","), true; names += length + 1) {
            LUNGO_TRY(load_one(net, names, length));
            if (names[length] == '\0') break;
        }
    }
    return LUNGO_OK;
}

lungo_status lungo_solver_load_weights(lungo_solver *solver) {
    LUNGO_TRY(load_into(solver, solver->net));
    for (size_t i = 0; i < solver->test_net_count; i++)
        LUNGO_TRY(load_into(solver, solver->test_nets[i]));
    return LUNGO_OK;
}

static lungo_net_build_options build_options(const lungo_solver *solver) {
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT};
    options.open.engine = solver->engine;
    options.open.precision = solver->precision;
    options.open.skip_bad_records = solver->skip_bad_records;
    options.open.limits = solver->limits;
    return options;
}

static lungo_status stand_in(net_source *source) {
    bool guessed;
    return lungo_net_stand_in(source->document, source->param, &guessed);
}

/* Where a snapshot may take their place, weights are loaded later. */
static lungo_status build(lungo_solver *solver, lungo_net **out, net_source *source,
                          lungo_net *donor) {
    lungo_net_build_options options = build_options(solver);
    options.rng = &solver->rng;
    options.open.donor = donor;
    options.no_memory = solver->shapes_only;
    solver->budget.histories = donor ? 0 : solver->rule->history_count;
    options.budget = &solver->budget;
    options.open.log_plan = solver->log_plan && !donor;
    if (!donor) {
        options.open.worker_count = solver->worker_count;
        options.open.worker_rank = solver->worker_rank;
    }
    if (solver->shapes_only) LUNGO_TRY(stand_in(source));
    LUNGO_TRY(lungo_plan_open_net(out, source->param, source->document, &options));
    return solver->resume_newest ? LUNGO_OK : load_into(solver, *out);
}

/* ---- the train net ---- */

static lungo_status check_train_source(const Caffe__SolverParameter *param) {
    int count = (param->net != NULL) + (param->net_param != NULL) + (param->train_net != NULL) +
                (param->train_net_param != NULL);
    if (count == 1) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "train net: expected exactly one of net, net_param, train_net, "
                      "train_net_param, got %d of them",
                      count);
}

static lungo_status find_train_source(net_source *source, const lungo_solver *solver) {
    const Caffe__SolverParameter *param = solver->param;
    if (param->train_net_param) {
        lungo_log_info("solver.cpp", 88, "Creating training net specified in train_net_param.");
        return copy_source(source, "", param->train_net_param, solver->document);
    }
    if (param->train_net) {
        lungo_log_info("solver.cpp", 92, "Creating training net from train_net file: %s",
                       param->train_net);
        return read_source(source, solver, "", param->train_net);
    }
    if (param->net_param) {
        lungo_log_info("solver.cpp", 97, "Creating training net specified in net_param.");
        return copy_source(source, "", param->net_param, solver->document);
    }
    lungo_log_info("solver.cpp", 102, "Creating training net from net file: %s", param->net);
    return read_source(source, solver, "", param->net);
}

/* After a failure, too, dispose_source has to follow. */
static lungo_status settle_train_source(net_source *source, const lungo_solver *solver) {
    LUNGO_TRY(check_train_source(solver->param));
    LUNGO_TRY(find_train_source(source, solver));
    return set_state(source, CAFFE__PHASE__TRAIN, solver->param->train_state, solver->document);
}

lungo_status lungo_solver_open_train_net(lungo_solver *solver) {
    net_source source = {0};
    lungo_status status = settle_train_source(&source, solver);
    if (!status) status = build(solver, &solver->net, &source, NULL);
    dispose_source(&source);
    return status;
}

/* ---- the test nets ---- */

static lungo_status check_test_counts(const Caffe__SolverParameter *param) {
    size_t named = param->n_test_net_param + param->n_test_net, count = param->n_test_iter;
    bool more = param->net || param->net_param;
    if (count < named || (count > named && !more))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "test_iter: expected one for each of the %zu test nets, got %zu", named,
                          count);
    if (param->n_test_state != 0 && param->n_test_state != count)
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "test_state: expected none, or one for each of the %zu test nets, got %zu", count,
            param->n_test_state);
    if (count > 0 && param->test_interval <= 0)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "test_interval: expected more than 0 with %zu test nets, got %d", count,
                          param->test_interval);
    for (size_t i = 0; i < count; i++)
        if (param->test_iter[i] < 0)
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "test_iter of test net #%zu: expected 0 or more, "
                              "got %d",
                              i, param->test_iter[i]);
    return LUNGO_OK;
}

static lungo_status find_test_source(net_source *source, const lungo_solver *solver, size_t index) {
    const Caffe__SolverParameter *param = solver->param;
    size_t params = param->n_test_net_param, named = params + param->n_test_net;
    if (index < params)
        return copy_source(source, "test_net_param", param->test_net_param[index],
                           solver->document);
    if (index < named)
        return read_source(source, solver, "test_net file: ", param->test_net[index - params]);
    if (param->net_param)
        return copy_source(source, "net_param", param->net_param, solver->document);
    return read_source(source, solver, "net file: ", param->net);
}

static lungo_status set_test_state(net_source *source, const lungo_solver *solver, size_t index) {
    const Caffe__SolverParameter *param = solver->param;
    const Caffe__NetState *state = param->n_test_state ? param->test_state[index] : NULL;
    return set_state(source, CAFFE__PHASE__TEST, state, solver->document);
}

static lungo_status open_test_net(lungo_solver *solver, net_source *source, size_t index) {
    LUNGO_TRY(set_test_state(source, solver, index));
    lungo_log_info("solver.cpp", 190, "Creating test net (#%zu) specified by %s", index,
                   source->label);
    LUNGO_TRY(build(solver, &solver->test_nets[index], source, solver->net));
    solver->test_nets[index]->debug_info = solver->param->debug_info;
    return LUNGO_OK;
}

/* All definitions are read before the first net is built: the log shows it. */
static lungo_status open_test_nets(lungo_solver *solver, net_source *sources, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (find_test_source(&sources[i], solver, i)) return lungo_trail("for test net #%zu", i);
    for (size_t i = 0; i < count; i++)
        if (open_test_net(solver, &sources[i], i)) return lungo_trail("in test net #%zu", i);
    return LUNGO_OK;
}

lungo_status lungo_solver_check_sources(const Caffe__SolverParameter *param) {
    LUNGO_TRY(check_train_source(param));
    return check_test_counts(param);
}

lungo_status lungo_solver_open_test_nets(lungo_solver *solver) {
    LUNGO_TRY(check_test_counts(solver->param));
    size_t count = solver->test_net_count = solver->param->n_test_iter;
    if (count == 0) return LUNGO_OK;
    solver->test_nets = calloc(count, sizeof *solver->test_nets);
    net_source *sources = calloc(count, sizeof *sources);
    lungo_status status = solver->test_nets && sources
                              ? open_test_nets(solver, sources, count)
                              : lungo_fail_memory("test nets", count * sizeof *sources);
    for (size_t i = 0; sources && i < count; i++)
        dispose_source(&sources[i]);
    free(sources);
    return status;
}

/* ---- nets beside the solver's own ---- */

static lungo_status settle_test_source(net_source *source, const lungo_solver *solver,
                                       size_t index) {
    LUNGO_TRY(check_test_counts(solver->param));
    if (index >= solver->param->n_test_iter)
        return lungo_fail(LUNGO_ERR_USAGE, "expected one of the solver's %zu test nets, got #%zu",
                          solver->param->n_test_iter, index);
    LUNGO_TRY(find_test_source(source, solver, index));
    return set_test_state(source, solver, index);
}

static lungo_status open_source(lungo_net **out, const lungo_solver *solver, net_source *source,
                                bool shapes_only) {
    lungo_net_build_options options = build_options(solver);
    options.open.seed = solver->param->random_seed; /* training goes on as if it were not there */
    options.no_memory = shapes_only;
    LUNGO_TRY(lungo_net_silence_files(source->document, source->param));
    if (shapes_only) LUNGO_TRY(stand_in(source));
    return lungo_plan_open_net(out, source->param, source->document, &options);
}

lungo_status lungo_solver_open_net(lungo_net **out, const lungo_solver *solver, lungo_phase phase,
                                   size_t index, bool shapes_only) {
    net_source source = {0};
    lungo_status status = phase == LUNGO_TRAIN ? settle_train_source(&source, solver)
                                               : settle_test_source(&source, solver, index);
    if (!status) status = open_source(out, solver, &source, shapes_only);
    dispose_source(&source);
    if (!status) return LUNGO_OK;
    return lungo_trail("in a net of solver %s", solver->path);
}
