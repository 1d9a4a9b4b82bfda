/* Tests: the mean of every output of a test net over test_iter batches. */
#include <stdlib.h>
#include <string.h>

#include "solver/solver.h"

/* The sums so far: one for each element of each output. */
typedef struct test_scores {
    float *sums, loss;
    size_t count;
} test_scores;

static size_t count_of(const lungo_net *net) {
    size_t count = 0;
    for (size_t j = 0; j < lungo_net_output_count(net); j++)
        count += lungo_blob_count(lungo_net_output(net, j));
    return count;
}

/* The first batch says how many elements there are. */
static lungo_status size_scores(test_scores *scores, size_t count, int batch) {
    if (batch == 0) {
        scores->count = count;
        scores->sums = calloc(count ? count : 1, sizeof *scores->sums);
        return scores->sums ? LUNGO_OK
                            : lungo_fail_memory("test scores", count * sizeof *scores->sums);
    }
    if (count == scores->count) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_DATA,
                      "batch %d: expected %zu output values as in the batches before, got %zu",
                      batch, scores->count, count);
}

static lungo_status add_batch(test_scores *scores, lungo_net *net, int batch) {
    float loss;
    LUNGO_TRY(lungo_net_forward(net, &loss));
    LUNGO_TRY(size_scores(scores, count_of(net), batch));
    scores->loss += loss;
    size_t index = 0;
    for (size_t j = 0; j < lungo_net_output_count(net); j++) {
        const lungo_blob *output = lungo_net_output(net, j);
        const float *values = lungo_data(output);
        for (size_t k = 0; k < lungo_blob_count(output); k++)
            scores->sums[index++] += values[k];
    }
    return LUNGO_OK;
}

static void take_means(test_scores *scores, int batches) {
    for (size_t i = 0; i < scores->count; i++)
        scores->sums[i] /= (float)batches;
}

static void log_means(const test_scores *scores, const lungo_net *net) {
    size_t index = 0;
    for (size_t j = 0; j < lungo_net_output_count(net) && index < scores->count; j++) {
        const lungo_blob *output = lungo_net_output(net, j);
        for (size_t k = 0; k < lungo_blob_count(output); k++, index++)
            lungo_solver_log_output("Test", 414, index, lungo_blob_name(output),
                                    scores->sums[index], lungo_net_output_loss_weight(net, j));
    }
}

/* Between two batches: snapshots are made here and now. */
static lungo_status follow_requests(lungo_solver *solver) {
    lungo_request request;
    while ((request = lungo_solver_take_request(solver)) != LUNGO_REQUEST_NONE) {
        if (request == LUNGO_REQUEST_SNAPSHOT)
            LUNGO_TRY(lungo_snapshot_or_go_on(solver, false, NULL));
        if (request == LUNGO_REQUEST_STOP) solver->stopped = true;
    }
    return LUNGO_OK;
}

static lungo_status run_batches(lungo_solver *solver, size_t index, test_scores *scores) {
    for (int batch = 0; batch < solver->param->test_iter[index]; batch++) {
        LUNGO_TRY(follow_requests(solver));
        if (solver->stopped) return LUNGO_OK;
        LUNGO_TRY(add_batch(scores, solver->test_nets[index], batch));
    }
    return LUNGO_OK;
}

static bool has_layer(const lungo_net *net, const char *name) {
    for (int i = 0; i < net->layer_count; i++)
        if (strcmp(net->layers[i]->name, name) == 0) return true;
    return false;
}

/* Caffe shares the parameters anew for each test, and says what has none to give them to. */
static void log_ignored_layers(const lungo_net *train, const lungo_net *net) {
    for (int i = 0; i < train->layer_count; i++)
        if (!has_layer(net, train->layers[i]->name))
            lungo_log_info("net.cpp", 678, "Ignoring source layer %s", train->layers[i]->name);
}

/* ---- test_from_start: what the layers say of their data is kept, one behind another ---- */

static bool has_data(const lungo_layer *layer) {
    return layer->type->flags & LUNGO_SOURCE && layer->type->save && layer->type->load;
}

static lungo_status mark_start(lungo_writer *start, const lungo_net *net) {
    for (int i = 0; i < net->layer_count; i++)
        if (has_data(net->layers[i])) LUNGO_TRY(net->layers[i]->type->save(net->layers[i], start));
    return LUNGO_OK;
}

lungo_status lungo_solver_mark_test_starts(lungo_solver *solver) {
    size_t count = solver->test_net_count;
    solver->test_starts = calloc(count + 1, sizeof *solver->test_starts);
    if (!solver->test_starts)
        return lungo_fail_memory("test nets", count * sizeof *solver->test_starts);
    for (size_t i = 0; i < count; i++)
        LUNGO_TRY(mark_start(&solver->test_starts[i], solver->test_nets[i]));
    return LUNGO_OK;
}

void lungo_solver_free_test_starts(lungo_solver *solver) {
    for (size_t i = 0; solver->test_starts && i < solver->test_net_count; i++)
        lungo_buffer_dispose(&solver->test_starts[i]);
    free(solver->test_starts);
}

static lungo_status go_to_start(const lungo_writer *start, lungo_net *net) {
    const char *bytes = lungo_buffer_text(start); /* also where no layer has any */
    lungo_reader reader = {bytes, bytes + start->length};
    for (int i = 0; i < net->layer_count; i++)
        if (has_data(net->layers[i]) && net->layers[i]->type->load(net->layers[i], &reader))
            return lungo_trail("in layer '%s', going back to the start of its data",
                               net->layers[i]->name);
    return LUNGO_OK;
}

/* ---- */

static lungo_status pass_on(lungo_solver *solver, size_t index, const float *means) {
    lungo_best_note(solver, index, means);
    lungo_records_test(solver, index, means);
    if (!solver->on_test) return LUNGO_OK;
    return lungo_solver_ended_by(solver->on_test(solver->on_test_user, solver, index, means),
                                 "lungo_solver_on_test");
}

static lungo_status test(lungo_solver *solver, size_t index) {
    int batches = solver->param->test_iter[index];
    test_scores scores = {0};
    lungo_log_info("solver.cpp", 347, "Iteration %d, Testing net (#%zu)", solver->iter, index);
    log_ignored_layers(solver->net, solver->test_nets[index]);
    if (solver->test_starts)
        LUNGO_TRY(go_to_start(&solver->test_starts[index], solver->test_nets[index]));
    lungo_status status = run_batches(solver, index, &scores);
    if (!status && solver->stopped) {
        lungo_log_info("solver.cpp", 396, "Test interrupted.");
    } else if (!status) {
        if (solver->param->test_compute_loss)
            lungo_log_info("solver.cpp", 401, "Test loss: %g", scores.loss / (float)batches);
        take_means(&scores, batches);
        log_means(&scores, solver->test_nets[index]);
        if (batches > 0) status = pass_on(solver, index, scores.sums);
    }
    free(scores.sums);
    return status;
}

lungo_status lungo_solver_test_all(lungo_solver *solver) {
    if (solver->test_net_count > 0) LUNGO_TRY(lungo_solver_hold_run(solver));
    for (size_t i = 0; i < solver->test_net_count && !solver->stopped; i++)
        if (test(solver, i)) return lungo_trail("in test net #%zu", i);
    return lungo_best_keep(solver);
}
