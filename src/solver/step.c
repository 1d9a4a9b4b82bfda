/* Iterations: test when due, iter_size passes, display when due, update, snapshot when due. */
#include <limits.h>

#include "base/clock.h"
#include "solver/solver.h"

/* ---- display ---- */

void lungo_solver_log_output(const char *net, int line, size_t index, const char *name, float value,
                             float loss_weight) {
    if (loss_weight != 0)
        lungo_log_info("solver.cpp", line, "    %s net output #%zu: %s = %g (* %g = %g loss)", net,
                       index, name, value, loss_weight, loss_weight * value);
    else
        lungo_log_info("solver.cpp", line, "    %s net output #%zu: %s = %g", net, index, name,
                       value);
}

static void log_outputs(const lungo_net *net) {
    size_t index = 0;
    for (size_t j = 0; j < lungo_net_output_count(net); j++) {
        const lungo_blob *output = lungo_net_output(net, j);
        const float *values = lungo_data(output);
        for (size_t k = 0; k < lungo_blob_count(output); k++)
            lungo_solver_log_output("Train", 258, index++, lungo_blob_name(output), values[k],
                                    lungo_net_output_loss_weight(net, j));
    }
}

static void restart_clock(lungo_solver *solver) {
    solver->display_time = lungo_clock_seconds();
    solver->display_iter = solver->iter;
}

/* In whole milliseconds, as Caffe measures. */
static void log_progress(lungo_solver *solver) {
    long milliseconds = (long)((lungo_clock_seconds() - solver->display_time) * 1000);
    float lapse = (float)milliseconds / 1000.0f;
    float speed = (float)(solver->iter - solver->display_iter) / (lapse > 0 ? lapse : 1);
    lungo_log_info("solver.cpp", 239, "Iteration %d (%g iter/s, %gs/%d iters), loss = %g",
                   solver->iter, speed, lapse, solver->param->display, solver->smoothed.value);
    restart_clock(solver);
    log_outputs(solver->net);
}

/* ---- one iteration ---- */

static lungo_status run_passes(lungo_solver *solver) {
    int passes = solver->param->iter_size;
    float sum = 0;
    lungo_solver_let_go_of_run(solver);
    for (int i = 0; i < passes; i++) {
        float loss;
        lungo_guard_begin_pass(solver);
        LUNGO_TRY(lungo_net_forward(solver->net, &loss));
        LUNGO_TRY(lungo_guard_check_loss(solver, loss));
        LUNGO_TRY(lungo_net_backward(solver->net));
        if (i + 1 < passes) LUNGO_TRY(lungo_guard_check_pass(solver));
        sum += loss;
    }
    solver->loss = sum / (float)passes;
    lungo_smoothed_loss_add(&solver->smoothed, solver->loss);
    return LUNGO_OK;
}

static lungo_status test_if_due(lungo_solver *solver) {
    if (!lungo_solver_tests(solver)) return LUNGO_OK;
    if (solver->iter == 0 && !solver->param->test_initialization) return LUNGO_OK;
    return lungo_solver_test_all(solver);
}

static lungo_status call_user(lungo_solver *solver) {
    if (!solver->on_iteration) return LUNGO_OK;
    return lungo_solver_ended_by(solver->on_iteration(solver->on_iteration_user, solver),
                                 "lungo_solver_on_iteration");
}

static lungo_status finish_iteration(lungo_solver *solver) {
    int interval = solver->param->snapshot;
    LUNGO_TRY(call_user(solver));
    lungo_request request = lungo_solver_take_request(solver);
    if ((interval != 0 && solver->iter % interval == 0) || request == LUNGO_REQUEST_SNAPSHOT)
        LUNGO_TRY(lungo_snapshot_or_go_on(solver, false, NULL));
    solver->stopped = request == LUNGO_REQUEST_STOP;
    return LUNGO_OK;
}

static lungo_status iterate(lungo_solver *solver) {
    lungo_net_clear_gradients(solver->net);
    LUNGO_TRY(test_if_due(solver));
    if (solver->stopped) return LUNGO_OK;
    bool display = lungo_solver_displays(solver);
    lungo_tensorboard_weights(solver);
    solver->net->debug_info = display && solver->param->debug_info;
    LUNGO_TRY(run_passes(solver));
    if (display) log_progress(solver);
    LUNGO_TRY(lungo_records_outputs(solver));
    LUNGO_TRY(lungo_solver_update(solver));
    return finish_iteration(solver);
}

/* Every run has an average of its own, but for one that was stopped and goes on. One loss more than
 * iterations: that of the last display. */
static lungo_status start_average(lungo_solver *solver, long count) {
    bool goes_on = solver->goes_on;
    solver->goes_on = true;
    return goes_on ? lungo_smoothed_loss_go_on(&solver->smoothed, count + 1)
                   : lungo_smoothed_loss_start(&solver->smoothed, solver->param->average_loss,
                                               count + 1);
}

lungo_status lungo_solver_run(lungo_solver *solver, int count) {
    LUNGO_TRY(lungo_solver_check_memory(solver));
    if (count > INT_MAX - 1 - solver->iter)
        return lungo_fail(LUNGO_ERR_USAGE, "expected at most %d more iterations, got %d",
                          INT_MAX - 1 - solver->iter, count);
    LUNGO_TRY(start_average(solver, count > 0 ? count : 0));
    LUNGO_TRY(lungo_records_start(solver));
    solver->stopped = false;
    restart_clock(solver);
    for (int end = solver->iter + count; solver->iter < end && !solver->stopped;)
        if (iterate(solver)) return lungo_trail("in iteration %d", solver->iter);
    return LUNGO_OK;
}
