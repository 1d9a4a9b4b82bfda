/* The update rules of the six solver types, in Caffe's float arithmetic, element by element.
 *
 * g is the gradient (decay included), u what is subtracted from the weight, r = lr * lr_mult,
 * m = momentum; t counts updates from 1. The histories (h; a and b; p and q) start at zero.
 *
 *   SGD       h = m h + r g                   u = h
 *   Nesterov  h' = m h + r g                  u = (1 + m) h' - m h
 *   AdaGrad   h = h + g^2                     u = r g / (sqrt(h) + delta)
 *   RMSProp   h = d h + (1 - d) g^2           u = r g / (sqrt(h) + delta)          d = rms_decay
 *   AdaDelta  a = m a + (1 - m) g^2           v = g sqrt((delta + b) / (delta + a))
 *             b = m b + (1 - m) v^2           u = r v
 *   Adam      p = m p + (1 - m) g             u = r c p / (sqrt(q) + delta)
 *             q = n q + (1 - n) g^2           c = sqrt(1 - n^t) / (1 - m^t)        n = momentum2
 *
 * The rate is inside SGD's history: when it falls, old momentum keeps its size. Adam adds delta
 * before the bias correction; adam_delta: CORRECTED adds it after, which is the same formula with
 * delta * sqrt(1 - n^t) in place of delta.
 */
#include "solver/rules.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"
#include "solver/names.h"

/* ---- rules ---- */

static void sgd(const lungo_rule_step *step, float rate, size_t count, float *restrict update,
                float *restrict first, float *restrict second) {
    (void)second;
    for (size_t i = 0; i < count; i++)
        update[i] = first[i] = step->momentum * first[i] + rate * update[i];
}

static void nesterov(const lungo_rule_step *step, float rate, size_t count, float *restrict update,
                     float *restrict first, float *restrict second) {
    (void)second;
    float momentum = step->momentum;
    for (size_t i = 0; i < count; i++) {
        float before = first[i];
        first[i] = momentum * before + rate * update[i];
        update[i] = (1.0f + momentum) * first[i] - momentum * before;
    }
}

static void adagrad(const lungo_rule_step *step, float rate, size_t count, float *restrict update,
                    float *restrict first, float *restrict second) {
    (void)second;
    for (size_t i = 0; i < count; i++) {
        first[i] += update[i] * update[i];
        update[i] = rate * (update[i] / (sqrtf(first[i]) + step->delta));
    }
}

static void rmsprop(const lungo_rule_step *step, float rate, size_t count, float *restrict update,
                    float *restrict first, float *restrict second) {
    (void)second;
    float keep = step->rms_decay;
    for (size_t i = 0; i < count; i++) {
        first[i] = keep * first[i] + (1.0f - keep) * (update[i] * update[i]);
        update[i] = rate * (update[i] / (sqrtf(first[i]) + step->delta));
    }
}

static void adadelta(const lungo_rule_step *step, float rate, size_t count, float *restrict update,
                     float *restrict first, float *restrict second) {
    float keep = step->momentum, delta = step->delta;
    for (size_t i = 0; i < count; i++) {
        first[i] = keep * first[i] + (1.0f - keep) * (update[i] * update[i]);
        float step_i = update[i] * sqrtf((delta + second[i]) / (delta + first[i]));
        second[i] = keep * second[i] + (1.0f - keep) * (step_i * step_i);
        update[i] = rate * step_i;
    }
}

static void adam(const lungo_rule_step *step, float rate, size_t count, float *restrict update,
                 float *restrict first, float *restrict second) {
    float keep = step->momentum, keep2 = step->momentum2, corrected = rate * step->correction;
    for (size_t i = 0; i < count; i++) {
        first[i] = keep * first[i] + (1.0f - keep) * update[i];
        second[i] = keep2 * second[i] + (1.0f - keep2) * (update[i] * update[i]);
        update[i] = corrected * (first[i] / (sqrtf(second[i]) + step->delta));
    }
}

/* ---- their settings ---- */

static lungo_status check_no_momentum(const Caffe__SolverParameter *param) {
    if (param->momentum == 0) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "momentum: expected 0 with type \"%s\", which has none, got %g", param->type,
                      param->momentum);
}

static lungo_status check_rmsprop(const Caffe__SolverParameter *param) {
    LUNGO_TRY(check_no_momentum(param));
    if (param->rms_decay >= 0 && param->rms_decay < 1) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "rms_decay: expected 0 or more and less than 1 with type \"%s\", got %g",
                      param->type, param->rms_decay);
}

static const lungo_rule rules[] = {
    {"SGD", 1, NULL, sgd},
    {"Nesterov", 1, NULL, nesterov},
    {"AdaGrad", 1, check_no_momentum, adagrad},
    {"RMSProp", 1, check_rmsprop, rmsprop},
    {"AdaDelta", 2, NULL, adadelta},
    {"Adam", 2, NULL, adam},
};
enum { RULES = sizeof rules / sizeof *rules };

static const char *name_at(size_t index) {
    return rules[index].name;
}

lungo_status lungo_rule_find(const lungo_rule **out, const Caffe__SolverParameter *param) {
    for (size_t i = 0; i < RULES; i++) {
        if (strcmp(rules[i].name, param->type)) continue;
        if (rules[i].check) LUNGO_TRY(rules[i].check(param));
        if (param->has_adam_delta && rules[i].apply != adam)
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "adam_delta: expected type \"Adam\" with it, got \"%s\"",
                              param->type);
        *out = &rules[i];
        return LUNGO_OK;
    }
    return lungo_fail_unknown("type", param->type, name_at, RULES);
}

/* The correction in double, rounded once, as in Caffe. */
lungo_rule_step lungo_rule_step_of(const Caffe__SolverParameter *param, int iter) {
    double t = (double)iter + 1;
    double root = sqrt(1 - pow(param->momentum2, t));
    bool corrected = param->adam_delta == CAFFE__SOLVER_PARAMETER__ADAM_DELTA__CORRECTED;
    return (lungo_rule_step){
        .momentum = param->momentum,
        .momentum2 = param->momentum2,
        .rms_decay = param->rms_decay,
        .delta = corrected ? (float)(param->delta * root) : param->delta,
        .correction = (float)(root / (1 - pow(param->momentum, t))),
    };
}
