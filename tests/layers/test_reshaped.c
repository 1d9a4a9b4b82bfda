/* A net that was reshaped between two passes is the net that was opened with the second shapes: the
 * same outputs, gradients of inputs and gradients of parameters, for every type that may see other
 * shapes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suites.h"
#include "support/values.h"

/* 'x' with the two shapes, then labels of which there are as many as items. */
typedef struct reshaped_case {
    const char *layers;
    lungo_shape before, after;
    lungo_phase phase;
} reshaped_case;

#define IMAGES                                                                                     \
    {4, {2, 3, 6, 6}}, {                                                                           \
        4, {                                                                                       \
            3, 3, 7, 8                                                                             \
        }                                                                                          \
    }
#define SMALLER                                                                                    \
    {4, {3, 3, 7, 8}}, {                                                                           \
        4, {                                                                                       \
            2, 3, 6, 6                                                                             \
        }                                                                                          \
    }
#define ROWS                                                                                       \
    {2, {4, 6}}, {                                                                                 \
        2, {                                                                                       \
            7, 6                                                                                   \
        }                                                                                          \
    }
#define VOLUMES                                                                                    \
    {5, {2, 3, 4, 4, 4}}, {                                                                        \
        5, {                                                                                       \
            1, 3, 5, 6, 4                                                                          \
        }                                                                                          \
    }
#define SEQUENCES                                                                                  \
    {3, {3, 2, 4}}, {                                                                              \
        3, {                                                                                       \
            4, 3, 4                                                                                \
        }                                                                                          \
    }

#define ONE(type, more) LAYER1("l", type, "x", "y", more)
#define LOSS(type, more)                                                                           \
    "layer { name: 'l' type: '" type "' bottom: 'x' bottom: 'lab' top: 'y' " more " }"
#define WEIGHTS "weight_filler { type: 'uniform' min: -1 max: 1 }"

