#include <stdio.h>
#include <math.h>
#include <string.h>

#include "solver/policy.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/suites.h"

static float rate_of(const char *text, int iter) {
    lungo_document *document;
    const Caffe__SolverParameter *param = lungo_test_settings(&document, text);
    const lungo_policy *policy;
    int current_step = 0;
    float rate;
    ck_ok(lungo_policy_find(&policy, param));
    ck_ok(lungo_policy_rate(policy, param, iter, &current_step, &rate));
    lungo_document_free(document);
    return rate;
}

static lungo_status try_rate(const char *text, int iter) {
    lungo_document *document;
    const Caffe__SolverParameter *param = lungo_test_settings(&document, text);
    const lungo_policy *policy;
    int current_step = 0;
    float rate;
    lungo_status status = lungo_policy_find(&policy, param);
    if (!status) status = lungo_policy_rate(policy, param, iter, &current_step, &rate);
    lungo_document_free(document);
    return status;
}

static const struct {
    const char *text;
    int iter;
    double rate;
} rates[] = {
    {"lr_policy: 'fixed' base_lr: 0.1 gamma: -1", 9, 0.1},
    {"lr_policy: 'step' base_lr: 0.1 gamma: 0.5 stepsize: 3", 2, 0.1},
    {"lr_policy: 'step' base_lr: 0.1 gamma: 0.5 stepsize: 3", 3, 0.05},
    {"lr_policy: 'step' base_lr: 0.1 gamma: 0.5 stepsize: 3", 8, 0.025},
    {"lr_policy: 'step' base_lr: 0.1 stepsize: 3", 2, 0.1},
    {"lr_policy: 'step' base_lr: 0.1 stepsize: 3", 3, 0},
    {"lr_policy: 'exp' base_lr: 0.1 gamma: 0.9", 5, 0.1 * 0.59049},
    {"lr_policy: 'inv' base_lr: 0.01 gamma: 0.5 power: 2", 6, 0.01 / 16},
    {"lr_policy: 'inv' base_lr: 0.01 gamma: 0.5", 6, 0.01},
    {"lr_policy: 'multistep' base_lr: 0.1 gamma: 0.5 stepvalue: 4", 3, 0.1},
    {"lr_policy: 'multistep' base_lr: 0.1 gamma: 0.5 stepvalue: 4", 4, 0.05},
    {"lr_policy: 'poly' base_lr: 0.1 power: 0.5 max_iter: 4", 3, 0.05},
    {"lr_policy: 'poly' base_lr: 0.1 power: 1 max_iter: 4", 4, 0},
    {"lr_policy: 'poly' base_lr: 0.1 max_iter: 4", 3, 0.1},
    {"lr_policy: 'sigmoid' base_lr: 0.1 gamma: 0.5 stepsize: 7", 7, 0.05},
    {"lr_policy: 'sigmoid' base_lr: 0.1 gamma: 0.5 stepsize: 4", 8, 0.08807970779778823},
};

START_TEST(rates_are_those_of_the_formulas) {
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        float rate = rate_of(rates[i].text, rates[i].iter);
        ck_assert_msg(fabs(rate - rates[i].rate) <= 1e-6 * rates[i].rate,
                      "%s, iteration %d: expected %.9g, got %.9g", rates[i].text, rates[i].iter,
                      rates[i].rate, rate);
    }
}
END_TEST

/* The power of a whole number is rounded to float only after base_lr was multiplied. */
START_TEST(powers_are_taken_in_double) {
    float gamma = 0.987f, base = 0.013f;
    float expected = (float)((double)base * pow((double)gamma, 77));
    float got = rate_of("lr_policy: 'exp' base_lr: 0.013 gamma: 0.987", 77);
    ck_assert_mem_eq(&got, &expected, sizeof got);
}
END_TEST

