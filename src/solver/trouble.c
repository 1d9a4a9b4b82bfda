/* What is said when numbers stop being finite. The batch is run again, one layer at a time on the
 * default plan, and every value is looked at in the order in which it comes to be: parameters and
 * tops forward, then gradients of bottoms and parameters backward.
 *
 * To be the same batch again, layers that bring data from outside are left out: their tops still
 * hold it. The generator stands where it stood before the pass, so Dropout drops the same values.
 * A layer that works in place on such a top has changed it already: it is run for what it draws and
 * keeps, and then the top is put back. (BatchNorm moves its statistics a second time: the run is
 * over, and no snapshot follows.)
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"
#include "solver/solver.h"

/* The first value that is not finite. */
typedef struct finding {
    const lungo_layer *layer; /* NULL: none is */
    const lungo_blob *blob;
    const char *what; /* "data of top", "diff of param", ... */
    int index;        /* of the top, bottom or param */
    size_t element;
    float value;
    bool from_outside; /* it came with the data */
} finding;

/* ---- searching ---- */

static bool search_blob(finding *out, const lungo_layer *layer, const lungo_blob *blob,
                        const float *values, const char *what, int index) {
    for (size_t i = 0; values && i < blob->count; i++) {
        if (isfinite(values[i])) continue;
        *out = (finding){.layer = layer,
                         .blob = blob,
                         .what = what,
                         .index = index,
                         .element = i,
                         .value = values[i],
                         .from_outside = layer->type->flags & LUNGO_SOURCE};
        return true;
    }
    return false;
}

static bool search_params(finding *out, const lungo_layer *layer) {
    for (int j = 0; j < layer->param_count; j++) {
        const lungo_blob *blob = layer->params[j].blob;
        if (search_blob(out, layer, blob, lungo_data(blob), "data of param", j)) return true;
    }
    return false;
}

static bool search_tops(finding *out, const lungo_layer *layer) {
    for (int i = 0; i < layer->top_count; i++) {
        const lungo_blob *blob = layer->tops[i];
        if (search_blob(out, layer, blob, lungo_data(blob), "data of top", i)) return true;
    }
    return false;
}

static bool search_diffs(finding *out, const lungo_layer *layer) {
    for (int i = 0; i < layer->bottom_count; i++) {
        const lungo_blob *blob = layer->bottoms[i];
        if (layer->bottom_wanted[i] &&
            search_blob(out, layer, blob, lungo_diff(blob), "diff of bottom", i))
            return true;
    }
    for (int j = 0; j < layer->param_count; j++) {
        const lungo_blob *blob = layer->params[j].blob;
        if (layer->params[j].wanted &&
            search_blob(out, layer, blob, lungo_diff(blob), "diff of param", j))
            return true;
    }
    return false;
}

/* ---- running the batch again ---- */

static bool holds_outside_data(const lungo_net *net, const lungo_blob *blob) {
    for (int i = 0; i < net->layer_count; i++)
        for (int j = 0; j < net->layers[i]->top_count; j++)
            if ((net->layers[i]->type->flags & LUNGO_SOURCE) &&
                net->layers[i]->tops[j]->data == blob->data)
                return true;
    return false;
}

static lungo_status forward_and_put_back(lungo_net *net, int index, lungo_blob *blob) {
    size_t bytes = blob->count * sizeof(float);
    float *kept = malloc(bytes ? bytes : 1);
    if (!kept) return lungo_fail_memory("a copy of the batch", bytes);
    memcpy(kept, lungo_data(blob), bytes);
    lungo_status status = lungo_plan_forward(net, index, index, NULL);
    memcpy(lungo_data_overwrite(blob), kept, bytes);
    free(kept);
    return status;
}

static lungo_status forward_again(lungo_net *net, int index) {
    const lungo_layer *layer = net->layers[index];
    if (layer->type->flags & LUNGO_SOURCE) return LUNGO_OK;
    for (int i = 0; i < layer->top_count; i++)
        if (holds_outside_data(net, layer->tops[i]))
            return forward_and_put_back(net, index, layer->tops[i]);
    return lungo_plan_forward(net, index, index, NULL);
}

static lungo_status search_forward(finding *out, lungo_net *net) {
    for (int i = 0; i < net->layer_count && !out->layer; i++) {
        if (search_params(out, net->layers[i])) return LUNGO_OK;
        LUNGO_TRY(forward_again(net, i));
        search_tops(out, net->layers[i]);
    }
    return LUNGO_OK;
}

static lungo_status search_backward(finding *out, lungo_net *net) {
    lungo_net_clear_gradients(net);
    for (int i = net->layer_count; i-- > 0 && !out->layer;) {
        if (!net->layers[i]->needs_backward) continue;
        LUNGO_TRY(lungo_plan_backward(net, i, i));
        search_diffs(out, net->layers[i]);
    }
    return LUNGO_OK;
}

static void search(finding *out, lungo_solver *solver, bool backward) {
    *out = (finding){0};
    solver->rng = solver->guard.begin;
    solver->net->debug_info = false;
    solver->net->apart = true; /* every layer's values are to be seen */
    lungo_status status = search_forward(out, solver->net);
    if (!status && !out->layer && backward) status = search_backward(out, solver->net);
    solver->net->apart = false;
    if (status) lungo_warn("the batch could not be run again: %s", lungo_error_text());
}

/* ---- saying it ---- */

/* NaNs have signs, which mean nothing. */
static double unsigned_nan(float value) {
    return isnan(value) ? NAN : value;
}

