#include "support/resume.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "lungo/log.h"
#include "support/hdf5_compare.h"
#include "support/solvers.h"
#include "support/suites.h"

enum { ITERATIONS = 6, LONG = 8192 };

typedef struct whole_file {
    char *bytes;
    size_t length;
} whole_file;

typedef struct recorded_run {
    lungo_solver *solver;
    lungo_buffer log;
    size_t log_ends[ITERATIONS + 1]; /* of each iteration */
    float losses[ITERATIONS + 1], averages[ITERATIONS + 1];
    whole_file model, state;
    lungo_resume_request request;
    bool testing;
} recorded_run;

/* ---- the log ---- */

/* What a run says before its first iteration: the head. */
static bool is_head(const char *file, lungo_log_level level, const char *text) {
    return strncmp(text, "Solving ", 8) == 0 || strncmp(text, "Learning Rate Policy: ", 22) == 0 ||
           (level == LUNGO_LOG_INFO && strcmp(file, "lungo.c") == 0);
}

static void ask(recorded_run *run) {
    lungo_solver_request(run->solver, run->request.request);
    run->request.request = LUNGO_REQUEST_NONE;
}

static void ask_in_test(recorded_run *run, const char *text) {
    int iter;
    char word[8];
    if (sscanf(text, "Iteration %d, %7s", &iter, word) == 2)
        run->testing = iter == run->request.at && strcmp(word, "Testing") == 0;
    if (run->request.in_test && run->testing && strncmp(text, "Restarting data", 15) == 0) ask(run);
}

/* "(3 iter/s, 2s/6 iters)" is of the clock. */
static void keep_line(void *user, lungo_log_level level, const char *file, int line,
                      const char *text) {
    recorded_run *run = user;
    (void)line;
    ask_in_test(run, text);
    if (is_head(file, level, text) || strncmp(text, "Snapshotting", 12) == 0) return;
    const char *open = strstr(text, " ("), *speed = strstr(text, " iter/s, ");
    if (!speed) {
        lungo_buffer_printf(&run->log, "%d %s\n", (int)level, text);
        return;
    }
    lungo_buffer_printf(&run->log, "%d %.*s%s\n", (int)level, (int)(open - text), text,
                        strchr(speed, ')') + 1);
}

/* ---- a run ---- */

static lungo_status note_losses(void *user, lungo_solver *solver) {
    recorded_run *run = user;
    int iter = lungo_solver_iter(solver);
    ck_assert_int_le(iter, ITERATIONS);
    run->losses[iter] = lungo_solver_loss(solver);
    run->averages[iter] = lungo_solver_smoothed_loss(solver);
    run->log_ends[iter] = run->log.length;
    if (!run->request.in_test && run->request.at == iter) ask(run);
    return LUNGO_OK;
}

static void open_run(recorded_run *run, const char *settings, const char *net, const char *more) {
    char *text = malloc(LONG);
    int length = snprintf(text, LONG, "%s %s max_iter: %d display: 1 net_param { name: 'n' %s }",
                          settings, more, ITERATIONS, net);
    ck_assert_int_lt(length, LONG);
    *run = (recorded_run){.solver = lungo_test_solver(text)};
    lungo_solver_on_iteration(run->solver, note_losses, run);
    free(text);
}

static const char *last_file(const char *settings, const char *binary, const char *hdf5) {
    return strstr(settings, "snapshot_format: HDF5") ? hdf5 : binary;
}

static void solve(recorded_run *run, const lungo_resume_check *check, const char *from) {
    if (check->prepare && (!from || !check->late)) check->prepare(run->solver);
    if (from) ck_ok(lungo_solver_restore(run->solver, from));
    if (check->prepare && from && check->late) check->prepare(run->solver);
    lungo_set_log(keep_line, run);
    ck_ok(lungo_solver_solve(run->solver, NULL));
    lungo_set_log(NULL, NULL);
    const char *model = last_file(check->settings, "solver_iter_6.caffemodel", NULL);
    const char *state = last_file(check->settings, "solver_iter_6.solverstate", NULL);
    if (model && lungo_file_exists(model))
        ck_ok(lungo_file_read(&run->model.bytes, &run->model.length, model));
    if (state && lungo_file_exists(state))
        ck_ok(lungo_file_read(&run->state.bytes, &run->state.length, state));
}

static void close_run(recorded_run *run) {
    lungo_solver_free(run->solver);
    lungo_buffer_dispose(&run->log);
    free(run->model.bytes);
    free(run->state.bytes);
}

/* ---- files that the run itself writes ---- */

