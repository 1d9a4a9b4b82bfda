/* Opening a solver at the newest good snapshot of its prefix. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "solver/solver.h"
#include "support/solvers.h"
#include "support/suites.h"

#define SETTINGS "lr_policy: 'fixed' base_lr: 0.25 momentum: 0.5 snapshot: 2 snapshot_prefix: 's' "

static lungo_status try_resume(lungo_solver **out, const char *text, const char *weights) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.resume_newest = true;
    options.weights = weights;
    lungo_test_file("solver.prototxt", text);
    return lungo_solver_open(out, "solver.prototxt", &options);
}

static int resumed_at(const char *weights, float *weight) {
    lungo_solver *solver;
    ck_ok(try_resume(&solver, SETTINGS PULLED_NET("1", ""), weights));
    int iter = lungo_solver_iter(solver);
    if (weight) *weight = *lungo_test_weights(solver, "w");
    lungo_solver_free(solver);
    return iter;
}

/* s_iter_2, 4 and 6 */
static void train(void) {
    lungo_solver *solver = lungo_test_solver(SETTINGS PULLED_NET("1", ""));
    *lungo_test_weights(solver, "w") = 3;
    ck_ok(lungo_solver_step(solver, 6));
    lungo_solver_free(solver);
}

START_TEST(the_newest_good_one_is_taken) {
    train();
    ck_assert_int_eq(resumed_at(NULL, NULL), 6);
    ck_assert_int_eq(truncate("s_iter_6.solverstate", 30), 0);
    ck_assert_int_eq(resumed_at(NULL, NULL), 4);
    ck_assert_int_eq(unlink("s_iter_4.caffemodel"), 0);
    ck_assert_int_eq(resumed_at(NULL, NULL), 2);
    lungo_test_file("s_iter_8.solverstate", "");
    lungo_test_file("s_iter_9.solverstate", "no state at all");
    ck_assert_int_eq(resumed_at(NULL, NULL), 2);
}
END_TEST

static void note_passed_over(void *user, lungo_log_level level, const char *file, int line,
                             const char *text) {
    (void)file, (void)line;
    char *seen = user;
    if (level == LUNGO_LOG_WARNING && strstr(text, "s_iter_6.solverstate is passed over"))
        strcat(seen, "6");
    if (level == LUNGO_LOG_WARNING && strstr(text, "s_iter_4.solverstate is passed over"))
        strcat(seen, "4");
}

/* It says so of each, and why. */
START_TEST(bad_ones_are_warned_of) {
    char seen[16] = "";
    train();
    ck_assert_int_eq(truncate("s_iter_6.caffemodel", 30), 0);
    ck_assert_int_eq(truncate("s_iter_4.solverstate", 30), 0);
    lungo_set_log(note_passed_over, seen);
    ck_assert_int_eq(resumed_at(NULL, NULL), 2);
    lungo_set_log(NULL, NULL);
    ck_assert_str_eq(seen, "64");
}
END_TEST

START_TEST(weights_are_for_a_fresh_start_only) {
    float weight;
    lungo_solver *solver = lungo_test_solver(SETTINGS PULLED_NET("1", ""));
    *lungo_test_weights(solver, "w") = 7;
    ck_ok(lungo_net_save_weights(lungo_solver_net(solver), "seven.caffemodel", false));
    lungo_solver_free(solver);
    ck_assert_int_eq(resumed_at("seven.caffemodel", &weight), 0);
    ck_assert_float_eq(weight, 7);
    train();
    ck_assert_int_eq(resumed_at("absent.caffemodel", &weight), 6);
    ck_assert_float_ne(weight, 7);
    ck_assert_int_eq(resumed_at(NULL, NULL), 6);
}
END_TEST

START_TEST(one_of_another_net_is_an_error) {
    lungo_solver *solver;
    train();
    ck_fails(try_resume(&solver, SETTINGS PULLED_NET("2", ""), NULL), LUNGO_ERR_DATA,
             "s_iter_6.solverstate is whole but not of this net or solver: take another "
             "snapshot_prefix");
}
END_TEST

/* Caffe's files have no checksums: of one that does not fit nobody knows why. */
START_TEST(of_caffes_files_the_newest_that_fits_is_taken) {
    lungo_solver *solver;
    train();
    lungo_test_file("s_iter_9.solverstate", "\x08\x09\x12\x13s_iter_6.caffemodel");
    ck_assert_int_eq(resumed_at(NULL, NULL), 6);
    for (int i = 2; i <= 6; i += 2) {
        char state[64];
        snprintf(state, sizeof state, "s_iter_%d.solverstate", i);
        ck_assert_int_eq(unlink(state), 0);
    }
    ck_fails(try_resume(&solver, SETTINGS PULLED_NET("1", ""), NULL), LUNGO_ERR_DATA,
             "no snapshot of prefix 's' can be resumed from, but s_iter_9.solverstate is there");
}
END_TEST

/* With none of the others, the best is the newest. */
START_TEST(the_best_counts_with_its_iteration) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.keep_best = "loss";
    lungo_solver *solver = lungo_test_solver_with(
        SETTINGS "test_iter: 1 test_interval: 1 " PULLED_NET("1", ""), &options);
    *lungo_test_weights(solver, "w") = 3;
    ck_ok(lungo_solver_step(solver, 4));
    lungo_solver_free(solver);
    ck_assert_int_eq(resumed_at(NULL, NULL), 4);
    ck_assert_int_eq(unlink("s_iter_4.solverstate"), 0);
    ck_assert_int_eq(resumed_at(NULL, NULL), 3);
}
END_TEST

static void expect_newest_weights(const lungo_solver *solver, const char *expected) {
    char *path;
    ck_ok(lungo_solver_newest_weights(&path, solver));
    ck_assert_pstr_eq(path, expected);
    free(path);
}

START_TEST(the_newest_good_weights_are_found) {
    lungo_solver *solver = lungo_test_solver(SETTINGS PULLED_NET("1", ""));
    expect_newest_weights(solver, NULL);
    *lungo_test_weights(solver, "w") = 3;
    for (int i = 0; i < 2; i++) {
        ck_ok(lungo_solver_step(solver, 1));
        ck_ok(lungo_solver_snapshot(solver));
    }
    expect_newest_weights(solver, "s_iter_2.caffemodel");
    lungo_test_file("s_iter_2.caffemodel", "damaged");
    expect_newest_weights(solver, "s_iter_1.caffemodel");
    lungo_solver_free(solver);
}
END_TEST

Suite *lungo_suite_newest(void);
Suite *lungo_suite_newest(void) {
    const TTest *const tests[] = {the_newest_good_one_is_taken,
                                  bad_ones_are_warned_of,
                                  weights_are_for_a_fresh_start_only,
                                  one_of_another_net_is_an_error,
                                  of_caffes_files_the_newest_that_fits_is_taken,
                                  the_best_counts_with_its_iteration,
                                  the_newest_good_weights_are_found,
                                  NULL};
    return lungo_test_folder_suite("newest", tests);
}
