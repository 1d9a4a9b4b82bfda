#include <stdio.h>
#include <math.h>
#include <string.h>

#include "solver/solver.h"
#include "support/nets.h"
#include "support/runs.h"
#include "support/solvers.h"
#include "support/suites.h"

#define FIXED     "lr_policy: 'fixed' base_lr: 0.5 snapshot_after_train: false\n"
#define DECOUPLED FIXED "regularization_type: 'decoupled' "

static const char *const types[] = {"SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"};
enum { TYPES = sizeof types / sizeof *types };

/* The weight 1 after so many updates. */
static float weight_after(const char *text, int updates) {
    lungo_solver *solver = lungo_test_solver(text);
    lungo_test_weights(solver, "w")[0] = 1;
    ck_ok(lungo_solver_step(solver, updates));
    float weight = lungo_test_weights(solver, "w")[0];
    lungo_solver_free(solver);
    return weight;
}

/* ---- closed forms ---- */

/* With no gradient each update multiplies a weight by 1 - s * wd, whatever the rule: here 3/4. */
START_TEST(decoupled_decay_shrinks_by_a_factor_each_update) {
    static const char *const shrinks[] = {
        "weight_decay: 0.5",
        "weight_decay: 0.5 decoupled_decay_point: AFTER_UPDATE",
        "weight_decay: 0.25 decoupled_decay_scale: NONE",
        "weight_decay: 0.25 decoupled_decay_scale: SCHEDULE",
        "weight_decay: 0.25 decoupled_decay_scale: SCHEDULE decoupled_decay_point: AFTER_UPDATE",
    };
    for (int type = 0; type < TYPES; type++)
        for (size_t i = 0; i < sizeof shrinks / sizeof *shrinks; i++) {
            char text[512];
            snprintf(text, sizeof text, DECOUPLED "type: '%s' %s\n%s", types[type], shrinks[i],
                     IDLE_NET("1", ""));
            float got = weight_after(text, 5);
            ck_assert_msg(got == 243.0f / 1024, "%s: expected (3/4)^5, got %.9g", text, got);
        }
}
END_TEST

/* The rate falls to 0.5, 0.25, 0.125: so does s, and with SCHEDULE 1, 0.5, 0.25. */
START_TEST(decoupled_decay_follows_the_schedule) {
#define EXP "lr_policy: 'exp' base_lr: 0.5 gamma: 0.5 weight_decay: 0.5 regularization_type: "
    ck_assert_float_eq(weight_after(EXP "'decoupled'" IDLE_NET("1", ""), 3),
                       0.75f * 0.875f * 0.9375f);
    ck_assert_float_eq(
        weight_after(EXP "'decoupled' decoupled_decay_scale: SCHEDULE" IDLE_NET("1", ""), 3),
        0.5f * 0.75f * 0.875f);
    ck_assert_float_eq(
        weight_after(EXP "'decoupled' decoupled_decay_scale: NONE" IDLE_NET("1", ""), 3), 0.125f);
}
END_TEST

START_TEST(multipliers_scale_decay) {
    ck_assert_float_eq(
        weight_after(DECOUPLED "weight_decay: 0.125" IDLE_NET("1", "lr_mult: 2 decay_mult: 3"), 2),
        0.625f * 0.625f);
    ck_assert_float_eq(weight_after(DECOUPLED
                                    "weight_decay: 0.125 decoupled_decay_scale: NONE" IDLE_NET(
                                        "1", "lr_mult: 2 decay_mult: 3"),
                                    2),
                       0.625f * 0.625f);
    ck_assert_float_eq(
        weight_after(FIXED "weight_decay: 0.125" IDLE_NET("1", "lr_mult: 2 decay_mult: 3"), 2),
        0.625f * 0.625f);
    ck_assert_float_eq(weight_after(FIXED "weight_decay: 0.125" IDLE_NET("1", "decay_mult: 0"), 9),
                       1);
}
END_TEST

START_TEST(l1_steps_towards_zero_and_stays_there) {
    const char *text = FIXED "weight_decay: 0.5 regularization_type: 'L1'" IDLE_NET("1", "");
    ck_assert_float_eq(weight_after(text, 3), 0.25f);
    ck_assert_float_eq(weight_after(text, 4), 0);
    ck_assert_float_eq(weight_after(text, 7), 0);
}
END_TEST

/* Once for an update, not for each pass. */
START_TEST(decay_does_not_depend_on_iter_size) {
    ck_assert_float_eq(weight_after(FIXED "weight_decay: 0.5 iter_size: 3" IDLE_NET("1", ""), 2),
                       0.5625f);
    ck_assert_float_eq(
        weight_after(DECOUPLED "weight_decay: 0.5 iter_size: 3" IDLE_NET("1", ""), 2), 0.5625f);
}
END_TEST

/* Both subtract lr * wd * w; momentum keeps what L2 put into the history. */
START_TEST(l2_is_decoupled_decay_only_without_momentum) {
#define BOTH(momentum, type)                                                                       \
    FIXED "weight_decay: 0.1 momentum: " momentum " regularization_type: '" type                   \
          "'" PULLED_NET("1", "")
    ck_assert_float_eq_tol(weight_after(BOTH("0", "L2"), 4),
                           weight_after(BOTH("0", "decoupled"), 4), 1e-6f);
    ck_assert_float_ne(weight_after(BOTH("0.9", "L2"), 1), 1);
    float coupled = weight_after(BOTH("0.9", "L2"), 4);
    float decoupled = weight_after(BOTH("0.9", "decoupled"), 4);
    ck_assert_msg(fabsf(coupled - decoupled) > 1e-3f, "both give %g", coupled);
}
END_TEST

