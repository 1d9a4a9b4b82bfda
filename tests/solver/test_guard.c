#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "solver/solver.h"
#include "support/runs.h"
#include "support/solvers.h"
#include "support/suites.h"

#define FIXED "lr_policy: 'fixed' base_lr: 0.5 random_seed: 5 snapshot_after_train: false\n"

/* x is set by the test; its loss is |f(x)|^2 / 2 with `layers` making y of x, and no parameter. */
#define NET_OF(layers)                                                                             \
    " net_param { name: 'n' layer { name: 'x' type: 'Input' top: 'x' top: 'zero'"                  \
    " input_param { shape { dim: 2 dim: 4 } } } " layers                                           \
    " layer { name: 'loss' type: 'EuclideanLoss' bottom: 'y' bottom: 'zero' top: 'loss' } }\n"

/* w is learned, y made of it is pulled to 0. */
#define LEARNED_NET(layers)                                                                        \
    " net_param { name: 'n' layer { name: 'w' type: 'Parameter' top: 'w'"                          \
    " parameter_param { shape { dim: 1 dim: 3 } } }"                                               \
    " layer { name: 'zero' type: 'Input' top: 'zero' input_param { shape { dim: 1 dim: 3 } } "     \
    "} " layers                                                                                    \
    " layer { name: 'loss' type: 'EuclideanLoss' bottom: 'y' bottom: 'zero' top: 'loss' } }\n"

static lungo_solver *open_unguarded(const char *text) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.guard = false;
    return lungo_test_solver_with(text, &options);
}

static float *values_of(lungo_solver *solver, const char *blob) {
    return lungo_data_update(lungo_net_blob(lungo_solver_net(solver), blob));
}

/* Stops with LUNGO_ERR_NUMERIC and a text that holds all parts. */
static void check_stops(lungo_solver *solver, int steps, const char *const *parts) {
    ck_fails(lungo_solver_step(solver, steps), LUNGO_ERR_NUMERIC, parts[0]);
    for (size_t i = 1; parts[i]; i++)
        ck_assert_msg(strstr(lungo_error_text(), parts[i]) != NULL, "expected '%s' in:\n%s",
                      parts[i], lungo_error_text());
}
#define CHECK_STOPS(solver, steps, ...)                                                            \
    check_stops(solver, steps, (const char *const[]){__VA_ARGS__, NULL})

/* ---- where it came from ---- */

START_TEST(a_nan_in_the_batch_is_named_as_data) {
    lungo_solver *solver = lungo_test_solver(FIXED NET_OF(
        "layer { name: 'double' type: 'Power' bottom: 'x' top: 'y' power_param { scale: 2 } }"));
    values_of(solver, "x")[6] = NAN;
    CHECK_STOPS(solver, 1,
                "lungo: iteration 0, lr 0.5: loss: expected a finite number, got nan\n"
                "  the first value that is not finite: data of top 0, 'x', of layer 'x' (Input): "
                "element 6 of 2x4 is nan\n"
                "  it came with the batch: look at the data\n",
                "in layer 'x' (Input), solver.prototxt:2\n  in TRAIN net 'n'\n  in iteration 0");
    ck_assert_ptr_null(strstr(lungo_error_text(), "base_lr"));
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_nan_in_the_labels_is_named_as_data) {
    lungo_solver *solver = lungo_test_solver(
        FIXED NET_OF("layer { name: 'double' type: 'Power' bottom: 'x' top: 'y' }"));
    values_of(solver, "zero")[1] = -INFINITY;
    CHECK_STOPS(solver, 1, "got inf", "data of top 1, 'zero', of layer 'x' (Input): element 1 of",
                "is -inf", "it came with the batch");
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_nan_in_the_weights_is_named_as_theirs) {
    lungo_solver *solver = lungo_test_solver(FIXED PULLED_NET("5", ""));
    ck_ok(lungo_solver_step(solver, 2));
    lungo_test_weights(solver, "w")[3] = NAN;
    CHECK_STOPS(solver, 1, "iteration 2, lr 0.5: loss: expected a finite number, got nan",
                "data of param 0, 'w param 0', of layer 'w' (Parameter): element 3 of 1x5 is nan",
                "L2 norms of param 0 of layer 'w' in the last updates:\n    iteration 0: lr 0.5, "
                "loss 0, |w| 0,",
                "\n    iteration 1: lr");
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_layer_that_makes_a_nan_is_named) {
    lungo_solver *solver = lungo_test_solver(FIXED LEARNED_NET(
        "layer { name: 'log' type: 'Log' bottom: 'w' top: 'l' }"
        "layer { name: 'half' type: 'Power' bottom: 'l' top: 'y' power_param { scale: 0.5 } }"));
    for (int i = 0; i < 3; i++)
        lungo_test_weights(solver, "w")[i] = (float)(1 - i);
    lungo_test_weights(solver, "w")[1] = 2;
    CHECK_STOPS(solver, 1, "loss: expected a finite number, got nan",
                "data of top 0, 'l', of layer 'log' (Log): element 2 of 1x3 is nan",
                "L2 norms of param 0 of layer 'w' in the last updates: none was made yet",
                "a lower base_lr", "this run has written no snapshot");
    lungo_solver_free(solver);
}
END_TEST