START_TEST(multistep_takes_one_step_an_iteration) {
    lungo_document *document;
    const Caffe__SolverParameter *param = lungo_test_settings(
        &document, "lr_policy: 'multistep' base_lr: 1 gamma: 0.5 stepvalue: [0, 2, 2]");
    const lungo_policy *policy;
    static const float expected[] = {0.5f, 0.5f, 0.25f, 0.125f, 0.125f};
    int current_step = 0;
    ck_ok(lungo_policy_find(&policy, param));
    lungo_log_capture();
    for (int iter = 0; iter < 5; iter++) {
        float rate;
        ck_ok(lungo_policy_rate(policy, param, iter, &current_step, &rate));
        ck_assert_float_eq(rate, expected[iter]);
    }
    ck_assert_str_eq(lungo_log_captured(),
                     "sgd_solver.cpp:50] MultiStep Status: Iteration 0, step = 1\n"
                     "sgd_solver.cpp:50] MultiStep Status: Iteration 2, step = 2\n"
                     "sgd_solver.cpp:50] MultiStep Status: Iteration 3, step = 3\n");
    lungo_log_release();
    ck_assert_int_eq(current_step, 3);
    lungo_document_free(document);
}
END_TEST

START_TEST(step_counts_its_steps) {
    lungo_document *document;
    const Caffe__SolverParameter *param =
        lungo_test_settings(&document, "lr_policy: 'step' base_lr: 1 gamma: 0.5 stepsize: 4");
    const lungo_policy *policy;
    int current_step = 0;
    float rate;
    ck_ok(lungo_policy_find(&policy, param));
    ck_ok(lungo_policy_rate(policy, param, 9, &current_step, &rate));
    ck_assert_int_eq(current_step, 2);
    lungo_document_free(document);
}
END_TEST

START_TEST(settings_that_mean_nothing_are_refused) {
    static const char known[] =
        "expected one of fixed, step, exp, inv, multistep, poly, sigmoid, got ";
    ck_fails(try_rate("base_lr: 1", 0), LUNGO_ERR_CONFIG, known);
    ck_fails(try_rate("base_lr: 1", 0), LUNGO_ERR_CONFIG, "got none");
    ck_fails(try_rate("lr_policy: 'cosine'", 0), LUNGO_ERR_CONFIG, known);
    ck_fails(try_rate("lr_policy: 'cosine'", 0), LUNGO_ERR_CONFIG, "got \"cosine\"");
    ck_fails(try_rate("lr_policy: 'step' gamma: 1", 0), LUNGO_ERR_CONFIG,
             "stepsize: expected more than 0 with lr_policy \"step\", got 0");
    ck_fails(try_rate("lr_policy: 'sigmoid' gamma: 1 stepsize: -2", 0), LUNGO_ERR_CONFIG,
             "stepsize: expected more than 0 with lr_policy \"sigmoid\", got -2");
    static const char *const falling[] = {"step", "exp", "inv", "multistep", "sigmoid"};
    for (size_t i = 0; i < sizeof falling / sizeof *falling; i++) {
        char text[96];
        snprintf(text, sizeof text, "lr_policy: '%s' stepsize: 1 gamma: -1", falling[i]);
        ck_fails(try_rate(text, 0), LUNGO_ERR_CONFIG, "gamma: expected 0 or more");
    }
}
END_TEST

START_TEST(a_rate_that_is_no_number_is_refused) {
    ck_fails(try_rate("lr_policy: 'poly' base_lr: 1 power: 0.5 max_iter: 4", 5), LUNGO_ERR_CONFIG,
             "learning rate of iteration 5: expected a finite number");
    ck_fails(try_rate("lr_policy: 'poly' base_lr: 1 power: 0.5", 0), LUNGO_ERR_CONFIG,
             "max_iter 0");
}
END_TEST

Suite *lungo_suite_policy(void);
Suite *lungo_suite_policy(void) {
    const TTest *const tests[] = {rates_are_those_of_the_formulas,
                                  powers_are_taken_in_double,
                                  multistep_takes_one_step_an_iteration,
                                  step_counts_its_steps,
                                  settings_that_mean_nothing_are_refused,
                                  a_rate_that_is_no_number_is_refused,
                                  NULL};
    return lungo_suite_of("policy", tests);
}
