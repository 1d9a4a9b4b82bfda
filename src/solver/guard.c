/* When the guard looks, and at what:
 *
 *   loss        before each backward
 *   gradients   after each pass, before an update writes anything: by their norms
 *   weights     after each update: by the norms of the old weights and of the update
 *
 * A norm is finite exactly when all its elements are: sums of squares of floats fit a double. So
 * there is nothing to see in the weights unless the two norms together come near FLT_MAX.
 *
 * Warnings, once for each parameter that is learned:
 *
 *   growth   |w| > growth * |w at the start|
 *   leap     |u| > |w|, an update larger than what it updates
 *
 * A parameter that starts at 0, as biases do, would be warned of at once: it is measured against
 * the norm |W| of its layer's first parameter at the start (what the weights add to the outputs
 * when all inputs are about 1), or against a root mean square of 1 where that is 0 too.
 */
#include "solver/guard.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "solver/solver.h"

lungo_status lungo_guard_init(lungo_guard *guard, const lungo_net *net) {
    size_t params = (size_t)net->param_count + 1, lines = LUNGO_GUARD_PAST;
    guard->snapshot = -1;
    if (!guard->on) return LUNGO_OK;
    lungo_param_norms *norms = calloc(params * lines, sizeof *norms);
    guard->params = calloc(params, sizeof *guard->params);
    for (size_t i = 0; norms && i < lines; i++)
        guard->past[i].norms = norms + i * params;
    return norms && guard->params
               ? LUNGO_OK
               : lungo_fail_memory("the guard",
                                   params * (lines * sizeof *norms + sizeof *guard->params));
}

void lungo_guard_dispose(lungo_guard *guard) {
    free(guard->params);
    free(guard->past[0].norms);
    *guard = (lungo_guard){0};
}

void lungo_guard_restart(lungo_guard *guard) {
    guard->started = guard->tripped = false;
    guard->past_count = 0;
    guard->snapshot = -1;
}

/* ---- before the update ---- */

void lungo_guard_begin_pass(lungo_solver *solver) {
    if (solver->guard.on) solver->guard.begin = solver->rng;
}

lungo_status lungo_guard_check_loss(lungo_solver *solver, float loss) {
    if (!solver->guard.on || isfinite(loss)) return LUNGO_OK;
    return lungo_trouble_in_loss(solver, loss);
}

lungo_status lungo_guard_check_gradients(lungo_solver *solver) {
    for (int i = 0; solver->guard.on && i < solver->net->param_count; i++)
        if (!isfinite(solver->norms.params[i].gradient))
            return lungo_trouble_in_gradient(solver, i);
    return LUNGO_OK;
}

lungo_status lungo_guard_check_pass(lungo_solver *solver) {
    if (!solver->guard.on) return LUNGO_OK;
    lungo_norms_of_gradients(&solver->norms, solver->net);
    return lungo_guard_check_gradients(solver);
}

/* ---- after it ---- */

static void note_past(lungo_solver *solver) {
    lungo_guard *guard = &solver->guard;
    lungo_guard_past *past = &guard->past[guard->past_count++ % LUNGO_GUARD_PAST];
    past->iter = solver->iter;
    past->rate = solver->rate;
    past->loss = solver->loss;
    for (int i = 0; i < solver->net->param_count; i++)
        past->norms[i] = solver->norms.params[i];
}

/* Parameters of a layer follow each other. */
static double stand_in_for(const lungo_solver *solver, int param) {
    const lungo_learnable *params = solver->net->params;
    int first = param;
    while (first > 0 && params[first - 1].layer == params[param].layer)
        first--;
    double norm = solver->norms.params[first].weights;
    return norm > 0 ? norm : sqrt((double)params[param].blob->count);
}

static void note_start(lungo_solver *solver) {
    lungo_guard *guard = &solver->guard;
    if (guard->started) return;
    guard->started = true;
    for (int i = 0; i < solver->net->param_count; i++) {
        double norm = solver->norms.params[i].weights;
        bool zero = norm == 0;
        guard->params[i] =
            (lungo_guard_param){.start = zero ? stand_in_for(solver, i) : norm, .from_zero = zero};
    }
}

static void warn_of_growth(const lungo_solver *solver, int index, double norm, double start) {
    const lungo_learnable *param = &solver->net->params[index];
    const lungo_guard_param *watched = &solver->guard.params[index];
    double root = sqrt((double)param->blob->count);
    lungo_warn("iteration %d, lr %g: param %d of layer '%s' has grown from a root mean square of "
               "%g to %g, more than %g times%s; if it keeps growing, training ends in infinities: "
               "see its lr_mult, base_lr and weight_decay",
               solver->iter, solver->rate, param->index, solver->net->layers[param->layer]->name,
               watched->from_zero ? 0 : start / root, norm / root, solver->guard.growth,
               watched->from_zero ? " what its layer began with" : "");
}

static void warn_of_leap(const lungo_solver *solver, int index, double update, double norm) {
    const lungo_learnable *param = &solver->net->params[index];
    lungo_warn("iteration %d, lr %g: the update of param %d of layer '%s' is larger than the "
               "parameter itself: L2 norms %g and %g; see its lr_mult, base_lr and clip_gradients",
               solver->iter, solver->rate, param->index, solver->net->layers[param->layer]->name,
               update, norm);
}

static void warn_early(lungo_solver *solver, int index) {
    lungo_guard_param *param = &solver->guard.params[index];
    const lungo_param_norms *norms = &solver->norms.params[index];
    if (solver->net->params[index].lr_mult == 0) return;
    if (!param->has_grown && norms->weights > solver->guard.growth * param->start) {
        param->has_grown = true;
        warn_of_growth(solver, index, norms->weights, param->start);
    }
    double size = param->from_zero ? fmax(norms->weights, param->start) : norms->weights;
    if (!param->has_leapt && norms->update > size) {
        param->has_leapt = true;
        warn_of_leap(solver, index, norms->update, norms->weights);
    }
}

static lungo_status check_weights(lungo_solver *solver, int index) {
    const lungo_blob *blob = solver->net->params[index].blob;
    const lungo_param_norms *norms = &solver->norms.params[index];
    if (norms->weights + norms->update < FLT_MAX) return LUNGO_OK;
    for (size_t i = 0; i < blob->count; i++)
        if (!isfinite(lungo_data(blob)[i])) return lungo_trouble_in_weights(solver, index, i);
    return LUNGO_OK;
}

lungo_status lungo_guard_check_update(lungo_solver *solver) {
    if (!solver->guard.on) return LUNGO_OK;
    note_start(solver);
    note_past(solver);
    for (int i = 0; i < solver->net->param_count; i++)
        LUNGO_TRY(check_weights(solver, i));
    for (int i = 0; i < solver->net->param_count; i++)
        warn_early(solver, i);
    return LUNGO_OK;
}
