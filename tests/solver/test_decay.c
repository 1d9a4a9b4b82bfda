#include <math.h>
#include <string.h>

#include "solver/decay.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/suites.h"

#define DECOUPLED "regularization_type: 'decoupled' "

static lungo_status open_decay(lungo_decay *out, const char *text, bool in_force) {
    lungo_document *document;
    const Caffe__SolverParameter *param = lungo_test_settings(&document, text);
    lungo_status status = lungo_decay_open(out, param, in_force);
    lungo_document_free(document);
    return status;
}

static lungo_decay_terms terms_of(const char *text, float rate, float lr_mult, float decay_mult) {
    lungo_decay decay;
    ck_ok(open_decay(&decay, text, true));
    return lungo_decay_of(&decay, rate, lr_mult, decay_mult);
}

/* All values are such that products are exact. */
static const struct {
    const char *text;
    float rate, lr_mult, decay_mult;
    lungo_decay_terms expected;
} cases[] = {
    {"weight_decay: 0.25", 0.5f, 2, 3, {.l2 = 0.75f}},
    {"weight_decay: 0.25 regularization_type: 'L2'", 0.5f, 0, 3, {.l2 = 0.75f}},
    {"weight_decay: 0.25 regularization_type: 'L1'", 0.5f, 2, -1, {.l1 = -0.25f}},
    {"weight_decay: 0.25 regularization_type: 'L1'", 0.5f, 2, 0, {.l2 = 0}},
    {DECOUPLED "weight_decay: 0.25", 0.5f, 2, 0.5f, {.shrink_with_update = 0.125f}},
    {DECOUPLED "weight_decay: 0.25 base_lr: 2 decoupled_decay_scale: SCHEDULE",
     0.5f,
     2,
     0.5f,
     {.shrink_with_update = 0.03125f}},
    {DECOUPLED "weight_decay: 0.25 decoupled_decay_scale: NONE",
     0.5f,
     2,
     0.5f,
     {.shrink_with_update = 0.125f}},
    {DECOUPLED "weight_decay: 0.25 decoupled_decay_point: AFTER_UPDATE",
     0.5f,
     1,
     1,
     {.shrink_after_update = 0.125f}},
    {DECOUPLED "weight_decay: 0.25 decoupled_decay_scale: NONE decoupled_decay_point: AFTER_UPDATE",
     0,
     1,
     1,
     {.shrink_after_update = 0.25f}},
    {DECOUPLED "weight_decay: 0.25 decoupled_decay_scale: NONE", 0.5f, 0, 1, {.l2 = 0}},
    {DECOUPLED "weight_decay: 0.25 base_lr: 1 decoupled_decay_scale: SCHEDULE",
     0.5f,
     0,
     1,
     {.l2 = 0}},
    {DECOUPLED "weight_decay: 0.25 decoupled_decay_scale: NONE decoupled_decay_point: AFTER_UPDATE",
     0.5f,
     0,
     1,
     {.l2 = 0}},
};

START_TEST(terms_follow_from_the_settings) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lungo_decay_terms got =
            terms_of(cases[i].text, cases[i].rate, cases[i].lr_mult, cases[i].decay_mult);
        const lungo_decay_terms *expected = &cases[i].expected;
        ck_assert_msg(got.l2 == expected->l2 && got.l1 == expected->l1 &&
                          got.shrink_with_update == expected->shrink_with_update &&
                          got.shrink_after_update == expected->shrink_after_update,
                      "%s: got l2 %g, l1 %g, shrinks %g and %g", cases[i].text, got.l2, got.l1,
                      got.shrink_with_update, got.shrink_after_update);
    }
}
END_TEST

START_TEST(l2_and_l1_join_the_gradient) {
    static const float w[] = {2, -4, 0, 0.5f};
    float l2[] = {1, 1, 1, 1}, l1[] = {1, 1, 1, 1};
    lungo_decay_gradient(&(lungo_decay_terms){.l2 = 0.25f}, 4, w, l2);
    lungo_decay_gradient(&(lungo_decay_terms){.l1 = 0.25f}, 4, w, l1);
    ck_assert_mem_eq(l2, ((float[]){1.5f, 0, 1, 1.125f}), sizeof l2);
    ck_assert_mem_eq(l1, ((float[]){1.25f, 0.75f, 1, 1.25f}), sizeof l1);
}
END_TEST

