#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "solver/solver.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/suites.h"

#define FIXED "lr_policy: 'fixed' base_lr: 0.5\n"

/* ---- the log, line by line as Caffe's ---- */

/* What differs from run to run goes: glog's prefix, and the speed and time in "(52 iter/s,
 * 0.383s/20 iters)". Lines of the tool stay out, but for the one that the solver writes. */
static void add_line(lungo_buffer *out, const char *line) {
    const char *text = strstr(line, "] ");
    const char *caffe = strstr(line, " caffe.cpp:");
    if (caffe && caffe < text && !strstr(text, "Use CPU.")) return;
    if (strchr("IWE", line[0]) && line[1] >= '0' && line[1] <= '9' && text) {
        const char *file = text;
        while (file[-1] != ' ')
            file--;
        lungo_buffer_printf(out, "%s", line[0] == 'I' ? "" : (char[]){line[0], '\0'});
        line = file;
    }
    const char *speed = strstr(line, " iter/s, "), *rest = speed ? strstr(speed, "s/") : NULL;
    if (!rest) {
        lungo_buffer_printf(out, "%s\n", line);
        return;
    }
    const char *open = strchr(line, '(');
    lungo_buffer_printf(out, "%.*s(%s\n", (int)(open - line), line, rest + 1 + 1);
}

static lungo_buffer lines_of(const char *text) {
    lungo_buffer out = {0};
    char *copy = strdup(text), *rest;
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        add_line(&out, line);
    free(copy);
    return out;
}

/* The same but for the last digits of numbers, in which Caffe differs from itself with another BLAS
 * kernel. */
static bool same_line(const char *a, const char *b) {
    while (*a && *b) {
        char *end_a = NULL, *end_b = NULL;
        bool number = strchr("-.0123456789", *a) && strchr("-.0123456789", *b);
        double x = number ? strtod(a, &end_a) : 0, y = number ? strtod(b, &end_b) : 0;
        if (number && end_a != a && end_b != b) {
            if (fabs(x - y) > 2e-5 * fabs(x)) return false;
            a = end_a, b = end_b;
        } else if (*a++ != *b++) {
            return false;
        }
    }
    return *a == *b;
}

/* Shows the first line that differs. */
static void compare_logs(const char *name, char *expected, char *got) {
    char *rest_expected, *rest_got;
    char *a = strtok_r(expected, "\n", &rest_expected), *b = strtok_r(got, "\n", &rest_got);
    while (a && b) {
        ck_assert_msg(same_line(a, b), "%s:\nexpected  %s\ngot       %s", name, a, b);
        a = strtok_r(NULL, "\n", &rest_expected);
        b = strtok_r(NULL, "\n", &rest_got);
    }
    ck_assert_msg(!a && !b, "%s: %s: %s", name, a ? "a line is missing" : "a line too many",
                  a ? a : b);
}

static void train_like(const char *name, bool with_weights) {
    char path[128], *golden;
    size_t length;
    lungo_solver *solver;
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    const char *const stages[] = {""};
    options.stages = stages;
    options.stage_count = 1;
    if (with_weights) options.weights = "init.caffemodel";
    static const char *const files[] = {"solver.prototxt", "net.prototxt", "init.caffemodel"};
    for (int i = 0; i < (with_weights ? 3 : 2); i++) {
        snprintf(path, sizeof path, "logs/inputs/%s.%s", name, files[i]);
        lungo_test_golden(path, files[i]);
    }
    snprintf(path, sizeof path, "logs/%s.log", name);
    lungo_test_golden(path, "golden.log");
    lungo_log_capture();
    ck_ok(lungo_solver_open(&solver, "solver.prototxt", &options));
    ck_ok(lungo_solver_solve(solver, NULL));
    lungo_solver_free(solver);
    ck_ok(lungo_file_read(&golden, &length, "golden.log"));
    lungo_buffer expected = lines_of(golden), got = lines_of(lungo_log_captured());
    lungo_log_release();
    compare_logs(name, expected.bytes, got.bytes);
    lungo_buffer_dispose(&expected);
    lungo_buffer_dispose(&got);
    free(golden);
}

