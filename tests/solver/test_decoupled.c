/* L2 in the gradient and decoupled decay with scale LR: the same thing for SGD without momentum,
 * under every learning-rate policy, and two things with momentum and for every adaptive rule. */
#include <math.h>
#include <stdio.h>

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

Suite *lungo_suite_decoupled(void);
Suite *lungo_suite_decoupled(void) {
    return lungo_test_folder_suite(
        "decoupled", (const TTest *const[]){the_same_for_plain_sgd_under_every_policy,
                                            two_things_with_momentum_and_for_adaptive_rules,
                                            once_per_update_and_never_clipped, NULL});
}
