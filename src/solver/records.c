/* Metrics go on in the same iterations as the log, or every so many; the watch file in all. None of
 * them changes a training: what cannot be written any more is reported once, and lost. */
#include <stdlib.h>
#include <string.h>

#include "solver/solver.h"

static bool is_wanted(const lungo_solver *solver) {
    return solver->records.metrics.open || solver->records.board.runs;
}

static bool is_due(const lungo_solver *solver) {
    int every = solver->records.every;
    if (!is_wanted(solver)) return false;
    return every > 0 ? solver->iter % every == 0 : lungo_solver_displays(solver);
}

lungo_status lungo_records_start(lungo_solver *solver) {
    LUNGO_TRY(lungo_watch_start(solver));
    LUNGO_TRY(lungo_metrics_start(solver));
    return lungo_tensorboard_start(solver);
}

void lungo_records_stop(lungo_solver *solver) {
    lungo_rows_close(&solver->watch);
    lungo_rows_close(&solver->records.metrics);
    lungo_tensorboard_stop(solver);
    free(solver->records.outputs);
    solver->records.outputs = NULL;
    solver->records.output_room = 0;
}

/* ---- training ---- */

static lungo_status make_room(lungo_records *records, size_t count) {
    if (count <= records->output_room) return LUNGO_OK;
    float *grown = realloc(records->outputs, count * sizeof *grown);
    if (!grown) return lungo_fail_memory("outputs to be recorded", count * sizeof *grown);
    records->outputs = grown;
    records->output_room = count;
    return LUNGO_OK;
}

static lungo_status keep_outputs(lungo_records *records, const lungo_net *net) {
    size_t count = 0;
    for (size_t j = 0; j < lungo_net_output_count(net); j++) {
        const lungo_blob *output = lungo_net_output(net, j);
        size_t more = lungo_blob_count(output);
        LUNGO_TRY(make_room(records, count + more));
        if (more) memcpy(records->outputs + count, lungo_data(output), more * sizeof(float));
        count += more;
    }
    return LUNGO_OK;
}

lungo_status lungo_records_outputs(lungo_solver *solver) {
    return is_due(solver) ? keep_outputs(&solver->records, solver->net) : LUNGO_OK;
}

static void record_training(lungo_solver *solver, bool updated) {
    lungo_metrics_train(solver, updated);
    lungo_tensorboard_train(solver, updated);
}

void lungo_records_update(lungo_solver *solver) {
    lungo_watch_write(solver);
    if (is_due(solver)) record_training(solver, true);
}

lungo_status lungo_records_loss(lungo_solver *solver) {
    if (!is_due(solver)) return LUNGO_OK;
    LUNGO_TRY(keep_outputs(&solver->records, solver->net));
    record_training(solver, false);
    return LUNGO_OK;
}

/* ---- */

void lungo_records_test(lungo_solver *solver, size_t net, const float *means) {
    lungo_metrics_test(solver, net, means);
    lungo_tensorboard_test(solver, net, means);
}