/* The root of 0 is 0, its slope is not finite. */
#define ROOT "layer { name: 'root' type: 'Power' bottom: 'w' top: 'y' power_param { power: 0.5 } }"

static void check_bad_gradient(const char *settings) {
    char text[2048];
    snprintf(text, sizeof text, "%s%s", settings, LEARNED_NET(ROOT));
    lungo_solver *solver = lungo_test_solver(text);
    float *w = lungo_test_weights(solver, "w");
    w[0] = 4, w[1] = 0, w[2] = 9;
    CHECK_STOPS(solver, 1, "gradient of param 0 of layer 'w': expected finite numbers, got ",
                " at element 1 of 1x3\n",
                "diff of bottom 0, 'w', of layer 'root' (Power): element 1");
    ck_assert_int_eq(lungo_solver_iter(solver), 0);
    ck_assert(w[0] == 4 && w[1] == 0 && w[2] == 9);
    for (int i = 0; i < 3; i++)
        ck_assert_float_eq(solver->histories[0][i], 0);
    lungo_solver_free(solver);
}

START_TEST(a_bad_gradient_is_named_and_reaches_no_weight) {
    check_bad_gradient(FIXED);
    check_bad_gradient(FIXED "clip_gradients: 1");
    check_bad_gradient(FIXED "iter_size: 4");
    check_bad_gradient(FIXED "type: 'Adam' momentum: 0.9 weight_decay: 0.1");
}
END_TEST

#define NOISE                                                                                      \
    "layer { name: 'noise' type: 'DummyData' top: 'noise' dummy_data_param { shape { dim: 1 }"     \
    " data_filler { type: 'gaussian' } } } layer { name: 'end' type: 'Silence' bottom: 'noise' }"

/* The batch that is in memory after the stop is the first of four. */
START_TEST(a_bad_gradient_is_seen_in_its_own_pass) {
    lungo_solver *one = open_unguarded(FIXED LEARNED_NET(ROOT NOISE));
    ck_ok(lungo_solver_step(one, 1));
    lungo_solver *four = lungo_test_solver(FIXED "iter_size: 4" LEARNED_NET(ROOT NOISE));
    CHECK_STOPS(four, 1, "gradient of param 0 of layer 'w'");
    ck_assert_float_eq(*values_of(four, "noise"), *values_of(one, "noise"));
    lungo_solver_free(one);
    lungo_solver_free(four);
}
END_TEST

START_TEST(an_update_that_overflows_is_named) {
    lungo_solver *solver = lungo_test_solver(
        "lr_policy: 'fixed' base_lr: 3e38 snapshot_after_train: false" PULLED_NET("2", ""));
    lungo_test_weights(solver, "w")[1] = 3;
    CHECK_STOPS(
        solver, 1,
        "iteration 0, lr 3e+38: param 0 of layer 'w': expected finite weights after the "
        "update, got -inf at element 1 of 1x2; loss and gradients were finite\n",
        "iteration 0: lr 3e+38, loss 4.5, |w| 3, |gradient| 3, |decay| 0, |update|/|w| inf");
    lungo_solver_free(solver);
}
END_TEST

/* As where a ReLU turns NaN into 0. */
START_TEST(weights_that_no_loss_sees_are_looked_at) {
    lungo_solver *solver = lungo_test_solver(FIXED IDLE_NET("2", ""));
    lungo_test_weights(solver, "w")[0] = INFINITY;
    CHECK_STOPS(solver, 1, "got inf at element 0 of 1x2; they were not finite before it");
    lungo_solver_free(solver);
}
END_TEST

