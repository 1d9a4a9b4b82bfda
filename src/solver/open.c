/* Opening a solver: the file is read and brought up to date, options are merged in, every setting
 * is checked, and then the nets are built. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "proto/message.h"
#include "proto/text.h"
#include "proto/upgrade.h"
#include "solver/solver.h"
#include "store/hdf5.h"
#include "weights/save.h"

/* ---- reading ---- */

static lungo_status read_file(lungo_solver *solver, const char *path) {
    ProtobufCMessage *message;
    LUNGO_TRY(lungo_document_new(&solver->document));
    lungo_document_skip_unknown(solver->document, solver->skip_unknown_fields);
    lungo_document_set_limits(solver->document, &solver->limits);
    LUNGO_TRY(
        lungo_text_read(solver->document, &message, &caffe__solver_parameter__descriptor, path));
    solver->param = (Caffe__SolverParameter *)message;
    return lungo_upgrade_solver(solver->document, solver->param, path);
}

/* The file's name begins at the result; it ends before its last '.', unless that begins it. */
static const char *stem_of(const char *path, int *length) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    *length = dot && dot != name ? (int)(dot - name) : (int)strlen(name);
    return name;
}

/* Without a prefix snapshots lie beside the solver file; in a folder they get the file's name. */
static lungo_status settle_prefix(lungo_solver *solver, const char *path) {
    Caffe__SolverParameter *param = solver->param;
    lungo_arena *arena = lungo_document_arena(solver->document);
    const char *prefix = param->snapshot_prefix, *name, *what;
    int line, length;
    name = stem_of(path, &length);
    if (!prefix) {
        line = 1108;
        what = "was not specified and is set to";
        param->snapshot_prefix = lungo_arena_copy(arena, path, (size_t)(name - path + length));
    } else if (lungo_file_is_folder(prefix)) {
        line = 1113;
        what = "was a directory and is replaced to";
        const char *slash = prefix[strlen(prefix) - 1] == '/' ? "" : "/";
        param->snapshot_prefix = lungo_arena_printf(arena, "%s%s%.*s", prefix, slash, length, name);
    } else {
        return LUNGO_OK;
    }
    if (!param->snapshot_prefix) return lungo_fail_memory("snapshot_prefix", strlen(path));
    lungo_log_info("upgrade_proto.cpp", line, "snapshot_prefix %s %s", what,
                   param->snapshot_prefix);
    return LUNGO_OK;
}

/* ---- options ---- */

static lungo_status add_string(lungo_solver *solver, void *message, const char *field,
                               const char *text) {
    char **place =
        lungo_message_add(solver->document, message, lungo_message_field(message, field));
    if (!place) return lungo_fail_memory(field, sizeof *place);
    *place = lungo_arena_string(lungo_document_arena(solver->document), text);
    return *place ? LUNGO_OK : lungo_fail_memory(field, strlen(text));
}

static lungo_status copy_text(const char **out, lungo_solver *solver, const char *text) {
    if (!text) return LUNGO_OK;
    *out = lungo_arena_string(lungo_document_arena(solver->document), text);
    return *out ? LUNGO_OK : lungo_fail_memory("an option", strlen(text));
}

static lungo_status merge_state(lungo_solver *solver, const lungo_solver_options *options) {
    ProtobufCMessage *message = &solver->param->base;
    Caffe__NetState *state = (Caffe__NetState *)lungo_message_ensure(
        solver->document, message, lungo_message_field(message, "train_state"));
    if (!state) return lungo_fail_memory("train_state", sizeof *state);
    state->has_level = true;
    state->level = options->level;
    for (size_t i = 0; i < options->stage_count; i++)
        LUNGO_TRY(add_string(solver, state, "stage", options->stages[i]));
    return LUNGO_OK;
}

static lungo_status merge_guard(lungo_solver *solver, const lungo_solver_options *options) {
    if (!(options->guard_growth > 1))
        return lungo_fail(LUNGO_ERR_USAGE, "guard_growth: expected a number above 1, got %g",
                          options->guard_growth);
    solver->guard.on = options->guard;
    solver->guard.growth = options->guard_growth;
    return LUNGO_OK;
}

