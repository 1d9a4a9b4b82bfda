/* lungo train --solver=FILE [--snapshot=STATE | --weights=MODEL,... | --snapshot=auto] ... */
#include <signal.h>
#include <string.h>

#include "commands.h"
#include "live.h"
#include "lungo/solver.h"
#include "support/glog.h"
#include "support/limits.h"
#include "support/sizes.h"

static lungo_solver *running;
static const int signals[] = {SIGINT, SIGHUP, SIGTERM};
enum { SIGNALS = sizeof signals / sizeof *signals };
static lungo_request effects[SIGNALS];

static void handle(int number) {
    for (int i = 0; i < SIGNALS; i++)
        if (signals[i] == number) lungo_solver_request(running, effects[i]);
}

static bool parse_effect(lungo_request *out, const char *flag, const char *text) {
    static const struct {
        const char *name;
        lungo_request request;
    } names[] = {{"stop", LUNGO_REQUEST_STOP},
                 {"snapshot", LUNGO_REQUEST_SNAPSHOT},
                 {"none", LUNGO_REQUEST_NONE}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(text, names[i].name)) {
            *out = names[i].request;
            return true;
        }
    glog_complain("--%s: expected stop, snapshot or none, got '%s'", flag, text);
    return false;
}

/* One of two words; *out: it is the first one. */
static bool parse_choice(bool *out, const char *flag, const char *first, const char *second,
                         const char *text) {
    *out = !strcmp(text, first);
    if (*out || !strcmp(text, second)) return true;
    glog_complain("--%s: expected %s or %s, got '%s'", flag, first, second, text);
    return false;
}

static bool is_auto(const command_flags *flags) {
    return strcmp(flags->snapshot, "auto") == 0;
}

/* A file that grows beyond `ulimit -f` is an error, which is reported, and not the end. */
static void catch_signals(lungo_solver *solver) {
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    running = solver;
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, NULL);
    signal(SIGXFSZ, SIG_IGN);
}

static lungo_status run(lungo_solver *solver, const command_flags *flags, bool live) {
    catch_signals(solver);
    if (*flags->snapshot && !is_auto(flags)) {
        glog_line(LUNGO_LOG_INFO, "caffe.cpp", 235, "Resuming from %s", flags->snapshot);
        lungo_status status = lungo_solver_restore(solver, flags->snapshot);
        if (status) return status;
    }
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 239, "Starting Optimization");
    if (live) live_start(solver);
    lungo_status status = lungo_solver_solve(solver, NULL);
    live_stop();
    if (status) return status;
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 250, "Optimization Done.");
    return LUNGO_OK;
}

static lungo_status open_solver(lungo_solver **out, const command_flags *flags,
                                const word_list *stages, lungo_solver_options options) {
    options.level = flags->level;
    options.stages = stages->words;
    options.stage_count = stages->count;
    options.weights = *flags->weights ? flags->weights : NULL;
    options.resume_newest = is_auto(flags);
    options.ignore_weights = *flags->snapshot && !options.resume_newest;
    options.keep_snapshots = flags->keep_snapshots;
    options.keep_best = *flags->keep_best ? flags->keep_best : NULL;
    options.skip_bad_records = flags->skip_bad_records;
    options.guard_growth = (float)flags->guard_growth;
    options.watch = *flags->watch ? flags->watch : NULL;
    options.metrics = *flags->metrics ? flags->metrics : NULL;
    options.metrics_every = flags->metrics_every;
    options.tensorboard = *flags->tensorboard ? flags->tensorboard : NULL;
    options.tensorboard_histograms = flags->tensorboard_histograms;
    options.log_plan = flags->log_plan;
    lungo_status status = lungo_engine_parse(&options.engine, flags->engine);
    if (!status)
        status = lungo_unknown_fields_parse(&options.unknown_fields, flags->unknown_fields);
    if (!status) status = lungo_precision_parse(&options.precision, flags->precision);
    return status ? status : lungo_solver_open(out, flags->solver, &options);
}

int cmd_train(const command_flags *flags) {
    if (!*flags->solver)
        return glog_complain("train: expected --solver=FILE, a solver definition to train with");
    if (*flags->snapshot && !is_auto(flags) && *flags->weights)
        return glog_complain("train: expected --snapshot to resume or --weights to finetune, "
                             "got both");
    if (!parse_effect(&effects[0], "sigint_effect", flags->sigint_effect) ||
        !parse_effect(&effects[1], "sighup_effect", flags->sighup_effect) ||
        !parse_effect(&effects[2], "sigterm_effect", flags->sigterm_effect))
        return 1;
    bool exact, live;
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    if (!parse_choice(&options.guard, "guard", "on", "off", flags->guard) ||
        !parse_choice(&exact, "resume", "exact", "caffe", flags->resume) ||
        !parse_choice(&live, "progress", "auto", "never", flags->progress) ||
        !parse_choice(&options.stop_on_snapshot_error, "snapshot-errors", "stop", "warn",
                      flags->snapshot_errors))
        return 1;
    options.resume_as_caffe = !exact;
    if (flags->guard_growth < 2)
        return glog_complain("--guard-growth: expected 2 or more, got %d", flags->guard_growth);
    if (flags->keep_snapshots < 0)
        return glog_complain("--keep-snapshots: expected 0 (all) or more, got %d",
                             flags->keep_snapshots);
    if (!sizes_parse(&options.max_memory, "max-memory", flags->max_memory) ||
        !limits_parse(&options.limits, &flags->limits))
        return 1;
    word_list stages;
    if (!words_split(&stages, flags->stage)) return glog_complain("out of memory");
    warn_of_gpu(flags); /* the solver itself says "Use CPU.", once it has been read */
    lungo_solver *solver = NULL;
    lungo_status status = open_solver(&solver, flags, &stages, options);
    if (!status && !*flags->gpu && lungo_solver_asks_for_gpu(solver))
        glog_line(LUNGO_LOG_WARNING, "lungo.c", __LINE__,
                  "solver_mode: GPU: this build computes on the CPU");
    if (!status) status = run(solver, flags, live);
    for (int i = 0; i < SIGNALS; i++)
        signal(signals[i], SIG_DFL);
    if (status) glog_report_error();
    lungo_solver_free(solver);
    words_dispose(&stages);
    return status != LUNGO_OK;
}