/* ---- the same batch again ---- */

/* The first element of a blob below `limit`, as an unguarded run of the same seed makes it. */
static size_t first_below(const char *text, const char *blob, float limit) {
    lungo_solver *solver = open_unguarded(text);
    size_t i = 0;
    ck_ok(lungo_solver_step(solver, 1));
    const float *values = values_of(solver, blob);
    while (values[i] >= limit)
        i++;
    lungo_solver_free(solver);
    return i;
}

static void check_first(const char *text, const char *blob, float limit) {
    char expected[64];
    snprintf(expected, sizeof expected, "(Log): element %zu of", first_below(text, blob, limit));
    lungo_solver *solver = lungo_test_solver(text);
    CHECK_STOPS(solver, 1, "loss", expected);
    lungo_solver_free(solver);
}

/* Of 200 values drawn, those before the first bad one say that they are the same again. */
START_TEST(random_data_and_masks_are_drawn_again) {
    static const char data[] =
        FIXED " net_param {"
              " layer { name: 'x' type: 'DummyData' top: 'x' top: 't' dummy_data_param {"
              " shape { dim: 200 } data_filler { type: 'uniform' min: -0.02 max: 1 }"
              " data_filler { value: 0 } } }"
              " layer { name: 'log' type: 'Log' bottom: 'x' top: 'y' }"
              " layer { name: 'loss' type: 'EuclideanLoss' bottom: 'y' bottom: 't' top: 'l' } }";
    static const char masks[] =
        FIXED " net_param {"
              " layer { name: 'x' type: 'DummyData' top: 'x' top: 't' dummy_data_param {"
              " shape { dim: 200 } data_filler { value: 1 } data_filler { value: 0 } } }"
              " layer { name: 'drop' type: 'Dropout' bottom: 'x' top: 'd'"
              " dropout_param { dropout_ratio: 0.03 } }"
              " layer { name: 'log' type: 'Log' bottom: 'd' top: 'y' log_param { shift: -0.5 } }"
              " layer { name: 'loss' type: 'EuclideanLoss' bottom: 'y' bottom: 't' top: 'l' } }";
    check_first(data, "x", 0);
    check_first(masks, "d", 0.5f);
}
END_TEST

START_TEST(a_batch_that_was_changed_in_place_is_not_changed_again) {
    lungo_solver *solver = lungo_test_solver(FIXED NET_OF(
        "layer { name: 'minus' type: 'Power' bottom: 'x' top: 'x' power_param { scale: -1 } }"
        "layer { name: 'log' type: 'Log' bottom: 'x' top: 'y' }"));
    for (int i = 0; i < 8; i++)
        values_of(solver, "x")[i] = i == 5 ? 1 : -1;
    CHECK_STOPS(solver, 1, "loss", "layer 'log' (Log): element 5 of 2x4 is nan");
    lungo_solver_free(solver);
}
END_TEST

/* ---- what is written, and what is not ---- */

static lungo_status spoil_at_3(void *user, lungo_solver *solver) {
    (void)user;
    if (lungo_solver_iter(solver) == 3) lungo_test_weights(solver, "t")[0] = NAN;
    return LUNGO_OK;
}

START_TEST(the_last_good_snapshot_stays_and_can_be_resumed) {
    lungo_solver *solver = lungo_test_solver(
        "lr_policy: 'fixed' base_lr: 0.5 max_iter: 8 snapshot: 2 display: 0" PULLED_NET("1", ""));
    *lungo_test_weights(solver, "w") = 8;
    lungo_solver_on_iteration(solver, spoil_at_3, NULL);
    ck_fails(lungo_solver_solve(solver, NULL), LUNGO_ERR_NUMERIC, "iteration 3, lr 0.5: loss");
    ck_assert_ptr_nonnull(strstr(lungo_error_text(), "nothing of this was written; the last "
                                                     "snapshot is solver_iter_2.solverstate"));
    ck_assert(lungo_file_exists("solver_iter_2.caffemodel"));
    ck_assert(!lungo_file_exists("solver_iter_3.caffemodel"));
    ck_assert(!lungo_file_exists("solver_iter_8.caffemodel"));
    ck_fails(lungo_solver_snapshot(solver), LUNGO_ERR_USAGE, "no snapshot after training has met");
    lungo_solver_on_iteration(solver, NULL, NULL);
    ck_ok(lungo_solver_solve(solver, "solver_iter_2.solverstate"));
    ck_assert_float_eq(*lungo_test_weights(solver, "w"), 8.0f / 256);
    ck_assert(lungo_file_exists("solver_iter_8.caffemodel"));
    lungo_solver_free(solver);
}
END_TEST

