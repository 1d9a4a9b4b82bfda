#include <stdio.h>
#include <string.h>

#include "solver/solver.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/suites.h"

#define FIXED "lr_policy: 'fixed' base_lr: 0.5 snapshot_after_train: false\n"
#define NAMED(name)                                                                                \
    "name: '" name "' layer { name: 'w' type: 'Parameter' top: 'w' parameter_param { shape { "     \
    "dim: 2 } } }"

/* ---- sources ---- */

START_TEST(there_is_exactly_one_train_net) {
    ck_fails(lungo_try_solver(FIXED), LUNGO_ERR_CONFIG,
             "train net: expected exactly one of net, net_param, train_net, train_net_param, got "
             "0 of them");
    ck_fails(lungo_try_solver(FIXED "net: 'a' train_net: 'b'"), LUNGO_ERR_CONFIG, "got 2 of them");
    ck_fails(lungo_try_solver(FIXED "net: 'absent.prototxt'"), LUNGO_ERR_FILE, "absent.prototxt");
}
END_TEST

START_TEST(every_source_makes_a_train_net) {
    static const char *const sources[][2] = {
        {"net: 'a.prototxt'", "solver.cpp:102] Creating training net from net file: a.prototxt\n"},
        {"train_net: 'a.prototxt'",
         "solver.cpp:92] Creating training net from train_net file: a.prototxt\n"},
        {"net_param { " NAMED("a") " }",
         "solver.cpp:97] Creating training net specified in net_param.\n"},
        {"train_net_param { " NAMED("a") " }",
         "solver.cpp:88] Creating training net specified in train_net_param.\n"},
    };
    lungo_test_file("a.prototxt", NAMED("a"));
    for (size_t i = 0; i < 4; i++) {
        char text[512];
        snprintf(text, sizeof text, FIXED "%s", sources[i][0]);
        lungo_log_capture();
        lungo_solver *solver = lungo_test_solver(text);
        ck_assert_str_eq(lungo_net_name(lungo_solver_net(solver)), "a");
        ck_assert_ptr_nonnull(strstr(lungo_log_captured(), sources[i][1]));
        lungo_log_release();
        lungo_solver_free(solver);
    }
}
END_TEST

START_TEST(test_nets_come_in_caffes_order) {
    lungo_test_file("net.prototxt", NAMED("generic"));
    lungo_test_file("test.prototxt", NAMED("file"));
    lungo_log_capture();
    lungo_solver *solver = lungo_test_solver(
        FIXED "net: 'net.prototxt' test_net: 'test.prototxt' test_net_param { " NAMED(
            "inner") " } test_iter: [1, 1, 1, 1] test_interval: 1");
    static const char *const names[] = {"inner", "file", "generic", "generic"};
    for (size_t i = 0; i < 4; i++) {
        const lungo_net *net = lungo_solver_test_net(solver, i);
        ck_assert_str_eq(lungo_net_name(net), names[i]);
        ck_assert_int_eq(lungo_net_phase(net), LUNGO_TEST);
    }
    ck_assert_ptr_null(lungo_solver_test_net(solver, 4));
    const char *log = lungo_log_captured();
    ck_assert_ptr_nonnull(
        strstr(log, "solver.cpp:190] Creating test net (#0) specified by test_net_param\n"));
    ck_assert_ptr_nonnull(strstr(
        log, "solver.cpp:190] Creating test net (#1) specified by test_net file: test.prototxt\n"));
    ck_assert_ptr_nonnull(strstr(
        log, "solver.cpp:190] Creating test net (#3) specified by net file: net.prototxt\n"));
    lungo_log_release();
    lungo_solver_free(solver);
}
END_TEST

