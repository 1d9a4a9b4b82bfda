/* Steps against their own layers: the same net, with the same weights and draws, runs once with the
 * units of the fastest engine and once layer by layer. The layers are judged elsewhere. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"
#include "support/arrays.h"
#include "support/nets.h"
#include "support/suites.h"

static const double data_tolerance = 1e-4, gradient_tolerance = 2e-3;

/* ---- one net, two ways ---- */

/* What a pass leaves behind. */
typedef struct trace {
    float **data, **diffs; /* per blob; NULL: no gradient */
    float *gradients;
} trace;

static float *copy_of(const float *values, size_t count) {
    if (!values) return NULL;
    float *copy = malloc((count + 1) * sizeof *copy);
    memcpy(copy, values, count * sizeof *copy);
    return copy;
}

/* Gradients are written by the first backward, and added to by those that follow. */
static trace run(lungo_net *net, bool apart, int passes) {
    size_t blobs = (size_t)net->blob_count;
    trace made = {calloc(blobs, sizeof(float *)), calloc(blobs, sizeof(float *)), NULL};
    lungo_rng rng = *net->host.rng;
    float *weights = copy_of(net->values, net->param_floats);
    net->apart = apart;
    for (size_t i = 0; i < blobs; i++)
        ck_ok(lungo_plan_keep(net->plan, net->blobs[i]));
    ck_ok(lungo_net_forward(net, NULL));
    for (size_t i = 0; i < blobs; i++)
        made.data[i] = copy_of(lungo_data(net->blobs[i]), net->blobs[i]->count);
    lungo_net_clear_gradients(net);
    for (int pass = 0; pass < passes && net->gradients; pass++) {
        if (pass > 0) ck_ok(lungo_net_forward(net, NULL));
        ck_ok(lungo_net_backward(net));
    }
    for (size_t i = 0; i < blobs; i++)
        made.diffs[i] = copy_of(lungo_diff(net->blobs[i]), net->blobs[i]->count);
    made.gradients = copy_of(net->gradients, net->param_floats);
    memcpy(net->values, weights, net->param_floats * sizeof *weights);
    for (int i = 0; i < net->param_count; i++)
        lungo_data_update(net->params[i].blob);
    free(weights);
    *net->host.rng = rng;
    return made;
}

static void free_trace(trace *made, const lungo_net *net) {
    for (int i = 0; i < net->blob_count; i++) {
        free(made->data[i]);
        free(made->diffs[i]);
    }
    free(made->data);
    free(made->diffs);
    free(made->gradients);
}

/* A gradient that is 0 but for rounding (of a bias that BatchNorm takes away) has no relative
 * error: a part in a million of the longest one is allowed for. */
static double longest_gradient(const lungo_net *net, const trace *made) {
    double longest = 0;
    for (int j = 0; j < net->param_count; j++) {
        const lungo_learnable *param = &net->params[j];
        double length = 0;
        for (size_t i = 0; i < param->blob->count; i++)
            length += pow((double)made->gradients[param->offset + i], 2);
        longest = fmax(longest, sqrt(length));
    }
    return longest;
}

static void compare(const lungo_net *net, const trace *steps, const trace *layers) {
    for (int i = 0; i < net->blob_count; i++)
        lungo_check_near("data", net->blobs[i]->name, steps->data[i], layers->data[i],
                         net->blobs[i]->count, data_tolerance, 1e-6);
    if (!net->gradients) return;
    double floor = 1e-6 * longest_gradient(net, layers);
    for (int j = 0; j < net->param_count; j++) {
        const lungo_learnable *param = &net->params[j];
        lungo_check_near("gradient", param->blob->name, steps->gradients + param->offset,
                         layers->gradients + param->offset, param->blob->count, gradient_tolerance,
                         floor);
    }
}

static void compare_inputs(const lungo_net *net, const trace *steps, const trace *layers) {
    for (int k = 0; k < net->input_count; k++)
        for (int i = 0; i < net->blob_count; i++)
            if (net->blobs[i] == net->inputs[k] && steps->diffs[i])
                lungo_check_near("gradient", net->blobs[i]->name, steps->diffs[i], layers->diffs[i],
                                 net->blobs[i]->count, gradient_tolerance, 1e-6);
}

