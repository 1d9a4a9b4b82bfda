/* lungo gradcheck FILE: backward against central differences, a row for each bottom and parameter
 * of each layer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "lungo/gradient.h"
#include "support/columns.h"
#include "support/glog.h"
#include "support/limits.h"

typedef struct gradient_view {
    column_table table;
    lungo_gradient_options options;
    size_t wrong, unjudged;
} gradient_view;

static void add_row(void *user, const lungo_gradient_row *row) {
    gradient_view *view = user;
    char blob[200], count[24], checked[24], kinks[24], error[24], at[24], backward[24], diff[24];
    bool wrong = row->checked > row->kinks && !(row->error <= view->options.tolerance);
    view->wrong += wrong;
    view->unjudged += row->checked == row->kinks;
    snprintf(blob, sizeof blob, row->is_param ? "param %zu" : "bottom %zu", row->index);
    snprintf(count, sizeof count, "%zu", row->count);
    snprintf(checked, sizeof checked, "%zu", row->checked);
    snprintf(kinks, sizeof kinks, row->kinks ? "%zu" : "", row->kinks);
    snprintf(error, sizeof error, "%.1e", row->error);
    snprintf(at, sizeof at, "%zu", row->at);
    snprintf(backward, sizeof backward, "%.6g", row->backward);
    snprintf(diff, sizeof diff, "%.6g%s", row->difference, wrong ? "  WRONG" : "");
    columns_add(&view->table, (const char *[]){row->layer, row->type, blob, count, checked, kinks,
                                               error, at, backward, diff});
}

/* False: no number above 0, after saying so. An empty text leaves the default. */
static bool read_number(float *out, const char *flag, const char *text) {
    char *end;
    if (!*text) return true;
    *out = strtof(text, &end);
    if (*end == '\0' && *out > 0) return true;
    return glog_complain("--%s: expected a number above 0, got '%s'", flag, text) == 0;
}

static bool read_flags(gradient_view *view, lungo_net_options *net, const command_flags *flags) {
    bool test = strcmp(flags->phase, "TEST") == 0;
    if (*flags->phase && !test && strcmp(flags->phase, "TRAIN"))
        return glog_complain("--phase: expected TRAIN or TEST, got '%s'", flags->phase) == 0;
    net->phase = test ? LUNGO_TEST : LUNGO_TRAIN;
    net->level = flags->level;
    net->seed = 1;
    if (flags->samples < 0)
        return glog_complain("--samples: expected 0 (all) or more, got %d", flags->samples) == 0;
    view->options.samples = (size_t)flags->samples;
    view->options.layer = *flags->layer ? flags->layer : NULL;
    if (lungo_engine_parse(&net->engine, flags->engine) ||
        lungo_unknown_fields_parse(&net->unknown_fields, flags->unknown_fields))
        return glog_report_error() == 0;
    return limits_parse(&net->limits, &flags->limits) &&
           read_number(&view->options.step, "step", flags->step) &&
           read_number(&view->options.tolerance, "tolerance", flags->tolerance);
}

static bool check(gradient_view *view, const char *path, const command_flags *flags) {
    static const char *const heads[] = {"layer", "type",  "blob", "values",   "checked",
                                        "kinks", "error", "at",   "backward", "difference"};
    lungo_net_options net = LUNGO_NET_OPTIONS_INIT;
    word_list stages;
    if (!read_flags(view, &net, flags)) return false;
    if (!words_split(&stages, flags->stage)) return glog_complain("out of memory") == 0;
    net.stages = stages.words;
    net.stage_count = stages.count;
    columns_add(&view->table, heads);
    lungo_status status = lungo_gradient_check(path, &net, &view->options, add_row, view);
    columns_print(&view->table);
    words_dispose(&stages);
    if (status) return glog_report_error() == 0;
    return !view->table.failed || glog_complain("out of memory") == 0;
}

int cmd_gradcheck(const command_flags *flags, const char *const *words, int word_count) {
    gradient_view view = {.table = {.columns = 10, .left = {true, true, true}},
                          .options = LUNGO_GRADIENT_OPTIONS_INIT};
    if (word_count != 1)
        return glog_complain("gradcheck: expected one net, a prototxt, got %d words", word_count);
    glog_set_default_minimum(LUNGO_LOG_WARNING);
    bool done = check(&view, words[0], flags);
    size_t rows = view.table.rows;
    columns_dispose(&view.table);
    if (!done) return 1;
    if (rows == 1) return glog_complain("no layer has a gradient to look at");
    printf("%zu of %zu gradients are wrong by more than %g\n", view.wrong, rows - 1,
           view.options.tolerance);
    if (view.unjudged)
        printf("%zu met nothing but kinks: try data that vary, or a smaller --step\n",
               view.unjudged);
    return view.wrong > 0;
}
