/* Snapshots: <prefix>_iter_N.caffemodel with the weights, .solverstate with all else. */
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "snapshot/state.h"
#include "solver/solver.h"
#include "weights/load.h"

/* ---- the state ---- */

/* Lists the histories where they lie: those of all parameters, then the second ones. */
static lungo_status list_state(lungo_run_state *out, const lungo_solver *solver) {
    const lungo_net *net = solver->net;
    size_t count = (size_t)net->param_count * (size_t)solver->rule->history_count;
    lungo_history *histories = calloc(count ? count : 1, sizeof *histories);
    if (!histories) return lungo_fail_memory("a list of histories", count * sizeof *histories);
    for (size_t i = 0; i < count; i++) {
        const lungo_learnable *param = &net->params[i % (size_t)net->param_count];
        float *block = solver->histories[i / (size_t)net->param_count];
        histories[i] = (lungo_history){.layer = net->layers[param->layer]->name,
                                       .index = param->index,
                                       .shape = &param->blob->shape,
                                       .values = block + param->offset};
    }
    *out = (lungo_run_state){.iter = solver->iter,
                             .current_step = solver->current_step,
                             .history_count = count,
                             .histories = histories};
    return LUNGO_OK;
}

/* ---- writing ---- */

static lungo_status file_name(lungo_buffer *out, const lungo_solver *solver,
                              const char *extension) {
    lungo_buffer_printf(out, "%s_iter_%d%s", solver->param->snapshot_prefix, solver->iter,
                        extension);
    return out->failed ? lungo_fail_memory("a file name", out->length) : LUNGO_OK;
}

/* The same in both forms but for the names and where Caffe logs it. */
typedef struct snapshot_form {
    const char *name, *model, *state; /* extensions */
    int model_line, state_line;
} snapshot_form;

static const snapshot_form forms[] = {
    [CAFFE__SOLVER_PARAMETER__SNAPSHOT_FORMAT__BINARYPROTO] = {"binary proto", ".caffemodel",
                                                               ".solverstate", 464, 284},
    [CAFFE__SOLVER_PARAMETER__SNAPSHOT_FORMAT__HDF5] = {"HDF5", ".caffemodel.h5", ".solverstate.h5",
                                                        474, 296},
};

static lungo_status write_state(lungo_solver *solver, const char *model, const char *path) {
    lungo_run_state state;
    LUNGO_TRY(list_state(&state, solver));
    state.learned_net = model;
    lungo_status status = lungo_solver_pack_run(solver, &state.run);
    if (!status) status = lungo_run_state_write(&state, path);
    free(state.histories);
    lungo_buffer_dispose(&state.run);
    return status;
}

static lungo_status write_files(lungo_solver *solver, const snapshot_form *form, const char *model,
                                const char *state) {
    lungo_log_info("solver.cpp", form->model_line, "Snapshotting to %s file %s", form->name, model);
    LUNGO_TRY(lungo_net_save_weights(solver->net, model, solver->param->snapshot_diff));
    lungo_log_info("sgd_solver.cpp", form->state_line, "Snapshotting solver state to %s file %s",
                   form->name, state);
    return write_state(solver, model, state);
}

static lungo_status refuse_broken(const lungo_solver *solver) {
    if (!solver->guard.tripped) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_USAGE,
                      "no snapshot after training has met numbers that are not finite: expected a "
                      "restore first");
}

lungo_status lungo_solver_snapshot(lungo_solver *solver) {
    LUNGO_TRY(lungo_solver_check_memory(solver));
    const snapshot_form *form = &forms[solver->param->snapshot_format];
    lungo_buffer model = {0}, state = {0};
    LUNGO_TRY(refuse_broken(solver));
    lungo_status status = file_name(&model, solver, form->model);
    if (!status) status = file_name(&state, solver, form->state);
    if (!status) status = write_files(solver, form, model.bytes, state.bytes);
    if (!status) solver->guard.snapshot = solver->iter;
    lungo_buffer_dispose(&model);
    lungo_buffer_dispose(&state);
    return status;
}