static const reshaped_case cases[] = {
    {ONE("Convolution",
         "convolution_param { num_output: 4 kernel_size: 3 pad: 1 stride: 2 " WEIGHTS " }"),
     IMAGES, LUNGO_TEST},
    {ONE("Convolution", "convolution_param { num_output: 4 kernel_size: 2 " WEIGHTS " }"), VOLUMES,
     LUNGO_TEST},
    {ONE("Deconvolution",
         "convolution_param { num_output: 2 kernel_size: 3 stride: 2 " WEIGHTS " }"),
     SMALLER, LUNGO_TEST},
    {ONE("Im2col", "convolution_param { kernel_size: 3 }"), IMAGES, LUNGO_TEST},
    {ONE("Pooling", "pooling_param { kernel_size: 3 stride: 2 }"), IMAGES, LUNGO_TEST},
    {ONE("Pooling", "pooling_param { global_pooling: true pool: AVE }"), SMALLER, LUNGO_TEST},
    {ONE("Pooling", "pooling_param { kernel_size: 2 pool: STOCHASTIC }"), IMAGES, LUNGO_TRAIN},
    {ONE("Pooling", "pooling_param { kernel_size: 2 stride: 2 pool: AVE }"), VOLUMES, LUNGO_TEST},
    {ONE("SPP", "spp_param { pyramid_height: 2 }"), IMAGES, LUNGO_TEST},
    {ONE("LRN", ""), IMAGES, LUNGO_TEST},
    {ONE("LRN", "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 }"), SMALLER, LUNGO_TEST},
    {ONE("BatchNorm", ""), IMAGES, LUNGO_TRAIN},
    {ONE("BatchNorm", "batch_norm_param { use_global_stats: true }"), SMALLER, LUNGO_TRAIN},
    {ONE("MVN", ""), IMAGES, LUNGO_TEST},
    {ONE("Scale", "scale_param { bias_term: true }"), SMALLER, LUNGO_TEST},
    {ONE("Bias", ""), IMAGES, LUNGO_TEST},
    {ONE("PReLU", ""), SMALLER, LUNGO_TEST},
    {ONE("Softmax", ""), IMAGES, LUNGO_TEST},
    {ONE("Dropout", ""), SMALLER, LUNGO_TRAIN},
    {LAYER1("lead", "Power", "x", "h", "power_param { scale: 2 }")
         LAYER1("l", "Swish", "h", "h", ""),
     IMAGES, LUNGO_TEST},
    {LAYER1("lead", "Power", "x", "h", "power_param { scale: 2 }")
         LAYER1("l", "Clip", "h", "h", "clip_param { min: -1 max: 1 }"),
     SMALLER, LUNGO_TEST},
    {ONE("InnerProduct", "inner_product_param { num_output: 3 " WEIGHTS " }"), ROWS, LUNGO_TEST},
    {ONE("InnerProduct", "inner_product_param { num_output: 3 axis: 2 " WEIGHTS " }"), SEQUENCES,
     LUNGO_TEST},
    {ONE("Flatten", ""), IMAGES, LUNGO_TEST},
    {ONE("Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: 1 } }"), IMAGES, LUNGO_TEST},
    {ONE("Reduction", "reduction_param { axis: 1 operation: SUMSQ }"), SMALLER, LUNGO_TEST},
    {ONE("Tile", "tile_param { axis: 0 tiles: 3 }"), IMAGES, LUNGO_TEST},
    {"layer { name: 'l' type: 'Slice' bottom: 'x' top: 'y' top: 'z' slice_param { slice_point: 1 } "
     "}",
     SMALLER, LUNGO_TEST},
    {"layer { name: 'l' type: 'Concat' bottom: 'x' bottom: 'x' top: 'y' }", IMAGES, LUNGO_TEST},
    {"layer { name: 'l' type: 'Eltwise' bottom: 'x' bottom: 'x' top: 'y' eltwise_param { "
     "operation: "
     "MAX } }",
     SMALLER, LUNGO_TEST},
    {LOSS("SoftmaxWithLoss", ""), ROWS, LUNGO_TEST},
    {LOSS("HingeLoss", ""), ROWS, LUNGO_TEST},
    {LOSS("MultinomialLogisticLoss", ""), ROWS, LUNGO_TEST},
    {LOSS("Accuracy", ""), ROWS, LUNGO_TEST},
    {"layer { name: 'l' type: 'EuclideanLoss' bottom: 'x' bottom: 'x' top: 'y' }", ROWS,
     LUNGO_TEST},
    {"layer { name: 'c' type: 'Slice' bottom: 'x' top: 'q' top: 'rest' slice_param { axis: 2 "
     "slice_point: 1 } } layer { name: 'f' type: 'Reshape' bottom: 'q' top: 'cont' reshape_param { "
     "shape { dim: 0 dim: 0 } } propagate_down: false } layer { name: 'l' type: 'LSTM' bottom: "
     "'rest' bottom: 'cont' top: 'y' recurrent_param { num_output: 5 " WEIGHTS " } }",
     SEQUENCES, LUNGO_TRAIN},
    {"layer { name: 'c' type: 'Slice' bottom: 'x' top: 'q' top: 'rest' slice_param { axis: 2 "
     "slice_point: 1 } } layer { name: 'f' type: 'Reshape' bottom: 'q' top: 'cont' reshape_param { "
     "shape { dim: 0 dim: 0 } } propagate_down: false } layer { name: 'l' type: 'RNN' bottom: "
     "'rest' bottom: 'cont' top: 'y' recurrent_param { num_output: 5 " WEIGHTS " } }",
     SEQUENCES, LUNGO_TRAIN},
};

static void append_input(char *text, size_t room, const char *name, const lungo_shape *shape) {
    size_t used = strlen(text);
    used += (size_t)snprintf(text + used, room - used,
                             "layer { name: 'in_%s' type: 'Input' top: '%s' input_param { shape {",
                             name, name);
    for (int i = 0; i < shape->axes; i++)
        used += (size_t)snprintf(text + used, room - used, " dim: %d", shape->dim[i]);
    snprintf(text + used, room - used, " } } }\n");
}

static lungo_net *open_with(const reshaped_case *one, const lungo_shape *shape) {
    char text[2048] = "force_backward: true\n";
    append_input(text, sizeof text, "x", shape);
    if (strstr(one->layers, "'lab'"))
        append_input(text, sizeof text, "lab", &LUNGO_SHAPE(shape->dim[0]));
    strcat(text, one->layers);
    return lungo_test_net(one->phase, text);
}

static void fill_inputs(lungo_net *net) {
    for (size_t i = 0; i < lungo_net_input_count(net); i++) {
        lungo_blob *blob = lungo_net_input(net, i);
        float *values = lungo_data_overwrite(blob);
        for (size_t k = 0; k < blob->count; k++)
            values[k] = strcmp(blob->name, "lab") == 0 ? (float)(k % 3)
                                                       : (float)(k * 37 % 101) / 50 - 0.99f;
    }
}

