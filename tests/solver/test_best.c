/* keep_best: the loss of a test net is w^2 / 2 of a weight that the tests set. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/file.h"
#include "snapshot/pair.h"
#include "solver/solver.h"
#include "store/hdf5.h"
#include "support/solvers.h"
#include "support/suites.h"

#define SETTINGS                                                                                   \
    "lr_policy: 'fixed' base_lr: 0 snapshot_prefix: 's' test_iter: 2 test_iter: 1 "                \
    "test_interval: 1 "

/* Test nets with a loss, an accuracy, and what is neither. */
#define NET                                                                                        \
    " net_param { layer { name: 'w' type: 'Parameter' top: 'w' parameter_param { shape { dim: 1 "  \
    "dim: 1 } } } layer { name: 'x' type: 'DummyData' top: 't' top: 'label' dummy_data_param { "   \
    "shape { dim: 1 dim: 1 } shape { dim: 1 } } }"                                                 \
    " layer { name: 'loss' type: 'EuclideanLoss' bottom: 'w' bottom: 't' top: 'loss' }"            \
    " layer { name: 'a' type: 'Accuracy' bottom: 'w' bottom: 'label' top: 'accuracy' include { "   \
    "phase: TEST } } layer { name: 's' type: 'Power' bottom: 'w' top: 'score' include { phase: "   \
    "TEST } } layer { name: 'c' type: 'Concat' bottom: 'w' bottom: 'w' top: 'two' include { "      \
    "phase: TEST } } }\n"

static lungo_status try_best(lungo_solver **out, const char *asked, const char *settings) {
    char text[2048];
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.keep_best = asked;
    snprintf(text, sizeof text, SETTINGS "%s" NET, settings);
    lungo_test_file("solver.prototxt", text);
    return lungo_solver_open(out, "solver.prototxt", &options);
}

static lungo_solver *keeping(const char *asked, const char *settings) {
    lungo_solver *solver;
    ck_ok(try_best(&solver, asked, settings));
    return solver;
}

static void test_with(lungo_solver *solver, float weight) {
    *lungo_test_weights(solver, "w") = weight;
    ck_ok(lungo_solver_test_all(solver));
}

/* The weight in s_best, which is whole. */
static float best_weight(const char *extension) {
    char state[64];
    snprintf(state, sizeof state, "s_best.solverstate%s", extension);
    ck_ok(lungo_pair_check(NULL, state));
    lungo_solver *solver = keeping(NULL, "");
    ck_ok(lungo_solver_restore(solver, state));
    float weight = *lungo_test_weights(solver, "w");
    lungo_solver_free(solver);
    return weight;
}

START_TEST(the_least_loss_is_kept) {
    lungo_solver *solver = keeping("loss", "");
    test_with(solver, 3);
    ck_assert_float_eq(best_weight(""), 3);
    test_with(solver, 4);
    ck_assert_float_eq(best_weight(""), 3);
    test_with(solver, NAN);
    ck_assert_float_eq(best_weight(""), 3);
    test_with(solver, 2);
    ck_assert_float_eq(best_weight(""), 2);
    ck_assert_float_eq(solver->keep.best.value, 2);
    ck_assert(!lungo_file_exists("s_iter_0.caffemodel"));
    lungo_solver_free(solver);
}
END_TEST

