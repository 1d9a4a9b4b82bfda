#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "solver/solver.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/suites.h"

/* One definition for both phases; the train net has a layer that the test net lacks. */
#define NETS                                                                                       \
    "lr_policy: 'fixed' base_lr: 0.5 snapshot_after_train: false\n"                                \
    "net_param { name: 'two'"                                                                      \
    " layer { name: 'in' type: 'DummyData' top: 'x' top: 't' dummy_data_param {"                   \
    "   shape { dim: 1 dim: 2 } data_filler { value: 1 } data_filler { value: 3 } } }"             \
    " layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param {"          \
    "   num_output: 2 bias_term: false } }"                                                        \
    " layer { name: 'extra' type: 'Silence' bottom: 'x' include { phase: TRAIN } }"                \
    " layer { name: 'loss' type: 'EuclideanLoss' bottom: 'y' bottom: 't' top: 'loss'"              \
    "   loss_weight: 2 include { phase: TRAIN } }"                                                 \
    " layer { name: 'loss' type: 'EuclideanLoss' bottom: 'y' bottom: 't' top: 'loss'"              \
    "   loss_weight: 2 include { phase: TEST } }"                                                  \
    " layer { name: 'twice' type: 'Power' bottom: 'y' top: 'scores' power_param { scale: 2 }"      \
    "   include { phase: TEST } } }\n"

/* y = 0 while the weights are: the loss is (9 + 9) / 2, of weight 2. */
START_TEST(scores_are_means_over_batches) {
    lungo_solver *solver =
        lungo_test_solver(NETS "test_iter: 3 test_interval: 2 test_compute_loss: true");
    memset(lungo_test_weights(solver, "ip"), 0, 4 * sizeof(float));
    lungo_log_capture();
    ck_ok(lungo_solver_test_all(solver));
    ck_assert_ptr_nonnull(strstr(lungo_log_captured(),
                                 "solver.cpp:347] Iteration 0, Testing net (#0)\n"
                                 "net.cpp:678] Ignoring source layer x_in_0_split\n"
                                 "net.cpp:678] Ignoring source layer extra\n"
                                 "solver.cpp:401] Test loss: 18\n"
                                 "solver.cpp:414]     Test net output #0: loss = 9 (* 2 = 18 "
                                 "loss)\n"
                                 "solver.cpp:414]     Test net output #1: scores = 0\n"
                                 "solver.cpp:414]     Test net output #2: scores = 0\n"));
    lungo_log_release();
    lungo_solver_free(solver);
}
END_TEST

static int tests_in(const char *settings, int iterations) {
    char text[2048];
    int count = 0;
    snprintf(text, sizeof text, NETS "test_iter: 1 %s", settings);
    lungo_solver *solver = lungo_test_solver(text);
    lungo_log_capture();
    ck_ok(lungo_solver_step(solver, iterations));
    for (const char *at = lungo_log_captured(); (at = strstr(at, "Testing net")); at++)
        count++;
    lungo_log_release();
    lungo_solver_free(solver);
    return count;
}

START_TEST(tests_come_at_their_interval) {
    ck_assert_int_eq(tests_in("test_interval: 2", 5), 3);
    ck_assert_int_eq(tests_in("test_interval: 2 test_initialization: false", 5), 2);
    ck_assert_int_eq(tests_in("test_interval: 9 test_initialization: false", 5), 0);
}
END_TEST

START_TEST(test_nets_see_the_trained_weights) {
    lungo_solver *solver = lungo_test_solver(NETS "test_iter: 1 test_interval: 100");
    ck_ok(lungo_solver_step(solver, 1));
    float *trained = lungo_test_weights(solver, "ip");
    trained[0] = 42;
    const lungo_net *test = lungo_solver_test_net(solver, 0);
    const lungo_blob *param = lungo_net_layer_param(test, 1, 0);
    ck_assert_ptr_nonnull(param);
    ck_assert_float_eq(lungo_data(param)[0], 42);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_stop_ends_the_test_and_the_training) {
    lungo_solver *solver =
        lungo_test_solver(NETS "test_iter: 3 test_iter: 3 test_interval: 2 max_iter: 9");
    lungo_solver_request(solver, LUNGO_REQUEST_STOP);
    lungo_log_capture();
    ck_ok(lungo_solver_solve(solver, NULL));
    const char *log = lungo_log_captured();
    ck_assert_ptr_nonnull(strstr(log, "solver.cpp:396] Test interrupted.\n"
                                      "solver.cpp:311] Optimization stopped early.\n"));
    ck_assert_ptr_null(strstr(log, "Testing net (#1)"));
    ck_assert_ptr_null(strstr(log, "Test net output"));
    lungo_log_release();
    ck_assert_int_eq(lungo_solver_iter(solver), 0);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_snapshot_is_made_between_two_batches) {
    lungo_solver *solver = lungo_test_solver(NETS "test_iter: 3 test_interval: 2");
    lungo_solver_request(solver, LUNGO_REQUEST_SNAPSHOT);
    lungo_log_capture();
    ck_ok(lungo_solver_test_all(solver));
    ck_assert_ptr_nonnull(strstr(lungo_log_captured(), "Test net output #2"));
    lungo_log_release();
    ck_assert(lungo_file_exists("solver_iter_0.solverstate"));
    lungo_solver_free(solver);
}
END_TEST