/* One pass from the same random state, with given gradients of the outputs that are no losses. */
static void run(lungo_net *net) {
    fill_inputs(net);
    lungo_rng_seed(net->host.rng, 5);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_net_clear_gradients(net);
    if (strcmp(net->layers[net->layer_count - 1]->type->name, "Accuracy") == 0) return;
    for (int i = 0; i < net->output_count; i++) {
        if (net->output_loss_weights[i] != 0) continue;
        float *diff = lungo_diff_overwrite(net->outputs[i]);
        for (size_t k = 0; k < net->outputs[i]->count; k++)
            diff[k] = (float)(k * 53 % 97) / 48 - 1;
    }
    ck_ok(lungo_net_backward(net));
}

static void compare(const char *what, const lungo_blob *got, const lungo_blob *want) {
    ck_assert_msg(lungo_shape_equal(&got->shape, &want->shape), "%s '%s': expected %s, got %s",
                  what, want->name, lungo_shape_text(&want->shape).text,
                  lungo_shape_text(&got->shape).text);
    ck_assert_msg(!memcmp(lungo_data(got), lungo_data(want), got->count * sizeof(float)),
                  "%s '%s': other values", what, got->name);
    if (lungo_diff(want))
        ck_assert_msg(!memcmp(lungo_diff(got), lungo_diff(want), got->count * sizeof(float)),
                      "%s '%s': other gradients", what, got->name);
}

START_TEST(reshaped_is_opened_so) {
    const reshaped_case *one = &cases[_i];
    lungo_net *net = open_with(one, &one->before), *want = open_with(one, &one->after);
    run(net);
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), &one->after));
    if (lungo_net_blob(net, "lab"))
        ck_ok(lungo_blob_reshape(lungo_net_blob(net, "lab"), &LUNGO_SHAPE(one->after.dim[0])));
    ck_ok(lungo_net_reshape(net));
    run(net);
    run(want);
    for (int i = 0; i < want->output_count; i++)
        compare("output", net->outputs[i], want->outputs[i]);
    compare("input", lungo_net_blob(net, "x"), lungo_net_blob(want, "x"));
    for (int j = 0; j < want->param_count; j++)
        ck_assert_mem_eq(lungo_diff(net->params[j].blob), lungo_diff(want->params[j].blob),
                         want->params[j].blob->count * sizeof(float));
    lungo_net_free(net);
    lungo_net_free(want);
}
END_TEST

/* ---- shapes that the parameters cannot take, in a net that is open ---- */

static const struct {
    const char *layers;
    lungo_shape before, after;
    const char *error;
} refused[] = {
    {ONE("Convolution", "convolution_param { num_output: 4 kernel_size: 3 }"),
     {4, {2, 3, 6, 6}},
     {4, {2, 4, 6, 6}},
     "expected 3 channels at axis 1 and 2 spatial axes to match weights 4x3x3x3, got shape "
     "2x4x6x6"},
    {ONE("Convolution", "convolution_param { num_output: 4 kernel_size: 3 }"),
     {4, {2, 3, 6, 6}},
     {5, {2, 3, 6, 6, 6}},
     "got shape 2x3x6x6x6"},
    {ONE("InnerProduct", "inner_product_param { num_output: 3 }"),
     {2, {4, 6}},
     {2, {4, 7}},
     "expected 6 values per item to match weights 3x6, got 7"},
    {ONE("BatchNorm", ""), {4, {2, 3, 6, 6}}, {4, {2, 4, 6, 6}}, "expected 3"},
    {ONE("PReLU", ""),
     {4, {2, 3, 6, 6}},
     {4, {2, 4, 6, 6}},
     "expected as many channels as slopes (3), got shape 2x4x6x6"},
    {ONE("Scale", ""), {4, {2, 3, 6, 6}}, {4, {2, 4, 6, 6}}, "shape 2x4x6x6"},
    {ONE("Bias", ""), {4, {2, 3, 6, 6}}, {4, {2, 4, 6, 6}}, "shape 2x4x6x6"},
};

START_TEST(what_the_parameters_cannot_take_is_refused) {
    const reshaped_case one = {refused[_i].layers, refused[_i].before, refused[_i].after,
                               LUNGO_TEST};
    lungo_net *net = open_with(&one, &one.before);
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), &one.after));
    ck_fails(lungo_net_reshape(net), LUNGO_ERR_CONFIG, refused[_i].error);
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_reshaped(void);
Suite *lungo_suite_reshaped(void) {
    Suite *suite = lungo_suite_of("reshaped", (const TTest *const[]){NULL});
    lungo_suite_add_table(suite, reshaped_is_opened_so, sizeof cases / sizeof *cases);
    lungo_suite_add_table(suite, what_the_parameters_cannot_take_is_refused,
                          sizeof refused / sizeof *refused);
    return suite;
}