static void check_net(lungo_net *net) {
    trace steps = run(net, false, 2), again = run(net, false, 2), layers = run(net, true, 2);
    compare(net, &steps, &layers);
    compare_inputs(net, &steps, &layers);
    if (net->gradients)
        ck_assert_mem_eq(steps.gradients, again.gradients, net->param_floats * sizeof(float));
    free_trace(&steps, net);
    free_trace(&again, net);
    free_trace(&layers, net);
}

/* ---- small nets ---- */

#define CONV(name, bottom, top, more)                                                              \
    LAYER1(name, "Convolution", bottom, top,                                                       \
           "convolution_param { weight_filler { type: 'gaussian' std: 0.2 } "                      \
           "bias_filler { type: 'gaussian' std: 0.2 } " more " }")
#define DECONV(name, bottom, top, more)                                                            \
    LAYER1(name, "Deconvolution", bottom, top,                                                     \
           "convolution_param { weight_filler { type: 'gaussian' std: 0.2 } "                      \
           "bias_filler { type: 'gaussian' std: 0.2 } " more " }")
#define IMAGES   INPUT("x", "dim: 3 dim: 20 dim: 9 dim: 8")
#define CHANNELS INPUT("x", "dim: 3 dim: 64 dim: 9 dim: 12")
#define POOL(name, bottom, top, more)                                                              \
    LAYER1(name, "Pooling", bottom, top, "pooling_param { " more " }")

/* The loss is the sum of tanh(y): its gradient is another one for every value. */
#define LOSS                                                                                       \
    LAYER1("t", "TanH", "y", "tanh", "")                                                           \
    LAYER1("loss", "Reduction", "tanh", "loss", "loss_weight: 1")

