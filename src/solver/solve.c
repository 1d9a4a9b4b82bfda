/* A whole training, and the solver as its user sees it. */
#include "solver/solver.h"

/* ---- training ---- */

lungo_status lungo_solver_step(lungo_solver *solver, int count) {
    return lungo_solver_run(solver, count);
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

/* After the last update: a snapshot, unless the last iteration made one. */
static lungo_status snapshot_after_train(lungo_solver *solver) {
    int interval = solver->param->snapshot;
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
    return LUNGO_OK;
}

static lungo_status train(lungo_solver *solver) {
    LUNGO_TRY(lungo_solver_run(solver, solver->param->max_iter - solver->iter));
    LUNGO_TRY(snapshot_after_train(solver));
    if (solver->stopped) {
        lungo_log_info("solver.cpp", 311, "Optimization stopped early.");
        return LUNGO_OK;
    }
    if (lungo_solver_displays(solver)) LUNGO_TRY(display_last(solver));
    if (lungo_solver_tests(solver)) LUNGO_TRY(lungo_solver_test_all(solver));
    lungo_log_info("solver.cpp", 332, "Optimization Done.");
    return LUNGO_OK;
}

lungo_status lungo_solver_solve(lungo_solver *solver, const char *resume_from) {
    LUNGO_TRY(check_max_iter(solver->param));
    if (solver->param->snapshot_after_train) LUNGO_TRY(lungo_solver_probe_prefix(solver));
    lungo_log_info("solver.cpp", 289, "Solving %s", lungo_net_name(solver->net));
    lungo_log_info("solver.cpp", 290, "Learning Rate Policy: %s", solver->param->lr_policy);
    if (resume_from) {
        lungo_log_info("solver.cpp", 296, "Restoring previous solver status from %s", resume_from);
        LUNGO_TRY(lungo_solver_restore(solver, resume_from));
    }
    return train(solver);
}

/* ---- requests ---- */

void lungo_solver_request(lungo_solver *solver, lungo_request request) {
    if (request == LUNGO_REQUEST_SNAPSHOT) atomic_store(&solver->snapshot_asked, true);
    if (request == LUNGO_REQUEST_STOP) atomic_store(&solver->stop_asked, true);
}

lungo_request lungo_solver_take_request(lungo_solver *solver) {
    if (atomic_exchange(&solver->snapshot_asked, false)) return LUNGO_REQUEST_SNAPSHOT;
    if (atomic_exchange(&solver->stop_asked, false)) return LUNGO_REQUEST_STOP;
    return LUNGO_REQUEST_NONE;
}

void lungo_solver_on_iteration(lungo_solver *solver, lungo_iteration_function *function,
                               void *user) {
    solver->on_iteration = function;
    solver->on_iteration_user = user;
}

/* ---- looking at it ---- */

int lungo_solver_iter(const lungo_solver *solver) {
    return solver->iter;
}

int lungo_solver_max_iter(const lungo_solver *solver) {
    return solver->param->max_iter;
}

float lungo_solver_rate(const lungo_solver *solver) {
    return solver->rate;
}

float lungo_solver_loss(const lungo_solver *solver) {
    return solver->loss;
}

float lungo_solver_smoothed_loss(const lungo_solver *solver) {
    return solver->smoothed.value;
}

bool lungo_solver_asks_for_gpu(const lungo_solver *solver) {
    return solver->param->has_solver_mode &&
           solver->param->solver_mode == CAFFE__SOLVER_PARAMETER__SOLVER_MODE__GPU;
}

lungo_net *lungo_solver_net(const lungo_solver *solver) {
    return solver->net;
}

lungo_net *lungo_solver_test_net(const lungo_solver *solver, size_t index) {
    return index < solver->test_net_count ? solver->test_nets[index] : NULL;
}
