/* The plan of a net, and running it.
 *
 * A step first looks whether the shapes of its bottoms are still those it was made for; if not, its
 * layers are reshaped, which the steps behind it then see in turn. Backward begins by seeding the
 * gradient of every top that has a weight in the loss.
 *
 * A step runs apart, layer by layer, when debug_info wants to see what each layer makes, or when
 * only some of its layers are asked for. Backward goes the way the last forward went.
 *
 * Where blobs share memory (memory.h), what they hold is there as long as layers run in order. */
#include "plan/plan.h"

#include <stdlib.h>

#include "base/log.h"
#include "math/gemm.h"
#include "math/parallel.h"
#include "math/vector.h"
#include "plan/debug.h"
#include "plan/memory.h"
#include "plan/step.h"

struct lungo_plan {
    const lungo_unit_table *units;
    int step_count;
    lungo_step *steps; /* in the net's arena */
    lungo_net *net;

    bool may_share, shared; /* shared: `memory` is planned, for the shapes of now */
    lungo_memory memory;
    int reached, furthest; /* layers that the pass under way, and that any pass, has computed */
    int backed;            /* the layer that the backward pass has come down to */
};

/* ---- making it ---- */

static lungo_status make_steps(lungo_net *net, lungo_plan *plan) {
    for (int first = 0; first < net->layer_count;) {
        lungo_step *step = &plan->steps[plan->step_count++];
        if (lungo_step_make(step, net, plan->units, first))
            return lungo_net_trail(net, net->layers[first]);
        first = step->last + 1;
    }
    return LUNGO_OK;
}

static void warn_of_blas(const lungo_net *net) {
    const char *trouble = lungo_blas_trouble();
    if (trouble && net->gradients && omp_get_max_threads() > 1)
        lungo_warn("this OpenBLAS %s: training may take up to 1.7 times as long as with the one "
                   "made for OpenMP (Debian: libopenblas0-openmp); it is '%s'",
                   trouble, lungo_blas_name());
}

lungo_status lungo_plan_build(lungo_net *net, lungo_engine engine, lungo_precision precision) {
    size_t count = (size_t)net->layer_count;
    lungo_plan *plan = calloc(1, sizeof *plan);
    if (!plan) return lungo_fail_memory("a plan", sizeof *plan);
    net->plan = plan;
    plan->net = net;
    plan->backed = net->layer_count;
    net->engine_if_faster = engine == LUNGO_ENGINE_DEFAULT;
    net->precision = precision;
    lungo_settle_threads();
    warn_of_blas(net);
    LUNGO_TRY(lungo_engine_units(engine, precision, &plan->units));
    plan->steps = lungo_arena_array(&net->arena, count, sizeof *plan->steps);
    if (!plan->steps) return lungo_fail_memory("a plan", count * sizeof *plan->steps);
    if (net->no_memory) plan->units = NULL;
    plan->may_share = lungo_memory_may_share(net);
    net->infers = plan->may_share && !net->gradients;
    LUNGO_TRY(make_steps(net, plan));
    return LUNGO_OK;
}

void lungo_plan_free(lungo_plan *plan) {
    for (int i = 0; plan && i < plan->step_count; i++)
        lungo_step_dispose(&plan->steps[i]);
    if (plan) lungo_memory_dispose(&plan->memory);
    free(plan);
}

lungo_status lungo_plan_open_net(lungo_net **out, const Caffe__NetParameter *param,
                                 const lungo_document *document,
                                 const lungo_net_build_options *options) {
    lungo_net *net;
    LUNGO_TRY(lungo_net_build(&net, param, document, options));
    if (lungo_plan_build(net, options->open.engine, options->open.precision)) {
        lungo_status status = lungo_error_code();
        lungo_net_free(net);
        return status;
    }
    if (options->open.log_plan) lungo_plan_log(net, net->plan->steps, net->plan->step_count);
    *out = net;
    return LUNGO_OK;
}

int lungo_plan_step_count(const lungo_plan *plan) {
    return plan->step_count;
}

uint64_t lungo_plan_hash(const lungo_plan *plan) {
    return lungo_steps_hash(plan->net, plan->steps, plan->step_count);
}

lungo_step_info lungo_plan_step(const lungo_plan *plan, int index) {
    const lungo_step *step = &plan->steps[index];
    return (lungo_step_info){(size_t)step->first, (size_t)step->last};
}