/* w - u - s w, and (w - u)(1 - s), with w = 8, u = 2, s = 1/4. */
START_TEST(shrinking_reads_the_weight_before_or_after) {
    float w = 8, with = 2, after = 2;
    lungo_decay_weights(&(lungo_decay_terms){.shrink_with_update = 0.25f}, 1, &w, &with);
    lungo_decay_weights(&(lungo_decay_terms){.shrink_after_update = 0.25f}, 1, &w, &after);
    ck_assert_float_eq(w - with, 4);
    ck_assert_float_eq(w - after, 4.5f);
}
END_TEST

START_TEST(without_decay_not_even_infinity_matters) {
    float w = INFINITY, g = 3, u = 3;
    lungo_decay_gradient(&(lungo_decay_terms){0}, 1, &w, &g);
    lungo_decay_weights(&(lungo_decay_terms){0}, 1, &w, &u);
    ck_assert_float_eq(g, 3);
    ck_assert_float_eq(u, 3);
}
END_TEST

START_TEST(an_unknown_type_is_an_error_where_something_decays) {
    lungo_decay decay;
    ck_fails(open_decay(&decay, "weight_decay: 0.1 regularization_type: 'L3'", true),
             LUNGO_ERR_CONFIG,
             "regularization_type: expected one of L2, L1, decoupled, got \"L3\"");
    ck_ok(open_decay(&decay, "regularization_type: 'L3'", false));
}
END_TEST

static void count_warning(void *user, lungo_log_level level, const char *file, int line,
                          const char *text) {
    (void)file, (void)line;
    if (level == LUNGO_LOG_WARNING && strstr(text, ((const char **)user)[0]))
        ((const char **)user)[1] = "seen";
}

static bool warns(const char *text, const char *part) {
    const char *watch[] = {part, NULL};
    lungo_decay decay;
    lungo_set_log(count_warning, watch);
    ck_ok(open_decay(&decay, text, false));
    lungo_set_log(NULL, NULL);
    return watch[1] != NULL;
}

START_TEST(a_name_without_effect_is_warned_of) {
    ck_assert(warns("regularization_type: 'L3'", "no parameter decays"));
    ck_assert(!warns(DECOUPLED "decoupled_decay_scale: NONE", ""));
    ck_assert(!warns("weight_decay: 1", ""));
}
END_TEST

START_TEST(settings_that_mean_nothing_are_refused) {
    lungo_decay decay;
    ck_fails(
        open_decay(&decay, "decoupled_decay_scale: NONE", true), LUNGO_ERR_CONFIG,
        "decoupled_decay_scale: expected regularization_type \"decoupled\" with it, got \"L2\"");
    ck_fails(
        open_decay(&decay, "regularization_type: 'L1' decoupled_decay_point: AFTER_UPDATE", false),
        LUNGO_ERR_CONFIG, "decoupled_decay_point: expected regularization_type");
}
END_TEST

START_TEST(decay_is_a_finite_number) {
    lungo_decay decay;
    ck_fails(open_decay(&decay, "weight_decay: nan", true), LUNGO_ERR_CONFIG,
             "weight_decay: expected a finite number, got nan");
    ck_fails(open_decay(&decay, "weight_decay: -inf", false), LUNGO_ERR_CONFIG, "got -inf");
}
END_TEST

START_TEST(the_schedule_needs_a_rate_to_divide_by) {
    lungo_decay decay;
    ck_fails(open_decay(&decay, DECOUPLED "decoupled_decay_scale: SCHEDULE", true),
             LUNGO_ERR_CONFIG, "base_lr: expected a number other than 0");
}
END_TEST

Suite *lungo_suite_decay(void);
Suite *lungo_suite_decay(void) {
    const TTest *const tests[] = {terms_follow_from_the_settings,
                                  l2_and_l1_join_the_gradient,
                                  shrinking_reads_the_weight_before_or_after,
                                  without_decay_not_even_infinity_matters,
                                  an_unknown_type_is_an_error_where_something_decays,
                                  a_name_without_effect_is_warned_of,
                                  settings_that_mean_nothing_are_refused,
                                  decay_is_a_finite_number,
                                  the_schedule_needs_a_rate_to_divide_by,
                                  NULL};
    return lungo_suite_of("decay", tests);
}
