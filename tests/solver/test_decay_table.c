#include <math.h>
#include <string.h>

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
    expect_note(solver, MEAN, "statistics");
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
    expect_note(solver, WEIGHTS, "all of the weight in one update");
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
                               looking_changes_nothing, NULL});
}
