/* The watch file: one row per parameter and iteration, written when the iteration's update is done.
 * What it holds is said in include/lungo/solver.h. */
#include <string.h>

#include "base/json.h"
#include "solver/solver.h"

static const lungo_row_form json = {"watch file", "{\"iteration\": ..., \"layer\": ...}", NULL,
                                    "{\"iteration\": ", ", \"layer\": "};
static const lungo_row_form tsv = {
    "watch file", "iteration, layer, param, ...",
    "iteration\tlayer\tparam\tweight_norm\tgradient_norm\tdecay_norm\tupdate_ratio\n", "", "\t"};

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static const lungo_row_form *form_of(const char *path) {
    return ends_with(path, ".jsonl") || ends_with(path, ".json") ? &json : &tsv;
}

lungo_status lungo_watch_start(lungo_solver *solver) {
    lungo_rows *rows = &solver->watch;
    if (!rows->path) return LUNGO_OK;
    return lungo_rows_open(rows, form_of(rows->path), solver->iter, lungo_solver_continues(solver));
}

/* Names may hold anything: what would end a field or a string is written as JSON escapes it. */
static void add_row(lungo_buffer *out, const lungo_solver *solver, int index, bool is_json) {
    const lungo_learnable *param = &solver->net->params[index];
    const char *layer = solver->net->layers[param->layer]->name;
    lungo_buffer_printf(out, is_json ? "{\"iteration\": %d, \"layer\": \"" : "%d\t", solver->iter);
    lungo_json_escape(out, layer, is_json);
    lungo_buffer_printf(out, is_json ? "\", \"param\": %d" : "\t%d", param->index);
    for (int k = 0; k < LUNGO_NORMS; k++) {
        double value = lungo_norm(&solver->norms.params[index], k);
        if (is_json) {
            lungo_buffer_printf(out, ", \"%s\": ", lungo_norm_names[k]);
            lungo_json_number(out, value);
        } else {
            lungo_buffer_printf(out, "\t%.9g", value);
        }
    }
    lungo_buffer_puts(out, is_json ? "}\n" : "\n");
}

void lungo_watch_write(lungo_solver *solver) {
    lungo_rows *rows = &solver->watch;
    if (!rows->open) return;
    if (rows->length == 0 && rows->form->header) lungo_buffer_puts(&rows->text, rows->form->header);
    for (int i = 0; i < solver->net->param_count; i++)
        add_row(&rows->text, solver, i, rows->form == &json);
    lungo_rows_write(rows, solver->iter);
}
