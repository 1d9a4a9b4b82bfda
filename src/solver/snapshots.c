/* Snapshots: <prefix>_iter_N.caffemodel with the weights, .solverstate with all else. */
#include <stdlib.h>

#include "base/buffer.h"
#include "base/file.h"
#include "snapshot/pair.h"
#include "solver/solver.h"
#include "weights/load.h"
#include "weights/save.h"

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
                             .histories = histories,
                             .best = solver->keep.best};
    return LUNGO_OK;
}

/* ---- writing ---- */

/* The same in both forms but for the names and where Caffe logs it. */
typedef struct snapshot_form {
    const char *name;
    bool hdf5;
    int model_line, state_line;
} snapshot_form;

static const snapshot_form forms[] = {
    [CAFFE__SOLVER_PARAMETER__SNAPSHOT_FORMAT__BINARYPROTO] = {"binary proto", false, 464, 284},
    [CAFFE__SOLVER_PARAMETER__SNAPSHOT_FORMAT__HDF5] = {"HDF5", true, 474, 296},
};

static lungo_status write_state(const lungo_solver *solver, const lungo_pair *pair) {
    lungo_run_state state;
    lungo_checksum model;
    LUNGO_TRY(lungo_checksum_of(&model, pair->model));
    LUNGO_TRY(list_state(&state, solver));
    state.learned_net = pair->model;
    state.model = &model;
    lungo_status status = lungo_solver_pack_run(solver, &state.run);
    if (!status) status = lungo_run_state_write(&state, pair->state);
    free(state.histories);
    lungo_buffer_dispose(&state.run);
    return status;
}

static lungo_status write_files(const lungo_solver *solver, const snapshot_form *form,
                                const lungo_pair *pair) {
    lungo_log_info("solver.cpp", form->model_line, "Snapshotting to %s file %s", form->name,
                   pair->model);
    LUNGO_TRY(lungo_net_save_weights(solver->net, pair->model, solver->param->snapshot_diff));
    lungo_log_info("sgd_solver.cpp", form->state_line, "Snapshotting solver state to %s file %s",
                   form->name, pair->state);
    if (write_state(solver, pair) == LUNGO_OK) return LUNGO_OK;
    return lungo_trail("while saving a solver state to %s", pair->state);
}

/* What was there before is there again; new weights alone stay: they may be all there is. */
static lungo_status write_pair(const lungo_solver *solver, const snapshot_form *form,
                               const lungo_pair *pair) {
    lungo_pair_clean(solver->param->snapshot_prefix);
    LUNGO_TRY(lungo_pair_begin(pair));
    lungo_status status = write_files(solver, form, pair);
    if (!status) return lungo_pair_end(pair, true);
    lungo_held_error held;
    lungo_error_hold(&held);
    lungo_pair_end(pair, false);
    return lungo_error_raise(&held);
}

static lungo_status refuse_broken(const lungo_solver *solver) {
    if (!solver->guard.tripped) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_USAGE,
                      "no snapshot after training has met numbers that are not finite: expected a "
                      "restore first");
}

/* A failed snapshot is no less a failure if one cannot say what else is there. */
static lungo_status say_what_is_there(const lungo_solver *solver) {
    lungo_pair_list list;
    lungo_held_error held;
    const char *prefix = solver->param->snapshot_prefix, *newest = NULL;
    lungo_error_hold(&held);
    bool known = lungo_pair_list_read(&list, prefix) == LUNGO_OK;
    if (known) newest = lungo_pair_list_newest(&list);
    lungo_error_raise(&held);
    lungo_status status = newest ? lungo_trail("the newest good snapshot is %s", newest)
                                 : lungo_trail("no good snapshot of prefix '%s' is there", prefix);
    if (known) lungo_pair_list_dispose(&list);
    return status;
}

static lungo_status snapshot(lungo_solver *solver, bool best) {
    const snapshot_form *form = &forms[solver->param->snapshot_format];
    lungo_pair pair;
    LUNGO_TRY(lungo_solver_check_memory(solver));
    LUNGO_TRY(refuse_broken(solver));
    lungo_status status = lungo_pair_name(&pair, solver->param->snapshot_prefix,
                                          best ? -1 : solver->iter, form->hdf5);
    if (!status) status = write_pair(solver, form, &pair);
    lungo_pair_dispose(&pair);
    return status ? say_what_is_there(solver) : LUNGO_OK;
}