static void complain(void *user, const char *text) {
    ck_abort_msg("%s: %s", (const char *)user, text);
}

static void check_values(void *user, const char *dataset, const float *expected,
                         size_t expected_count, const float *got, size_t got_count) {
    ck_assert_uint_eq(expected_count, got_count);
    ck_assert_msg(!memcmp(expected, got, got_count * sizeof *got), "%s: %s", (const char *)user,
                  dataset);
}

static void keep_outputs(const lungo_resume_check *check) {
    for (const char *const *path = check->outputs; path && *path; path++) {
        whole_file file;
        char copy[64];
        snprintf(copy, sizeof copy, "whole-%s", *path);
        ck_ok(lungo_file_read(&file.bytes, &file.length, *path));
        ck_ok(lungo_file_replace(copy, file.bytes, file.length));
        free(file.bytes);
    }
}

static void check_outputs(const lungo_resume_check *check) {
    for (const char *const *path = check->outputs; path && *path; path++) {
        lungo_hdf5_judge judge = {(void *)*path, check_values, complain, NULL};
        char whole[64];
        snprintf(whole, sizeof whole, "whole-%s", *path);
        lungo_compare_hdf5(whole, *path, &judge);
        lungo_compare_hdf5(*path, whole, &judge);
    }
}

/* ---- two of them ---- */

static void check_files(const whole_file *one, const whole_file *other) {
    ck_assert_uint_eq(one->length, other->length);
    if (one->length > 0) ck_assert_mem_eq(one->bytes, other->bytes, one->length);
}

static void check_weights(lungo_solver *one, lungo_solver *other) {
    lungo_net *nets[] = {lungo_solver_net(one), lungo_solver_net(other)};
    for (size_t i = 0; i < lungo_net_param_count(nets[0]); i++) {
        lungo_blob *a = lungo_net_param(nets[0], i).blob, *b = lungo_net_param(nets[1], i).blob;
        ck_assert_mem_eq(lungo_data(a), lungo_data(b), lungo_blob_count(a) * sizeof(float));
    }
}

static void check_from(const lungo_resume_check *check, const recorded_run *whole, int iter) {
    recorded_run rest;
    char state[64];
    open_run(&rest, check->settings, check->net_resumed ? check->net_resumed : check->net,
             "random_seed: 2");
    snprintf(state, sizeof state, "solver_iter_%d.solverstate%s", iter,
             last_file(check->settings, "", ".h5"));
    solve(&rest, check, state);
    ck_assert_int_eq(lungo_solver_iter(rest.solver), ITERATIONS);
    size_t left = (size_t)(ITERATIONS - iter);
    ck_assert_mem_eq(rest.losses + iter + 1, whole->losses + iter + 1, left * sizeof(float));
    ck_assert_mem_eq(rest.averages + iter + 1, whole->averages + iter + 1, left * sizeof(float));
    ck_assert_str_eq(lungo_buffer_text(&rest.log),
                     lungo_buffer_text(&whole->log) + whole->log_ends[iter]);
    check_weights(rest.solver, whole->solver);
    check_outputs(check);
    if (!check->net_resumed) { /* the files hold the net's settings, or a checksum of them */
        check_files(&rest.model, &whole->model);
        check_files(&rest.state, &whole->state);
    }
    close_run(&rest);
}

void lungo_check_resume(const lungo_resume_check *check) {
    recorded_run whole;
    open_run(&whole, check->settings, check->net, "random_seed: 1 snapshot: 1");
    solve(&whole, check, NULL);
    keep_outputs(check);
    static const int stops[] = {1, 4, 5,
                                ITERATIONS}; /* odd, before a test, in a step, at the end */
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        check_from(check, &whole, stops[i]);
    close_run(&whole);
}

void lungo_check_request(const lungo_resume_check *check, lungo_resume_request request) {
    recorded_run whole, asked;
    open_run(&whole, check->settings, check->net, "random_seed: 1");
    solve(&whole, check, NULL);
    keep_outputs(check);
    open_run(&asked, check->settings, check->net, "random_seed: 1");
    asked.request = request;
    solve(&asked, check, NULL);
    ck_assert_msg(asked.request.request == LUNGO_REQUEST_NONE, "it was not asked");
    if (request.request == LUNGO_REQUEST_STOP)
        ck_assert_int_eq(lungo_solver_iter(asked.solver), request.at);
    else
        ck_assert_str_eq(lungo_buffer_text(&asked.log), lungo_buffer_text(&whole.log));
    check_from(check, &whole, request.at);
    close_run(&asked);
    close_run(&whole);
}
