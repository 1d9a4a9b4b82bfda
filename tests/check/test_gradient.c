/* lungo gradcheck, and the function behind it. */
#include <string.h>

#include "check/gradient.h"
#include "support/command.h"
#include "support/nets.h"
#include "support/suites.h"

#define CHECK LUNGO_BINARY_DIR "/bin/lungo gradcheck "

/* What a check found, all blobs together. */
typedef struct gradient_sums {
    size_t blobs, params, checked, kinks;
    float worst;
} gradient_sums;

static void add(void *user, const lungo_gradient_row *row) {
    gradient_sums *found = user;
    found->blobs++;
    found->params += row->is_param;
    found->checked += row->checked;
    found->kinks += row->kinks;
    if (row->error > found->worst) found->worst = row->error;
}

static gradient_sums check(const char *net, lungo_phase phase,
                           const lungo_gradient_options *gradient) {
    gradient_sums found = {0};
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = phase;
    options.seed = 3;
    lungo_test_file("net.prototxt", net);
    ck_ok(lungo_gradient_check("net.prototxt", &options, gradient, add, &found));
    return found;
}

#define GAUSS     "weight_filler { type: 'gaussian' std: 0.5 } "
#define IMAGES    INPUT("x", "dim: 2 dim: 4 dim: 6 dim: 6")
#define SEQUENCES INPUT("x", "dim: 3 dim: 2 dim: 4") INPUT("c", "dim: 3 dim: 2")

/* Bottoms and parameters that have a gradient. */
static const struct {
    const char *net;
    size_t blobs, params;
} nets[] = {
    {IMAGES LAYER1("c", "Convolution", "x", "c",
                   "convolution_param { num_output: 4 kernel_size: 3 group: 2 " GAUSS "}")
         LAYER1("b", "BatchNorm", "c", "c", "")
             LAYER1("s", "Scale", "c", "c", "scale_param { bias_term: true }")
                 LAYER1("r", "Sigmoid", "c", "c", "")
                     LAYER1("p", "Pooling", "c", "p", "pooling_param { kernel_size: 2 stride: 2 }")
                         LAYER1("d", "Dropout", "p", "p", "") LAYER1("n", "LRN", "p", "n", "")
                             LAYER1("y", "InnerProduct", "n", "y",
                                    "inner_product_param { num_output: 3 " GAUSS "}"),
     14, 6},
    {IMAGES LAYER1("d", "Deconvolution", "x", "d",
                   "convolution_param { num_output: 2 kernel_size: 2 " GAUSS "}")
         LAYER1("e", "ELU", "d", "d", "") LAYER1("t", "TanH", "d", "t", "")
             LAYER1("q", "PReLU", "t", "t", ""),
     7, 3},
    {INPUT("x", "dim: 4 dim: 5") INPUT("l", "dim: 4") LAYER1(
         "y", "InnerProduct", "x", "y",
         "inner_product_param { num_output: 3 " GAUSS
         "}") "layer { name: 'a' type: 'Accuracy' bottom: 'y' bottom: 'l' top: 'a' }"
              "layer { name: 'm' type: 'SoftmaxWithLoss' bottom: 'y' bottom: 'l' loss_weight: 3 }",
     4, 2},
    {SEQUENCES "layer { name: 'l' type: 'LSTM' bottom: 'x' bottom: 'c' top: 'y' "
               "recurrent_param { num_output: 3 " GAUSS "} }",
     4, 3},
};

START_TEST(right_gradients) {
    gradient_sums found = check(nets[_i].net, LUNGO_TRAIN, NULL);
    ck_assert_uint_eq(found.blobs, nets[_i].blobs);
    ck_assert_uint_eq(found.params, nets[_i].params);
    ck_assert_float_le(found.worst, 0.01f);
    ck_assert_uint_lt(found.kinks, found.checked / 4);
}
END_TEST

