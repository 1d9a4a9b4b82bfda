/* Metrics: a JSON object per line, for each record of training and each test. */
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "solver/solver.h"

static const lungo_row_form form = {"file of metrics", "{\"iteration\": ..., \"time\": ...}", NULL,
                                    "{\"iteration\": ", ", \"time\": "};

/* Time goes on from the last row that is kept. */
lungo_status lungo_metrics_start(lungo_solver *solver) {
    lungo_rows *rows = &solver->records.metrics;
    if (!rows->path || rows->open) return LUNGO_OK;
    LUNGO_TRY(lungo_rows_open(rows, &form, solver->iter, lungo_solver_continues(solver)));
    double before = 0;
    if (sscanf(lungo_buffer_text(&rows->last), "{\"iteration\": %*d, \"time\": %lf", &before) != 1)
        before = 0;
    solver->records.started = lungo_clock_seconds() - before;
    return LUNGO_OK;
}

static void add_head(lungo_buffer *out, const lungo_solver *solver, const char *phase) {
    lungo_buffer_printf(out, "{\"iteration\": %d, \"time\": %.3f, \"phase\": \"%s\"", solver->iter,
                        lungo_clock_seconds() - solver->records.started, phase);
}

static void add_number(lungo_buffer *out, const char *key, float value) {
    lungo_buffer_printf(out, ", \"%s\": ", key);
    lungo_json_float(out, value);
}

/* One value stands alone; none or several in brackets. */
static void add_output(lungo_buffer *out, const lungo_blob *output, const float *values) {
    size_t count = lungo_blob_count(output);
    lungo_json_string(out, lungo_blob_name(output));
    lungo_buffer_puts(out, count == 1 ? ": " : ": [");
    for (size_t k = 0; k < count; k++) {
        if (k > 0) lungo_buffer_puts(out, ", ");
        lungo_json_float(out, values[k]);
    }
    if (count != 1) lungo_buffer_puts(out, "]");
}

static void add_outputs(lungo_buffer *out, const lungo_net *net, const float *values) {
    lungo_buffer_puts(out, ", \"outputs\": {");
    for (size_t j = 0; j < lungo_net_output_count(net); j++) {
        const lungo_blob *output = lungo_net_output(net, j);
        if (j > 0) lungo_buffer_puts(out, ", ");
        add_output(out, output, values);
        values += lungo_blob_count(output);
    }
    lungo_buffer_puts(out, "}");
}

static void add_norms(lungo_buffer *out, const lungo_solver *solver) {
    lungo_buffer_puts(out, ", \"norms\": {");
    for (int i = 0; i < solver->net->param_count; i++) {
        const lungo_learnable *param = &solver->net->params[i];
        lungo_buffer_puts(out, i > 0 ? ", \"" : "\"");
        lungo_json_escape(out, solver->net->layers[param->layer]->name, true);
        lungo_buffer_printf(out, "[%d]\": {", param->index);
        for (int k = 0; k < LUNGO_NORMS; k++) {
            lungo_buffer_printf(out, "%s\"%s\": ", k > 0 ? ", " : "", lungo_norm_names[k]);
            lungo_json_number(out, lungo_norm(&solver->norms.params[i], k));
        }
        lungo_buffer_puts(out, "}");
    }
    lungo_buffer_puts(out, "}");
}

void lungo_metrics_train(lungo_solver *solver, bool updated) {
    lungo_rows *rows = &solver->records.metrics;
    if (!rows->open) return;
    add_head(&rows->text, solver, "train");
    if (updated) add_number(&rows->text, "lr", solver->rate);
    add_number(&rows->text, "loss", solver->smoothed.value);
    add_outputs(&rows->text, solver->net, solver->records.outputs);
    if (updated && solver->watch.path) add_norms(&rows->text, solver);
    lungo_buffer_puts(&rows->text, "}\n");
    lungo_rows_write(rows, solver->iter);
}

void lungo_metrics_test(lungo_solver *solver, size_t net, const float *means) {
    lungo_rows *rows = &solver->records.metrics;
    if (!rows->open) return;
    add_head(&rows->text, solver, "test");
    lungo_buffer_printf(&rows->text, ", \"net\": %zu", net);
    add_outputs(&rows->text, solver->test_nets[net], means);
    lungo_buffer_puts(&rows->text, "}\n");
    lungo_rows_write(rows, solver->iter);
}
