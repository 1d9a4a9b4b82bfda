/* lungo check FILE...: what is wrong with nets and solvers, a line for each finding, as compilers
 * have it: "net.prototxt:12:3: warning: layer 'x' ... [unused-top]". */
#include <stdio.h>

#include "commands.h"
#include "lungo/check.h"
#include "support/glog.h"

enum { SEVERITIES = 3 };
static const char *const severities[SEVERITIES] = {
    [LUNGO_NOTE] = "note", [LUNGO_WARNING] = "warning", [LUNGO_ERROR] = "error"};

/* False: the file could not be looked at, after saying why. */
static bool check_file(size_t counts[SEVERITIES], const char *path,
                       const lungo_check_options *options) {
    lungo_check *check;
    if (lungo_check_file(&check, path, options)) {
        glog_report_error();
        return false;
    }
    for (size_t i = 0; i < lungo_check_count(check); i++) {
        lungo_finding found = lungo_check_finding(check, i);
        counts[found.rule.severity]++;
        printf("%s:%d:%d: %s: %s [%s]\n", found.file, found.line, found.column,
               severities[found.rule.severity], found.text, found.rule.name);
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

/* The library's log would drown the findings; what matters in it is one of them. */
int cmd_check(const command_flags *flags, const char *const *words, int word_count) {
    if (word_count == 0) return glog_complain("check: expected a net or a solver, a prototxt");
    word_list stages;
    if (!words_split(&stages, flags->stage)) return glog_complain("out of memory");
    lungo_check_options options = LUNGO_CHECK_OPTIONS_INIT;
    options.weights = *flags->weights ? flags->weights : NULL;
    options.level = flags->level;
    options.stages = stages.words;
    options.stage_count = stages.count;
    size_t counts[SEVERITIES] = {0};
    bool done = true;
    lungo_set_log(NULL, NULL);
    for (int i = 0; i < word_count; i++)
        done &= check_file(counts, words[i], &options);
    words_dispose(&stages);
    print_counts(counts);
    return !done || counts[LUNGO_ERROR] > 0 || (flags->strict && counts[LUNGO_WARNING] > 0);
}