static lungo_status check_records(const lungo_solver_options *options) {
    if (options->metrics_every < 0)
        return lungo_fail(LUNGO_ERR_USAGE,
                          "metrics_every: expected 0 (at each display) or more, got %d",
                          options->metrics_every);
    if (options->metrics_every > 0 && !options->metrics && !options->tensorboard)
        return lungo_fail(LUNGO_ERR_USAGE, "metrics_every: expected metrics or tensorboard, to be "
                                           "written so often, got neither");
    if (options->tensorboard_histograms < 0)
        return lungo_fail(LUNGO_ERR_USAGE,
                          "tensorboard_histograms: expected 0 (none) or more, got %d",
                          options->tensorboard_histograms);
    if (options->tensorboard_histograms > 0 && !options->tensorboard)
        return lungo_fail(LUNGO_ERR_USAGE, "tensorboard_histograms: expected tensorboard, a "
                                           "folder for them, got none");
    if (options->watch && options->metrics && strcmp(options->watch, options->metrics) == 0)
        return lungo_fail(LUNGO_ERR_USAGE, "watch and metrics: expected two files, got '%s' twice",
                          options->watch);
    return LUNGO_OK;
}

static lungo_status merge_records(lungo_solver *solver, const lungo_solver_options *options) {
    lungo_records *records = &solver->records;
    LUNGO_TRY(check_records(options));
    records->every = options->metrics_every;
    records->board.histograms = options->tensorboard_histograms;
    LUNGO_TRY(copy_text(&solver->watch.path, solver, options->watch));
    LUNGO_TRY(copy_text(&records->metrics.path, solver, options->metrics));
    return copy_text(&records->board.folder, solver, options->tensorboard);
}

static lungo_status merge_snapshots(lungo_solver *solver, const lungo_solver_options *options) {
    if (options->keep_snapshots < 0)
        return lungo_fail(LUNGO_ERR_USAGE, "keep_snapshots: expected 0 (all) or more, got %d",
                          options->keep_snapshots);
    solver->keep.latest = options->keep_snapshots;
    solver->stop_on_snapshot_error = options->stop_on_snapshot_error;
    solver->unsaved = -1;
    return options->shapes_only ? LUNGO_OK
                                : copy_text(&solver->keep.asked, solver, options->keep_best);
}

static lungo_status merge_options(lungo_solver *solver, const lungo_solver_options *options) {
    LUNGO_TRY(merge_guard(solver, options));
    LUNGO_TRY(merge_records(solver, options));
    solver->engine = options->engine;
    solver->precision = options->precision;
    solver->log_plan = options->log_plan;
    if (options->level != 0 || options->stage_count > 0) LUNGO_TRY(merge_state(solver, options));
    bool ignore = options->ignore_weights || options->shapes_only;
    solver->shapes_only = options->shapes_only;
    solver->worker_count = options->worker_count;
    solver->worker_rank = options->worker_rank;
    solver->skip_bad_records = options->skip_bad_records;
    solver->resume_newest = options->resume_newest && !options->shapes_only;
    LUNGO_TRY(merge_snapshots(solver, options));
    solver->resume_as_caffe = options->resume_as_caffe;
    solver->budget = lungo_memory_budget_of(options->max_memory);
    if (ignore || options->weights) solver->param->n_weights = 0;
    if (ignore || !options->weights) return LUNGO_OK;
    return add_string(solver, solver->param, "weights", options->weights);
}

/* ---- checking ---- */

lungo_status lungo_solver_check_counts(const Caffe__SolverParameter *param) {
    if (param->average_loss < 1)
        return lungo_fail(LUNGO_ERR_CONFIG, "average_loss: expected 1 or more, got %d",
                          param->average_loss);
    if (param->iter_size < 1)
        return lungo_fail(LUNGO_ERR_CONFIG, "iter_size: expected 1 or more, got %d",
                          param->iter_size);
    if (param->snapshot_format == CAFFE__SOLVER_PARAMETER__SNAPSHOT_FORMAT__HDF5 &&
        lungo_hdf5_check())
        return lungo_trail("for snapshot_format: HDF5; BINARYPROTO needs nothing");
    return LUNGO_OK;
}

static lungo_status check_settings(lungo_solver *solver) {
    const Caffe__SolverParameter *param = solver->param;
    LUNGO_TRY(lungo_solver_check_counts(param));
    LUNGO_TRY(lungo_rule_find(&solver->rule, param));
    LUNGO_TRY(lungo_policy_find(&solver->policy, param));
    return lungo_solver_writes(solver) ? lungo_solver_probe_prefix(solver) : LUNGO_OK;
}

/* ---- building ---- */

static lungo_status seed_generator(lungo_solver *solver) {
    uint32_t seed = (uint32_t)solver->param->random_seed;
    if (solver->param->random_seed < 0) LUNGO_TRY(lungo_rng_seed_from_system(&seed));
    lungo_rng_seed(&solver->rng, seed);
    solver->seed = seed;
    return LUNGO_OK;
}

static bool some_param_decays(const lungo_solver *solver) {
    for (int i = 0; i < solver->net->param_count; i++)
        if (solver->param->weight_decay * solver->net->params[i].decay_mult != 0) return true;
    return false;
}