lungo_status lungo_solver_snapshot(lungo_solver *solver) {
    LUNGO_TRY(snapshot(solver, false));
    solver->guard.snapshot = solver->iter;
    solver->unsaved = -1;
    if (lungo_keep_latest(solver)) lungo_warn("%s", lungo_error_text());
    return LUNGO_OK;
}

/* What is wrong with files may be mended while training goes on; all else will not be. */
lungo_status lungo_snapshot_or_go_on(lungo_solver *solver, bool best, bool *written) {
    lungo_status status = best ? snapshot(solver, true) : lungo_solver_snapshot(solver);
    bool of_files = status == LUNGO_ERR_FILE || status == LUNGO_ERR_FORMAT;
    if (written) *written = status == LUNGO_OK;
    if (!of_files || solver->stop_on_snapshot_error) return status;
    if (!best) solver->unsaved = solver->iter;
    lungo_log_error("lungo.c", __LINE__, "%s\n  no snapshot of iteration %d; training goes on",
                    lungo_error_text(), solver->iter);
    return LUNGO_OK;
}

lungo_status lungo_solver_probe_prefix(const lungo_solver *solver) {
    lungo_buffer path = {0};
    lungo_file_writer *probe = NULL;
    lungo_buffer_printf(&path, "%s_iter_%d.tempfile", solver->param->snapshot_prefix, solver->iter);
    lungo_status status = path.failed ? lungo_fail_memory("a file name", path.length)
                                      : lungo_file_writer_open(&probe, path.bytes);
    if (!status) lungo_file_writer_abandon(probe);
    lungo_buffer_dispose(&path);
    if (!status) return LUNGO_OK;
    return lungo_trail("snapshot_prefix: \"%s\": make sure that its folder exists and can be "
                       "written; `snapshot_after_train: false` without `snapshot` writes nothing",
                       solver->param->snapshot_prefix);
}

/* Caffe cannot read a larger state; Lungo can. */
static lungo_status warn_of_state(const lungo_solver *solver, size_t most) {
    lungo_run_state state;
    LUNGO_TRY(list_state(&state, solver));
    size_t size = lungo_run_state_histories(&state);
    free(state.histories);
    if (size > most)
        lungo_warn("histories of %zu bytes: a .solverstate of more than %zu can be read by Lungo, "
                   "and not by Caffe; `snapshot_format: HDF5` makes one that both read",
                   size, most);
    return LUNGO_OK;
}

lungo_status lungo_solver_probe_size(const lungo_solver *solver, size_t most) {
    if (forms[solver->param->snapshot_format].hdf5) return LUNGO_OK;
    if (lungo_weights_check_size(solver->net, solver->param->snapshot_diff, most))
        return lungo_trail("before any training: no snapshot could be written "
                           "(`snapshot_after_train: false` without `snapshot` writes none)");
    return warn_of_state(solver, most);
}

/* ---- restoring ---- */

static lungo_status load_model(lungo_solver *solver, const lungo_saved_state *saved,
                               const char *path) {
    char *model;
    LUNGO_TRY(lungo_pair_find_model(&model, saved, path));
    lungo_status status = lungo_weights_load_whole(solver->net, model);
    free(model);
    return status;
}

typedef struct model_place {
    const lungo_saved_state *saved;
    const char *path; /* of the state */
} model_place;

static lungo_status load_named_model(void *user, lungo_solver *solver) {
    const model_place *place = user;
    return place->saved->learned_net ? load_model(solver, place->saved, place->path) : LUNGO_OK;
}

static lungo_status load_run(lungo_solver *solver, const lungo_saved_state *saved,
                             const char *path) {
    model_place place = {saved, path};
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
    solver->unsaved = -1;
    lungo_best_restore(solver, &saved->best);
    lungo_records_stop(solver);
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

/* A script may have the one name while the solver's snapshot_format gives the other: Caffe's own
 * for CIFAR-10 does. */
static bool there_in_hdf5(const char *path) {
    lungo_buffer other = {0};
    lungo_buffer_printf(&other, "%s.h5", path);
    bool there =
        !other.failed && !lungo_file_exists(path) && lungo_file_exists(lungo_buffer_text(&other));
    lungo_buffer_dispose(&other);
    return there;
}

lungo_status lungo_solver_restore(lungo_solver *solver, const char *path) {
    if (restore(solver, path) == LUNGO_OK) return LUNGO_OK;
    if (there_in_hdf5(path)) (void)lungo_trail("%s.h5 is there: give that", path);
    return lungo_trail("while restoring %s", path);
}