START_TEST(counts_of_test_settings_agree) {
    lungo_test_file("net.prototxt", NAMED("n"));
#define TESTED FIXED "net: 'net.prototxt' "
    ck_fails(lungo_try_solver(FIXED "train_net: 'net.prototxt' test_net: 'net.prototxt'"),
             LUNGO_ERR_CONFIG, "test_iter: expected one for each of the 1 test nets, got 0");
    ck_fails(lungo_try_solver(FIXED "train_net: 'net.prototxt' test_iter: 1 test_interval: 1"),
             LUNGO_ERR_CONFIG, "test_iter: expected one for each of the 0 test nets, got 1");
    ck_fails(lungo_try_solver(TESTED "test_iter: 1"), LUNGO_ERR_CONFIG,
             "test_interval: expected more than 0 with 1 test nets, got 0");
    ck_fails(lungo_try_solver(TESTED "test_iter: 1 test_interval: 1 test_state {} test_state {}"),
             LUNGO_ERR_CONFIG,
             "test_state: expected none, or one for each of the 1 test nets, got 2");
    ck_fails(lungo_try_solver(TESTED "test_iter: -1 test_interval: 1"), LUNGO_ERR_CONFIG,
             "test_iter of test net #0: expected 0 or more, got -1");
    ck_ok(lungo_try_solver(TESTED "test_interval: 1"));
}
END_TEST

/* The net's own state goes over the solver's phase, as in Caffe. */
START_TEST(a_train_net_may_call_itself_a_test_net) {
    lungo_solver *solver = lungo_test_solver(
        FIXED "net_param { state { phase: TEST } layer { name: 'w' type: 'Parameter' top: 'w'"
              " param { lr_mult: 0 } parameter_param { shape { dim: 2 } } } }");
    ck_assert_int_eq(lungo_net_phase(lungo_solver_net(solver)), LUNGO_TEST);
    ck_ok(lungo_solver_step(solver, 2));
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_train_net_may_have_no_parameters) {
    lungo_solver *solver = lungo_test_solver(
        FIXED "clip_gradients: 1 net_param { layer { name: 'x' type: 'DummyData' top: 'x'"
              " dummy_data_param { shape { dim: 1 } } } }");
    ck_ok(lungo_solver_step(solver, 2));
    lungo_solver_free(solver);
}
END_TEST

/* ---- states ---- */

#define STAGED                                                                                     \
    "net_param { state { level: 1 stage: 'own' }" NAMED(                                           \
        "staged") " layer { name: 'low' type: 'Silence' bottom: 'w' include { max_level: 1 } }"    \
                  " layer { name: 'own' type: 'Silence' bottom: 'w' include { stage: 'own' } }"    \
                  " layer { name: 'added' type: 'Silence' bottom: 'w' include { stage: 'added' } " \
                  "} }\n"

static bool has(const lungo_net *net, const char *layer) {
    for (int i = 0; i < net->layer_count; i++)
        if (!strcmp(net->layers[i]->name, layer)) return true;
    return false;
}

START_TEST(states_are_laid_over_one_another) {
    lungo_solver *solver =
        lungo_test_solver(FIXED STAGED "train_state { level: 2 } test_iter: 1 test_interval: 1"
                                       " test_state { stage: 'added' }");
    const lungo_net *train = lungo_solver_net(solver), *test = lungo_solver_test_net(solver, 0);
    ck_assert(!has(train, "low") && has(train, "own") && !has(train, "added"));
    ck_assert(has(test, "low") && has(test, "own") && has(test, "added"));
    lungo_solver_free(solver);
}
END_TEST

START_TEST(options_are_for_the_train_net_alone) {
    const char *const stages[] = {"added"};
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.level = 5;
    options.stages = stages;
    options.stage_count = 1;
    lungo_solver *solver =
        lungo_test_solver_with(FIXED STAGED "test_iter: 1 test_interval: 1", &options);
    const lungo_net *train = lungo_solver_net(solver), *test = lungo_solver_test_net(solver, 0);
    ck_assert(!has(train, "low") && has(train, "own") && has(train, "added"));
    ck_assert(has(test, "low") && has(test, "own") && !has(test, "added"));
    lungo_solver_free(solver);
}
END_TEST

/* ---- weights ---- */

