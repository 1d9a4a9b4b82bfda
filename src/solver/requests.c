/* The solver as its user sees it while it runs: what can be asked of it, and what it tells. */
#include "solver/solver.h"

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

/* The user's status counts, whether or not a call of ours made it. */
lungo_status lungo_solver_ended_by(lungo_status status, const char *setter) {
    if (!status || status == lungo_error_code()) return status;
    return lungo_fail(status, "ended by the function given to %s", setter);
}

void lungo_solver_on_test(lungo_solver *solver, lungo_test_function *function, void *user) {
    solver->on_test = function;
    solver->on_test_user = user;
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

int lungo_solver_test_iter(const lungo_solver *solver, size_t index) {
    return index < solver->param->n_test_iter ? solver->param->test_iter[index] : 0;
}

const char *lungo_solver_snapshot_prefix(const lungo_solver *solver) {
    return solver->param->snapshot_prefix;
}

lungo_net *lungo_solver_test_net(const lungo_solver *solver, size_t index) {
    return index < solver->test_net_count ? solver->test_nets[index] : NULL;
}