START_TEST(the_log_is_caffes) {
    train_like("small_multistep_clip", true);
    train_like("small_debug_info", true);
    train_like("small_v1_enum", true);
    train_like("small_average_loss", true);
    train_like("small_shared", false);
}
END_TEST

/* ---- the end of a training ---- */

START_TEST(training_needs_max_iter) {
    lungo_solver *solver = lungo_test_solver(FIXED PULLED_NET("1", ""));
    ck_ok(lungo_solver_step(solver, 2));
    ck_fails(lungo_solver_solve(solver, NULL), LUNGO_ERR_CONFIG,
             "max_iter: expected a number of iterations to train for, got none");
    ck_assert_int_eq(lungo_solver_iter(solver), 2);
    lungo_solver_free(solver);
    solver = lungo_test_solver(FIXED "max_iter: -1" PULLED_NET("1", ""));
    ck_fails(lungo_solver_solve(solver, NULL), LUNGO_ERR_CONFIG,
             "max_iter: expected 0 or more, got -1");
    lungo_solver_free(solver);
}
END_TEST

START_TEST(no_iterations_write_the_first_weights) {
    lungo_solver *solver = lungo_test_solver("max_iter: 0 " FIXED PULLED_NET("1", ""));
    ck_ok(lungo_solver_solve(solver, NULL));
    ck_assert(lungo_file_exists("solver_iter_0.caffemodel"));
    ck_assert(lungo_file_exists("solver_iter_0.solverstate"));
    lungo_solver_free(solver);
}
END_TEST

START_TEST(the_last_snapshot_is_made_once_and_only_if_wanted) {
    lungo_solver *solver = lungo_test_solver("max_iter: 4 snapshot: 2 " FIXED PULLED_NET("1", ""));
    lungo_log_capture();
    ck_ok(lungo_solver_solve(solver, NULL));
    ck_assert_ptr_nonnull(strstr(lungo_log_captured(), "solver_iter_4.caffemodel"));
    ck_assert_ptr_null(
        strstr(strstr(lungo_log_captured(), "solver_iter_4.solverstate"), "Snapshotting"));
    lungo_log_release();
    lungo_solver_free(solver);
    solver = lungo_test_solver(
        "max_iter: 3 snapshot: 2 snapshot_after_train: false " FIXED PULLED_NET("1", ""));
    ck_ok(lungo_solver_solve(solver, NULL));
    ck_assert(!lungo_file_exists("solver_iter_3.caffemodel"));
    lungo_solver_free(solver);
}
END_TEST

START_TEST(an_unwritable_prefix_is_found_before_training) {
    lungo_solver *solver = lungo_test_solver(
        "max_iter: 3 snapshot_prefix: 'no/such/dir/x' " FIXED PULLED_NET("1", ""));
    ck_fails(lungo_solver_solve(solver, NULL), LUNGO_ERR_FILE,
             "snapshot_prefix: \"no/such/dir/x\": make sure that its folder exists");
    ck_assert_int_eq(lungo_solver_iter(solver), 0);
    lungo_solver_free(solver);
}
END_TEST

/* ---- requests ---- */

static lungo_status stop_at_two(void *user, lungo_solver *solver) {
    if (lungo_solver_iter(solver) == 2) lungo_solver_request(solver, *(lungo_request *)user);
    return LUNGO_OK;
}

