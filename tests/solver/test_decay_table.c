#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/suites.h"

#define NET                                                                                        \
    " net_param { "                                                                                \
    "layer { name: 'x' type: 'DummyData' top: 'x' top: 't' dummy_data_param { "                    \
    "  shape { dim: 2 dim: 3 } shape { dim: 2 dim: 4 } } } "                                       \
    "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' "                                \
    "  param { lr_mult: 2 decay_mult: 3 } inner_product_param { num_output: 4 } } "                \
    "layer { name: 'bn' type: 'BatchNorm' bottom: 'y' top: 'y' } "                                 \
    "layer { name: 'scale' type: 'Scale' bottom: 'y' top: 'y' scale_param { bias_term: true } "    \
    "  param { } param { lr_mult: 0 decay_mult: 1 } } "                                            \
    "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'y' bottom: 't' top: 'loss' } }\n"

/* The parameters of NET, in their order. */
enum { WEIGHTS, BIAS, MEAN, VARIANCE, COUNT, GAMMA, BETA, PARAMS };

static void expect_note(const lungo_solver *solver, size_t index, const char *part) {
    lungo_decay_info info = lungo_solver_decay(solver, index);
    ck_assert_msg(*part ? strstr(info.note, part) != NULL : !*info.note, "%s %zu: \"%s\"",
                  info.param.layer, info.param.index, info.note);
}