/* A layer whose gradient is a tenth too large. */
static lungo_status exaggerate(lungo_layer *layer) {
    extern const lungo_layer_type lungo_layer_power;
    LUNGO_TRY(lungo_layer_power.backward(layer));
    float *dx = lungo_diff_update(layer->bottoms[0]);
    for (size_t i = 0; i < layer->bottoms[0]->count; i++)
        dx[i] *= 1.1f;
    return LUNGO_OK;
}

START_TEST(wrong_gradients) {
    gradient_sums found = {0};
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN, "force_backward: true " IMAGES LAYER1("y", "Power", "x", "y",
                                                           "power_param { power: 3 shift: 2 }"));
    ck_ok(lungo_gradient_check_net(net, NULL, add, &found));
    ck_assert_float_le(found.worst, 0.001f);
    lungo_layer_type wrong = *net->layers[1]->type;
    wrong.backward = exaggerate;
    net->layers[1]->type = &wrong;
    ck_ok(lungo_gradient_check_net(net, NULL, add, &found));
    ck_assert_float_eq_tol(found.worst, 0.1f / 1.1f, 0.001f);
    ck_assert_uint_eq(found.kinks, 0);
    lungo_net_free(net);
}
END_TEST

/* Half of all values are closer to 0 than the step. */
START_TEST(kinks_are_no_errors) {
    lungo_gradient_options options = LUNGO_GRADIENT_OPTIONS_INIT;
    options.samples = 0;
    options.step = 0.5f;
    gradient_sums found = check(IMAGES LAYER1("y", "ReLU", "x", "y", ""), LUNGO_TRAIN, &options);
    ck_assert_uint_gt(found.kinks, 100);
    ck_assert_uint_lt(found.kinks, 188);
    ck_assert_float_le(found.worst, 0.01f);
}
END_TEST

START_TEST(one_layer_alone) {
    lungo_gradient_options options = LUNGO_GRADIENT_OPTIONS_INIT;
    options.layer = "y";
    gradient_sums found = check(nets[2].net, LUNGO_TRAIN, &options);
    ck_assert_uint_eq(found.blobs, 3);
    options.layer = "z";
    ck_fails(lungo_gradient_check("net.prototxt", NULL, &options, add, &found), LUNGO_ERR_USAGE,
             "no layer is named 'z'");
    options.step = 0;
    ck_fails(lungo_gradient_check("net.prototxt", NULL, &options, add, &found), LUNGO_ERR_USAGE,
             "expected more than 0");
}
END_TEST

/* A step of 8 takes a Sigmoid to where it is flat. */
START_TEST(the_command) {
    lungo_test_file("net.prototxt", nets[2].net);
    ck_assert_int_eq(lungo_command(CHECK "net.prototxt"), 0);
    lungo_command_wrote("out", "layer  type             blob      values  checked  kinks");
    lungo_command_wrote("out", "\ny      InnerProduct     param 0       15       15");
    lungo_command_wrote("out", "\n0 of 4 gradients are wrong by more than 0.01\n");
    lungo_test_file("far.prototxt", IMAGES LAYER1("y", "Sigmoid", "x", "y", ""));
    ck_assert_int_eq(lungo_command(CHECK "--step=8 far.prototxt"), 1);
    lungo_command_wrote("out", "  WRONG\n1 of 1 gradients are wrong by more than 0.01\n");
    lungo_command_refused(lungo_command(CHECK "--step=x net.prototxt"),
                          "--step: expected a number");
    lungo_command_refused(lungo_command(CHECK "--layer=z net.prototxt"), "no layer is named 'z'");
    lungo_command_refused(lungo_command(CHECK), "expected one net");
}
END_TEST

Suite *lungo_suite_gradient(void);
Suite *lungo_suite_gradient(void) {
    Suite *suite = suite_create("gradient");
    TCase *cases = lungo_test_folder_case(suite, "gradient", NULL);
    tcase_add_loop_test(cases, right_gradients, 0, sizeof nets / sizeof *nets);
    tcase_add_test(cases, wrong_gradients);
    tcase_add_test(cases, kinks_are_no_errors);
    tcase_add_test(cases, one_layer_alone);
    tcase_add_test(cases, the_command);
    return suite;
}
