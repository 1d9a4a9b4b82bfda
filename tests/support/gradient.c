#include "support/gradient.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "support/suites.h"

typedef struct gradient_run {
    lungo_gradient_check check;
    lungo_net *net;
    lungo_rng before_forward; /* so that every pass draws the same masks */
    float **weights;          /* r, per output; NULL for losses */
} gradient_run;

static float uniform(lungo_rng *rng, float low, float high) {
    return low + (high - low) * (float)(lungo_rng_word(rng) >> 8) / (float)(1 << 24);
}

static const lungo_gradient_input *input_rule(const gradient_run *run, const char *name) {
    static const lungo_gradient_input usual = {NULL, -1.0f, 1.0f, 0};
    for (size_t i = 0; i < 8 && run->check.inputs[i].blob; i++)
        if (!strcmp(run->check.inputs[i].blob, name)) return &run->check.inputs[i];
    return &usual;
}

static void fill(const lungo_gradient_input *rule, lungo_blob *blob, lungo_rng *rng) {
    float *values = lungo_data_overwrite(blob);
    for (size_t i = 0; i < blob->count; i++) {
        values[i] = uniform(rng, rule->low, rule->high);
        if (rule->whole) values[i] = floorf(values[i]);
    }
}

static void make_weights(gradient_run *run, lungo_rng *rng) {
    lungo_net *net = run->net;
    run->weights = calloc((size_t)net->output_count, sizeof *run->weights);
    for (int i = 0; i < net->output_count; i++) {
        if (net->output_loss_weights[i] != 0) continue;
        run->weights[i] = calloc(net->outputs[i]->count + 1, sizeof(float));
        for (size_t j = 0; j < net->outputs[i]->count; j++)
            run->weights[i][j] = uniform(rng, -1, 1);
    }
}

static double objective(gradient_run *run) {
    lungo_net *net = run->net;
    *net->host.rng = run->before_forward;
    ck_ok(lungo_net_forward(net, NULL));
    double sum = 0;
    for (int i = 0; i < net->output_count; i++) {
        const float *values = lungo_data(net->outputs[i]);
        for (size_t j = 0; j < net->outputs[i]->count; j++)
            sum += values[j] * (run->weights[i] ? run->weights[i][j] : net->output_loss_weights[i]);
    }
    return sum;
}

/* In-place layers overwrite the diff of an output, so it is written before every backward. */
static void backward(gradient_run *run) {
    lungo_net *net = run->net;
    for (int i = 0; i < net->output_count; i++)
        if (run->weights[i] && lungo_diff(net->outputs[i]))
            memcpy(lungo_diff_overwrite(net->outputs[i]), run->weights[i],
                   net->outputs[i]->count * sizeof(float));
    ck_ok(lungo_net_backward(net));
}

static bool at_kink(const lungo_gradient_check *check, float value) {
    return check->kink_range > 0 && fabsf(fabsf(value) - check->kink) < check->kink_range;
}

static void compare_value(gradient_run *run, lungo_blob *blob, const char *owner, size_t i,
                          float gradient, float original) {
    const lungo_gradient_check *check = &run->check;
    if (at_kink(check, original)) return;
    lungo_data_update(blob)[i] = original + check->step;
    double above = objective(run);
    lungo_data_update(blob)[i] = original - check->step;
    double below = objective(run);
    lungo_data_update(blob)[i] = original;
    double expected = (above - below) / (2.0 * check->step);
    double scale = fmax(fmax(fabs(expected), fabs((double)gradient)), 1.0);
    ck_assert_msg(fabs(expected - gradient) <= check->tolerance * scale,
                  "%s: d objective / d %s[%zu] at %g: finite difference %g, backward %g\n%s", owner,
                  blob->name, i, original, expected, gradient, check->net);
}

static void compare_blob(gradient_run *run, lungo_blob *blob, const char *owner,
                         const float *gradient, const float *values) {
    for (size_t i = 0; i < blob->count; i++)
        compare_value(run, blob, owner, i, gradient[i], values[i]);
}

static float *copy_of(const float *values, size_t count) {
    float *copy = malloc((count + 1) * sizeof *copy);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, values, count * sizeof *copy);
    return copy;
}

/* What must be put back before every pass: inputs may be changed in place. */
static void check_inputs(gradient_run *run) {
    lungo_net *net = run->net;
    for (int i = 0; i < net->input_count; i++) {
        lungo_blob *blob = net->inputs[i];
        if (!lungo_diff(blob) || input_rule(run, blob->name)->whole) continue;
        float *values = copy_of(lungo_data(blob), blob->count);
        objective(run);
        lungo_net_clear_gradients(net);
        backward(run);
        float *gradient = copy_of(lungo_diff(blob), blob->count);
        compare_blob(run, blob, "input", gradient, values);
        free(gradient);
        free(values);
    }
}

static void check_param(gradient_run *run, lungo_layer *layer, int j) {
    lungo_blob *blob = layer->params[j].blob;
    objective(run);
    for (size_t i = 0; i < blob->count; i++)
        lungo_diff_overwrite(blob)[i] = NAN; /* beta 0 must not look at it */
    lungo_net_clear_gradients(run->net);
    backward(run);
    float *once = copy_of(lungo_diff(blob), blob->count);
    backward(run);
    for (size_t i = 0; i < blob->count; i++)
        ck_assert_msg(fabsf(lungo_diff(blob)[i] - 2 * once[i]) <= 1e-4f * fmaxf(1, fabsf(once[i])),
                      "layer %s, param %d[%zu]: one pass gives %g, two give %g", layer->name, j, i,
                      once[i], lungo_diff(blob)[i]);
    float *values = copy_of(lungo_data(blob), blob->count);
    compare_blob(run, blob, layer->name, once, values);
    free(values);
    free(once);
}

static void check_params(gradient_run *run) {
    for (int i = 0; i < run->net->layer_count; i++) {
        lungo_layer *layer = run->net->layers[i];
        for (int j = 0; j < layer->param_count; j++)
            if (layer->params[j].wanted) check_param(run, layer, j);
    }
}

static void set_defaults(lungo_gradient_check *check) {
    if (check->step == 0) check->step = 1e-2f;
    if (check->tolerance == 0) check->tolerance = 1e-2f;
    if (check->seed == 0) check->seed = 1701;
}

void lungo_check_gradient(const lungo_gradient_check *check) {
    gradient_run run = {.check = *check};
    set_defaults(&run.check);
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = check->phase;
    options.engine = LUNGO_ENGINE_BLAS;
    options.seed = run.check.seed;
    ck_ok(lungo_net_open_text(&run.net, check->net, "gradient check", &options));
    lungo_rng rng;
    lungo_rng_seed(&rng, run.check.seed);
    for (int i = 0; i < run.net->input_count; i++)
        fill(input_rule(&run, run.net->inputs[i]->name), run.net->inputs[i], &rng);
    make_weights(&run, &rng);
    run.before_forward = *run.net->host.rng;
    check_inputs(&run);
    check_params(&run);
    for (int i = 0; i < run.net->output_count; i++)
        free(run.weights[i]);
    free(run.weights);
    lungo_net_free(run.net);
}
