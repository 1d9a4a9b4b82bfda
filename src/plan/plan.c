/* The default plan: one step per layer, run one after the other.
 *
 * A step first looks whether the shapes of its bottoms are still those it was made for; if not, the
 * layer is reshaped, which the steps behind it then see in turn. Backward begins by seeding the
 * gradient of every top that has a weight in the loss. */
#include "plan/plan.h"

#include <stdlib.h>

#include "plan/debug.h"

typedef struct plan_step {
    lungo_layer *layer;
    lungo_shape *bottom_shapes; /* at the layer's last reshape */
} plan_step;

struct lungo_plan {
    int step_count;
    plan_step *steps; /* in the net's arena, like all of the plan but itself */
};

/* ---- making it ---- */

static void note_shapes(plan_step *step) {
    for (int i = 0; i < step->layer->bottom_count; i++)
        step->bottom_shapes[i] = step->layer->bottoms[i]->shape;
}

static lungo_status make_step(lungo_net *net, plan_step *step, lungo_layer *layer) {
    size_t bottoms = (size_t)layer->bottom_count;
    step->layer = layer;
    step->bottom_shapes = lungo_arena_array(&net->arena, bottoms, sizeof *step->bottom_shapes);
    if (!step->bottom_shapes) return lungo_fail_memory("a plan", bottoms * sizeof(lungo_shape));
    note_shapes(step);
    return LUNGO_OK;
}

lungo_status lungo_plan_build(lungo_net *net) {
    size_t count = (size_t)net->layer_count;
    lungo_plan *plan = calloc(1, sizeof *plan);
    if (!plan) return lungo_fail_memory("a plan", sizeof *plan);
    net->plan = plan;
    plan->steps = lungo_arena_array(&net->arena, count, sizeof *plan->steps);
    if (!plan->steps) return lungo_fail_memory("a plan", count * sizeof *plan->steps);
    plan->step_count = net->layer_count;
    for (int i = 0; i < net->layer_count; i++)
        LUNGO_TRY(make_step(net, &plan->steps[i], net->layers[i]));
    return LUNGO_OK;
}

void lungo_plan_free(lungo_plan *plan) {
    free(plan);
}

lungo_status lungo_plan_open_net(lungo_net **out, const Caffe__NetParameter *param,
                                 const lungo_document *document,
                                 const lungo_net_build_options *options) {
    lungo_net *net;
    LUNGO_TRY(lungo_net_build(&net, param, document, options));
    lungo_status status = lungo_plan_build(net);
    if (status) {
        lungo_net_free(net);
        return status;
    }
    *out = net;
    return LUNGO_OK;
}

/* ---- running it ---- */

static lungo_status check_call(const lungo_net *net, int first, int last) {
    int count = net->plan->step_count;
    if (net->no_memory)
        lungo_fail(LUNGO_ERR_USAGE, "the net was built for its shapes alone and cannot be run");
    else if (first < 0 || first > last || last >= count)
        lungo_fail(LUNGO_ERR_USAGE, "layers: expected 0 <= first <= last < %d, got %d to %d", count,
                   first, last);
    else
        return LUNGO_OK;
    return lungo_net_trail(net, NULL);
}

static bool shapes_changed(const plan_step *step) {
    for (int i = 0; i < step->layer->bottom_count; i++)
        if (!lungo_shape_equal(&step->bottom_shapes[i], &step->layer->bottoms[i]->shape))
            return true;
    return false;
}

static lungo_status follow_shapes(lungo_net *net, plan_step *step) {
    if (!shapes_changed(step)) return LUNGO_OK;
    LUNGO_TRY(lungo_net_reshape_layer(net, step->layer));
    note_shapes(step);
    return LUNGO_OK;
}

static float sum_of(const lungo_blob *blob) {
    const float *values = lungo_data(blob);
    double sum = 0;
    for (size_t i = 0; i < blob->count; i++)
        sum += values[i];
    return (float)sum;
}

static float loss_of(const lungo_layer *layer) {
    float loss = 0;
    for (int i = 0; i < layer->top_count; i++)
        if (layer->loss_weights[i] != 0) loss += layer->loss_weights[i] * sum_of(layer->tops[i]);
    return loss;
}

lungo_status lungo_plan_forward(lungo_net *net, int first, int last, float *loss) {
    LUNGO_TRY(check_call(net, first, last));
    float sum = 0;
    for (int i = first; i <= last; i++) {
        plan_step *step = &net->plan->steps[i];
        LUNGO_TRY(follow_shapes(net, step));
        if (lungo_layer_forward(step->layer)) return lungo_net_trail(net, step->layer);
        sum += loss_of(step->layer);
        if (net->debug_info) lungo_debug_forward(step->layer);
    }
    if (loss) *loss = sum;
    return LUNGO_OK;
}

static lungo_status check_backward(const lungo_net *net, int first, int last) {
    LUNGO_TRY(check_call(net, first, last));
    if (net->no_gradients) {
        lungo_fail(LUNGO_ERR_USAGE, "the net uses the parameters of another net and computes no "
                                    "gradients; `force_backward: true` in it asks for them");
        return lungo_net_trail(net, NULL);
    }
    for (int i = first; i <= last; i++) {
        if (!shapes_changed(&net->plan->steps[i])) continue;
        lungo_fail(LUNGO_ERR_USAGE, "shapes have changed since the last forward: a backward needs "
                                    "a new forward first");
        return lungo_net_trail(net, net->plan->steps[i].layer);
    }
    return LUNGO_OK;
}

static void seed(const lungo_layer *layer) {
    for (int i = 0; i < layer->top_count; i++) {
        lungo_blob *top = layer->tops[i];
        if (layer->loss_weights[i] == 0 || !lungo_diff(top)) continue;
        float *diff = lungo_diff_overwrite(top);
        for (size_t k = 0; k < top->count; k++)
            diff[k] = layer->loss_weights[i];
        top->diff->stale = false; /* it may be a parameter's gradient */
    }
}

/* What the layer wrote holds from now on. A bottom may stand on a parameter's gradient. */
static void mark_written(lungo_layer *layer) {
    for (int i = 0; i < layer->bottom_count; i++)
        if (layer->bottom_wanted[i]) layer->bottoms[i]->diff->stale = false;
    for (int j = 0; j < layer->param_count; j++)
        if (layer->params[j].wanted) layer->params[j].blob->diff->stale = false;
}

static void settle_params(const lungo_net *net) {
    for (int i = 0; i < net->param_count; i++)
        lungo_blob_settle_diff(net->params[i].blob);
}

lungo_status lungo_plan_backward(lungo_net *net, int first, int last) {
    LUNGO_TRY(check_backward(net, first, last));
    for (int i = last; i >= first; i--)
        seed(net->plan->steps[i].layer);
    for (int i = last; i >= first; i--) {
        lungo_layer *layer = net->plan->steps[i].layer;
        if (!layer->needs_backward) continue;
        if (lungo_layer_backward(layer)) return lungo_net_trail(net, layer);
        mark_written(layer);
        if (net->debug_info) lungo_debug_backward(layer);
    }
    if (first == 0) settle_params(net);
    return LUNGO_OK;
}
