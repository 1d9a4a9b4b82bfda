/* L2 in the gradient and decoupled decay with scale LR: the same thing for SGD without momentum,
 * under every learning-rate policy, and two things with momentum and for every adaptive rule. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/solvers.h"
#include "support/suites.h"

enum { WEIGHTS = 5, UPDATES = 25 };

static const float begin[WEIGHTS] = {1, -2, 0.5f, 3, -0.25f};
static const float target[WEIGHTS] = {0.5f, 1, -1, 0.25f, 2};

static const char *const policies[] = {
    "lr_policy: 'fixed'",
    "lr_policy: 'step' gamma: 0.5 stepsize: 7",
    "lr_policy: 'exp' gamma: 0.9",
    "lr_policy: 'inv' gamma: 0.1 power: 0.75",
    "lr_policy: 'multistep' gamma: 0.3 stepvalue: 5 stepvalue: 11",
    "lr_policy: 'poly' power: 2 max_iter: 25",
    "lr_policy: 'sigmoid' gamma: 0.3 stepsize: 10",
};
enum { POLICIES = sizeof policies / sizeof *policies };

static const char *const coupled_rules[] = {
    "type: 'SGD' momentum: 0.9",
    "type: 'Nesterov' momentum: 0.9",
    "type: 'AdaGrad'",
    "type: 'RMSProp' rms_decay: 0.9",
    "type: 'AdaDelta' momentum: 0.9 delta: 1e-4",
    "type: 'Adam' momentum: 0.9 momentum2: 0.99",
};
enum { COUPLED_RULES = sizeof coupled_rules / sizeof *coupled_rules };

/* Trains WEIGHTS numbers towards `target` and writes what they become. */
static void train(const char *settings, const char *decay, float *out) {
    char text[1024];
    snprintf(text, sizeof text, "base_lr: 0.1 weight_decay: 0.3 %s regularization_type: '%s'%s",
             settings, decay, PULLED_NET("5", "lr_mult: 2 decay_mult: 0.5"));
    lungo_solver *solver = lungo_test_solver(text);
    for (int i = 0; i < WEIGHTS; i++) {
        lungo_test_weights(solver, "w")[i] = begin[i];
        lungo_test_weights(solver, "t")[i] = target[i];
    }
    ck_ok(lungo_solver_step(solver, UPDATES));
    for (int i = 0; i < WEIGHTS; i++)
        out[i] = lungo_test_weights(solver, "w")[i];
    lungo_solver_free(solver);
}

static float largest_difference(const char *settings) {
    float l2[WEIGHTS], decoupled[WEIGHTS], largest = 0;
    train(settings, "L2", l2);
    train(settings, "decoupled", decoupled);
    for (int i = 0; i < WEIGHTS; i++)
        largest = fmaxf(largest, fabsf(l2[i] - decoupled[i]) / fmaxf(1, fabsf(l2[i])));
    return largest;
}

START_TEST(the_same_for_plain_sgd_under_every_policy) {
    for (int i = 0; i < POLICIES; i++) {
        float difference = largest_difference(policies[i]);
        ck_assert_msg(difference < 2e-6f, "%s: differ by %g", policies[i], difference);
    }
}
END_TEST

START_TEST(two_things_with_momentum_and_for_adaptive_rules) {
    for (int i = 0; i < COUPLED_RULES; i++) {
        char settings[256];
        snprintf(settings, sizeof settings, "lr_policy: 'fixed' %s", coupled_rules[i]);
        float difference = largest_difference(settings);
        ck_assert_msg(difference > 1e-3f, "%s: differ by %g only", settings, difference);
    }
}
END_TEST

/* Clipping scales the gradient, never the decay; iter_size adds gradients, never decays. */
START_TEST(once_per_update_and_never_clipped) {
    static const char *const settings[] = {"clip_gradients: 0", "clip_gradients: 0 iter_size: 4"};
    for (int k = 0; k < 2; k++) {
        float got[WEIGHTS];
        char text[256];
        snprintf(text, sizeof text, "lr_policy: 'fixed' %s decoupled_decay_scale: NONE",
                 settings[k]);
        train(text, "decoupled", got);
        for (int i = 0; i < WEIGHTS; i++) {
            double expected = begin[i] * pow(1 - 0.3 * 0.5, UPDATES);
            ck_assert_msg(fabs(got[i] - expected) <= 1e-5 * fabs(expected),
                          "%s: weight %d: expected %g, got %g", settings[k], i, expected, got[i]);
        }
    }
}
END_TEST

