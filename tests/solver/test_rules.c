#include <math.h>
#include <string.h>

#include "solver/rules.h"
#include "support/solvers.h"
#include "support/suites.h"

enum { WEIGHTS = 37, UPDATES = 20 };

/* The rules once more, one number at a time and in double. */
typedef struct reference {
    double first, second;
} reference;

typedef double reference_rule(reference *r, const Caffe__SolverParameter *p, double rate, double g,
                              int t);

static double sgd(reference *r, const Caffe__SolverParameter *p, double rate, double g, int t) {
    (void)t;
    return r->first = p->momentum * r->first + rate * g;
}

static double nesterov(reference *r, const Caffe__SolverParameter *p, double rate, double g,
                       int t) {
    (void)t;
    double before = r->first;
    r->first = p->momentum * before + rate * g;
    return (1 + p->momentum) * r->first - p->momentum * before;
}

static double adagrad(reference *r, const Caffe__SolverParameter *p, double rate, double g, int t) {
    (void)t;
    r->first += g * g;
    return rate * g / (sqrt(r->first) + p->delta);
}

static double rmsprop(reference *r, const Caffe__SolverParameter *p, double rate, double g, int t) {
    (void)t;
    r->first = p->rms_decay * r->first + (1 - p->rms_decay) * g * g;
    return rate * g / (sqrt(r->first) + p->delta);
}

static double adadelta(reference *r, const Caffe__SolverParameter *p, double rate, double g,
                       int t) {
    (void)t;
    r->first = p->momentum * r->first + (1 - p->momentum) * g * g;
    double v = g * sqrt((p->delta + r->second) / (p->delta + r->first));
    r->second = p->momentum * r->second + (1 - p->momentum) * v * v;
    return rate * v;
}

/* Caffe's: delta beside the root of the mean that is not corrected yet. */
static double adam(reference *r, const Caffe__SolverParameter *p, double rate, double g, int t) {
    r->first = p->momentum * r->first + (1 - p->momentum) * g;
    r->second = p->momentum2 * r->second + (1 - p->momentum2) * g * g;
    double correction = sqrt(1 - pow(p->momentum2, t)) / (1 - pow(p->momentum, t));
    return rate * correction * r->first / (sqrt(r->second) + p->delta);
}

/* The paper's: both means are corrected, then delta is added. */
static double adam_corrected(reference *r, const Caffe__SolverParameter *p, double rate, double g,
                             int t) {
    r->first = p->momentum * r->first + (1 - p->momentum) * g;
    r->second = p->momentum2 * r->second + (1 - p->momentum2) * g * g;
    double mean = r->first / (1 - pow(p->momentum, t));
    double square = r->second / (1 - pow(p->momentum2, t));
    return rate * mean / (sqrt(square) + p->delta);
}

static const struct {
    const char *settings;
    reference_rule *rule;
} cases[] = {
    {"momentum: 0.9", sgd},
    {"type: 'SGD'", sgd},
    {"type: 'Nesterov' momentum: 0.9", nesterov},
    {"type: 'AdaGrad' delta: 0.1", adagrad},
    {"type: 'RMSProp' rms_decay: 0.9 delta: 0.01", rmsprop},
    {"type: 'AdaDelta' momentum: 0.9 delta: 0.001", adadelta},
    {"type: 'Adam' momentum: 0.9 delta: 0.1", adam},
    {"type: 'Adam' momentum: 0.9 momentum2: 0.99 delta: 0.1 adam_delta: CORRECTED", adam_corrected},
};

static float gradient_of(int update, int index) {
    return sinf((float)(update * WEIGHTS + index)) * (float)(index % 5);
}

static void compare_with(const char *settings, reference_rule *reference_of) {
    lungo_document *document;
    const Caffe__SolverParameter *param = lungo_test_settings(&document, settings);
    const lungo_rule *rule;
    float first[WEIGHTS] = {0}, second[WEIGHTS] = {0}, update[WEIGHTS];
    reference references[WEIGHTS] = {0};
    ck_ok(lungo_rule_find(&rule, param));
    for (int iter = 0; iter < UPDATES; iter++) {
        lungo_rule_step step = lungo_rule_step_of(param, iter);
        for (int i = 0; i < WEIGHTS; i++)
            update[i] = gradient_of(iter, i);
        rule->apply(&step, 0.3f, WEIGHTS, update, first, rule->history_count > 1 ? second : NULL);
        for (int i = 0; i < WEIGHTS; i++) {
            double expected =
                reference_of(&references[i], param, 0.3f, gradient_of(iter, i), iter + 1);
            ck_assert_msg(fabs(update[i] - expected) <= 3e-6 * fmax(1, fabs(expected)),
                          "%s: update %d, weight %d: expected %.9g, got %.9g", settings, iter, i,
                          expected, update[i]);
        }
    }
    lungo_document_free(document);
}

START_TEST(rules_agree_with_a_plain_reference) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        compare_with(cases[i].settings, cases[i].rule);
}
END_TEST

static lungo_status try_settings(const char *settings) {
    lungo_document *document;
    const lungo_rule *rule;
    const Caffe__SolverParameter *param = lungo_test_settings(&document, settings);
    lungo_status status = lungo_rule_find(&rule, param);
    lungo_document_free(document);
    return status;
}

START_TEST(settings_a_rule_cannot_use_are_refused) {
    ck_fails(try_settings("type: 'AdamW'"), LUNGO_ERR_CONFIG,
             "type: expected one of SGD, Nesterov, AdaGrad, RMSProp, AdaDelta, Adam, got "
             "\"AdamW\"");
    ck_fails(try_settings("type: 'AdaGrad' momentum: 0.9"), LUNGO_ERR_CONFIG,
             "momentum: expected 0 with type \"AdaGrad\", which has none, got 0.9");
    ck_fails(try_settings("type: 'RMSProp' momentum: 0.9"), LUNGO_ERR_CONFIG,
             "momentum: expected 0 with type \"RMSProp\"");
    ck_fails(try_settings("type: 'RMSProp' rms_decay: 1"), LUNGO_ERR_CONFIG,
             "rms_decay: expected 0 or more and less than 1 with type \"RMSProp\", got 1");
    ck_fails(try_settings("type: 'RMSProp' rms_decay: -0.5"), LUNGO_ERR_CONFIG, "got -0.5");
    ck_ok(try_settings("type: 'RMSProp' rms_decay: 0"));
    ck_ok(try_settings("rms_decay: 7"));
}
END_TEST

Suite *lungo_suite_rules(void);
Suite *lungo_suite_rules(void) {
    const TTest *const tests[] = {rules_agree_with_a_plain_reference,
                                  settings_a_rule_cannot_use_are_refused, NULL};
    return lungo_suite_of("rules", tests);
}
