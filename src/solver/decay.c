/* Weight decay: everything about it is in this file.
 *
 * For each weight w of parameter i, in each update:
 *
 *   wd_i = weight_decay * decay_mult_i   the solver file, and the parameter's own `param` block
 *   lr_i = lr * lr_mult_i                lr is what lr_policy gives for the iteration
 *   g     the gradient: added up over iter_size passes, clipped, divided by iter_size
 *   u     what the solver's type (rules.c) makes of g and lr_i:  w <- w - u
 *
 * regularization_type:
 *
 *   L2          g <- g + wd_i * w             the default; part of the gradient, so it goes through
 *   L1          g <- g + wd_i * sign(w)       momentum and squared histories too; sign(0) = 0
 *
 *   decoupled   the gradient is left alone, the weights shrink beside the rule:
 *               w <- w - u - s * wd_i * w     decoupled_decay_point: WITH_UPDATE, the default;
 *                                             reads the w before the update
 *               w <- (w - u) * (1 - s * wd_i)                        AFTER_UPDATE
 *               s = lr_i                      decoupled_decay_scale: LR, the default
 *               s = lr / base_lr                                     SCHEDULE
 *               s = 1                                                NONE
 *
 * Decay comes once per update whatever iter_size is, is never clipped, and is no part of the loss;
 * a parameter that layers share decays once. A decay_mult that is not given is 1, for biases too.
 * s * wd_i is expected in [0, 1): a warning says where it is not.
 *
 * What people mean, and how to say it:
 *
 *   Caffe's weight_decay                    L2
 *   L2 on the weights, none on biases       L2, decay_mult 0 on the biases
 *   PyTorch's AdamW                         Adam, momentum 0.9, decoupled, LR, WITH_UPDATE,
 *                                           adam_delta: CORRECTED
 *   Loshchilov and Hutter's AdamW, SGDW     decoupled, SCHEDULE, WITH_UPDATE (Adam: CORRECTED)
 *   w[t+1] = w[t] - lr * dw - wd * w        decoupled, NONE, WITH_UPDATE
 *   W = W * (1 - wd) after the update,      decoupled, NONE, AFTER_UPDATE
 *   Hinton 1987, a second step of rate 1
 *   on wd/2 * |W|^2
 *
 * lr_mult 0: the weight never changes. L2 and L1 still reach its gradient, and through it the
 * history of its rule, as in Caffe; shrinking is off. (update.c leaves such weights alone.)
 */
#include "solver/decay.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "solver/names.h"

static const char *const types[] = {
    [LUNGO_DECAY_L2] = "L2", [LUNGO_DECAY_L1] = "L1", [LUNGO_DECAY_DECOUPLED] = "decoupled"};
enum { TYPES = sizeof types / sizeof *types };

static const char *name_at(size_t index) {
    return types[index];
}

/* ---- settings ---- */

static lungo_status find_type(lungo_decay *decay, const Caffe__SolverParameter *param,
                              bool in_force) {
    const char *name = param->regularization_type;
    for (size_t i = 0; i < TYPES; i++) {
        if (strcmp(types[i], name)) continue;
        decay->type = i;
        return LUNGO_OK;
    }
    if (in_force) return lungo_fail_unknown("regularization_type", name, name_at, TYPES);
    lungo_warn(
        "regularization_type: expected L2, L1 or decoupled, got \"%s\"; no parameter decays, "
        "so it has no effect",
        name);
    decay->type = LUNGO_DECAY_L2;
    return LUNGO_OK;
}

/* A setting that would do nothing is a misunderstanding. */
static lungo_status refuse_unused(const lungo_decay *decay, const Caffe__SolverParameter *param) {
    if (decay->type == LUNGO_DECAY_DECOUPLED) return LUNGO_OK;
    if (!param->has_decoupled_decay_scale && !param->has_decoupled_decay_point) return LUNGO_OK;
    return lungo_fail(
        LUNGO_ERR_CONFIG, "%s: expected regularization_type \"decoupled\" with it, got \"%s\"",
        param->has_decoupled_decay_scale ? "decoupled_decay_scale" : "decoupled_decay_point",
        param->regularization_type);
}