/* Clipping to 0 leaves the decay alone. */
START_TEST(decay_is_not_clipped) {
    ck_assert_float_eq(
        weight_after(FIXED "weight_decay: 0.5 clip_gradients: 0" PULLED_NET("1", ""), 2), 0.5625f);
}
END_TEST

/* ---- lr_mult 0 ---- */

START_TEST(a_frozen_weight_never_moves) {
    static const char *const decays[] = {
        "regularization_type: 'L2'",
        "regularization_type: 'L1'",
        "regularization_type: 'decoupled'",
        "regularization_type: 'decoupled' decoupled_decay_scale: NONE",
        "regularization_type: 'decoupled' decoupled_decay_scale: SCHEDULE",
        "regularization_type: 'decoupled' decoupled_decay_scale: NONE "
        "decoupled_decay_point: AFTER_UPDATE",
    };
    for (int type = 0; type < TYPES; type++)
        for (size_t i = 0; i < sizeof decays / sizeof *decays; i++) {
            char text[768];
            snprintf(text, sizeof text, FIXED "type: '%s' weight_decay: 0.5 %s\n%s", types[type],
                     decays[i], PULLED_NET("1", "lr_mult: 0"));
            lungo_solver *solver = lungo_test_solver(text);
            float *weight = lungo_test_weights(solver, "w");
            *weight = 1;
            for (int k = 0; k < solver->rule->history_count; k++)
                solver->histories[k][0] = 3; /* as if restored from a run that moved it */
            ck_ok(lungo_solver_step(solver, 3));
            ck_assert_msg(*weight == 1, "%s: expected 1, got %.9g", text, *weight);
            lungo_solver_free(solver);
        }
}
END_TEST

START_TEST(the_history_of_a_frozen_weight_collects_decay) {
    lungo_solver *solver = lungo_test_solver(
        FIXED "type: 'AdaGrad' weight_decay: 0.5" IDLE_NET("1", "lr_mult: 0 decay_mult: 2"));
    *lungo_test_weights(solver, "w") = 3;
    ck_ok(lungo_solver_step(solver, 2));
    ck_assert_float_eq(solver->histories[0][0], 18);
    lungo_solver_free(solver);
}
END_TEST

/* ---- clipping, sizes, what is left behind ---- */

/* w - t = 3 and 4: the norm is 5. */
START_TEST(clipping_scales_the_whole_gradient) {
    lungo_solver *solver = lungo_test_solver(FIXED "clip_gradients: 2.5" PULLED_NET("2", ""));
    float *weights = lungo_test_weights(solver, "w");
    weights[0] = 3, weights[1] = 4;
    lungo_log_capture();
    ck_ok(lungo_solver_step(solver, 1));
    ck_assert_str_eq(lungo_log_captured(),
                     "sgd_solver.cpp:99] Gradient clipping: scaling down gradients (L2 norm 5 > "
                     "2.5) by scale factor 0.5\n");
    lungo_log_release();
    ck_assert_float_eq(weights[0], 3 - 0.5f * 1.5f);
    ck_assert_float_eq(weights[1], 4 - 0.5f * 2);
    lungo_solver_free(solver);
}
END_TEST

/* Larger than a piece, larger than what one thread takes, and no multiple of either. */
START_TEST(every_weight_of_a_large_parameter_is_updated_once) {
    enum { COUNT = 150001 };
    lungo_solver *solver = lungo_test_solver(
        FIXED "momentum: 0.5 weight_decay: 0.25 clip_gradients: 1e30" PULLED_NET("150001", ""));
    float *weights = lungo_test_weights(solver, "w");
    for (int i = 0; i < COUNT; i++)
        weights[i] = (float)(i % 64);
    ck_ok(lungo_solver_step(solver, 2));
    for (int i = 0; i < COUNT; i++) {
        float w = (float)(i % 64), h = 0.5f * 1.25f * w;
        w -= h;
        h = 0.5f * h + 0.5f * 1.25f * w;
        ck_assert_float_eq(weights[i], w - h);
    }
    lungo_solver_free(solver);
}
END_TEST

START_TEST(snapshot_diff_leaves_the_update_in_the_gradient) {
    lungo_solver *solver =
        lungo_test_solver(DECOUPLED "weight_decay: 0.5 snapshot_diff: true" PULLED_NET("1", ""));
    *lungo_test_weights(solver, "w") = 4;
    ck_ok(lungo_solver_step(solver, 1));
    ck_assert_float_eq(*lungo_test_weights(solver, "w"), 4 - 2 - 1);
    ck_assert_float_eq(*lungo_diff(lungo_solver_net(solver)->params[0].blob), 3);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_decay_that_turns_weights_around_is_warned_of_once) {
    lungo_solver *solver = lungo_test_solver(DECOUPLED "weight_decay: 3" IDLE_NET("1", ""));
    ck_assert_int_eq(lungo_test_warnings(solver, 3), 1);
    lungo_solver_free(solver);
}
END_TEST

Suite *lungo_suite_update(void);
Suite *lungo_suite_update(void) {
    const TTest *const tests[] = {decoupled_decay_shrinks_by_a_factor_each_update,
                                  decoupled_decay_follows_the_schedule,
                                  multipliers_scale_decay,
                                  l1_steps_towards_zero_and_stays_there,
                                  decay_does_not_depend_on_iter_size,
                                  l2_is_decoupled_decay_only_without_momentum,
                                  decay_is_not_clipped,
                                  a_frozen_weight_never_moves,
                                  the_history_of_a_frozen_weight_collects_decay,
                                  clipping_scales_the_whole_gradient,
                                  every_weight_of_a_large_parameter_is_updated_once,
                                  snapshot_diff_leaves_the_update_in_the_gradient,
                                  a_decay_that_turns_weights_around_is_warned_of_once,
                                  NULL};
    return lungo_test_folder_suite("update", tests);
}
