/* keep_best: after a test whose metric is better than ever before, the pair PREFIX_best is written.
 *
 *   NAME[@NET][:min|:max]
 *
 * NAME is an output of test net NET (0). Losses are best at their least and accuracies at their
 * most; of other outputs the best has to be said. A value that is not a number is never the best.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "solver/solver.h"

/* ---- the setting ---- */

static lungo_status refuse_name(const lungo_solver *solver) {
    lungo_buffer names = {0};
    for (size_t i = 0; i < solver->test_net_count; i++)
        for (size_t j = 0; j < lungo_net_output_count(solver->test_nets[i]); j++) {
            lungo_buffer_printf(&names, "%s%s", names.length ? ", " : "",
                                lungo_blob_name(lungo_net_output(solver->test_nets[i], j)));
            if (i > 0) lungo_buffer_printf(&names, "@%zu", i);
        }
    lungo_status status =
        lungo_fail(LUNGO_ERR_CONFIG, "keep_best: expected an output of a test net (%s), got '%s'",
                   names.length ? lungo_buffer_text(&names) : "there is none", solver->keep.asked);
    lungo_buffer_dispose(&names);
    return status;
}

/* Cuts "@1" off the end of the first `length` characters. */
static size_t take_net(size_t *net, const char *text, size_t length) {
    size_t digits = length;
    while (digits > 0 && text[digits - 1] >= '0' && text[digits - 1] <= '9')
        digits--;
    if (digits == length || digits == 0 || text[digits - 1] != '@') return length;
    *net = strtoul(text + digits, NULL, 10);
    return digits - 1;
}

static bool find_output(size_t *out, const lungo_net *net, const char *name, size_t length) {
    for (size_t j = 0; net && j < lungo_net_output_count(net); j++) {
        const char *output = lungo_blob_name(lungo_net_output(net, j));
        if (strlen(output) != length || strncmp(output, name, length)) continue;
        *out = j;
        return true;
    }
    return false;
}

/* The layer that makes an output is the last one with that top. */
static bool is_accuracy(const lungo_net *net, const lungo_blob *output) {
    for (int i = net->layer_count - 1; i >= 0; i--)
        for (int j = 0; j < net->layers[i]->top_count; j++)
            if (net->layers[i]->tops[j] == output)
                return strcmp(net->layers[i]->type->name, "Accuracy") == 0;
    return false;
}

static lungo_status settle_direction(lungo_keep *keep, const lungo_net *net, const char *given) {
    const lungo_blob *output = lungo_net_output(net, keep->output);
    bool loss = lungo_net_output_loss_weight(net, keep->output) != 0;
    if (lungo_blob_count(output) != 1)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "keep_best: '%s': expected an output of 1 value, got "
                          "%zu",
                          keep->asked, lungo_blob_count(output));
    keep->least = *given ? strcmp(given, ":min") == 0 : loss;
    if (*given || loss || is_accuracy(net, output)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "keep_best: '%s' is neither a loss nor an accuracy: expected '%s:min' or "
                      "'%s:max'",
                      keep->asked, keep->asked, keep->asked);
}

lungo_status lungo_best_open(lungo_solver *solver) {
    lungo_keep *keep = &solver->keep;
    if (!keep->asked) return LUNGO_OK;
    size_t length = strlen(keep->asked);
    const char *end = length >= 4 ? keep->asked + length - 4 : "";
    if (strcmp(end, ":min") && strcmp(end, ":max")) end = "";
    length = take_net(&keep->net, keep->asked, length - strlen(end));
    const lungo_net *net = lungo_solver_test_net(solver, keep->net);
    if (!find_output(&keep->output, net, keep->asked, length)) return refuse_name(solver);
    return settle_direction(keep, net, end);
}

/* ---- values ---- */

static bool is_better(const lungo_keep *keep, float value) {
    if (isnan(value)) return false;
    if (!keep->best.metric) return true;
    return keep->least ? value < keep->best.value : value > keep->best.value;
}

void lungo_best_note(lungo_solver *solver, size_t net, const float *means) {
    lungo_keep *keep = &solver->keep;
    if (!keep->asked || net != keep->net) return;
    for (size_t j = 0; j < keep->output; j++)
        means += lungo_blob_count(lungo_net_output(solver->test_nets[net], j));
    if (is_better(keep, *means))
        keep->found = (lungo_best){.metric = keep->asked, .value = *means, .iter = solver->iter};
}

/* Only a value whose pair was written is the one to be better than. Tests that were interrupted are
 * made again by the run that goes on. */
lungo_status lungo_best_keep(lungo_solver *solver) {
    lungo_keep *keep = &solver->keep;
    lungo_best before = keep->best, found = keep->found;
    keep->found = (lungo_best){0};
    if (!found.metric || solver->stopped) return LUNGO_OK;
    keep->best = found;
    lungo_note("Best %s so far: %g", keep->asked, keep->best.value);
    bool written;
    lungo_status status = lungo_snapshot_or_go_on(solver, true, &written);
    if (!written) keep->best = before;
    return status;
}

/* Of another metric, or none: the next test begins anew. */
void lungo_best_restore(lungo_solver *solver, const lungo_best *saved) {
    lungo_keep *keep = &solver->keep;
    bool same = keep->asked && saved->metric && strcmp(keep->asked, saved->metric) == 0;
    keep->found = (lungo_best){0};
    keep->best = same ? (lungo_best){keep->asked, saved->value, saved->iter} : (lungo_best){0};
}