/* The same theorem where gradients are clipped and added up: decay is apart from both. */
START_TEST(the_same_for_plain_sgd_with_clipping_and_passes) {
    float difference = largest_difference("lr_policy: 'fixed' clip_gradients: 0.5 iter_size: 3");
    ck_assert_msg(difference < 2e-6f, "differ by %g", difference);
}
END_TEST

/* ---- closed forms ---- */

static const char *const scales[] = {"LR", "SCHEDULE", "NONE"};
static const char *const points[] = {"WITH_UPDATE", "AFTER_UPDATE"};

/* With no gradient, updates shrink a weight by exactly the product of the factors 1 - s wd, under
 * every policy: sigmoid's first rate, for one, is not base_lr. */
static void expect_product(const char *type, const char *policy, int scale, int point) {
    char text[1024];
    snprintf(text, sizeof text,
             "type: '%s' base_lr: 0.5 weight_decay: 0.25 %s regularization_type: 'decoupled' "
             "decoupled_decay_scale: %s decoupled_decay_point: %s%s",
             type, policy, scales[scale], points[point],
             IDLE_NET("1", "lr_mult: 2 decay_mult: 0.5"));
    lungo_solver *solver = lungo_test_solver(text);
    float *weight = lungo_test_weights(solver, "w");
    double expected = *weight = 3;
    for (int i = 0; i < UPDATES; i++) {
        ck_ok(lungo_solver_step(solver, 1));
        double rate = lungo_solver_rate(solver);
        expected *= 1 - 0.125 * (double[]){rate * 2, rate / 0.5, 1}[scale];
    }
    ck_assert_msg(fabs(*weight - expected) <= 4e-6 * expected, "%s: expected %.9g, got %.9g", text,
                  expected, *weight);
    lungo_solver_free(solver);
}

START_TEST(idle_weights_shrink_by_the_product_of_the_factors) {
    for (int policy = 0; policy < POLICIES; policy++)
        for (int scale = 0; scale < 3; scale++)
            expect_product("SGD", policies[policy], scale, (policy + scale) % 2);
}
END_TEST

START_TEST(whatever_the_rule) {
    static const char *const types[] = {"Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"};
    for (int type = 0; type < 5; type++)
        for (int scale = 0; scale < 3; scale++)
            expect_product(types[type], "lr_policy: 'inv' gamma: 0.1 power: 0.75", scale,
                           (type + scale) % 2);
}
END_TEST

/* The table of docs/weight-decay.md: the weight 1 without a gradient, rate and decay 0.1. */
static const struct {
    const char *settings;
    double after[4]; /* 1, 2, 3 and 100 updates */
} documented[] = {
    {"weight_decay: 0.1", {0.99, 0.9801, 0.9703, 0.366}},
    {"weight_decay: 0.1 regularization_type: 'decoupled'", {0.99, 0.9801, 0.9703, 0.366}},
    {"weight_decay: 0.1 momentum: 0.9", {0.99, 0.9711, 0.9444, -0.0026}},
    {"weight_decay: 0.1 momentum: 0.9 regularization_type: 'decoupled'",
     {0.99, 0.9801, 0.9703, 0.366}},
    {"weight_decay: 0.1 momentum: 0.9 type: 'Adam'", {0.9, 0.8004, 0.7016, 0.0029}},
    {"weight_decay: 0.0001 momentum: 0.9 type: 'Adam'", {0.9003, 0.8010, 0.7023, 0.0029}},
    {"weight_decay: 0.1 momentum: 0.9 type: 'Adam' regularization_type: 'decoupled'",
     {0.99, 0.9801, 0.9703, 0.366}},
};

START_TEST(the_numbers_of_the_page) {
    static const int updates[] = {1, 2, 3, 100};
    for (size_t i = 0; i < sizeof documented / sizeof *documented; i++) {
        char text[512];
        snprintf(text, sizeof text, "base_lr: 0.1 lr_policy: 'fixed' %s%s", documented[i].settings,
                 IDLE_NET("1", ""));
        lungo_solver *solver = lungo_test_solver(text);
        float *weight = lungo_test_weights(solver, "w");
        *weight = 1;
        for (int k = 0; k < 4; k++) {
            ck_ok(lungo_solver_step(solver, updates[k] - lungo_solver_iter(solver)));
            ck_assert_msg(fabs(*weight - documented[i].after[k]) <= 5.1e-5,
                          "%s: after %d updates expected %g, got %g", text, updates[k],
                          documented[i].after[k], *weight);
        }
        lungo_solver_free(solver);
    }
}
END_TEST

