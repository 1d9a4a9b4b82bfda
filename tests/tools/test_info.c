/* lungo info: what nets cost, against published figures, and what files of weights hold. */
#include <stdio.h>
#include <string.h>

#include "support/command.h"
#include "support/nets.h"
#include "support/suites.h"

#define INFO    LUNGO_BINARY_DIR "/bin/lungo info "
#define MODELS  LUNGO_SOURCE_DIR "/models/"
#define WEIGHTS LUNGO_SOURCE_DIR "/tests/fuzz/corpus/caffemodel/"

static void expect_out(const char *expected) {
    lungo_test_file("expected", expected);
    lungo_test_same_files("out", "expected");
}

/* ---- costs ---- */

/* Multiply-adds of one picture, and learned parameters, in millions: from the papers (AlexNet and
 * CaffeNet with groups; GoogLeNet without its two side branches; MobileNet 569 and 4.2; ResNet-50
 * 3.8 G and 25.6; VGG-16 138; SqueezeNet 1.0 1.25). */
static const struct {
    const char *model;
    double macs, macs_within, params, params_within;
} costs[] = {
    {"alexnet", 724, 1, 60.97, 0.01},    {"caffenet", 724, 1, 60.97, 0.01},
    {"vgg16", 15470, 10, 138.36, 0.01},  {"googlenet", 1583, 2, 7.0, 0.01},
    {"resnet50", 3860, 10, 25.56, 0.01}, {"squeezenet", 835, 30, 1.248, 0.001},
    {"mobilenet", 569, 1, 4.23, 0.01},   {"lenet", 2.293, 0.001, 0.43108, 0.00001},
};

START_TEST(costs_are_those_published) {
    char path[300];
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_net *net;
    options.shapes_only = true;
    snprintf(path, sizeof path, MODELS "%s/deploy.prototxt", costs[_i].model);
    ck_ok(lungo_net_open(&net, path, &options));
    double macs = 0, params = 0;
    for (size_t i = 0; i < lungo_net_layer_count(net); i++)
        macs += (double)lungo_net_layer(net, i).macs;
    for (size_t i = 0; i < lungo_net_param_count(net); i++)
        if (lungo_net_param(net, i).lr_mult != 0)
            params += (double)lungo_blob_count(lungo_net_param(net, i).blob);
    macs /= lungo_blob_shape(lungo_net_input(net, 0))->dim[0];
    ck_assert_double_eq_tol(macs * 1e-6, costs[_i].macs, costs[_i].macs_within);
    ck_assert_double_eq_tol(params * 1e-6, costs[_i].params, costs[_i].params_within);
    lungo_net_free(net);
}
END_TEST

/* ---- nets ---- */

#define NET                                                                                        \
    "name: 'small'\n" INPUT("x", "dim: 2 dim: 4 dim: 5 dim: 5")                                    \
        LAYER1("c", "Convolution", "x", "c",                                                       \
               "convolution_param { num_output: 6 kernel_size: 3 "                                 \
               "group: 2 }") LAYER1("r", "ReLU", "c", "c", "")                                     \
            LAYER1("d", "Deconvolution", "c", "d",                                                 \
                   "convolution_param { num_output: 3 "                                            \
                   "kernel_size: 2 bias_term: false }") LAYER1("f", "Flatten", "d", "f", "")       \
                LAYER1("y", "InnerProduct", "f", "y",                                              \
                       "inner_product_param { "                                                    \
                       "num_output: 7 }")

START_TEST(a_net_as_a_table) {
    lungo_test_file("net.prototxt", NET);
    ck_assert_int_eq(lungo_command(INFO "net.prototxt"), 0);
    expect_out("layer  type           output   parameters  multiply-adds  activations\n"
               "in_x   Input          2x4x5x5                                     200\n"
               "c      Convolution    2x6x3x3         114           1944          108\n"
               "r      ReLU           2x6x3x3\n"
               "d      Deconvolution  2x3x4x4          72           1296           96\n"
               "f      Flatten        2x48\n"
               "y      InnerProduct   2x7             343            672           14\n"
               "6 layers; parameters 529 (0.0 MB), of which 529 learn\n"
               "multiply-adds of a forward pass: 3.912e-06 G, 1.956e-06 G for each of 2 items\n"
               "activations: 0.0 MB\n");
}
END_TEST

