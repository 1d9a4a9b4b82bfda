/* lungo check FILE...: what is wrong with nets and solvers, a line for each finding, as compilers
 * have it: "net.prototxt:12:3: warning: layer 'x' ... [unused-top]"; or as JSON. */
#include <stdio.h>

#include "commands.h"
#include "json.h"
#include "lungo/check.h"
#include "support/glog.h"
#include "support/limits.h"

enum { SEVERITIES = 3 };
static const char *const severities[SEVERITIES] = {
    [LUNGO_NOTE] = "note", [LUNGO_WARNING] = "warning", [LUNGO_ERROR] = "error"};

/* What has been found by now. */
typedef struct findings {
    size_t counts[SEVERITIES];
    bool as_json; /* else each is printed as a line */
    bool failed;  /* one has no form in JSON */
    json_t *json;
} findings;

static void add(findings *all, const lungo_finding *found) {
    const char *severity = severities[found->rule.severity];
    all->counts[found->rule.severity]++;
    if (all->as_json)
        all->failed |= json_array_append_new(
            all->json, json_pack("{s:s, s:i, s:i, s:s, s:s, s:s}", "file", found->file, "line",
                                 found->line, "column", found->column, "severity", severity, "rule",
                                 found->rule.name, "text", found->text));
    else
        printf("%s:%d:%d: %s: %s [%s]\n", found->file, found->line, found->column, severity,
               found->text, found->rule.name);
}

/* False: the file could not be looked at, after saying why. */
static bool check_file(findings *all, const char *path, const lungo_check_options *options) {
    lungo_check *check;
    if (lungo_check_file(&check, path, options)) {
        glog_report_error();
        return false;
    }
    for (size_t i = 0; i < lungo_check_count(check); i++) {
        lungo_finding found = lungo_check_finding(check, i);
        add(all, &found);
    }
    lungo_check_free(check);
    return true;
}

static void print_counts(const size_t counts[SEVERITIES]) {
    const char *before = "";
    for (int k = SEVERITIES; k-- > 0; before = ", ")
        printf("%s%zu %s%s", before, counts[k], severities[k], counts[k] == 1 ? "" : "s");
    puts("");
}

static bool print_end(const findings *all) {
    if (all->as_json && !all->failed) return json_print(all->json);
    json_decref(all->json);
    if (all->as_json) return json_print(NULL);
    print_counts(all->counts);
    return true;
}

/* The library's log would drown the findings; what matters in it is one of them. */
int cmd_check(const command_flags *flags, const char *const *words, int word_count) {
    if (word_count == 0) return glog_complain("check: expected a net or a solver, a prototxt");
    word_list stages;
    lungo_check_options options = LUNGO_CHECK_OPTIONS_INIT;
    if (!limits_parse(&options.limits, &flags->limits)) return 1;
    if (!words_split(&stages, flags->stage)) return glog_complain("out of memory");
    options.weights = *flags->weights ? flags->weights : NULL;
    options.level = flags->level;
    options.stages = stages.words;
    options.stage_count = stages.count;
    findings all = {.as_json = flags->json, .json = flags->json ? json_array() : NULL};
    bool done = true;
    lungo_set_log(NULL, NULL);
    for (int i = 0; i < word_count; i++)
        done &= check_file(&all, words[i], &options);
    words_dispose(&stages);
    done &= print_end(&all);
    return !done || all.counts[LUNGO_ERROR] > 0 || (flags->strict && all.counts[LUNGO_WARNING] > 0);
}