/* ---- parameters ---- */

/* Two layers share w, and no gradient reaches it: it shrinks once an update, as its owner says. */
START_TEST(a_shared_parameter_decays_once) {
    lungo_solver *solver = lungo_test_solver(
        "base_lr: 0.5 lr_policy: 'fixed' weight_decay: 0.25 regularization_type: 'decoupled' "
        "momentum: 0.9 net_param { "
        "layer { name: 'x' type: 'DummyData' top: 'x' dummy_data_param { shape { dim: 1 dim: 2 } } "
        "} "
        "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'a' param { name: 'w' } "
        "  inner_product_param { num_output: 2 bias_term: false } } "
        "layer { name: 'b' type: 'InnerProduct' bottom: 'a' top: 'b' "
        "  param { name: 'w' lr_mult: 2 decay_mult: 0.5 } "
        "  inner_product_param { num_output: 2 bias_term: false } } "
        "layer { name: 't' type: 'DummyData' top: 't' dummy_data_param { shape { dim: 1 dim: 2 } } "
        "} "
        "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'b' bottom: 't' top: 'loss' } }");
    ck_assert_uint_eq(lungo_net_param_count(lungo_solver_net(solver)), 1);
    float *weights = lungo_test_weights(solver, "a");
    for (int i = 0; i < 4; i++)
        weights[i] = 1;
    ck_ok(lungo_solver_step(solver, 3));
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq(weights[i], 0.875f * 0.875f * 0.875f);
    lungo_solver_free(solver);
}
END_TEST

#define MOVING(type, specs)                                                                        \
    "base_lr: 0.1 lr_policy: 'fixed' weight_decay: 0.3 snapshot_prefix: 'run' type: '" type        \
    "' momentum: 0.9 regularization_type: 'decoupled' decoupled_decay_scale: NONE" PULLED_NET(     \
        "5", specs)

/* A run that moved the weight is restored, and the weight then frozen: what its momentum and its
 * decay would still do is not done. */
static void restore_and_freeze(const char *moving, const char *frozen) {
    lungo_solver *solver = lungo_test_solver(moving);
    for (int i = 0; i < WEIGHTS; i++)
        lungo_test_weights(solver, "w")[i] = begin[i];
    ck_ok(lungo_solver_step(solver, 4));
    ck_ok(lungo_solver_snapshot(solver));
    float kept[WEIGHTS];
    memcpy(kept, lungo_test_weights(solver, "w"), sizeof kept);
    lungo_solver_free(solver);
    solver = lungo_test_solver(frozen);
    ck_ok(lungo_solver_restore(solver, "run_iter_4.solverstate"));
    ck_ok(lungo_solver_step(solver, 4));
    ck_assert_mem_eq(lungo_test_weights(solver, "w"), kept, sizeof kept);
    lungo_solver_free(solver);
}

START_TEST(a_restored_history_moves_no_frozen_weight) {
    restore_and_freeze(MOVING("SGD", ""), MOVING("SGD", "lr_mult: 0"));
    restore_and_freeze(MOVING("Nesterov", ""), MOVING("Nesterov", "lr_mult: 0"));
    restore_and_freeze(MOVING("Adam", ""), MOVING("Adam", "lr_mult: 0"));
}
END_TEST

Suite *lungo_suite_decoupled(void);
Suite *lungo_suite_decoupled(void) {
    return lungo_test_folder_suite(
        "decoupled",
        (const TTest *const[]){the_same_for_plain_sgd_under_every_policy,
                               two_things_with_momentum_and_for_adaptive_rules,
                               once_per_update_and_never_clipped,
                               the_same_for_plain_sgd_with_clipping_and_passes,
                               idle_weights_shrink_by_the_product_of_the_factors, whatever_the_rule,
                               the_numbers_of_the_page, a_shared_parameter_decays_once,
                               a_restored_history_moves_no_frozen_weight, NULL});
}