START_TEST(no_batches_give_no_scores) {
    lungo_solver *solver = lungo_test_solver(NETS "test_iter: 0 test_interval: 2");
    lungo_log_capture();
    ck_ok(lungo_solver_test_all(solver));
    ck_assert_ptr_null(strstr(lungo_log_captured(), "Test net output"));
    lungo_log_release();
    lungo_solver_free(solver);
}
END_TEST

/* Three pictures, two in a batch, their labels the outputs. */
#define PICTURES                                                                                   \
    "lr_policy: 'fixed' base_lr: 0.5 snapshot_after_train: false test_interval: 9 test_iter: 2\n"  \
    "net_param { layer { name: 'in' type: 'ImageData' top: 'x' top: 'label' image_data_param {"    \
    "   source: 'list' batch_size: 2 is_color: false shuffle: true } }"                            \
    " layer { name: 'end' type: 'Silence' bottom: 'x' } }\n"

static void write_pictures(void) {
    lungo_test_file("p.pgm", "P5 1 1 255\nx");
    lungo_test_file("list", "p.pgm 1\np.pgm 10\np.pgm 100\n");
}

/* What five tests say, one behind another; each reads four of the three pictures. */
static void run_five_tests(char logs[5][512], const char *settings) {
    char text[2048];
    snprintf(text, sizeof text, PICTURES "random_seed: 7 %s", settings);
    lungo_solver *solver = lungo_test_solver(text);
    for (int i = 0; i < 5; i++) {
        lungo_log_capture();
        ck_ok(lungo_solver_test_all(solver));
        const char *from = strstr(lungo_log_captured(), "Test net output #0");
        ck_assert_ptr_nonnull(from);
        snprintf(logs[i], sizeof logs[i], "%s", from);
        lungo_log_release();
    }
    lungo_solver_free(solver);
}

START_TEST(tests_may_begin_at_the_same_data) {
    char plain[5][512], same[5][512];
    write_pictures();
    run_five_tests(plain, "");
    run_five_tests(same, "test_from_start: true");
    ck_assert_str_eq(plain[0], same[0]);
    ck_assert_str_ne(plain[1], plain[0]);
    for (int i = 1; i < 5; i++)
        ck_assert_str_eq(same[i], same[0]);
}
END_TEST

/* The train net reads its share; test nets read all. */
START_TEST(a_worker_trains_on_its_share) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    lungo_solver *solver;
    write_pictures();
    lungo_test_file("shared.prototxt", PICTURES "random_seed: 7");
    options.worker_count = options.worker_rank = 3;
    ck_fails(lungo_solver_open(&solver, "shared.prototxt", &options), LUNGO_ERR_USAGE,
             "worker_rank: expected 0 or more, below worker_count, got 3 of 3");
    options.worker_rank = 1;
    ck_ok(lungo_solver_open(&solver, "shared.prototxt", &options));
    ck_assert_int_eq(lungo_solver_net(solver)->host.worker_count, 3);
    ck_assert_int_eq(lungo_solver_net(solver)->host.worker_rank, 1);
    ck_assert_int_eq(lungo_solver_test_net(solver, 0)->host.worker_count, 0);
    lungo_solver_free(solver);
}
END_TEST

Suite *lungo_suite_test(void);
Suite *lungo_suite_test(void) {
    const TTest *const tests[] = {scores_are_means_over_batches,
                                  tests_come_at_their_interval,
                                  test_nets_see_the_trained_weights,
                                  a_stop_ends_the_test_and_the_training,
                                  a_snapshot_is_made_between_two_batches,
                                  no_batches_give_no_scores,
                                  tests_may_begin_at_the_same_data,
                                  a_worker_trains_on_its_share,
                                  NULL};
    return lungo_test_folder_suite("test", tests);
}