static const struct {
    const char *name, *net;
} nets[] = {
    {"3x3", IMAGES CONV("c", "x", "y", "num_output: 17 kernel_size: 3 pad: 1")},
    {"colours", INPUT("x", "dim: 2 dim: 3 dim: 12 dim: 11")
                    CONV("c", "x", "y", "num_output: 24 kernel_size: 5 stride: 2 pad: 2")},
    {"grey, no bias", INPUT("x", "dim: 4 dim: 1 dim: 12 dim: 12")
                          CONV("c", "x", "y", "num_output: 20 kernel_size: 5 bias_term: false")},
    {"no padding, rest of stride", IMAGES CONV("c", "x", "y",
                                               "num_output: 5 kernel_h: 3 "
                                               "kernel_w: 2 stride_h: 2 stride_w: 3")},
    {"1x1", IMAGES CONV("c", "x", "y", "num_output: 40 kernel_size: 1")},
    {"1x1 with stride", IMAGES CONV("c", "x", "y", "num_output: 16 kernel_size: 1 stride: 2")},
    {"dilation", IMAGES CONV("c", "x", "y", "num_output: 16 kernel_size: 3 dilation: 2 pad: 2")},
    {"groups", IMAGES CONV("c", "x", "y", "num_output: 10 kernel_size: 3 group: 5")},
    {"groups of blocks", INPUT("x", "dim: 2 dim: 32 dim: 7 dim: 7")
                             CONV("c", "x", "y", "num_output: 64 kernel_size: 3 pad: 1 group: 2")},
    {"depthwise", IMAGES CONV("c", "x", "y", "num_output: 20 kernel_size: 3 pad: 1 group: 20")},
    {"depthwise, stride", INPUT("x", "dim: 2 dim: 48 dim: 8 dim: 8")
                              CONV("c", "x", "y",
                                   "num_output: 48 kernel_size: 3 stride: 2 pad: 1 "
                                   "group: 48")},
    {"one axis",
     INPUT("x", "dim: 3 dim: 18 dim: 20") CONV("c", "x", "y", "num_output: 16 kernel_size: 3")},
    {"three axes", INPUT("x", "dim: 2 dim: 16 dim: 5 dim: 6 dim: 4")
                       CONV("c", "x", "y", "num_output: 20 kernel_size: 3 pad: 1")},
    {"channels elsewhere", INPUT("x", "dim: 2 dim: 3 dim: 16 dim: 5 dim: 6")
                               CONV("c", "x", "y", "num_output: 20 kernel_size: 3 axis: 2")},
    {"two bottoms",
     INPUT("x", "dim: 2 dim: 16 dim: 6 dim: 6") INPUT(
         "z", "dim: 2 dim: 16 dim: 6 dim: 6") "layer { name: 'c' type: 'Convolution' bottom: 'x' "
                                              "bottom: 'z' top: 'a' top: 'b' "
                                              "convolution_param { num_output: 16 kernel_size: 3 "
                                              "weight_filler { type: 'gaussian' std: 0.2 } } }\n"
                                              "layer { name: 'e' type: 'Eltwise' bottom: 'a' "
                                              "bottom: 'b' top: 'y' "
                                              "eltwise_param { coeff: 1 coeff: -2 } }\n"},
    {"shared weights",
     IMAGES "layer { name: 'c1' type: 'Convolution' bottom: 'x' top: 'a' param { name: 'w' } "
            "convolution_param { num_output: 20 kernel_size: 3 pad: 1 bias_term: false "
            "weight_filler { type: 'gaussian' std: 0.1 } } }\n"
            "layer { name: 'c2' type: 'Convolution' bottom: 'a' top: 'y' param { name: 'w' } "
            "convolution_param { num_output: 20 kernel_size: 3 pad: 1 bias_term: false } }\n"},
    {"frozen weights",
     IMAGES "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'y' param { lr_mult: 0 } "
            "param { lr_mult: 1 } convolution_param { num_output: 20 kernel_size: 3 "
            "weight_filler { type: 'gaussian' std: 0.1 } } }\n"},
    {"ReLU in place",
     IMAGES CONV("c", "x", "y", "num_output: 30 kernel_size: 3") LAYER1("r", "ReLU", "y", "y", "")},
    {"leaky ReLU in place", IMAGES CONV("c", "x", "y", "num_output: 30 kernel_size: 3") LAYER1(
                                "r", "ReLU", "y", "y", "relu_param { negative_slope: 0.1 }")},
    {"ReLU with a top of its own",
     IMAGES CONV("c", "x", "a", "num_output: 30 kernel_size: 3") LAYER1("r", "ReLU", "a", "y", "")},
    {"BatchNorm, Scale and ReLU in place",
     IMAGES CONV("c", "x", "y", "num_output: 30 kernel_size: 3")
         LAYER1("n", "BatchNorm", "y", "y", "")
             LAYER1("s", "Scale", "y", "y",
                    "scale_param { bias_term: true filler { type: 'uniform' min: 0.5 max: 2 } "
                    "bias_filler { type: 'gaussian' } }") LAYER1("r", "ReLU", "y", "y", "")},
    {"BatchNorm and Scale with tops of their own",
     IMAGES CONV("c", "x", "a", "num_output: 30 kernel_size: 3")
         LAYER1("n", "BatchNorm", "a", "b", "") LAYER1(
             "s", "Scale", "b", "b", "scale_param { filler { type: 'uniform' min: 0.5 max: 2 } }")
             LAYER1("r", "ReLU", "b", "y", "")},
    {"BatchNorm alone in place", IMAGES CONV("c", "x", "y", "num_output: 16 kernel_size: 3")
                                     LAYER1("n", "BatchNorm", "y", "y", "")},
    {"BatchNorm with stored statistics",
     IMAGES CONV("c", "x", "y", "num_output: 16 kernel_size: 3")
         LAYER1("n", "BatchNorm", "y", "y", "batch_norm_param { use_global_stats: true }")
             LAYER1("s", "Scale", "y", "y", "scale_param { bias_term: true }")},
    {"BatchNorm of an input in place", IMAGES LAYER1("n", "BatchNorm", "x", "x", "")
                                           CONV("c", "x", "y", "num_output: 16 kernel_size: 3")},
    {"BatchNorm behind groups", IMAGES CONV("c", "x", "y", "num_output: 10 kernel_size: 3 group: 5")
                                    LAYER1("n", "BatchNorm", "y", "y", "")},
    {"BatchNorm of vectors",
     INPUT("x", "dim: 6 dim: 10") LAYER1("n", "BatchNorm", "x", "a", "")
         LAYER1("s", "Scale", "a", "a", "scale_param { bias_term: true }")
             LAYER1("i", "InnerProduct", "a", "y",
                    "inner_product_param { num_output: 3 weight_filler { type: 'xavier' } }")},
    {"MAX and AVE pooling", IMAGES CONV("c", "x", "a", "num_output: 18 kernel_size: 1")
                                POOL("p", "a", "b", "pool: MAX kernel_size: 3 stride: 2") POOL(
                                    "q", "b", "y", "pool: AVE kernel_size: 2 stride: 1 pad: 1")},
    {"AVE pooling with padding and overhang",
     IMAGES CONV("c", "x", "a", "num_output: 18 kernel_size: 1")
         POOL("p", "a", "y", "pool: AVE kernel_size: 3 stride: 2 pad: 1")},
    {"global pooling", IMAGES CONV("c", "x", "a", "num_output: 18 kernel_size: 1")
                           POOL("p", "a", "y", "pool: AVE global_pooling: true")},
    {"pooling with a mask",
     IMAGES CONV("c", "x", "a",
                 "num_output: 18 kernel_size: 1") "layer { name: 'p' type: 'Pooling' bottom: 'a' "
                                                  "top: 'y' top: 'mask' "
                                                  "pooling_param { pool: MAX kernel_size: 2 "
                                                  "stride: 2 } }\n"},
    {"LRN", IMAGES CONV("c", "x", "a", "num_output: 40 kernel_size: 1")
                LAYER1("n", "LRN", "a", "y", "lrn_param { local_size: 5 alpha: 0.5 beta: 0.75 }")},
    {"LRN of three", IMAGES CONV("c", "x", "a", "num_output: 40 kernel_size: 1")
                         LAYER1("n", "LRN", "a", "y", "lrn_param { local_size: 3 alpha: 0.5 }")},
    {"LRN within channels",
     IMAGES CONV("c", "x", "a", "num_output: 16 kernel_size: 1")
         LAYER1("n", "LRN", "a", "y", "lrn_param { norm_region: WITHIN_CHANNEL alpha: 0.5 }")},
    {"a residual block",
     IMAGES CONV("c", "x", "a", "num_output: 20 kernel_size: 3 pad: 1") LAYER1("r", "ReLU", "a",
                                                                               "a", "")
         CONV("d", "a", "b",
              "num_output: 20 kernel_size: 3 pad: 1") "layer { name: 'e' type: 'Eltwise' bottom: "
                                                      "'b' bottom: 'a' top: 'y' }\n" LAYER1(
                                                          "q", "ReLU", "y", "y", "")},
    {"three readers and a sum of three",
     IMAGES CONV("c", "x", "a", "num_output: 20 kernel_size: 1") LAYER1("r", "ReLU", "a", "b", "")
         CONV("d", "a", "e",
              "num_output: 20 kernel_size: 1") "layer { name: 's' type: 'Eltwise' bottom: 'a' "
                                               "bottom: 'b' bottom: 'e' top: 'y' "
                                               "eltwise_param { coeff: 1 coeff: 3 coeff: -1 } }\n"},
    {"Concat of blocks",
     IMAGES CONV("c", "x", "a", "num_output: 32 kernel_size: 1")
         CONV("d", "x", "b",
              "num_output: 20 kernel_size: 3 pad: 1") "layer { name: 'e' type: 'Concat' bottom: "
                                                      "'a' bottom: 'b' top: 'y' }\n"},
    {"Concat of parts of blocks",
     IMAGES CONV("c", "x", "a", "num_output: 24 kernel_size: 1")
         CONV("d", "x", "b",
              "num_output: 40 kernel_size: 3 pad: 1") "layer { name: 'e' type: 'Concat' bottom: "
                                                      "'a' bottom: 'b' top: 'y' }\n"},
    {"deconvolution",
     IMAGES DECONV("c", "x", "y", "num_output: 18 kernel_size: 4 stride: 2 pad: 1")},
    {"deconvolution of groups",
     IMAGES DECONV("c", "x", "y",
                   "num_output: 20 kernel_size: 4 stride: 2 group: 20 bias_term: "
                   "false")},
    {"deconvolution to colours, ReLU in place",
     IMAGES DECONV("c", "x", "y", "num_output: 3 kernel_size: 3")
         LAYER1("r", "ReLU", "y", "y", "")},
    {"layouts that meet in plain layers",
     IMAGES CONV("c", "x", "a", "num_output: 20 kernel_size: 3") LAYER1("t", "TanH", "a", "a", "")
         CONV("d", "a", "b", "num_output: 17 kernel_size: 3") LAYER1("f", "Flatten", "b", "e", "")
             LAYER1("i", "InnerProduct", "e", "y",
                    "inner_product_param { num_output: 7 weight_filler { type: 'xavier' } }")},
    {"many channels", CHANNELS CONV("c", "x", "y", "num_output: 80 kernel_size: 3 pad: 1")},
    {"many channels in groups",
     INPUT("x", "dim: 2 dim: 128 dim: 9 dim: 12")
         CONV("c", "x", "y", "num_output: 160 kernel_size: 3 pad: 1 group: 2")},
    {"many channels, no padding, no bias",
     CHANNELS CONV("c", "x", "y", "num_output: 64 kernel_size: 3 bias_term: false")},
    {"many channels, much padding, ReLU",
     CHANNELS CONV("c", "x", "y", "num_output: 64 kernel_size: 3 pad_h: 2 pad_w: 0")
         LAYER1("r", "ReLU", "y", "y", "relu_param { negative_slope: 0.1 }")},
    {"many channels, BatchNorm and ReLU",
     CHANNELS CONV("c", "x", "y", "num_output: 64 kernel_size: 3 pad: 1")
         LAYER1("n", "BatchNorm", "y", "y", "") LAYER1("r", "ReLU", "y", "y", "")},
    {"many channels, two bottoms, shared weights",
     CHANNELS INPUT("z",
                    "dim: 3 dim: 64 dim: 9 dim: 12") "layer { name: 'c' type: 'Convolution' "
                                                     "bottom: 'x' bottom: 'z' top: 'a' top: 'b' "
                                                     "param { name: 'w' } convolution_param { "
                                                     "num_output: 64 kernel_size: 3 pad: 1 "
                                                     "bias_term: false weight_filler { type: "
                                                     "'gaussian' std: 0.05 } } }\n"
                                                     "layer { name: 'd' type: 'Convolution' "
                                                     "bottom: 'a' top: 'e' param { name: 'w' } "
                                                     "convolution_param { num_output: 64 "
                                                     "kernel_size: 3 pad: 1 bias_term: false } }\n"
                                                     "layer { name: 's' type: 'Eltwise' bottom: "
                                                     "'b' bottom: 'e' top: 'y' }\n"},
    {"InnerProduct and ReLU",
     INPUT("x", "dim: 5 dim: 4 dim: 3")
         LAYER1("i", "InnerProduct", "x", "y",
                "inner_product_param { num_output: 7 weight_filler { type: 'xavier' } "
                "bias_filler { type: 'gaussian' } }") LAYER1("r", "ReLU", "y", "y", "")},
    {"InnerProduct of stored columns",
     INPUT("x", "dim: 5 dim: 12")
         LAYER1("i", "InnerProduct", "x", "y",
                "inner_product_param { num_output: 7 transpose: true bias_term: false "
                "weight_filler { type: 'xavier' } }")},
};