START_TEST(rates_and_decays_of_each_parameter) {
    lungo_solver *solver =
        lungo_test_solver("base_lr: 0.1 lr_policy: 'fixed' weight_decay: 0.5" NET);
    ck_assert_uint_eq(lungo_net_param_count(lungo_solver_net(solver)), PARAMS);
    lungo_decay_info info = lungo_solver_decay(solver, WEIGHTS);
    ck_assert_str_eq(info.param.layer, "ip");
    ck_assert_str_eq(info.rule, "L2");
    ck_assert_float_eq(info.rate, 0.1f * 2);
    ck_assert_float_eq(info.weight_decay, 1.5f);
    ck_assert_float_eq_tol(info.shrink, 0.3f, 1e-6f);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(notes_on_what_surprises) {
    lungo_solver *solver =
        lungo_test_solver("base_lr: 0.1 lr_policy: 'fixed' weight_decay: 0.5" NET);
    expect_note(solver, WEIGHTS, "");
    expect_note(solver, BIAS, "no decay_mult is given");
    expect_note(solver, MEAN, "");
    ck_assert_str_eq(lungo_solver_decay(solver, MEAN).rule, "not learned");
    expect_note(solver, GAMMA, "drawn to 0, not to 1");
    expect_note(solver, BETA, "lr_mult is 0");
    lungo_solver_free(solver);
    solver = lungo_test_solver("base_lr: 0.1 lr_policy: 'fixed'" NET);
    expect_note(solver, BIAS, "");
    ck_assert_str_eq(lungo_solver_decay(solver, BIAS).rule, "none");
    lungo_solver_free(solver);
}
END_TEST

START_TEST(the_rule_says_scale_and_point) {
    lungo_solver *solver = lungo_test_solver(
        "base_lr: 0.1 lr_policy: 'fixed' weight_decay: 0.5 regularization_type: 'decoupled' "
        "decoupled_decay_scale: NONE decoupled_decay_point: AFTER_UPDATE" NET);
    lungo_decay_info info = lungo_solver_decay(solver, WEIGHTS);
    ck_assert_str_eq(info.rule, "decoupled NONE AFTER_UPDATE");
    ck_assert_float_eq(info.shrink, 1.5f);
    expect_note(solver, WEIGHTS, "all of the weight, or more, in one update");
    lungo_solver_free(solver);
}
END_TEST

START_TEST(no_number_where_there_is_none) {
    lungo_solver *solver =
        lungo_test_solver("base_lr: 0.1 lr_policy: 'fixed' momentum: 0.9 weight_decay: 0.5" NET);
    ck_assert(isnan(lungo_solver_decay(solver, WEIGHTS).shrink));
    lungo_solver_free(solver);
}
END_TEST

/* What the numbers alone say, with a rate of 0.01 and decay_mult 3, lr_mult 2 of NET. */
static const struct {
    const char *settings, *note;
} strengths[] = {
    {"regularization_type: 'decoupled' weight_decay: 4e-7", "less than a float can show"},
    {"regularization_type: 'decoupled' weight_decay: 5e-5 max_iter: 2000", "less than 1 %"},
    {"regularization_type: 'decoupled' weight_decay: 5e-5", ""},
    {"regularization_type: 'decoupled' weight_decay: 5e-3 lr_policy: 'sigmoid' gamma: 1 "
     "stepsize: 20 max_iter: 2000",
     ""}, /* begins with a rate of 2e-11 */
    {"regularization_type: 'decoupled' weight_decay: 0.5 max_iter: 2000", "1 % or more"},
    {"regularization_type: 'decoupled' weight_decay: 20", "all of the weight"},
    {"regularization_type: 'decoupled' weight_decay: -0.5", "the decay is negative"},
    {"weight_decay: -0.5 momentum: 0.9", "the decay is negative"},
    {"weight_decay: -0.5 regularization_type: 'L1'", "the decay is negative"},
    {"weight_decay: 20", "all of the weight"},
    {"weight_decay: 0.5 type: 'Adam'", ""},
};

START_TEST(notes_on_strength) {
    for (size_t i = 0; i < sizeof strengths / sizeof *strengths; i++) {
        char text[2048];
        snprintf(text, sizeof text, "base_lr: 0.01 %s %s %s",
                 strstr(strengths[i].settings, "lr_policy") ? "" : "lr_policy: 'fixed'",
                 strengths[i].settings, NET);
        lungo_solver *solver = lungo_test_solver(text);
        expect_note(solver, WEIGHTS, strengths[i].note);
        lungo_solver_free(solver);
    }
}
END_TEST

static void keep_own_lines(void *user, lungo_log_level level, const char *file, int line,
                           const char *text) {
    (void)level, (void)line;
    ck_assert_str_eq(file, "lungo.c");
    lungo_buffer_printf(user, "%s\n", text);
}

static void expect_table(const char *text, const char *expected) {
    lungo_solver *solver = lungo_test_solver(text);
    lungo_buffer table = {0};
    lungo_set_log(keep_own_lines, &table);
    lungo_solver_log_decay(solver);
    lungo_set_log(NULL, NULL);
    ck_assert_str_eq(lungo_buffer_text(&table), expected);
    lungo_buffer_dispose(&table);
    lungo_solver_free(solver);
}

START_TEST(columns_are_aligned_and_notes_follow) {
    expect_table(
        "base_lr: 0.1 lr_policy: 'fixed' momentum: 0.9 weight_decay: 0.5" NET,
        "Weight decay of each parameter in iteration 0:\n"
        "layer  param  shape  count  lr_mult  decay_mult   lr  decay  rule           shrinks by  "
        "note\n"
        "ip         0  4x3       12        2           3  0.2    1.5  L2                      -\n"
        "ip         1  4          4        1           1  0.1    0.5  L2                      -    "
        " 3\n"
        "bn         0  4          4        0           1    0    0.5  not learned             0\n"
        "bn         1  4          4        0           1    0    0.5  not learned             0\n"
        "bn         2  1          1        0           1    0    0.5  not learned             0\n"
        "scale      0  4          4        1           1  0.1    0.5  L2                      -    "
        " 2\n"
        "scale      1  4          4        0           1    0    0.5  never changes           0    "
        " 1\n"
        "note 1: lr_mult is 0, so it never changes and its decay_mult does nothing to it: drop "
        "decay_mult, or give it an lr_mult if it is to learn\n"
        "note 2: Scale's factor is drawn to 0, not to 1: decay_mult: 0 in its `param` leaves it "
        "alone\n"
        "note 3: a bias that decays because no decay_mult is given for it, as in Caffe: "
        "decay_mult: 0 in its `param`, the layer's second, leaves it alone\n");
}
END_TEST

START_TEST(a_decay_that_reaches_nothing_is_noted) {
#define HEAD                                                                                       \
    "Weight decay of each parameter in iteration 0:\n"                                             \
    "layer  param  shape  count  lr_mult  decay_mult  lr  decay  rule           shrinks by  "      \
    "note\n"
#define FIXED "base_lr: 0.1 lr_policy: 'fixed' "
    expect_table(FIXED "regularization_type: 'decoupled'" IDLE_NET("2", "lr_mult: 0"), HEAD
                 "w          0  1x2        2        0           1   0      0  never changes     "
                 "      0\n"
                 "note: nothing decays: a regularization_type is given, but weight_decay is 0\n");
    expect_table(FIXED "weight_decay: 0.5" IDLE_NET("2", "lr_mult: 0"), HEAD
                 "w          0  1x2        2        0           1   0    0.5  never changes     "
                 "      0\n"
                 "note: nothing decays: lr_mult is 0 wherever decay is not\n");
    expect_table(FIXED "weight_decay: 0.5" IDLE_NET("2", "lr_mult: 0 decay_mult: 0"), HEAD
                 "w          0  1x2        2        0           0   0      0  never changes     "
                 "      0\n"
                 "note: nothing decays: decay_mult is 0 for every parameter\n");
}
END_TEST

/* No folder for snapshots, no weights, no test net's file: looking needs none of them. */
START_TEST(shapes_are_enough_to_look_at) {
    lungo_test_file("look.prototxt",
                    "base_lr: 0.1 lr_policy: 'fixed' weight_decay: 0.5 snapshot: 1 "
                    "snapshot_prefix: 'nowhere/x' weights: 'none.caffemodel' test_net: 'none' "
                    "test_iter: 1 test_interval: 1 type: 'Adam'" NET);
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    lungo_solver *solver;
    options.shapes_only = true;
    ck_ok(lungo_solver_open(&solver, "look.prototxt", &options));
    ck_assert_float_eq(lungo_solver_decay(solver, WEIGHTS).weight_decay, 1.5f);
    ck_fails(lungo_solver_step(solver, 1), LUNGO_ERR_USAGE, "opened with shapes_only");
    ck_fails(lungo_solver_snapshot(solver), LUNGO_ERR_USAGE, "opened with shapes_only");
    ck_fails(lungo_solver_restore(solver, "x"), LUNGO_ERR_USAGE, "opened with shapes_only");
    lungo_solver_free(solver);
}
END_TEST

/* Looking takes no step of the policy, and says nothing of one. */
START_TEST(looking_changes_nothing) {
    lungo_solver *solver = lungo_test_solver(
        "base_lr: 1 lr_policy: 'multistep' gamma: 0.5 stepvalue: 0 stepvalue: 1" NET);
    lungo_log_capture();
    for (int i = 0; i < 3; i++)
        ck_assert_float_eq(lungo_solver_decay(solver, WEIGHTS).rate, 1.0f);
    ck_assert_ptr_null(strstr(lungo_log_captured(), "MultiStep"));
    ck_ok(lungo_solver_step(solver, 1));
    ck_assert_float_eq(lungo_solver_rate(solver), 0.5f);
    ck_assert_ptr_nonnull(strstr(lungo_log_captured(), "MultiStep Status: Iteration 0, step = 1"));
    lungo_log_release();
    lungo_solver_free(solver);
}
END_TEST

Suite *lungo_suite_decay_table(void);
Suite *lungo_suite_decay_table(void) {
    return lungo_test_folder_suite(
        "decay_table",
        (const TTest *const[]){rates_and_decays_of_each_parameter, notes_on_what_surprises,
                               the_rule_says_scale_and_point, no_number_where_there_is_none,
                               notes_on_strength, columns_are_aligned_and_notes_follow,
                               a_decay_that_reaches_nothing_is_noted, shapes_are_enough_to_look_at,
                               looking_changes_nothing, NULL});
}