START_TEST(without_the_guard_training_goes_on) {
    lungo_solver *solver = open_unguarded(FIXED PULLED_NET("1", ""));
    *lungo_test_weights(solver, "w") = NAN;
    ck_ok(lungo_solver_step(solver, 3));
    ck_assert(isnan(lungo_solver_loss(solver)));
    ck_assert_int_eq(lungo_solver_iter(solver), 3);
    lungo_solver_free(solver);
}
END_TEST

/* ---- early warnings ---- */

typedef struct heard {
    int count;
    char first[512];
} heard;

static void hear(void *user, lungo_log_level level, const char *file, int line, const char *text) {
    heard *all = user;
    (void)line;
    if (level != LUNGO_LOG_WARNING) return;
    ck_assert_str_eq(file, "lungo.c");
    if (all->count++ == 0) snprintf(all->first, sizeof all->first, "%s", text);
}

/* Negative decay: every update makes the weight half as large again. */
#define GROWING                                                                                    \
    "lr_policy: 'fixed' base_lr: 1 weight_decay: -0.5 snapshot_after_train: false" IDLE_NET("4", "")

START_TEST(slow_growth_warns_long_before_it_stops) {
    heard warnings = {0};
    lungo_solver *solver = lungo_test_solver(GROWING);
    for (int i = 0; i < 4; i++)
        lungo_test_weights(solver, "w")[i] = 2;
    lungo_set_log(hear, &warnings);
    ck_ok(lungo_solver_step(solver, 12)); /* 1.5^11 is 86, 1.5^12 is 130 */
    ck_assert_int_eq(warnings.count, 0);
    ck_ok(lungo_solver_step(solver, 100));
    ck_assert_int_eq(warnings.count, 1);
    ck_assert_ptr_nonnull(strstr(warnings.first, "iteration 12, lr 1: param 0 of layer 'w' has "
                                                 "grown from a root mean square of 2 to 259.493, "
                                                 "more than 100 times"));
    ck_fails(lungo_solver_step(solver, 200), LUNGO_ERR_NUMERIC, "iteration 216");
    lungo_set_log(NULL, NULL);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(growth_that_warns_can_be_set) {
    heard warnings = {0};
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.guard_growth = 3;
    lungo_solver *solver = lungo_test_solver_with(GROWING, &options);
    *lungo_test_weights(solver, "w") = 1;
    lungo_set_log(hear, &warnings);
    ck_ok(lungo_solver_step(solver, 9));
    lungo_set_log(NULL, NULL);
    ck_assert_ptr_nonnull(strstr(warnings.first, "iteration 3, "));
    lungo_solver_free(solver);
    options.guard_growth = 1;
    ck_fails(lungo_solver_open(&solver, "solver.prototxt", &options), LUNGO_ERR_USAGE,
             "guard_growth: expected a number above 1, got 1");
}
END_TEST

START_TEST(an_update_larger_than_its_parameter_warns_once) {
    heard warnings = {0};
    lungo_solver *solver = lungo_test_solver(
        "lr_policy: 'fixed' base_lr: 2.5 snapshot_after_train: false" PULLED_NET("1", ""));
    *lungo_test_weights(solver, "w") = 2;
    lungo_set_log(hear, &warnings);
    ck_ok(lungo_solver_step(solver, 3));
    lungo_set_log(NULL, NULL);
    ck_assert_int_eq(warnings.count, 1);
    ck_assert_ptr_nonnull(strstr(warnings.first, "iteration 0, lr 2.5: the update of param 0 of "
                                                 "layer 'w' is larger than the parameter itself: "
                                                 "L2 norms 5 and 2"));
    lungo_solver_free(solver);
}
END_TEST

/* A bias of three that begins at 0, beside weights with an L2 norm of 2: its updates are 0.25 g. */
#define BIAS_NET                                                                                   \
    " net_param { layer { name: 'x' type: 'DummyData' top: 'x' top: 't' dummy_data_param {"        \
    " shape { dim: 1 dim: 1 } shape { dim: 1 dim: 3 } data_filler { value: 0 }"                    \
    " data_filler { value: 1 } } }"                                                                \
    " layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' param { lr_mult: 0 }"           \
    " inner_product_param { num_output: 3 weight_filler { value: 1.1547005 } } }"                  \
    " layer { name: 'loss' type: 'EuclideanLoss' bottom: 'y' bottom: 't' top: 'loss' } }\n"

static int warnings_of_bias(float target, const char *settings) {
    char text[1024];
    snprintf(text, sizeof text, "snapshot_after_train: false lr_policy: 'fixed' %s%s", settings,
             BIAS_NET);
    lungo_solver *solver = lungo_test_solver(text);
    for (int i = 0; i < 3; i++)
        values_of(solver, "t")[i] = target;
    int warnings = lungo_test_warnings(solver, 20);
    lungo_solver_free(solver);
    return warnings;
}

START_TEST(a_bias_that_begins_at_0_is_measured_by_its_weights) {
    ck_assert_int_eq(warnings_of_bias(1, "base_lr: 0.5"), 0);
    ck_assert_int_eq(warnings_of_bias(100, "base_lr: 0.01"), 0);
    ck_assert_int_eq(warnings_of_bias(100, "base_lr: 0.5"), 1); /* an update of 87 */
    ck_assert_int_eq(warnings_of_bias(1000, "base_lr: 0.5"), 2);
}
END_TEST

/* ---- the numbers of training ---- */

static void train(lungo_solver *solver, float *out) {
    for (int i = 0; i < 5; i++)
        lungo_test_weights(solver, "w")[i] = 0.3f * (float)i - 1;
    lungo_test_weights(solver, "t")[2] = 9;
    ck_ok(lungo_solver_step(solver, 20));
    memcpy(out, lungo_test_weights(solver, "w"), 5 * sizeof *out);
    memcpy(out + 5, solver->histories[0], 5 * sizeof *out);
    lungo_solver_free(solver);
}

START_TEST(guard_and_watch_change_no_bit_of_training) {
    static const char *const settings[] = {
        "momentum: 0.9 weight_decay: 0.01", "type: 'Nesterov' momentum: 0.9 clip_gradients: 0.5",
        "type: 'Adam' momentum: 0.9 iter_size: 3 weight_decay: 0.1 regularization_type: 'L1'",
        "type: 'RMSProp' weight_decay: 0.1 regularization_type: 'decoupled'"};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        char text[1024], watch[] = "0.tsv";
        float with[10], without[10];
        lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
        watch[0] = (char)('0' + i);
        options.watch = watch;
        snprintf(text, sizeof text, FIXED "%s%s", settings[i], PULLED_NET("5", ""));
        train(lungo_test_solver_with(text, &options), with);
        train(open_unguarded(text), without);
        ck_assert_mem_eq(with, without, sizeof with);
    }
}
END_TEST

Suite *lungo_suite_guard(void);
Suite *lungo_suite_guard(void) {
    const TTest *const tests[] = {a_nan_in_the_batch_is_named_as_data,
                                  a_nan_in_the_labels_is_named_as_data,
                                  a_nan_in_the_weights_is_named_as_theirs,
                                  a_layer_that_makes_a_nan_is_named,
                                  a_bad_gradient_is_named_and_reaches_no_weight,
                                  a_bad_gradient_is_seen_in_its_own_pass,
                                  an_update_that_overflows_is_named,
                                  weights_that_no_loss_sees_are_looked_at,
                                  random_data_and_masks_are_drawn_again,
                                  a_batch_that_was_changed_in_place_is_not_changed_again,
                                  the_last_good_snapshot_stays_and_can_be_resumed,
                                  without_the_guard_training_goes_on,
                                  slow_growth_warns_long_before_it_stops,
                                  growth_that_warns_can_be_set,
                                  an_update_larger_than_its_parameter_warns_once,
                                  a_bias_that_begins_at_0_is_measured_by_its_weights,
                                  guard_and_watch_change_no_bit_of_training,
                                  NULL};
    return lungo_test_folder_suite("guard", tests);
}