static void fill_inputs(lungo_net *net) {
    for (int i = 0; i < net->input_count; i++) {
        lungo_blob *input = net->inputs[i];
        float *values = lungo_random_array(input->count, (unsigned)i + 1);
        memcpy(lungo_data_overwrite(input), values, input->count * sizeof *values);
        free(values);
    }
}

static lungo_net *open_small(int index, lungo_phase phase) {
    char text[4096];
    snprintf(text, sizeof text, "name: '%s' force_backward: true\n%s" LOSS, nets[index].name,
             nets[index].net);
    return lungo_test_net(phase, text);
}

START_TEST(small_nets_agree_with_their_layers) {
    lungo_net *net = open_small(_i, LUNGO_TRAIN);
    for (int pass = 0; pass < 2; pass++) { /* in-place layers change inputs */
        fill_inputs(net);
        bool changed_in_place = net->layers[net->input_count]->tops[0] == net->inputs[0];
        if (changed_in_place) break;
        check_net(net);
    }
    lungo_net_free(net);
}
END_TEST

START_TEST(small_nets_follow_new_shapes) {
    lungo_net *net = open_small(_i, LUNGO_TRAIN);
    static const int images[] = {5, 1};
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < net->input_count; i++) {
            lungo_shape shape = net->inputs[i]->shape;
            shape.dim[0] = images[k];
            ck_ok(lungo_blob_reshape(net->inputs[i], &shape));
        }
        fill_inputs(net);
        if (net->layers[net->input_count]->tops[0] != net->inputs[0]) check_net(net);
    }
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_engines(void);
Suite *lungo_suite_engines(void) {
    Suite *suite = suite_create("engines");
    int count = sizeof nets / sizeof *nets;
    lungo_suite_add_table(suite, small_nets_agree_with_their_layers, count);
    lungo_suite_add_table(suite, small_nets_follow_new_shapes, count);
    return suite;
}
