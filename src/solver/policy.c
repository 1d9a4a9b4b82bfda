/* Learning-rate policies, in Caffe's arithmetic: powers with a whole exponent in double, all else
 * in float.
 *
 *   fixed      base_lr
 *   step       base_lr * gamma ^ floor(iter / stepsize)
 *   exp        base_lr * gamma ^ iter
 *   inv        base_lr * (1 + gamma * iter) ^ -power
 *   multistep  base_lr * gamma ^ (stepvalues passed, at most one more each iteration)
 *   poly       base_lr * (1 - iter / max_iter) ^ power
 *   sigmoid    base_lr * 1 / (1 + e ^ (-gamma * (iter - stepsize)))
 */
#include "solver/policy.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"
#include "solver/names.h"

struct lungo_policy {
    const char *name;
    bool gamma, stepsize; /* which it reads; gamma must be >= 0, stepsize > 0 */
    bool announces;       /* a step taken is worth a log line */
    float (*rate)(const Caffe__SolverParameter *param, int iter, int *current_step);
};

static float times_power(float base, float gamma, int exponent) {
    return (float)(base * pow(gamma, exponent));
}

static float fixed_rate(const Caffe__SolverParameter *param, int iter, int *current_step) {
    (void)iter, (void)current_step;
    return param->base_lr;
}

static float step_rate(const Caffe__SolverParameter *param, int iter, int *current_step) {
    *current_step = iter / param->stepsize;
    return times_power(param->base_lr, param->gamma, *current_step);
}

static float exp_rate(const Caffe__SolverParameter *param, int iter, int *current_step) {
    (void)current_step;
    return times_power(param->base_lr, param->gamma, iter);
}

static float inv_rate(const Caffe__SolverParameter *param, int iter, int *current_step) {
    (void)current_step;
    return param->base_lr * powf(1.0f + param->gamma * (float)iter, -param->power);
}

static float multistep_rate(const Caffe__SolverParameter *param, int iter, int *current_step) {
    if ((size_t)*current_step < param->n_stepvalue && iter >= param->stepvalue[*current_step])
        ++*current_step;
    return times_power(param->base_lr, param->gamma, *current_step);
}

static float poly_rate(const Caffe__SolverParameter *param, int iter, int *current_step) {
    (void)current_step;
    return param->base_lr * powf(1.0f - (float)iter / (float)param->max_iter, param->power);
}

static float sigmoid_rate(const Caffe__SolverParameter *param, int iter, int *current_step) {
    (void)current_step;
    float distance = (float)iter - (float)param->stepsize;
    return param->base_lr * (1.0f / (1.0f + expf(-param->gamma * distance)));
}

static const lungo_policy policies[] = {
    {"fixed", false, false, false, fixed_rate},
    {"step", true, true, false, step_rate},
    {"exp", true, false, false, exp_rate},
    {"inv", true, false, false, inv_rate},
    {"multistep", true, false, true, multistep_rate},
    {"poly", false, false, false, poly_rate},
    {"sigmoid", true, true, false, sigmoid_rate},
};
enum { POLICIES = sizeof policies / sizeof *policies };

static const char *name_at(size_t index) {
    return policies[index].name;
}

static lungo_status check_settings(const lungo_policy *policy,
                                   const Caffe__SolverParameter *param) {
    if (policy->stepsize && param->stepsize <= 0)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "stepsize: expected more than 0 with lr_policy \"%s\", got %d",
                          policy->name, param->stepsize);
    if (policy->gamma && !(param->gamma >= 0))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "gamma: expected 0 or more with lr_policy \"%s\", got %g", policy->name,
                          param->gamma);
    return LUNGO_OK;
}

lungo_status lungo_policy_find(const lungo_policy **out, const Caffe__SolverParameter *param) {
    const char *name = param->lr_policy ? param->lr_policy : "";
    for (size_t i = 0; i < POLICIES; i++) {
        if (strcmp(policies[i].name, name)) continue;
        LUNGO_TRY(check_settings(&policies[i], param));
        *out = &policies[i];
        return LUNGO_OK;
    }
    return lungo_fail_unknown("lr_policy", name, name_at, POLICIES);
}

lungo_status lungo_policy_rate(const lungo_policy *policy, const Caffe__SolverParameter *param,
                               int iter, int *current_step, float *rate) {
    int before = *current_step;
    float value = policy->rate(param, iter, current_step);
    if (policy->announces && *current_step > before)
        lungo_log_info("sgd_solver.cpp", 50, "MultiStep Status: Iteration %d, step = %d", iter,
                       *current_step);
    if (!isfinite(value))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "learning rate of iteration %d: expected a finite number, got %g from "
                          "lr_policy \"%s\" with base_lr %g, gamma %g, power %g, max_iter %d",
                          iter, value, policy->name, param->base_lr, param->gamma, param->power,
                          param->max_iter);
    *rate = value;
    return LUNGO_OK;
}

float lungo_policy_peek(const lungo_policy *policy, const Caffe__SolverParameter *param, int iter,
                        int current_step) {
    return policy->rate(param, iter, &current_step);
}