static lungo_status prepare_updates(lungo_solver *solver) {
    size_t floats = solver->net->param_floats;
    LUNGO_TRY(lungo_decay_open(&solver->decay, solver->param, some_param_decays(solver)));
    if (solver->shapes_only) return LUNGO_OK;
    for (int k = 0; k < solver->rule->history_count; k++) {
        solver->histories[k] = lungo_new_floats(floats);
        if (!solver->histories[k]) return lungo_fail_memory("histories", floats * sizeof(float));
    }
    LUNGO_TRY(lungo_norms_init(&solver->norms, solver->net));
    LUNGO_TRY(lungo_guard_init(&solver->guard, solver->net));
    solver->norms.wanted = solver->guard.on || solver->watch.path;
    return LUNGO_OK;
}

static void log_settings(const Caffe__SolverParameter *param) {
    lungo_buffer text = {0};
    lungo_text_print(&text, &param->base);
    size_t length = text.length;
    while (length > 0 && text.bytes[length - 1] == '\n')
        length--;
    lungo_log_info("solver.cpp", 45, "Initializing solver from parameters: \n%.*s", (int)length,
                   lungo_buffer_text(&text));
    lungo_buffer_dispose(&text);
}

static lungo_status resume(lungo_solver *solver) {
    bool taken;
    LUNGO_TRY(lungo_solver_restore_newest(solver, &taken));
    return taken ? LUNGO_OK : lungo_solver_load_weights(solver);
}

static lungo_status open_solver(lungo_solver *solver, const char *path,
                                const lungo_solver_options *options) {
    static const lungo_solver_options defaults = LUNGO_SOLVER_OPTIONS_INIT;
    if (!options) options = &defaults;
    solver->skip_unknown_fields = options->unknown_fields == LUNGO_UNKNOWN_WARN;
    solver->limits = options->limits;
    LUNGO_TRY(read_file(solver, path));
    LUNGO_TRY(settle_prefix(solver, path));
    LUNGO_TRY(merge_options(solver, options));
    lungo_log_info("caffe.cpp", 197, "Use CPU.");
    log_settings(solver->param);
    LUNGO_TRY(check_settings(solver));
    LUNGO_TRY(seed_generator(solver));
    LUNGO_TRY(lungo_solver_open_train_net(solver));
    LUNGO_TRY(prepare_updates(solver));
    if (lungo_solver_writes(solver)) LUNGO_TRY(lungo_solver_probe_size(solver, LUNGO_MODEL_MOST));
    if (!solver->shapes_only) LUNGO_TRY(lungo_solver_open_test_nets(solver));
    if (solver->param->test_from_start) LUNGO_TRY(lungo_solver_mark_test_starts(solver));
    LUNGO_TRY(lungo_best_open(solver));
    lungo_log_info("solver.cpp", 57, "Solver scaffolding done.");
    return solver->resume_newest ? resume(solver) : LUNGO_OK;
}

lungo_status lungo_solver_open(lungo_solver **out, const char *path,
                               const lungo_solver_options *options) {
    lungo_solver *solver = calloc(1, sizeof *solver);
    if (!solver) return lungo_fail_memory("a solver", sizeof *solver);
    if (!(solver->path = strdup(path))) {
        free(solver);
        return lungo_fail_memory("a file name", strlen(path));
    }
    if (open_solver(solver, path, options)) {
        lungo_solver_free(solver);
        return lungo_trail("in solver %s", path);
    }
    *out = solver;
    return LUNGO_OK;
}

lungo_status lungo_solver_check_memory(const lungo_solver *solver) {
    if (!solver->shapes_only) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_USAGE, "this solver was opened with shapes_only, to look at its "
                                       "settings: it can neither train nor keep a state");
}

void lungo_solver_free(lungo_solver *solver) {
    if (!solver) return;
    lungo_records_stop(solver);
    lungo_guard_dispose(&solver->guard);
    lungo_norms_dispose(&solver->norms);
    for (size_t i = 0; solver->test_nets && i < solver->test_net_count; i++)
        lungo_net_free(solver->test_nets[i]);
    lungo_solver_free_test_starts(solver);
    free(solver->test_nets);
    lungo_net_free(solver->net);
    for (int k = 0; k < LUNGO_MAX_HISTORIES; k++)
        lungo_free_floats(solver->histories[k]);
    lungo_smoothed_loss_dispose(&solver->smoothed);
    free(solver->keep.good);
    lungo_solver_let_go_of_run(solver);
    lungo_document_free(solver->document);
    free(solver->path);
    free(solver);
}