lungo_status lungo_solver_probe_prefix(const lungo_solver *solver) {
    lungo_buffer path = {0};
    lungo_file_writer *probe;
    lungo_status status = file_name(&path, solver, ".tempfile");
    if (!status) status = lungo_file_writer_open(&probe, path.bytes);
    if (!status) lungo_file_writer_abandon(probe);
    lungo_buffer_dispose(&path);
    if (!status) return LUNGO_OK;
    return lungo_trail("snapshot_prefix: \"%s\": make sure that its folder exists and can be "
                       "written; `snapshot_after_train: false` without `snapshot` writes nothing",
                       solver->param->snapshot_prefix);
}

/* ---- restoring ---- */

/* The weights' file as the state names it; else one of that name beside the state. */
static lungo_status find_model(lungo_buffer *out, const char *learned_net, const char *state) {
    char folder[PATH_MAX], name[PATH_MAX];
    lungo_buffer_puts(out, learned_net);
    if (lungo_file_exists(learned_net)) return LUNGO_OK;
    if (strlen(state) >= sizeof folder || strlen(learned_net) >= sizeof name)
        return lungo_fail(LUNGO_ERR_FILE, "file name too long: '%s'", learned_net);
    strcpy(folder, state);
    strcpy(name, learned_net);
    lungo_buffer_clear(out);
    lungo_buffer_printf(out, "%s/%s", dirname(folder), basename(name));
    if (out->failed) return lungo_fail_memory("a file name", out->length);
    if (lungo_file_exists(out->bytes)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FILE,
                      "weights of the snapshot: expected a file '%s' or '%s', got none",
                      learned_net, out->bytes);
}

static lungo_status load_model(lungo_solver *solver, const char *learned_net, const char *state) {
    lungo_buffer path = {0};
    lungo_status status = find_model(&path, learned_net, state);
    if (!status) status = lungo_weights_load_whole(solver->net, path.bytes);
    lungo_buffer_dispose(&path);
    return status;
}

typedef struct model_place {
    const char *learned_net, *state;
} model_place;

static lungo_status load_named_model(void *user, lungo_solver *solver) {
    const model_place *place = user;
    return place->learned_net ? load_model(solver, place->learned_net, place->state) : LUNGO_OK;
}

static lungo_status load_run(lungo_solver *solver, const lungo_saved_state *saved,
                             const char *path) {
    model_place place = {saved->learned_net, path};
    if (saved->run && !solver->resume_as_caffe)
        return lungo_solver_load_run(solver, saved->run, saved->run_length, load_named_model,
                                     &place);
    LUNGO_TRY(load_named_model(&place, solver));
    lungo_note("%s: weights, histories and iteration are restored, as Caffe does; data and random "
               "numbers begin anew%s",
               path, saved->run ? "" : ", for the file does not say where they were");
    solver->goes_on = false;
    lungo_guard_restart(&solver->guard);
    return LUNGO_OK;
}

/* Everything is checked before anything is changed. */
static lungo_status take_state(lungo_solver *solver, const lungo_saved_state *saved,
                               const lungo_run_state *state, const char *path) {
    LUNGO_TRY(lungo_saved_state_check(saved, state));
    LUNGO_TRY(load_run(solver, saved, path));
    lungo_solver_let_go_of_run(solver);
    lungo_log_info("sgd_solver.cpp", 336, "SGDSolver: restoring history");
    LUNGO_TRY(lungo_saved_state_copy(saved, state));
    solver->iter = saved->iter;
    solver->current_step = saved->current_step;
    lungo_watch_stop(solver);
    return LUNGO_OK;
}

static lungo_status restore(lungo_solver *solver, const char *path) {
    lungo_run_state state;
    lungo_saved_state *saved;
    LUNGO_TRY(lungo_solver_check_memory(solver));
    LUNGO_TRY(lungo_saved_state_open(&saved, path));
    lungo_status status = list_state(&state, solver);
    if (!status) {
        status = take_state(solver, saved, &state, path);
        free(state.histories);
    }
    lungo_saved_state_free(saved);
    return status;
}

lungo_status lungo_solver_restore(lungo_solver *solver, const char *path) {
    if (restore(solver, path) == LUNGO_OK) return LUNGO_OK;
    return lungo_trail("while restoring %s", path);
}
