#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "solver/solver.h"
#include "support/runs.h"
#include "support/solvers.h"
#include "support/suites.h"

#define FIXED  "lr_policy: 'fixed' base_lr: 0.5 snapshot_after_train: false "
#define HEADER "iteration\tlayer\tparam\tweight_norm\tgradient_norm\tdecay_norm\tupdate_ratio\n"

static lungo_solver *watched(const char *text, const char *file) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.watch = file;
    return lungo_test_solver_with(text, &options);
}

/* Two weights w, whose gradient is w - t; passes add up. */
#define SUMMING_NET                                                                                \
    " net_param { layer { name: 'x' type: 'DummyData' top: 'x' top: 't' dummy_data_param {"        \
    " shape { dim: 1 dim: 1 } shape { dim: 1 dim: 2 } data_filler { value: 1 } } }"                \
    " layer { name: 'w' type: 'InnerProduct' bottom: 'x' top: 'y' param { lr_mult: 2 }"            \
    " inner_product_param { num_output: 2 bias_term: false } }"                                    \
    " layer { name: 'loss' type: 'EuclideanLoss' bottom: 'y' bottom: 't' top: 'loss' } }\n"

/* One update of w = (3, -4), gradient (2, -5) times passes; clipped or not, divided again. */
static void check_row(const char *settings, double gradient, double decay, double update) {
    char text[1024];
    double got[4];
    snprintf(text, sizeof text, FIXED "%s%s", settings, SUMMING_NET);
    lungo_solver *solver = watched(text, "watch.tsv");
    float *w = lungo_test_weights(solver, "w");
    w[0] = 3, w[1] = -4;
    ck_ok(lungo_solver_step(solver, 1));
    char *rows = lungo_test_text("watch.tsv");
    ck_assert_int_eq(
        sscanf(rows, HEADER "0\tw\t0\t%lf\t%lf\t%lf\t%lf\n", &got[0], &got[1], &got[2], &got[3]),
        4);
    double expected[4] = {5, gradient, decay, update / 5};
    for (int i = 0; i < 4; i++)
        ck_assert_msg(fabs(got[i] - expected[i]) <= 2e-6 * fabs(expected[i]),
                      "%s: column %d: expected %.9g, got %.9g", settings, i, expected[i], got[i]);
    ck_assert_int_eq(unlink("watch.tsv"), 0);
    free(rows);
    lungo_solver_free(solver);
}

/* lr_mult is 2: the rate of w is 1. */
START_TEST(norms_are_those_of_the_formulas) {
    double g = sqrt(29);
    check_row("", g, 0, g);
    check_row("iter_size: 3", g, 0, g);
    check_row("weight_decay: 0.1", g, 0.5, hypot(2.3, -5.4));
    check_row("iter_size: 2 weight_decay: 0.1", g, 0.5, hypot(2.3, -5.4));
    check_row("weight_decay: 0.1 regularization_type: 'L1'", g, 0.1 * sqrt(2), hypot(2.1, -5.1));
    check_row("weight_decay: 0.1 regularization_type: 'decoupled'", g, 0.5, hypot(2.3, -5.4));
    check_row("weight_decay: 0.1 regularization_type: 'decoupled' decoupled_decay_scale: SCHEDULE",
              g, 0.5, hypot(2.3, -5.4));
    check_row("weight_decay: 0.1 regularization_type: 'decoupled' decoupled_decay_scale: NONE "
              "decoupled_decay_point: AFTER_UPDATE",
              g, 0.1 * hypot(1, 1), hypot(2.1, -4.9));
    check_row("clip_gradients: 1 weight_decay: 0.1", 1, 0.5, hypot(2 / g + 0.3, -5 / g - 0.4));
    check_row("clip_gradients: 1 iter_size: 2", 0.5, 0, 0.5);
}
END_TEST

