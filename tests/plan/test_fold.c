/* BatchNorm and Scale folded into convolutions, against the same layers one by one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/op.h"
#include "plan/plan.h"
#include "support/fill.h"
#include "support/nets.h"
#include "support/suites.h"

#ifdef LUNGO_HAVE_ONEDNN

static const double tolerance = 1e-4;

/* Enough of them for Winograd's filtering. */
#define MANY "dim: 1 dim: 64 dim: 14 dim: 14"

/* By the units that are fastest, for which no engine is asked for. */
static lungo_net *open_net(const char *text) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_net *net = NULL;
    options.engine = strstr(text, MANY) ? LUNGO_ENGINE_DEFAULT : LUNGO_ENGINE_ONEDNN;
    ck_ok(lungo_net_open_text(&net, text, "net.prototxt", &options));
    lungo_fill_net(net);
    return net;
}

/* ---- steps against layers ---- */

static void check_blob(const lungo_blob *blob, const float *steps) {
    const float *layers = lungo_data(blob);
    double distance = 0, length = 0;
    for (size_t i = 0; i < blob->count; i++) {
        distance += pow((double)steps[i] - layers[i], 2);
        length += pow(layers[i], 2);
    }
    ck_assert_msg(sqrt(distance) <= tolerance * sqrt(length), "'%s': |step - layers| %g of %g",
                  blob->name, sqrt(distance), sqrt(length));
    ck_assert_msg(length > 0, "'%s': expected values, got zeros", blob->name);
}

static void forward(lungo_net *net, bool apart) {
    net->apart = apart;
    ck_ok(lungo_net_forward(net, NULL));
}

static void check_net(lungo_net *net) {
    size_t blobs = (size_t)net->blob_count;
    float **steps = calloc(blobs, sizeof *steps);
    for (size_t i = 0; i < blobs; i++)
        lungo_net_blob(net, net->blobs[i]->name); /* its values are asked for */
    forward(net, false);
    for (size_t i = 0; i < blobs; i++) {
        steps[i] = malloc(net->blobs[i]->count * sizeof **steps);
        memcpy(steps[i], lungo_data(net->blobs[i]), net->blobs[i]->count * sizeof **steps);
    }
    forward(net, true);
    for (size_t i = 0; i < blobs; i++) {
        check_blob(net->blobs[i], steps[i]);
        free(steps[i]);
    }
    free(steps);
    net->apart = false;
}

/* ---- small nets ---- */

#define IMAGES INPUT("x", "dim: 3 dim: 20 dim: 7 dim: 6")
#define CONV(more)                                                                                 \
    LAYER1("c", "Convolution", "x", "y",                                                           \
           "convolution_param { num_output: 20 kernel_size: 3 " more " }")
#define MANY_CONV(more)                                                                            \
    LAYER1("c", "Convolution", "x", "y",                                                           \
           "convolution_param { num_output: 64 kernel_size: 3 " more " }")
#define NORM(more)  LAYER1("n", "BatchNorm", "y", "y", more)
#define SCALE(more) LAYER1("s", "Scale", "y", "y", "scale_param { " more " }")
#define RELU        LAYER1("r", "ReLU", "y", "y", "")
#define ALL         NORM("") SCALE("bias_term: true") RELU

static const struct {
    const char *name, *net;
    size_t steps; /* the input included */
} nets[] = {
    {"all", IMAGES CONV("") ALL, 2},
    {"no biases", IMAGES CONV("bias_term: false") NORM("") SCALE("") RELU, 2},
    {"BatchNorm alone", IMAGES CONV("") NORM(""), 2},
    {"BatchNorm and ReLU",
     IMAGES CONV("bias_term: false") NORM("batch_norm_param { eps: 0.1 }") RELU, 2},
    {"Scale alone", IMAGES CONV("bias_term: false") SCALE("bias_term: true"), 2},
    {"leaky ReLU",
     IMAGES CONV("") NORM("") LAYER1("r", "ReLU", "y", "y", "relu_param { negative_slope: 0.2 }"),
     2},
    {"groups", IMAGES CONV("group: 5") ALL, 2},
    {"depthwise", IMAGES CONV("group: 20 pad: 1") ALL, 2},
    {"colours", INPUT("x", "dim: 2 dim: 3 dim: 9 dim: 9") CONV("stride: 2") ALL, 2},
    {"many channels", INPUT("x", MANY) MANY_CONV("pad: 1") ALL, 2},
    {"many channels, no biases", INPUT("x", MANY) MANY_CONV("bias_term: false pad: 1") NORM(""), 2},
    {"three axes", INPUT("x", "dim: 2 dim: 16 dim: 5 dim: 4 dim: 6") CONV("pad: 1") ALL, 2},
    {"statistics of the batch",
     IMAGES CONV("") NORM("batch_norm_param { use_global_stats: false }") SCALE(""), 2},
    {"a scale per row", IMAGES CONV("") NORM("") SCALE("axis: 2") RELU, 4},
    {"a top of its own", IMAGES CONV("") LAYER1("n", "BatchNorm", "y", "z", ""), 2},
    {"another reader between",
     IMAGES CONV("") LAYER1("t", "TanH", "y", "v", "") LAYER1("n", "BatchNorm", "y", "z", ""), 5},
    {"another reader behind",
     IMAGES CONV("") ALL LAYER1("t", "TanH", "y", "z", "") LAYER1("u", "TanH", "y", "v", ""), 5},
    {"Dropout", IMAGES CONV("") ALL LAYER1("d", "Dropout", "y", "y", ""), 3},
    {"Dropout with a top of its own", IMAGES CONV("") ALL LAYER1("d", "Dropout", "y", "z", ""), 3},
};