static void say_finding(const finding *found) {
    if (!found->layer) {
        lungo_trail("when the batch is run again, every value of every layer is finite");
        return;
    }
    lungo_trail("the first value that is not finite: %s %d, '%s', of layer '%s' (%s): element %zu "
                "of %s is %g",
                found->what, found->index, found->blob->name, found->layer->name,
                found->layer->type->name, found->element,
                lungo_shape_text(&found->blob->shape).text, unsigned_nan(found->value));
    if (found->from_outside) lungo_trail("it came with the batch: look at the data");
}

/* The nearest parameter at or before the layer; -1: there is none. */
static int param_near(const lungo_net *net, const lungo_layer *layer) {
    int near = -1;
    for (int i = 0; i < net->layer_count; i++) {
        for (int k = 0; k < net->param_count; k++)
            if (net->params[k].layer == i && net->params[k].index == 0) near = k;
        if (net->layers[i] == layer) return near;
    }
    return -1;
}

static void say_norms(const lungo_guard_past *past, int param) {
    const lungo_param_norms *norms = &past->norms[param];
    lungo_trail("  iteration %d: lr %g, loss %g, |w| %g, |gradient| %g, |decay| %g, |update|/|w| "
                "%g",
                past->iter, past->rate, past->loss, norms->weights, norms->gradient, norms->decay,
                lungo_update_ratio(norms));
}

static void say_past(const lungo_solver *solver, int param) {
    const lungo_guard *guard = &solver->guard;
    if (param < 0) return;
    const lungo_learnable *of = &solver->net->params[param];
    int count = guard->past_count < LUNGO_GUARD_PAST ? guard->past_count : LUNGO_GUARD_PAST;
    lungo_trail("L2 norms of param %d of layer '%s' in the last updates%s", of->index,
                solver->net->layers[of->layer]->name, count ? ":" : ": none was made yet");
    for (int i = guard->past_count - count; i < guard->past_count; i++)
        say_norms(&guard->past[i % LUNGO_GUARD_PAST], param);
}

static void say_what_to_do(const lungo_solver *solver, const finding *found) {
    if (!found || !found->from_outside)
        lungo_trail("what helps most often: a lower base_lr, or clip_gradients; `guard` off trains "
                    "on regardless");
    if (solver->guard.snapshot < 0)
        lungo_trail("this run has written no snapshot");
    else
        lungo_trail("nothing of this was written; the last snapshot is %s_iter_%d.solverstate%s",
                    solver->param->snapshot_prefix, solver->guard.snapshot,
                    solver->param->snapshot_format == CAFFE__SOLVER_PARAMETER__SNAPSHOT_FORMAT__HDF5
                        ? ".h5"
                        : "");
}

static lungo_status say_all(lungo_solver *solver, const finding *found, int param) {
    if (found) say_finding(found);
    say_past(solver, param);
    say_what_to_do(solver, found);
    return lungo_net_trail(solver->net, found ? found->layer : NULL);
}

/* ---- the three kinds ---- */

static float rate_of(const lungo_solver *solver) {
    return lungo_policy_peek(solver->policy, solver->param, solver->iter, solver->current_step);
}

lungo_status lungo_trouble_in_loss(lungo_solver *solver, float loss) {
    finding found;
    solver->guard.tripped = true;
    search(&found, solver, false);
    lungo_fail(LUNGO_ERR_NUMERIC, "iteration %d, lr %g: loss: expected a finite number, got %g",
               solver->iter, rate_of(solver), unsigned_nan(loss));
    return say_all(solver, &found, found.layer ? param_near(solver->net, found.layer) : -1);
}

static size_t first_bad(const lungo_blob *blob, const float *values) {
    size_t i = 0;
    while (i + 1 < blob->count && isfinite(values[i]))
        i++;
    return i;
}

lungo_status lungo_trouble_in_gradient(lungo_solver *solver, int param) {
    finding found;
    const lungo_learnable *bad = &solver->net->params[param];
    size_t element = first_bad(bad->blob, lungo_diff(bad->blob));
    float value = lungo_diff(bad->blob)[element];
    solver->guard.tripped = true;
    search(&found, solver, true);
    lungo_fail(LUNGO_ERR_NUMERIC,
               "iteration %d, lr %g: gradient of param %d of layer '%s': expected finite numbers, "
               "got %g at element %zu of %s",
               solver->iter, rate_of(solver), bad->index, solver->net->layers[bad->layer]->name,
               unsigned_nan(value), element, lungo_shape_text(&bad->blob->shape).text);
    return say_all(solver, &found, found.layer ? param_near(solver->net, found.layer) : param);
}

lungo_status lungo_trouble_in_weights(lungo_solver *solver, int param, size_t element) {
    const lungo_learnable *bad = &solver->net->params[param];
    bool before = !isfinite(solver->norms.params[param].weights);
    solver->guard.tripped = true;
    lungo_fail(LUNGO_ERR_NUMERIC,
               "iteration %d, lr %g: param %d of layer '%s': expected finite weights after the "
               "update, got %g at element %zu of %s%s",
               solver->iter, solver->rate, bad->index, solver->net->layers[bad->layer]->name,
               unsigned_nan(lungo_data(bad->blob)[element]), element,
               lungo_shape_text(&bad->blob->shape).text,
               before ? "; they were not finite before it" : "; loss and gradients were finite");
    return say_all(solver, NULL, param);
}