START_TEST(a_net_as_json) {
    lungo_test_file("net.prototxt", NET);
    ck_assert_int_eq(
        lungo_command(INFO "--json net.prototxt > net.json && python3 -c \""
                           "import json; n = json.load(open('net.json')); c = n['layers'][1]; "
                           "print(n['name'], n['phase'], n['batch'], n['macs'], c['macs'], "
                           "c['params'][0]['shape'], c['tops'][0]['name'])\""),
        0);
    expect_out("small TEST 2 3912 1944 [6, 2, 3, 3] c\n");
}
END_TEST

/* Its pictures are as large as the transformation says, or that is warned of. */
START_TEST(data_may_be_missing) {
    lungo_test_file(
        "net.prototxt",
        "layer { name: 'd' type: 'Data' top: 'x' top: 't' transform_param { crop_size: 8 } "
        "data_param { source: 'none' batch_size: 3 } }\n"
        "layer { name: 'o' type: 'HDF5Output' bottom: 'x' bottom: 't' "
        "hdf5_output_param { file_name: 'no/where.h5' } }\n");
    ck_assert_int_eq(lungo_command(INFO "net.prototxt"), 0);
    lungo_command_wrote("out", "3x3x8x8, 3");
    lungo_test_file("net.prototxt", "layer { name: 'd' type: 'Data' top: 'x' data_param { "
                                    "source: 'none' batch_size: 3 } }\n");
    ck_assert_int_eq(lungo_command(INFO "net.prototxt"), 0);
    lungo_command_wrote("err", "3x224x224 stands for it");
    lungo_command_refused(lungo_command(INFO "none.prototxt"), "none.prototxt");
    lungo_command_refused(lungo_command(INFO "--phase=X net.prototxt"), "expected TRAIN or TEST");
}
END_TEST

START_TEST(a_net_of_shapes_does_not_run) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_net *net;
    options.shapes_only = true;
    ck_ok(lungo_net_open_text(&net, NET, "net.prototxt", &options));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_USAGE, "built for its shapes alone");
    ck_assert_ptr_null(lungo_data(lungo_net_input(net, 0)));
    lungo_net_free(net);
}
END_TEST

/* ---- weights ---- */

START_TEST(weights_by_themselves) {
    lungo_net *net =
        lungo_test_net(LUNGO_TEST, INPUT("x", "dim: 2 dim: 3") LAYER1(
                                       "y", "InnerProduct", "x", "y",
                                       "inner_product_param { num_output: 2 "
                                       "weight_filler { value: 0.5 } bias_filler { value: -1 } }"));
    ck_ok(lungo_net_save_weights(net, "net.caffemodel", false));
    lungo_net_free(net);
    ck_assert_int_eq(lungo_command(INFO "net.caffemodel"), 0);
    lungo_command_wrote("out", "y      InnerProduct     0  2x3        6  0.5  0.5   0.5\n"
                               "                        1  2          2   -1   -1    -1\n"
                               "2 layers, 2 blobs, 8 values, 0.0 MB\n");
    ck_assert_int_eq(lungo_command(INFO "--json net.caffemodel > net.json && python3 -c \""
                                        "import json; n = json.load(open('net.json')); "
                                        "print(n['values'], n['layers'][1]['blobs'][0]['mean'])\""),
                     0);
    expect_out("8 0.5\n");
}
END_TEST

START_TEST(weights_of_every_version) {
    static const char *const versions[] = {"v0", "v1", "v2", "raw_halves"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        ck_assert_int_eq(lungo_command(INFO WEIGHTS "%s", versions[i]), 0);
        lungo_command_wrote("out", " blobs, ");
    }
}
END_TEST

Suite *lungo_suite_info(void);
Suite *lungo_suite_info(void) {
    Suite *suite = suite_create("info");
    TCase *cases = lungo_test_folder_case(suite, "info", NULL);
    tcase_add_loop_test(cases, costs_are_those_published, 0, sizeof costs / sizeof *costs);
    tcase_add_test(cases, a_net_as_a_table);
    tcase_add_test(cases, a_net_as_json);
    tcase_add_test(cases, data_may_be_missing);
    tcase_add_test(cases, a_net_of_shapes_does_not_run);
    tcase_add_test(cases, weights_by_themselves);
    tcase_add_test(cases, weights_of_every_version);
    return suite;
}
