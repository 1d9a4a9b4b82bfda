/* A whole training. */
#include "solver/solver.h"
#include "weights/save.h"

lungo_status lungo_solver_step(lungo_solver *solver, int count) {
    LUNGO_TRY(lungo_solver_run(solver, count));
    solver->goes_on = solver->stopped;
    return LUNGO_OK;
}

static lungo_status check_max_iter(const Caffe__SolverParameter *param) {
    if (!param->has_max_iter)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "max_iter: expected a number of iterations to train for, got none; "
                          "`max_iter: 0` writes the weights as they begin");
    if (param->max_iter < 0)
        return lungo_fail(LUNGO_ERR_CONFIG, "max_iter: expected 0 or more, got %d",
                          param->max_iter);
    return LUNGO_OK;
}

/* After the last update: a snapshot, unless the last iteration made one. One that failed is tried
 * once more: with the process all would be lost. */
static lungo_status snapshot_after_train(lungo_solver *solver) {
    int interval = solver->param->snapshot;
    if (solver->unsaved == solver->iter) return lungo_solver_snapshot(solver);
    if (!solver->param->snapshot_after_train) return LUNGO_OK;
    if (interval != 0 && solver->iter % interval == 0) return LUNGO_OK;
    return lungo_solver_snapshot(solver);
}

/* The loss of the final weights: one more forward pass, no backward. */
static lungo_status display_last(lungo_solver *solver) {
    float loss;
    LUNGO_TRY(lungo_net_forward(solver->net, &loss));
    lungo_smoothed_loss_add(&solver->smoothed, loss);
    lungo_log_info("solver.cpp", 327, "Iteration %d, loss = %g", solver->iter,
                   solver->smoothed.value);
    return lungo_records_loss(solver);
}

static lungo_status train(lungo_solver *solver) {
    LUNGO_TRY(lungo_solver_run(solver, solver->param->max_iter - solver->iter));
    LUNGO_TRY(snapshot_after_train(solver));
    if (solver->stopped) {
        lungo_log_info("solver.cpp", 311, "Optimization stopped early.");
        return LUNGO_OK;
    }
    lungo_tensorboard_weights(solver);
    LUNGO_TRY(lungo_solver_hold_run(solver));
    if (lungo_solver_displays(solver)) LUNGO_TRY(display_last(solver));
    if (lungo_solver_tests(solver)) LUNGO_TRY(lungo_solver_test_all(solver));
    solver->goes_on = false;
    lungo_log_info("solver.cpp", 332, "Optimization Done.");
    return LUNGO_OK;
}

/* What cannot be written is better known before training than behind it. */
static lungo_status probe(const lungo_solver *solver) {
    LUNGO_TRY(lungo_solver_probe_prefix(solver));
    if (lungo_solver_writes(solver)) return LUNGO_OK; /* known since it was opened */
    return lungo_solver_probe_size(solver, LUNGO_MODEL_MOST);
}

static lungo_status solve(lungo_solver *solver, const char *resume_from) {
    LUNGO_TRY(check_max_iter(solver->param));
    if (solver->param->snapshot_after_train) LUNGO_TRY(probe(solver));
    lungo_log_info("solver.cpp", 289, "Solving %s", lungo_net_name(solver->net));
    lungo_log_info("solver.cpp", 290, "Learning Rate Policy: %s", solver->param->lr_policy);
    if (resume_from) {
        lungo_log_info("solver.cpp", 296, "Restoring previous solver status from %s", resume_from);
        LUNGO_TRY(lungo_solver_restore(solver, resume_from));
    }
    lungo_solver_log_decay(solver);
    return train(solver);
}

lungo_status lungo_solver_solve(lungo_solver *solver, const char *resume_from) {
    if (solve(solver, resume_from)) return lungo_trail("in solver %s", solver->path);
    return LUNGO_OK;
}
