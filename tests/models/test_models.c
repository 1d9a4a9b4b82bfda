/* The nets of models/ open, run and have the sizes that their pages state. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "plan/plan.h"
#include "proto/text.h"
#include "support/suites.h"

static const struct {
    const char *name;
    size_t to_train, to_deploy; /* parameters */
    double multiply_adds;       /* 1e6, for an image forward, deployed */
    size_t classes;
    float first_loss; /* of untrained weights, all losses together: near log(classes) */
} models[] = {
    {"lenet", 431080, 431080, 2.293, 10, 2.3f},
    {"cifar10_quick", 145578, 145578, 12.3542, 10, 2.3f},
    {"alexnet", 60965224, 60965224, 724.407, 1000, 6.9f},
    {"caffenet", 60965224, 60965224, 724.407, 1000, 6.9f},
    {"googlenet", 13378280, 6998552, 1582.67, 1000, 11.1f},
    {"vgg16", 138357544, 138357544, 15470.3, 1000, 6.9f},
    {"resnet50", 25557032, 25557032, 3857.97, 1000, 6.9f},
    {"mobilenet", 4231976, 4231976, 568.74, 1000, 6.9f},
    {"squeezenet", 1248424, 1248424, 832.668, 1000, 6.9f},
};

static char *path_of(const char *name, const char *file) {
    static char path[512];
    snprintf(path, sizeof path, "%s/models/%s/%s", LUNGO_SOURCE_DIR, name, file);
    return path;
}

/* The same net for one image at a time: large nets would take their time otherwise. */
static void take_one_image(const Caffe__NetParameter *net) {
    const Caffe__LayerParameter *data = net->layer[0];
    for (size_t i = 0; data->dummy_data_param && i < data->dummy_data_param->n_shape; i++)
        data->dummy_data_param->shape[i]->dim[0] = 1;
    if (data->input_param) data->input_param->shape[0]->dim[0] = 1;
}

static lungo_net *open_model(const char *name, const char *file, lungo_phase phase) {
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT};
    lungo_document *document;
    ProtobufCMessage *message;
    lungo_net *net;
    options.open.phase = phase;
    options.open.seed = 1;
    ck_ok(lungo_document_new(&document));
    ck_ok(lungo_text_read(document, &message, &caffe__net_parameter__descriptor,
                          path_of(name, file)));
    take_one_image((Caffe__NetParameter *)message);
    ck_ok(lungo_plan_open_net(&net, (Caffe__NetParameter *)message, document, &options));
    lungo_document_free(document);
    return net;
}

static size_t parameters_of(const lungo_net *net) {
    size_t sum = 0;
    for (size_t i = 0; i < lungo_net_param_count(net); i++)
        if (lungo_net_param(net, i).lr_mult != 0)
            sum += lungo_blob_count(lungo_net_param(net, i).blob);
    return sum;
}

/* Of convolutions and fully connected layers: each weight is used once per output position. */
static double multiply_adds_of(const lungo_net *net) {
    double sum = 0;
    for (size_t i = 0; i < lungo_net_layer_count(net); i++) {
        lungo_layer_info layer = lungo_net_layer(net, i);
        if (strcmp(layer.type, "Convolution") && strcmp(layer.type, "InnerProduct")) continue;
        const lungo_shape *top = lungo_blob_shape(lungo_net_layer_top(net, i, 0));
        double positions = top->axes == 4 ? (double)top->dim[2] * top->dim[3] : 1;
        sum += positions * (double)lungo_blob_count(lungo_net_layer_param(net, i, 0));
    }
    return sum;
}

START_TEST(bench_nets_run_forward_and_backward) {
    lungo_net *net = open_model(models[_i].name, "bench.prototxt", LUNGO_TRAIN);
    float loss;
    ck_assert_uint_eq(parameters_of(net), models[_i].to_train);
    ck_ok(lungo_net_forward(net, &loss));
    ck_ok(lungo_net_backward(net));
    ck_assert_float_eq_tol(loss, models[_i].first_loss, 1.5f);
    lungo_net_free(net);
}
END_TEST