START_TEST(a_request_to_stop_snapshots_and_ends) {
    lungo_request request = LUNGO_REQUEST_STOP;
    lungo_solver *solver = lungo_test_solver("max_iter: 9 " FIXED PULLED_NET("1", ""));
    lungo_solver_on_iteration(solver, stop_at_two, &request);
    lungo_log_capture();
    ck_ok(lungo_solver_solve(solver, NULL));
    ck_assert_ptr_nonnull(strstr(lungo_log_captured(),
                                 "solver.cpp:464] Snapshotting to binary proto file "
                                 "solver_iter_2.caffemodel\n"
                                 "sgd_solver.cpp:284] Snapshotting solver state to binary "
                                 "proto file solver_iter_2.solverstate\n"
                                 "solver.cpp:311] Optimization stopped early.\n"));
    ck_assert_ptr_null(strstr(lungo_log_captured(), "Optimization Done."));
    lungo_log_release();
    ck_assert_int_eq(lungo_solver_iter(solver), 2);
    ck_ok(lungo_solver_solve(solver, NULL));
    ck_assert_int_eq(lungo_solver_iter(solver), 9);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_request_for_a_snapshot_goes_on) {
    lungo_request request = LUNGO_REQUEST_SNAPSHOT;
    lungo_solver *solver = lungo_test_solver("max_iter: 4 " FIXED PULLED_NET("1", ""));
    lungo_solver_on_iteration(solver, stop_at_two, &request);
    ck_ok(lungo_solver_solve(solver, NULL));
    ck_assert(lungo_file_exists("solver_iter_2.caffemodel"));
    ck_assert_int_eq(lungo_solver_iter(solver), 4);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(requests_are_taken_once_snapshots_first) {
    lungo_solver *solver = lungo_test_solver(FIXED PULLED_NET("1", ""));
    lungo_solver_request(solver, LUNGO_REQUEST_STOP);
    lungo_solver_request(solver, LUNGO_REQUEST_SNAPSHOT);
    lungo_solver_request(solver, LUNGO_REQUEST_NONE);
    ck_assert_int_eq(lungo_solver_take_request(solver), LUNGO_REQUEST_SNAPSHOT);
    ck_assert_int_eq(lungo_solver_take_request(solver), LUNGO_REQUEST_STOP);
    ck_assert_int_eq(lungo_solver_take_request(solver), LUNGO_REQUEST_NONE);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(solve_can_begin_with_a_snapshot) {
    lungo_solver *solver =
        lungo_test_solver("max_iter: 4 snapshot: 2 " FIXED "momentum: 0.5" PULLED_NET("1", ""));
    *lungo_test_weights(solver, "w") = 1;
    ck_ok(lungo_solver_solve(solver, NULL));
    float straight = *lungo_test_weights(solver, "w");
    lungo_solver_free(solver);
    solver = lungo_test_solver("max_iter: 4 " FIXED "momentum: 0.5" PULLED_NET("1", ""));
    lungo_log_capture();
    ck_ok(lungo_solver_solve(solver, "solver_iter_2.solverstate"));
    ck_assert_ptr_nonnull(strstr(lungo_log_captured(),
                                 "solver.cpp:296] Restoring previous solver status from "
                                 "solver_iter_2.solverstate\n"));
    lungo_log_release();
    ck_assert_float_eq(*lungo_test_weights(solver, "w"), straight);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(the_solver_can_be_looked_at) {
    lungo_solver *solver = lungo_test_solver(
        "max_iter: 7 average_loss: 2 solver_mode: GPU " FIXED PULLED_NET("1", ""));
    *lungo_test_weights(solver, "w") = 2;
    ck_ok(lungo_solver_step(solver, 2));
    ck_assert_int_eq(lungo_solver_iter(solver), 2);
    ck_assert_int_eq(lungo_solver_max_iter(solver), 7);
    ck_assert_float_eq(lungo_solver_rate(solver), 0.5f);
    ck_assert_float_eq(lungo_solver_loss(solver), 0.5f);
    ck_assert_float_eq(lungo_solver_smoothed_loss(solver), 1.25f);
    ck_assert(lungo_solver_asks_for_gpu(solver));
    ck_assert_ptr_null(lungo_solver_test_net(solver, 0));
    lungo_solver_free(solver);
    solver = lungo_test_solver(FIXED PULLED_NET("1", ""));
    ck_assert(!lungo_solver_asks_for_gpu(solver));
    lungo_solver_free(solver);
}
END_TEST

Suite *lungo_suite_solve(void);
Suite *lungo_suite_solve(void) {
    const TTest *const tests[] = {the_log_is_caffes,
                                  training_needs_max_iter,
                                  no_iterations_write_the_first_weights,
                                  the_last_snapshot_is_made_once_and_only_if_wanted,
                                  an_unwritable_prefix_is_found_before_training,
                                  a_request_to_stop_snapshots_and_ends,
                                  a_request_for_a_snapshot_goes_on,
                                  requests_are_taken_once_snapshots_first,
                                  solve_can_begin_with_a_snapshot,
                                  the_solver_can_be_looked_at,
                                  NULL};
    return lungo_test_folder_suite("solve", tests);
}