static float first_weight(const char *text, const lungo_solver_options *options) {
    lungo_solver *solver = lungo_test_solver_with(text, options);
    float weight = *lungo_test_weights(solver, "w");
    lungo_solver_free(solver);
    return weight;
}

static void save_weight(float weight, const char *path) {
    lungo_solver *solver = lungo_test_solver(FIXED "net_param { " NAMED("n") " }");
    *lungo_test_weights(solver, "w") = weight;
    ck_ok(lungo_net_save_weights(lungo_solver_net(solver), path, false));
    lungo_solver_free(solver);
}

START_TEST(weights_are_lists_and_options_replace_them) {
    save_weight(1, "one.caffemodel");
    save_weight(2, "two.caffemodel");
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
#define NET FIXED "net_param { " NAMED("n") " } "
    lungo_log_capture();
    ck_assert_float_eq(first_weight(NET "weights: 'two.caffemodel , one.caffemodel'", NULL), 1);
    ck_assert_ptr_nonnull(strstr(lungo_log_captured(),
                                 "solver.cpp:72] Finetuning from two.caffemodel\n"
                                 "solver.cpp:72] Finetuning from one.caffemodel\n"));
    lungo_log_release();
    ck_assert_float_eq(
        first_weight(NET "weights: 'one.caffemodel' weights: 'two.caffemodel'", NULL), 2);
    options.weights = "two.caffemodel";
    ck_assert_float_eq(first_weight(NET "weights: 'one.caffemodel'", &options), 2);
    options.ignore_weights = true;
    ck_assert_float_eq(first_weight(NET "weights: 'one.caffemodel'", &options), 0);
    ck_fails(lungo_try_solver(NET "weights: 'one.caffemodel,absent.caffemodel'"), LUNGO_ERR_FILE,
             "absent.caffemodel");
}
END_TEST

/* ---- random numbers ---- */

#define FILLED(name)                                                                               \
    "layer { name: '" name "' type: 'InnerProduct' bottom: 'x' top: '" name                        \
    "' inner_product_param { num_output: 2 bias_term: false weight_filler { type: 'xavier' } } }"
#define RANDOM(seed)                                                                               \
    FIXED                                                                                          \
    "random_seed: " seed                                                                           \
    " net_param { layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 "         \
    "dim: 2 } } } " FILLED("a") FILLED(                                                            \
        "b") " layer { name: 'c' type: 'InnerProduct' "                                            \
             "bottom: 'x' top: 'c' inner_product_param { num_output: 1 weight_filler { type: "     \
             "'xavier' } } include { phase: TEST } } } test_iter: 1 test_interval: 1"

/* One seed, one sequence: test nets draw after the train net, so nothing of it repeats. */
START_TEST(one_generator_serves_all_nets) {
    lungo_solver *one = lungo_test_solver(RANDOM("5")), *same = lungo_test_solver(RANDOM("5")),
                 *other = lungo_test_solver(RANDOM("6"));
    float *a = lungo_test_weights(one, "a"), *b = lungo_test_weights(one, "b");
    ck_assert_mem_eq(a, lungo_test_weights(same, "a"), 4 * sizeof *a);
    ck_assert_mem_ne(a, lungo_test_weights(other, "a"), 4 * sizeof *a);
    ck_assert_mem_ne(a, b, 4 * sizeof *a);
    const lungo_net *test = lungo_solver_test_net(one, 0);
    const float *c = lungo_data(lungo_net_param(test, 0).blob);
    ck_assert_str_eq(lungo_net_param(test, 0).layer, "c");
    ck_assert_mem_ne(a, c, 2 * sizeof *a);
    lungo_solver_free(one);
    lungo_solver_free(same);
    lungo_solver_free(other);
}
END_TEST