START_TEST(small_nets_agree_with_their_layers) {
    lungo_net *net = open_net(nets[_i].net);
    ck_assert_msg(lungo_net_step_count(net) == nets[_i].steps, "'%s': expected %zu steps, got %zu",
                  nets[_i].name, nets[_i].steps, lungo_net_step_count(net));
    if (strstr(nets[_i].net, "use_global_stats") == NULL) check_net(net);
    lungo_net_free(net);
}
END_TEST

START_TEST(new_shapes_are_folded_anew) {
    lungo_net *net = open_net(nets[0].net);
    check_net(net);
    ck_ok(lungo_blob_reshape(net->inputs[0], &LUNGO_SHAPE(1, 20, 9, 4)));
    lungo_fill_random(net->inputs[0], 5, 0, 1);
    check_net(net);
    lungo_net_free(net);
}
END_TEST

/* Every parameter of every layer in turn. */
START_TEST(changed_parameters_are_folded_anew) {
    static const char *const texts[] = {IMAGES CONV("") NORM("") SCALE("bias_term: true"),
                                        INPUT("x", MANY) MANY_CONV("pad: 1") NORM("")
                                            SCALE("bias_term: true")};
    lungo_net *net = open_net(texts[_i]);
    check_net(net);
    for (int i = 0; i < net->layer_count; i++)
        for (int j = 0; j < net->layers[i]->param_count; j++) {
            float before = lungo_data(lungo_net_blob(net, "y"))[0];
            lungo_blob *param = net->layers[i]->params[j].blob;
            lungo_fill_random(param, 99, 2.5f, 0.5f);
            check_net(net);
            ck_assert_float_ne(lungo_data(lungo_net_blob(net, "y"))[0], before);
        }
    lungo_net_free(net);
}
END_TEST

/* Before any batch was counted the statistics are 0, whatever the sums. */
START_TEST(a_factor_of_0_stands_for_statistics_of_0) {
    lungo_net *net = open_net(nets[2].net);
    lungo_data_overwrite(lungo_test_layer(net, "n")->params[2].blob)[0] = 0;
    check_net(net);
    lungo_net_free(net);
}
END_TEST

/* oneDNN's ReLU would make 0 of them. */
START_TEST(what_is_no_number_shows) {
    static const char *const layers[] = {"c", "n", "s"};
    static const int params[] = {0, 1, 1};
    lungo_net *net = open_net(nets[0].net);
    for (int i = 0; i < 3; i++) {
        lungo_blob *param = lungo_test_layer(net, layers[i])->params[params[i]].blob;
        float before = lungo_data(param)[0];
        lungo_data_update(param)[0] = NAN;
        forward(net, false);
        ck_assert(isnan(lungo_data(lungo_net_blob(net, "y"))[0]));
        lungo_data_update(param)[0] = before;
        check_net(net);
    }
    lungo_net_free(net);
}
END_TEST

/* Gradients want the values in between. */
START_TEST(nothing_is_folded_where_gradients_are_wanted) {
    char text[2048];
    snprintf(text, sizeof text, "force_backward: true\n%s", nets[0].net);
    lungo_net *net = open_net(text);
    check_net(net);
    forward(net, false);
    lungo_fill_random(net->inputs[0], 3, 0, 1);
    ck_ok(lungo_net_backward(net));
    lungo_net_free(net);
}
END_TEST

/* ---- the nets of models/ that have something to fold ---- */

static const char *const models[] = {"resnet50", "mobilenet"};

START_TEST(models_agree_with_their_layers) {
    char path[512];
    lungo_net *net;
    snprintf(path, sizeof path, "%s/models/%s/deploy.prototxt", LUNGO_SOURCE_DIR, models[_i]);
    ck_ok(lungo_net_open(&net, path, NULL));
    lungo_fill_net(net);
    check_net(net);
    lungo_net_free(net);
}
END_TEST

#endif

Suite *lungo_suite_fold(void);
Suite *lungo_suite_fold(void) {
    Suite *suite = suite_create("fold");
#ifdef LUNGO_HAVE_ONEDNN
    TCase *small = tcase_create("small"), *large = tcase_create("models");
    tcase_add_loop_test(small, small_nets_agree_with_their_layers, 0,
                        (int)(sizeof nets / sizeof *nets));
    tcase_add_test(small, new_shapes_are_folded_anew);
    tcase_add_loop_test(small, changed_parameters_are_folded_anew, 0, 2);
    tcase_add_test(small, a_factor_of_0_stands_for_statistics_of_0);
    tcase_add_test(small, what_is_no_number_shows);
    tcase_add_test(small, nothing_is_folded_where_gradients_are_wanted);
    tcase_add_loop_test(large, models_agree_with_their_layers, 0,
                        (int)(sizeof models / sizeof *models));
    tcase_set_timeout(small, 120);
    tcase_set_timeout(large, 240);
    suite_add_tcase(suite, small);
    suite_add_tcase(suite, large);
#endif
    return suite;
}