lungo_status lungo_decay_open(lungo_decay *out, const Caffe__SolverParameter *param,
                              bool in_force) {
    lungo_decay decay = {.scale = param->decoupled_decay_scale,
                         .point = param->decoupled_decay_point,
                         .weight_decay = param->weight_decay,
                         .base_lr = param->base_lr};
    if (!isfinite(decay.weight_decay))
        return lungo_fail(LUNGO_ERR_CONFIG, "weight_decay: expected a finite number, got %g",
                          decay.weight_decay);
    LUNGO_TRY(find_type(&decay, param, in_force));
    LUNGO_TRY(refuse_unused(&decay, param));
    if (decay.type == LUNGO_DECAY_DECOUPLED && decay.base_lr == 0 &&
        decay.scale == CAFFE__SOLVER_PARAMETER__DECOUPLED_DECAY_SCALE__SCHEDULE)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "base_lr: expected a number other than 0 with decoupled_decay_scale "
                          "SCHEDULE, which divides by it, got 0");
    *out = decay;
    return LUNGO_OK;
}

/* ---- one parameter, one update ---- */

static float scale_of(const lungo_decay *decay, float rate, float lr_mult) {
    switch (decay->scale) {
    case CAFFE__SOLVER_PARAMETER__DECOUPLED_DECAY_SCALE__SCHEDULE:
        return rate / decay->base_lr;
    case CAFFE__SOLVER_PARAMETER__DECOUPLED_DECAY_SCALE__NONE:
        return 1;
    default:
        return rate * lr_mult;
    }
}

static lungo_decay_terms shrink_of(const lungo_decay *decay, float wd, float rate, float lr_mult) {
    float shrink = lr_mult == 0 ? 0 : scale_of(decay, rate, lr_mult) * wd;
    if (decay->point == CAFFE__SOLVER_PARAMETER__DECOUPLED_DECAY_POINT__AFTER_UPDATE)
        return (lungo_decay_terms){.shrink_after_update = shrink};
    return (lungo_decay_terms){.shrink_with_update = shrink};
}

lungo_decay_terms lungo_decay_of(const lungo_decay *decay, float rate, float lr_mult,
                                 float decay_mult) {
    float wd = decay->weight_decay * decay_mult;
    switch (decay->type) {
    case LUNGO_DECAY_L1:
        return (lungo_decay_terms){.l1 = wd};
    case LUNGO_DECAY_DECOUPLED:
        return shrink_of(decay, wd, rate, lr_mult);
    default:
        return (lungo_decay_terms){.l2 = wd};
    }
}

static float sign(float w) {
    return (float)((w > 0) - (w < 0));
}

/* The early returns are for exactness: 0 * w is no zero where w is infinite. */
void lungo_decay_gradient(const lungo_decay_terms *terms, size_t count, const float *restrict w,
                          float *restrict g) {
    if (terms->l2 == 0 && terms->l1 == 0) return;
    for (size_t i = 0; i < count; i++)
        g[i] = g[i] + terms->l2 * w[i] + terms->l1 * sign(w[i]);
}

void lungo_decay_weights(const lungo_decay_terms *terms, size_t count, const float *restrict w,
                         float *restrict u) {
    if (terms->shrink_with_update == 0 && terms->shrink_after_update == 0) return;
    for (size_t i = 0; i < count; i++) {
        u[i] += terms->shrink_with_update * w[i];
        u[i] += terms->shrink_after_update * (w[i] - u[i]);
    }
}

/* What is linear in w needs no look at the weights. */
double lungo_decay_squares(const lungo_decay_terms *terms, double squares, size_t count,
                           const float *restrict w, const float *restrict u) {
    double linear = (double)terms->l2 + terms->shrink_with_update, sum = 0;
    if (terms->l1 == 0 && terms->shrink_after_update == 0) return linear * linear * squares;
    for (size_t i = 0; i < count; i++) {
        double term = terms->l1 * sign(w[i]) + terms->shrink_after_update * (w[i] - u[i]);
        sum += term * term;
    }
    return sum;
}
