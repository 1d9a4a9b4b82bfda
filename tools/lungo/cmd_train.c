/* lungo train --solver=FILE [--snapshot=STATE | --weights=MODEL,...] [--guard=off] [--watch=TSV] */
#include <signal.h>
#include <string.h>

#include "commands.h"
#include "lungo/solver.h"
#include "support/glog.h"

static lungo_solver *running;
static lungo_request on_interrupt, on_hangup;

static void handle(int number) {
    lungo_solver_request(running, number == SIGINT ? on_interrupt : on_hangup);
}

static bool parse_effect(lungo_request *out, const char *flag, const char *text) {
    static const struct {
        const char *name;
        lungo_request request;
    } effects[] = {{"stop", LUNGO_REQUEST_STOP},
                   {"snapshot", LUNGO_REQUEST_SNAPSHOT},
                   {"none", LUNGO_REQUEST_NONE}};
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++)
        if (!strcmp(text, effects[i].name)) {
            *out = effects[i].request;
            return true;
        }
    glog_complain("--%s: expected stop, snapshot or none, got '%s'", flag, text);
    return false;
}

static bool parse_guard(bool *out, const char *text) {
    *out = strcmp(text, "off") != 0;
    if (!*out || !strcmp(text, "on")) return true;
    glog_complain("--guard: expected on or off, got '%s'", text);
    return false;
}

static void catch_signals(lungo_solver *solver) {
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    running = solver;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

static lungo_status run(lungo_solver *solver, const command_flags *flags) {
    catch_signals(solver);
    if (*flags->snapshot) {
        glog_line(LUNGO_LOG_INFO, "caffe.cpp", 235, "Resuming from %s", flags->snapshot);
        lungo_status status = lungo_solver_restore(solver, flags->snapshot);
        if (status) return status;
    }
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 239, "Starting Optimization");
    lungo_status status = lungo_solver_solve(solver, NULL);
    if (status) return status;
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 250, "Optimization Done.");
    return LUNGO_OK;
}

static lungo_status open_solver(lungo_solver **out, const command_flags *flags,
                                const word_list *stages, bool guard) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.level = flags->level;
    options.stages = stages->words;
    options.stage_count = stages->count;
    options.weights = *flags->weights ? flags->weights : NULL;
    options.ignore_weights = *flags->snapshot != '\0';
    options.guard = guard;
    options.skip_bad_records = flags->skip_bad_records;
    options.guard_growth = (float)flags->guard_growth;
    options.watch = *flags->watch ? flags->watch : NULL;
    options.log_plan = flags->log_plan;
    lungo_status status = lungo_engine_parse(&options.engine, flags->engine);
    if (!status)
        status = lungo_unknown_fields_parse(&options.unknown_fields, flags->unknown_fields);
    return status ? status : lungo_solver_open(out, flags->solver, &options);
}

int cmd_train(const command_flags *flags) {
    if (!*flags->solver)
        return glog_complain("train: expected --solver=FILE, a solver definition to train with");
    if (*flags->snapshot && *flags->weights)
        return glog_complain("train: expected --snapshot to resume or --weights to finetune, "
                             "got both");
    if (!parse_effect(&on_interrupt, "sigint_effect", flags->sigint_effect) ||
        !parse_effect(&on_hangup, "sighup_effect", flags->sighup_effect))
        return 1;
    bool guard;
    if (!parse_guard(&guard, flags->guard)) return 1;
    if (flags->guard_growth < 2)
        return glog_complain("--guard-growth: expected 2 or more, got %d", flags->guard_growth);
    word_list stages;
    if (!words_split(&stages, flags->stage)) return glog_complain("out of memory");
    warn_of_gpu(flags); /* the solver itself says "Use CPU.", once it has been read */
    lungo_solver *solver = NULL;
    lungo_status status = open_solver(&solver, flags, &stages, guard);
    if (!status && !*flags->gpu && lungo_solver_asks_for_gpu(solver))
        glog_line(LUNGO_LOG_WARNING, "lungo.c", __LINE__,
                  "solver_mode: GPU: this build computes on the CPU");
    if (!status) status = run(solver, flags);
    signal(SIGINT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    if (status) glog_report_error();
    lungo_solver_free(solver);
    words_dispose(&stages);
    return status != LUNGO_OK;
}