START_TEST(the_most_can_be_asked_for) {
    lungo_solver *solver = keeping("loss@1:max", "snapshot_format: HDF5");
    if (lungo_hdf5_check()) return;
    test_with(solver, 3);
    test_with(solver, 2);
    ck_assert_float_eq(best_weight(".h5"), 3);
    test_with(solver, 4);
    ck_assert_float_eq(best_weight(".h5"), 4);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(an_accuracy_is_best_at_its_most) {
    lungo_solver *solver = keeping("accuracy", "");
    ck_assert(!solver->keep.least);
    lungo_solver_free(solver);
    solver = keeping("score:min", "");
    ck_assert(solver->keep.least);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(what_is_no_metric_is_refused_at_the_start) {
    lungo_solver *solver;
    ck_fails(try_best(&solver, "acuracy", ""), LUNGO_ERR_CONFIG,
             "keep_best: expected an output of a test net (accuracy, loss, score, two, "
             "accuracy@1, loss@1, score@1, two@1), got 'acuracy'");
    ck_fails(try_best(&solver, "loss@2", ""), LUNGO_ERR_CONFIG, "got 'loss@2'");
    ck_fails(try_best(&solver, "loss:most", ""), LUNGO_ERR_CONFIG, "got 'loss:most'");
    ck_fails(try_best(&solver, "", ""), LUNGO_ERR_CONFIG, "got ''");
    ck_fails(try_best(&solver, "score", ""), LUNGO_ERR_CONFIG,
             "'score' is neither a loss nor an accuracy: expected 'score:min' or 'score:max'");
    ck_fails(try_best(&solver, "two:max", ""), LUNGO_ERR_CONFIG,
             "'two:max': expected an output of 1 value, got 2");
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.keep_best = "loss";
    lungo_test_file("solver.prototxt", "lr_policy: 'fixed' base_lr: 0.1" PULLED_NET("1", ""));
    ck_fails(lungo_solver_open(&solver, "solver.prototxt", &options), LUNGO_ERR_CONFIG,
             "expected an output of a test net (there is none), got 'loss'");
}
END_TEST

static void check_resumed(const char *format, const char *state) {
    lungo_solver *solver = keeping("loss", format);
    test_with(solver, 2);
    ck_ok(lungo_solver_snapshot(solver));
    lungo_solver_free(solver);
    solver = keeping("loss", format);
    ck_ok(lungo_solver_restore(solver, state));
    ck_assert_float_eq(solver->keep.best.value, 2);
    test_with(solver, 3);
    ck_assert_float_eq(solver->keep.best.value, 2);
    lungo_solver_free(solver);
    solver = keeping("loss:max", format);
    ck_ok(lungo_solver_restore(solver, state));
    ck_assert_ptr_null(solver->keep.best.metric);
    lungo_solver_free(solver);
}

START_TEST(the_best_value_survives_a_resume) {
    check_resumed("", "s_iter_0.solverstate");
    if (!lungo_hdf5_check()) check_resumed("snapshot_format: HDF5", "s_iter_0.solverstate.h5");
}
END_TEST

/* The old one stays, and the next value is again compared with it. */
START_TEST(a_best_that_cannot_be_written_is_none) {
    struct rlimit limit;
    lungo_solver *solver = keeping("loss", "");
    test_with(solver, 4);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 8;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    test_with(solver, 2);
    ck_assert_float_eq(solver->keep.best.value, 8);
    limit.rlim_cur = before;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_float_eq(best_weight(""), 4);
    test_with(solver, 3);
    ck_assert_float_eq(best_weight(""), 3);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(the_best_is_not_removed_with_old_ones) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    lungo_solver *solver = keeping("loss", "");
    test_with(solver, 1);
    lungo_solver_free(solver);
    options.keep_best = "loss";
    options.keep_snapshots = 1;
    ck_ok(lungo_solver_open(&solver, "solver.prototxt", &options));
    ck_ok(lungo_solver_restore(solver, "s_best.solverstate"));
    for (int i = 0; i < 3; i++) {
        ck_ok(lungo_solver_step(solver, 1));
        ck_ok(lungo_solver_snapshot(solver));
    }
    ck_ok(lungo_pair_check(NULL, "s_best.solverstate"));
    ck_assert(lungo_file_exists("s_iter_3.solverstate"));
    ck_assert(!lungo_file_exists("s_iter_2.solverstate"));
    lungo_solver_free(solver);
}
END_TEST

Suite *lungo_suite_best(void);
Suite *lungo_suite_best(void) {
    const TTest *const tests[] = {the_least_loss_is_kept,
                                  the_most_can_be_asked_for,
                                  an_accuracy_is_best_at_its_most,
                                  what_is_no_metric_is_refused_at_the_start,
                                  the_best_value_survives_a_resume,
                                  a_best_that_cannot_be_written_is_none,
                                  the_best_is_not_removed_with_old_ones,
                                  NULL};
    return lungo_test_folder_suite("best", tests);
}
