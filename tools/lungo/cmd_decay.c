/* lungo decay --solver=FILE: how each parameter will decay, without training. */
#include <stdio.h>

#include "commands.h"
#include "lungo/solver.h"
#include "support/glog.h"
#include "support/limits.h"

/* The table is what was asked for: on stdout, without glog's prefixes. */
static void print_plain(void *user, lungo_log_level level, const char *file, int line,
                        const char *text) {
    (void)user, (void)level, (void)file, (void)line;
    puts(text);
}

int cmd_decay(const command_flags *flags) {
    if (!*flags->solver) return glog_complain("decay: expected --solver=FILE, a solver definition");
    word_list stages;
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    if (!limits_parse(&options.limits, &flags->limits)) return 1;
    if (!words_split(&stages, flags->stage)) return glog_complain("out of memory");
    options.level = flags->level;
    options.stages = stages.words;
    options.stage_count = stages.count;
    options.shapes_only = true;
    lungo_solver *solver = NULL;
    glog_set_minimum(LUNGO_LOG_WARNING);
    lungo_status status =
        lungo_unknown_fields_parse(&options.unknown_fields, flags->unknown_fields);
    if (!status) status = lungo_solver_open(&solver, flags->solver, &options);
    if (status) {
        glog_report_error();
    } else {
        lungo_set_log(print_plain, NULL);
        lungo_solver_log_decay(solver);
        glog_start();
    }
    lungo_solver_free(solver);
    words_dispose(&stages);
    return status != LUNGO_OK;
}