START_TEST(deploy_nets_give_probabilities) {
    lungo_net *net = open_model(models[_i].name, "deploy.prototxt", LUNGO_TEST);
    ck_assert_uint_eq(parameters_of(net), models[_i].to_deploy);
    double expected = models[_i].multiply_adds;
    ck_assert_double_eq_tol(multiply_adds_of(net) * 1e-6, expected, 1e-3 * expected);
    ck_ok(lungo_net_forward(net, NULL));
    const lungo_blob *output = lungo_net_output(net, 0);
    float sum = 0;
    ck_assert_uint_eq(lungo_blob_count(output), models[_i].classes);
    for (size_t i = 0; i < lungo_blob_count(output); i++)
        sum += lungo_data(output)[i];
    ck_assert_float_eq_tol(sum, 1.0f, 1e-5f);
    lungo_net_free(net);
}
END_TEST

static void check_page_says(const char *page, size_t parameters) {
    char text[64], number[32];
    size_t length = (size_t)snprintf(number, sizeof number, "%zu", parameters), k = 0;
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) text[k++] = ',';
        text[k++] = number[i];
    }
    text[k] = '\0';
    ck_assert_msg(strstr(page, text), "expected %s in the page", text);
}

START_TEST(pages_state_the_parameters) {
    char *page;
    size_t length;
    ck_ok(lungo_file_read(&page, &length, path_of(models[_i].name, "README.md")));
    check_page_says(page, models[_i].to_train);
    check_page_says(page, models[_i].to_deploy);
    free(page);
}
END_TEST

static bool same_in_training(const Caffe__LayerParameter *layer) {
    return strcmp(layer->type, "Data") && strcmp(layer->type, "DummyData") &&
           strcmp(layer->type, "Accuracy");
}

/* All layers but those that bring the data and measure. */
static void print_learning_layers(lungo_buffer *out, const char *path) {
    lungo_document *document;
    ProtobufCMessage *message;
    ck_ok(lungo_document_new(&document));
    ck_ok(lungo_text_read(document, &message, &caffe__net_parameter__descriptor, path));
    const Caffe__NetParameter *net = (Caffe__NetParameter *)message;
    for (size_t i = 0; i < net->n_layer; i++)
        if (same_in_training(net->layer[i])) lungo_text_print(out, &net->layer[i]->base);
    lungo_document_free(document);
}

START_TEST(what_is_trained_is_what_is_timed) {
    lungo_buffer trained = {0}, timed = {0};
    print_learning_layers(&trained, path_of(models[_i].name, "train_test.prototxt"));
    print_learning_layers(&timed, path_of(models[_i].name, "bench.prototxt"));
    ck_assert_str_eq(lungo_buffer_text(&trained), lungo_buffer_text(&timed));
    lungo_buffer_dispose(&trained);
    lungo_buffer_dispose(&timed);
}
END_TEST

START_TEST(solvers_are_read) {
    lungo_document *document;
    ProtobufCMessage *message;
    ck_ok(lungo_document_new(&document));
    ck_ok(lungo_text_read(document, &message, &caffe__solver_parameter__descriptor,
                          path_of(models[_i].name, "solver.prototxt")));
    char expected[128];
    snprintf(expected, sizeof expected, "models/%s/train_test.prototxt", models[_i].name);
    ck_assert_str_eq(((Caffe__SolverParameter *)message)->net, expected);
    lungo_document_free(document);
}
END_TEST

Suite *lungo_suite_models(void);
Suite *lungo_suite_models(void) {
    Suite *suite = suite_create("models");
    TCase *tcase = tcase_create("models");
    int count = sizeof models / sizeof models[0];
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, bench_nets_run_forward_and_backward, 0, count);
    tcase_add_loop_test(tcase, deploy_nets_give_probabilities, 0, count);
    tcase_add_loop_test(tcase, pages_state_the_parameters, 0, count);
    tcase_add_loop_test(tcase, what_is_trained_is_what_is_timed, 0, count);
    tcase_add_loop_test(tcase, solvers_are_read, 0, count);
    suite_add_tcase(suite, tcase);
    return suite;
}