double lungo_plan_packing(const lungo_plan *plan) {
    double seconds = 0;
    for (int k = 0; k < plan->step_count; k++)
        for (int i = 0; i < plan->steps[k].unit_count; i++)
            seconds += plan->steps[k].units[i].packing;
    return seconds;
}

/* ---- running it ---- */

static lungo_status check_call(const lungo_net *net, int first, int last) {
    int count = net->layer_count;
    if (net->no_memory)
        lungo_fail(LUNGO_ERR_USAGE, "the net was built for its shapes alone and cannot be run");
    else if (first < 0 || first > last || last >= count)
        lungo_fail(LUNGO_ERR_USAGE, "layers: expected 0 <= first <= last < %d, got %d to %d", count,
                   first, last);
    else
        return LUNGO_OK;
    return lungo_net_trail(net, NULL);
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

/* Who holds the pointer to an input may write through it before every pass. */
static void take_inputs(lungo_layer *layer) {
    if (layer->bottom_count > 0 || layer->type->forward) return;
    for (int i = 0; i < layer->top_count; i++)
        lungo_data_update(layer->tops[i]);
}

static lungo_status forward_layer(lungo_net *net, lungo_layer *layer, float *loss) {
    take_inputs(layer);
    if (lungo_layer_forward(layer)) return lungo_net_trail(net, layer);
    *loss += loss_of(layer);
    if (net->debug_info) lungo_debug_forward(layer);
    return LUNGO_OK;
}

static lungo_status forward_units(lungo_net *net, lungo_step *step, float *loss) {
    for (int i = 0; i < step->unit_count; i++)
        if (step->units[i].type->forward(&step->units[i]))
            return lungo_net_trail(net, step->units[i].layer);
    *loss += loss_of(net->layers[step->last]);
    return LUNGO_OK;
}

/* The layers of a step that are asked for. */
static void cut(const lungo_step *step, int *first, int *last) {
    if (*first < step->first) *first = step->first;
    if (*last > step->last) *last = step->last;
}

static bool is_whole(const lungo_step *step, int first, int last) {
    return first <= step->first && last >= step->last;
}

/* Whether a blob that the step's units leave out is asked for; or may be, without a chance to make
 * it then. */
static bool misses_blob(const lungo_net *net, const lungo_step *step) {
    const lungo_layer *last = net->layers[step->last];
    for (int i = step->first; i < step->last; i++) {
        const lungo_storage *storage = net->layers[i]->tops[0]->data;
        if (storage != last->tops[0]->data && (storage->pinned || !net->plan->may_share))
            return true;
    }
    return false;
}

static lungo_status forward_step(lungo_net *net, lungo_step *step, int first, int last,
                                 float *loss) {
    LUNGO_TRY(lungo_step_follow_shapes(step, net));
    step->apart = step->unit_count == 0 || net->debug_info || net->apart ||
                  !is_whole(step, first, last) || misses_blob(net, step);
    if (!step->apart) return forward_units(net, step, loss);
    cut(step, &first, &last);
    for (int i = first; i <= last; i++)
        LUNGO_TRY(forward_layer(net, net->layers[i], loss));
    return LUNGO_OK;
}

static lungo_status forward_steps(lungo_net *net, int first, int last, bool sources, float *loss) {
    for (int k = 0; k < net->plan->step_count; k++) {
        lungo_step *step = &net->plan->steps[k];
        if (step->last < first || step->first > last) continue;
        if (sources || net->layers[step->first]->bottom_count > 0)
            LUNGO_TRY(forward_step(net, step, first, last, loss));
    }
    return LUNGO_OK;
}

/* ---- backward ---- */

/* A part of a step only: its layers need what the step's units have kept for themselves. */
static lungo_status check_parts(const lungo_net *net, const lungo_step *step, int first, int last) {
    if (step->last < first || step->first > last) return LUNGO_OK;
    if (step->apart || is_whole(step, first, last)) return LUNGO_OK;
    lungo_fail(LUNGO_ERR_USAGE,
               "layers %d to %d went forward in one step: expected all of them or none in a "
               "backward range, got %d to %d; engine blas has a step for each layer",
               step->first, step->last, first, last);
    return lungo_net_trail(net, net->layers[step->first]);
}

static lungo_status check_backward(const lungo_net *net, int first, int last) {
    LUNGO_TRY(check_call(net, first, last));
    if (net->no_gradients) {
        lungo_fail(LUNGO_ERR_USAGE, "the net was opened forward_only, or uses the parameters of "
                                    "another net, and computes no gradients; without forward_only, "
                                    "`force_backward: true` in it asks for them");
        return lungo_net_trail(net, NULL);
    }
    for (int k = 0; k < net->plan->step_count; k++) {
        const lungo_step *step = &net->plan->steps[k];
        LUNGO_TRY(check_parts(net, step, first, last));
        int changed = lungo_step_changed(step, net, first, last);
        if (changed < 0) continue;
        lungo_fail(LUNGO_ERR_USAGE, "shapes have changed since the last forward: a backward needs "
                                    "a new forward first");
        return lungo_net_trail(net, net->layers[changed]);
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

static lungo_status backward_layer(lungo_net *net, lungo_layer *layer) {
    if (!layer->needs_backward) return LUNGO_OK;
    if (lungo_layer_backward(layer)) return lungo_net_trail(net, layer);
    mark_written(layer);
    if (net->debug_info) lungo_debug_backward(layer);
    return LUNGO_OK;
}

static lungo_status backward_units(lungo_net *net, lungo_step *step) {
    for (int i = step->unit_count; i-- > 0;)
        if (step->units[i].type->backward(&step->units[i]))
            return lungo_net_trail(net, step->units[i].layer);
    for (int i = step->first; i <= step->last; i++)
        if (net->layers[i]->needs_backward) mark_written(net->layers[i]);
    return LUNGO_OK;
}

static lungo_status backward_step(lungo_net *net, lungo_step *step, int first, int last) {
    if (!step->apart) return backward_units(net, step);
    cut(step, &first, &last);
    for (int i = last; i >= first; i--)
        LUNGO_TRY(backward_layer(net, net->layers[i]));
    return LUNGO_OK;
}

static lungo_status backward_steps(lungo_net *net, int first, int last) {
    for (int i = last; i >= first; i--)
        seed(net->layers[i]);
    for (int k = net->plan->step_count; k-- > 0;) {
        lungo_step *step = &net->plan->steps[k];
        if (step->last >= first && step->first <= last)
            LUNGO_TRY(backward_step(net, step, first, last));
    }
    return LUNGO_OK;
}

/* ---- blobs that share memory ---- */

static lungo_status forward_again(lungo_net *net, int layers) {
    bool apart = net->apart;
    float loss = 0;
    net->apart = apart || net->debug_info;
    lungo_status status = forward_steps(net, 0, layers - 1, false, &loss);
    net->apart = apart;
    return status;
}

/* Gradients of parameters, which it adds to, are put back. */
static lungo_status backward_again(lungo_net *net, int first) {
    size_t floats = net->param_floats, count = (size_t)net->param_count;
    float *gradients = lungo_new_floats(floats);
    bool *stale = calloc(count + 1, sizeof *stale);
    lungo_status status = LUNGO_OK;
    if (!gradients || !stale) status = lungo_fail_memory("gradients", floats * sizeof *gradients);
    for (size_t i = 0; i < count && !status; i++)
        stale[i] = net->params[i].blob->diff->stale; /* NOLINT(*): a failure left status set */
    if (!status) lungo_copy(floats, net->gradients, gradients);
    if (!status) {
        status = backward_steps(net, first, net->layer_count - 1);
        lungo_copy(floats, gradients, net->gradients);
        for (size_t i = 0; i < count; i++)
            net->params[i].blob->diff->stale = stale[i];
    }
    lungo_free_floats(gradients);
    free(stale);
    return status;
}

static lungo_status run_quietly(lungo_plan *plan) {
    lungo_net *net = plan->net;
    bool debug_info = net->debug_info;
    lungo_status status;
    if (net->gradients) {
        net->debug_info = false;
        status = backward_again(net, plan->backed);
    } else {
        status = forward_again(net, plan->furthest);
    }
    net->debug_info = debug_info;
    return status;
}

static bool has_run(const lungo_plan *plan) {
    return plan->net->gradients ? plan->backed < plan->net->layer_count : plan->furthest > 0;
}

/* Makes what the passes so far have made once more, for storages that have just got memory of their
 * own. */
static lungo_status run_again(lungo_plan *plan) {
    if (!has_run(plan)) return LUNGO_OK;
    lungo_settle_threads();
    size_t count = (size_t)plan->memory.tenant_count;
    lungo_storage *aside = calloc(count + 1, sizeof *aside);
    if (!aside) return lungo_fail_memory("running layers again", count * sizeof *aside);
    lungo_status status = lungo_memory_put_aside(&plan->memory, aside);
    if (!status) status = run_quietly(plan);
    lungo_memory_put_back(&plan->memory, aside, !status);
    free(aside);
    return status;
}

static lungo_status stop_sharing(lungo_plan *plan) {
    plan->may_share = false;
    if (!plan->shared) return LUNGO_OK;
    LUNGO_TRY(lungo_memory_keep_all(&plan->memory));
    LUNGO_TRY(run_again(plan));
    lungo_memory_dispose(&plan->memory);
    plan->shared = false;
    return LUNGO_OK;
}

static lungo_status share(lungo_plan *plan) {
    bool changed = !plan->shared || lungo_memory_outgrown(&plan->memory);
    for (int k = 0; k < plan->step_count; k++) {
        lungo_step *step = &plan->steps[k];
        changed |= lungo_step_changed(step, plan->net, step->first, step->last) >= 0;
        LUNGO_TRY(lungo_step_follow_shapes(step, plan->net));
    }
    if (!changed) return LUNGO_OK;
    if (lungo_memory_share(&plan->memory, plan->net, plan->steps, plan->step_count))
        return lungo_net_trail(plan->net, NULL);
    plan->shared = true;
    plan->backed = plan->net->layer_count;
    return LUNGO_OK;
}

static lungo_status prepare_forward(lungo_plan *plan, int first) {
    if (!plan->may_share) return LUNGO_OK;
    if (first == 0) return share(plan);
    return first == plan->reached || plan->net->gradients ? LUNGO_OK : stop_sharing(plan);
}

/* A pass comes down from the last layer; it may leave out layers that have nothing to do. */
static lungo_status prepare_backward(lungo_plan *plan, int last) {
    const lungo_net *net = plan->net;
    int begin = plan->backed;
    while (begin > 0 && begin - 1 > last && !net->layers[begin - 1]->needs_backward)
        begin--;
    int end = net->layer_count;
    while (end - 1 > last && !net->layers[end - 1]->needs_backward)
        end--;
    return last + 1 == begin || last + 1 == end ? LUNGO_OK : stop_sharing(plan);
}

static void note_reached(lungo_plan *plan, int layers) {
    plan->reached = layers;
    if (plan->furthest < layers) plan->furthest = layers;
}

lungo_status lungo_plan_keep(lungo_plan *plan, lungo_blob *blob) {
    bool values_moved, gradient_moved;
    blob->data->pinned = blob->diff->pinned = true;
    if (!plan || !plan->shared) return LUNGO_OK;
    LUNGO_TRY(lungo_memory_keep(&plan->memory, blob->data, &values_moved));
    LUNGO_TRY(lungo_memory_keep(&plan->memory, blob->diff, &gradient_moved));
    return values_moved || gradient_moved ? run_again(plan) : LUNGO_OK;
}

const lungo_memory *lungo_plan_memory(const lungo_plan *plan) {
    return &plan->memory;
}

/* ---- passes ---- */

lungo_status lungo_plan_forward(lungo_net *net, int first, int last, float *loss) {
    float sum = 0;
    lungo_settle_threads();
    LUNGO_TRY(check_call(net, first, last));
    LUNGO_TRY(prepare_forward(net->plan, first));
    net->plan->reached = 0;
    LUNGO_TRY(forward_steps(net, first, last, true, &sum));
    note_reached(net->plan, last + 1);
    if (loss) *loss = sum;
    return LUNGO_OK;
}

lungo_status lungo_plan_backward(lungo_net *net, int first, int last) {
    lungo_settle_threads();
    LUNGO_TRY(check_backward(net, first, last));
    LUNGO_TRY(prepare_backward(net->plan, last));
    LUNGO_TRY(backward_steps(net, first, last));
    net->plan->backed = first;
    if (first == 0) settle_params(net);
    return LUNGO_OK;
}
