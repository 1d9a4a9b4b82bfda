/* lungo fold --model=NET --weights=MODEL -o PREFIX: a net for inference, with what can be
 * part of its weights folded into them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "lungo/fold.h"
#include "support/columns.h"
#include "support/glog.h"
#include "support/limits.h"

enum { FATES = LUNGO_FOLD_LEFT + 1 };

static void add_row(column_table *table, const lungo_folded_layer *layer) {
    static const char *const fates[FATES] = {"folded into ", "removed: ", "left: "};
    char fate[400];
    snprintf(fate, sizeof fate, "%s%s%s", fates[layer->fate], layer->into, layer->why);
    columns_add(table, (const char *[]){layer->name, layer->type, fate});
}

/* What became of each layer that was looked at, and how many they are. */
static bool print_layers(const lungo_folded *folded) {
    column_table table = {.columns = 3, .left = {true, true, true}};
    size_t counts[FATES] = {0};
    for (size_t i = 0; i < lungo_folded_count(folded); i++) {
        lungo_folded_layer layer = lungo_folded_get(folded, i);
        counts[layer.fate]++;
        add_row(&table, &layer);
    }
    columns_print(&table);
    bool done = !table.failed;
    columns_dispose(&table);
    if (!done) return glog_complain("out of memory") == 0;
    printf("%zu layers folded, %zu removed, %zu left\n", counts[LUNGO_FOLD_INTO],
           counts[LUNGO_FOLD_REMOVED], counts[LUNGO_FOLD_LEFT]);
    return true;
}

static bool save(const lungo_folded *folded, const char *prefix) {
    size_t size = strlen(prefix) + sizeof ".caffemodel";
    char *model = malloc(size), *weights = malloc(size);
    bool done = model && weights;
    if (!done) {
        glog_complain("out of memory");
    } else {
        snprintf(model, size, "%s.prototxt", prefix);
        snprintf(weights, size, "%s.caffemodel", prefix);
        done = !lungo_folded_save(folded, model, weights) || glog_report_error() == 0;
    }
    if (done) printf("%s and %s are written\n", model, weights);
    free(model);
    free(weights);
    return done;
}

int cmd_fold(const command_flags *flags) {
    if (!*flags->model) return glog_complain("fold: expected --model=FILE, a net to fold");
    if (!*flags->weights) return glog_complain("fold: expected --weights=FILE, its weights");
    if (!*flags->output) return glog_complain("fold: expected -o PREFIX, the new files");
    word_list stages;
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    if (!limits_parse(&options.limits, &flags->limits)) return 1;
    if (!words_split(&stages, flags->stage)) return glog_complain("out of memory");
    options.level = flags->level;
    options.stages = stages.words;
    options.stage_count = stages.count;
    glog_set_default_minimum(LUNGO_LOG_WARNING);
    lungo_folded *folded;
    lungo_status status =
        lungo_unknown_fields_parse(&options.unknown_fields, flags->unknown_fields);
    if (!status) status = lungo_folded_open(&folded, flags->model, flags->weights, &options);
    words_dispose(&stages);
    if (status) return glog_report_error();
    bool done = print_layers(folded) && save(folded, flags->output);
    lungo_folded_free(folded);
    return !done;
}