/* A net beside the solver's own: of the same definition and phase, with weights of its own. */
START_TEST(nets_can_be_opened_beside_the_solvers_own) {
    lungo_solver *solver = lungo_test_solver(RANDOM("5"));
    lungo_rng before = solver->rng;
    lungo_net *test, *train;
    ck_ok(lungo_solver_open_net(&test, solver, LUNGO_TEST, 0, false));
    ck_ok(lungo_solver_open_net(&train, solver, LUNGO_TRAIN, 0, true));
    ck_assert_int_eq(lungo_net_phase(test), LUNGO_TEST);
    ck_assert_int_eq(lungo_net_phase(train), LUNGO_TRAIN);
    ck_assert_uint_eq(lungo_net_param_count(test), 4);
    ck_assert_uint_eq(lungo_net_param_count(train), 2);
    ck_assert_str_eq(lungo_net_param(test, 0).layer, "a");
    const float *own = lungo_data(lungo_net_param(test, 0).blob);
    const float *trained = lungo_test_weights(solver, "a");
    ck_assert_ptr_ne(own, trained);
    ck_assert_mem_eq(own, trained, 4 * sizeof *own); /* by the same seed */
    ck_ok(lungo_net_forward(test, NULL));
    lungo_net_free(test);
    lungo_net_free(train);
    ck_assert_mem_eq(&before, &solver->rng, sizeof before);
    ck_assert_int_eq(lungo_solver_test_iter(solver, 0), 1);
    ck_assert_int_eq(lungo_solver_test_iter(solver, 1), 0);
    ck_fails(lungo_solver_open_net(&test, solver, LUNGO_TEST, 1, false), LUNGO_ERR_USAGE,
             "expected one of the solver's 1 test nets, got #1");
    lungo_solver_free(solver);
}
END_TEST

/* Looked at, a solver needs no data; its nets write nothing, even when they are run. */
START_TEST(a_solver_to_look_at_needs_no_data_and_writes_nothing) {
    lungo_solver *solver;
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.shapes_only = true;
    lungo_test_file("kept.h5", "precious");
    lungo_test_file("solver.prototxt",
                    "lr_policy: 'fixed' base_lr: 0.25 "
                    "net_param { layer { name: 'd' type: 'Data' top: 'x' data_param { source: 'no' "
                    "batch_size: 2 backend: LMDB } include { phase: TRAIN } } "
                    "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: "
                    "2 } } include { phase: TEST } } "
                    "layer { name: 'out' type: 'HDF5Output' bottom: 'x' bottom: 'x' "
                    "hdf5_output_param { file_name: 'kept.h5' } include { phase: TEST } } } "
                    "test_iter: 1 test_interval: 1");
    ck_ok(lungo_solver_open(&solver, "solver.prototxt", &options));
    ck_assert_str_eq(lungo_solver_snapshot_prefix(solver), "solver");
    lungo_net *net;
    ck_ok(lungo_solver_open_net(&net, solver, LUNGO_TEST, 0, false));
    ck_ok(lungo_net_forward(net, NULL));
    lungo_net_free(net);
    ck_fails(lungo_solver_open_net(&net, solver, LUNGO_TRAIN, 0, false), LUNGO_ERR_FILE, "'no'");
    lungo_solver_free(solver);
    FILE *file = fopen("kept.h5", "r");
    char text[16] = "";
    ck_assert_ptr_nonnull(fgets(text, sizeof text, file));
    fclose(file);
    ck_assert_str_eq(text, "precious");
}
END_TEST

Suite *lungo_suite_nets(void);
Suite *lungo_suite_nets(void) {
    const TTest *const tests[] = {there_is_exactly_one_train_net,
                                  every_source_makes_a_train_net,
                                  test_nets_come_in_caffes_order,
                                  counts_of_test_settings_agree,
                                  a_train_net_may_call_itself_a_test_net,
                                  a_train_net_may_have_no_parameters,
                                  states_are_laid_over_one_another,
                                  options_are_for_the_train_net_alone,
                                  weights_are_lists_and_options_replace_them,
                                  one_generator_serves_all_nets,
                                  nets_can_be_opened_beside_the_solvers_own,
                                  a_solver_to_look_at_needs_no_data_and_writes_nothing,
                                  NULL};
    return lungo_test_folder_suite("nets", tests);
}
