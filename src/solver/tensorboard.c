/* Event files for TensorBoard: the train net and each test net are runs of their own, so that what
 * has one name in several of them is drawn in one chart. */
#include <stdlib.h>
#include <string.h>

#include "solver/solver.h"
#include "store/events.h"

/* ---- opening ---- */

/* FOLDER/train, FOLDER/test, FOLDER/test_1, ... */
static lungo_status open_run(lungo_tensorboard *board, size_t run, int iter) {
    lungo_buffer folder = {0};
    lungo_buffer_printf(&folder, "%s/%s", board->folder, run == 0 ? "train" : "test");
    if (run > 1) lungo_buffer_printf(&folder, "_%zu", run - 1);
    lungo_status status = folder.failed ? lungo_fail_memory("a folder's name", folder.length)
                                        : lungo_events_open(&board->runs[run], folder.bytes, iter);
    lungo_buffer_dispose(&folder);
    return status;
}

static lungo_status open_runs(lungo_tensorboard *board, size_t count, int iter) {
    board->runs = calloc(count, sizeof *board->runs);
    if (!board->runs) return lungo_fail_memory("event files", count * sizeof *board->runs);
    board->run_count = count;
    for (size_t run = 0; run < count; run++)
        LUNGO_TRY(open_run(board, run, iter));
    return LUNGO_OK;
}

lungo_status lungo_tensorboard_start(lungo_solver *solver) {
    lungo_tensorboard *board = &solver->records.board;
    if (!board->folder || board->runs || board->given_up) return LUNGO_OK;
    if (open_runs(board, 1 + solver->test_net_count, solver->iter) == LUNGO_OK) return LUNGO_OK;
    lungo_tensorboard_stop(solver);
    return lungo_trail("for tensorboard");
}

void lungo_tensorboard_stop(lungo_solver *solver) {
    lungo_tensorboard *board = &solver->records.board;
    for (size_t run = 0; run < board->run_count; run++)
        lungo_events_close(board->runs[run]);
    free(board->runs);
    lungo_buffer_dispose(&board->tag);
    board->runs = NULL;
    board->run_count = 0;
    board->given_up = false;
}

static void flush(lungo_solver *solver, size_t run) {
    lungo_tensorboard *board = &solver->records.board;
    if (lungo_events_flush(board->runs[run]) == LUNGO_OK) return;
    lungo_warn("%s\n  the event files end before iteration %d; training goes on",
               lungo_error_text(), solver->iter);
    lungo_tensorboard_stop(solver);
    board->given_up = true;
}

/* ---- values ---- */

static void add_scalar(lungo_solver *solver, size_t run, float value) {
    lungo_tensorboard *board = &solver->records.board;
    lungo_events_scalar(board->runs[run], solver->iter, lungo_buffer_text(&board->tag), value);
    lungo_buffer_clear(&board->tag);
}

static void add_named(lungo_solver *solver, const char *tag, float value) {
    lungo_buffer_puts(&solver->records.board.tag, tag);
    add_scalar(solver, 0, value);
}

/* The train net's own totals have these names. */
static bool is_taken(size_t run, const char *name) {
    return run == 0 && (strcmp(name, "loss") == 0 || strcmp(name, "lr") == 0);
}

/* The first value by the output's name, as lungo plot has it: pair, pair[1]. */
static void add_outputs(lungo_solver *solver, size_t run, const lungo_net *net,
                        const float *values) {
    lungo_buffer *tag = &solver->records.board.tag;
    for (size_t j = 0; j < lungo_net_output_count(net); j++) {
        const lungo_blob *output = lungo_net_output(net, j);
        const char *name = lungo_blob_name(output);
        for (size_t k = 0; k < lungo_blob_count(output); k++) {
            lungo_buffer_printf(tag, "%s%s", is_taken(run, name) ? "batch/" : "", name);
            if (k > 0) lungo_buffer_printf(tag, "[%zu]", k);
            add_scalar(solver, run, *values++);
        }
    }
}

/* "weight_norm/conv1[0]" */
static void put_param_tag(lungo_solver *solver, const char *group, int index) {
    const lungo_learnable *param = &solver->net->params[index];
    lungo_buffer_printf(&solver->records.board.tag, "%s/%s[%d]", group,
                        solver->net->layers[param->layer]->name, param->index);
}

static void add_norms(lungo_solver *solver) {
    for (int i = 0; i < solver->net->param_count; i++)
        for (int k = 0; k < LUNGO_NORMS; k++) {
            put_param_tag(solver, lungo_norm_names[k], i);
            add_scalar(solver, 0, (float)lungo_norm(&solver->norms.params[i], k));
        }
}

void lungo_tensorboard_train(lungo_solver *solver, bool updated) {
    if (!solver->records.board.runs) return;
    add_named(solver, "loss", solver->smoothed.value);
    if (updated) add_named(solver, "lr", solver->rate);
    add_outputs(solver, 0, solver->net, solver->records.outputs);
    if (updated && solver->watch.path) add_norms(solver);
    flush(solver, 0);
}

void lungo_tensorboard_test(lungo_solver *solver, size_t net, const float *means) {
    if (!solver->records.board.runs) return;
    add_outputs(solver, 1 + net, solver->test_nets[net], means);
    flush(solver, 1 + net);
}

/* ---- weights ---- */

static void add_weights(lungo_solver *solver, int index) {
    lungo_tensorboard *board = &solver->records.board;
    const lungo_blob *blob = solver->net->params[index].blob;
    lungo_histogram histogram;
    lungo_histogram_of(&histogram, lungo_data(blob), lungo_blob_count(blob));
    if (histogram.bucket_count == 0) return;
    put_param_tag(solver, "weights", index);
    lungo_events_histogram(board->runs[0], solver->iter, lungo_buffer_text(&board->tag),
                           &histogram);
    lungo_buffer_clear(&board->tag);
}

void lungo_tensorboard_weights(lungo_solver *solver) {
    const lungo_tensorboard *board = &solver->records.board;
    if (!board->runs || board->histograms == 0 || solver->iter % board->histograms != 0) return;
    for (int i = 0; i < solver->net->param_count; i++)
        add_weights(solver, i);
    flush(solver, 0);
}