/* Names as JSON escapes them; numbers that JSON lacks are null. */
START_TEST(json_lines_hold_the_same) {
    lungo_solver *solver = watched(
        FIXED "net_param { layer { name: 'a \"b\"\\n' type: 'Parameter' top: 'w'"
              " parameter_param { shape { dim: 1 } } } layer { name: 't' type: 'DummyData'"
              " top: 't' dummy_data_param { shape { dim: 1 } data_filler { value: 2 } } }"
              " layer { name: 'l' type: 'EuclideanLoss' bottom: 'w' bottom: 't' top: 'l' } }",
        "watch.jsonl");
    ck_ok(lungo_solver_step(solver, 2));
    char *rows = lungo_test_text("watch.jsonl");
    ck_assert_str_eq(rows, "{\"iteration\": 0, \"layer\": \"a \\\"b\\\"\\u000a\", \"param\": 0, "
                           "\"weight_norm\": 0, \"gradient_norm\": 2, \"decay_norm\": 0, "
                           "\"update_ratio\": null}\n"
                           "{\"iteration\": 1, \"layer\": \"a \\\"b\\\"\\u000a\", \"param\": 0, "
                           "\"weight_norm\": 1, \"gradient_norm\": 1, \"decay_norm\": 0, "
                           "\"update_ratio\": 0.5}\n");
    free(rows);
    lungo_solver_free(solver);
}
END_TEST

/* A run that is resumed leaves the file of a run that was not, torn last row or not. */
static void check_resumed(const char *straight, const char *resumed) {
    static const char text[] = FIXED "momentum: 0.9" PULLED_NET("3", "");
    lungo_test_run_straight(watched(text, straight));
    char *rows = lungo_test_text(straight);
    lungo_test_bytes(resumed, rows, strlen(rows) - 9);
    lungo_test_run_resumed(watched(text, resumed));
    char *again = lungo_test_text(resumed);
    ck_assert_str_eq(again, rows);
    free(rows);
    free(again);
}

START_TEST(a_resumed_run_goes_on_in_its_file) {
    check_resumed("straight.tsv", "resumed.tsv");
    check_resumed("straight.json", "resumed.json");
}
END_TEST

/* The same solver, taken back while the file is open. */
START_TEST(a_restore_in_the_middle_cuts_the_rows) {
    lungo_solver *solver = watched(FIXED PULLED_NET("1", ""), "watch.tsv");
    *lungo_test_weights(solver, "w") = 3;
    ck_ok(lungo_solver_step(solver, 1));
    ck_ok(lungo_solver_snapshot(solver));
    ck_ok(lungo_solver_step(solver, 3));
    char *rows = lungo_test_text("watch.tsv");
    ck_ok(lungo_solver_restore(solver, "solver_iter_1.solverstate"));
    ck_ok(lungo_solver_step(solver, 3));
    char *again = lungo_test_text("watch.tsv");
    ck_assert_str_eq(rows, again);
    free(rows);
    free(again);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(nothing_is_overwritten) {
    lungo_solver *solver = watched(FIXED PULLED_NET("1", ""), "watch.tsv");
    lungo_test_leaves_alone(solver, "watch.tsv", "precious", "expected a watch file of the run");
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_an_error_before_training) {
    lungo_solver *solver = watched(FIXED PULLED_NET("1", ""), "no/such/folder/watch.tsv");
    ck_fails(lungo_solver_step(solver, 1), LUNGO_ERR_FILE, "no/such/folder/watch.tsv");
    ck_assert_int_eq(lungo_solver_iter(solver), 0);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_full_disk_is_reported_once_and_training_goes_on) {
    lungo_solver *solver = watched(FIXED PULLED_NET("1", ""), "/dev/full");
    *lungo_test_weights(solver, "w") = 3;
    ck_assert_int_eq(lungo_test_warnings(solver, 3), 1);
    ck_assert_int_eq(lungo_test_warnings(solver, 1), 0);
    ck_assert_ptr_nonnull(strstr(lungo_error_text(), "No space left"));
    lungo_solver_free(solver);
}
END_TEST

START_TEST(an_iteration_that_is_watched_allocates_nothing) {
    lungo_solver *solver = watched(FIXED PULLED_NET("5", ""), "watch.tsv");
    *lungo_test_weights(solver, "w") = 3;
    lungo_test_allocates_nothing(solver);
    lungo_solver_free(solver);
}
END_TEST

Suite *lungo_suite_watch(void);
Suite *lungo_suite_watch(void) {
    const TTest *const tests[] = {norms_are_those_of_the_formulas,
                                  json_lines_hold_the_same,
                                  a_resumed_run_goes_on_in_its_file,
                                  a_restore_in_the_middle_cuts_the_rows,
                                  nothing_is_overwritten,
                                  a_file_that_cannot_be_opened_is_an_error_before_training,
                                  a_full_disk_is_reported_once_and_training_goes_on,
                                  an_iteration_that_is_watched_allocates_nothing,
                                  NULL};
    return lungo_test_folder_suite("watch", tests);
}
