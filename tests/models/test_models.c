/* The nets of models/ open, run and have the sizes that their pages state. */
#include <stdio.h>

#include "lungo/lungo.h"
#include "support/suites.h"

static const struct {
    const char *name;
    size_t parameters, classes;
    float first_loss; /* of untrained weights: near log(classes) */
} models[] = {{"lenet", 431080, 10, 2.3f}, {"cifar10_quick", 145578, 10, 2.3f}};

static lungo_net *open_model(const char *name, const char *file, lungo_phase phase) {
    char path[512];
    lungo_net *net;
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = phase;
    options.seed = 1;
    snprintf(path, sizeof path, "%s/models/%s/%s", LUNGO_SOURCE_DIR, name, file);
    ck_ok(lungo_net_open(&net, path, &options));
    return net;
}

static size_t parameters_of(const lungo_net *net) {
    size_t sum = 0;
    for (size_t i = 0; i < lungo_net_param_count(net); i++)
        sum += lungo_blob_count(lungo_net_param(net, i).blob);
    return sum;
}

START_TEST(bench_nets_run_forward_and_backward) {
    lungo_net *net = open_model(models[_i].name, "bench.prototxt", LUNGO_TRAIN);
    float loss;
    ck_assert_uint_eq(parameters_of(net), models[_i].parameters);
    ck_ok(lungo_net_forward(net, &loss));
    ck_ok(lungo_net_backward(net));
    ck_assert_float_eq_tol(loss, models[_i].first_loss, 1.0f);
    lungo_net_free(net);
}
END_TEST

START_TEST(deploy_nets_give_probabilities) {
    lungo_net *net = open_model(models[_i].name, "deploy.prototxt", LUNGO_TEST);
    ck_assert_uint_eq(parameters_of(net), models[_i].parameters);
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

Suite *lungo_suite_models(void);
Suite *lungo_suite_models(void) {
    Suite *suite = suite_create("models");
    TCase *tcase = tcase_create("models");
    int count = sizeof models / sizeof models[0];
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, bench_nets_run_forward_and_backward, 0, count);
    tcase_add_loop_test(tcase, deploy_nets_give_probabilities, 0, count);
    suite_add_tcase(suite, tcase);
    return suite;
}
