#include <limits.h>
#include <string.h>

#include "solver/solver.h"
#include "support/runs.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/suites.h"

#define FIXED "lr_policy: 'fixed' base_lr: 0.5 snapshot_after_train: false\n"

START_TEST(displays_come_with_outputs_and_the_rate) {
    lungo_solver *solver =
        lungo_test_solver(FIXED "display: 2 average_loss: 9" PULLED_NET("1", ""));
    *lungo_test_weights(solver, "w") = 4;
    ck_ok(lungo_solver_step(solver, 1));
    lungo_log_capture();
    ck_ok(lungo_solver_step(solver, 3));
    const char *log = lungo_log_captured();
    ck_assert_ptr_null(strstr(log, "Iteration 1"));
    ck_assert_ptr_null(strstr(log, "Iteration 3"));
    ck_assert_ptr_nonnull(strstr(log, "solver.cpp:239] Iteration 2 ("));
    /* Losses 2 and 0.5: this run began with iteration 1. */
    ck_assert_ptr_nonnull(strstr(log, "s/2 iters), loss = 1.25\n"
                                      "solver.cpp:258]     Train net output #0: loss = 0.5 (* 1 = "
                                      "0.5 loss)\n"
                                      "sgd_solver.cpp:112] Iteration 2, lr = 0.5\n"));
    lungo_log_release();
    lungo_solver_free(solver);
}
END_TEST

START_TEST(the_first_display_has_no_speed) {
    lungo_solver *solver = lungo_test_solver(FIXED "display: 1" PULLED_NET("1", ""));
    lungo_log_capture();
    ck_ok(lungo_solver_step(solver, 1));
    ck_assert_ptr_nonnull(strstr(lungo_log_captured(), "Iteration 0 (0 iter/s, "));
    lungo_log_release();
    lungo_solver_free(solver);
}
END_TEST

/* Gradients add up and are divided again; so is the loss. */
START_TEST(passes_of_an_iteration_are_averaged) {
    lungo_solver *solver = lungo_test_solver(
        FIXED
        "iter_size: 4 net_param {"
        " layer { name: 'in' type: 'DummyData' top: 'x' top: 't' dummy_data_param {"
        " shape { dim: 1 dim: 1 } data_filler { value: 1 } data_filler { value: 3 } } }"
        " layer { name: 'w' type: 'InnerProduct' bottom: 'x' top: 'y'"
        " inner_product_param { num_output: 1 bias_term: false } }"
        " layer { name: 'loss' type: 'EuclideanLoss' bottom: 'y' bottom: 't' top: 'loss' } }");
    *lungo_test_weights(solver, "w") = 1;
    ck_ok(lungo_solver_step(solver, 1));
    ck_assert_float_eq(lungo_solver_loss(solver), 2);
    ck_assert_float_eq(*lungo_test_weights(solver, "w"), 2);
    lungo_solver_free(solver);
}
END_TEST

static lungo_status count_calls(void *user, lungo_solver *solver) {
    ++*(int *)user;
    ck_assert_int_eq(lungo_solver_iter(solver), *(int *)user);
    return LUNGO_OK;
}

START_TEST(the_user_is_called_after_each_update) {
    int calls = 0;
    lungo_solver *solver = lungo_test_solver(FIXED PULLED_NET("1", ""));
    lungo_solver_on_iteration(solver, count_calls, &calls);
    ck_ok(lungo_solver_step(solver, 3));
    ck_assert_int_eq(calls, 3);
    lungo_solver_free(solver);
}
END_TEST

static lungo_status refuse(void *user, lungo_solver *solver) {
    (void)user, (void)solver;
    return LUNGO_ERR_INTERRUPTED;
}

START_TEST(the_user_can_end_the_run) {
    lungo_solver *solver = lungo_test_solver(FIXED PULLED_NET("1", ""));
    lungo_solver_on_iteration(solver, refuse, NULL);
    ck_fails(lungo_solver_step(solver, 3), LUNGO_ERR_INTERRUPTED, "in iteration 1");
    ck_assert_int_eq(lungo_solver_iter(solver), 1);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(an_iteration_allocates_nothing) {
    lungo_solver *solver = lungo_test_solver(
        FIXED "type: 'Adam' momentum: 0.9 average_loss: 3 clip_gradients: 1 weight_decay: 0.1"
              " iter_size: 2" PULLED_NET("5", ""));
    lungo_test_allocates_nothing(solver);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(more_iterations_than_can_be_counted_are_refused) {
    lungo_solver *solver = lungo_test_solver(FIXED PULLED_NET("1", ""));
    ck_ok(lungo_solver_step(solver, 1));
    ck_fails(lungo_solver_step(solver, INT_MAX), LUNGO_ERR_USAGE, "more iterations");
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_failing_pass_says_where) {
    lungo_solver *solver = lungo_test_solver("lr_policy: 'poly' power: 0.5 base_lr: 1 max_iter: 2 "
                                             "snapshot_after_train: false" PULLED_NET("1", ""));
    ck_fails(lungo_solver_step(solver, 9), LUNGO_ERR_CONFIG, "in iteration 3");
    lungo_solver_free(solver);
}
END_TEST

Suite *lungo_suite_step(void);
Suite *lungo_suite_step(void) {
    const TTest *const tests[] = {displays_come_with_outputs_and_the_rate,
                                  the_first_display_has_no_speed,
                                  passes_of_an_iteration_are_averaged,
                                  the_user_is_called_after_each_update,
                                  the_user_can_end_the_run,
                                  an_iteration_allocates_nothing,
                                  more_iterations_than_can_be_counted_are_refused,
                                  a_failing_pass_says_where,
                                  NULL};
    return lungo_test_folder_suite("step", tests);
}
