/* In a net that infers, layers behind a convolution that have tops of their own, and sums, are
 * computed in its step, which leaves the blobs between them out. Nobody who asks may notice. */
#include <math.h>
#include <string.h>

#include "plan/plan.h"
#include "support/arrays.h"
#include "support/nets.h"
#include "support/suites.h"

#ifdef LUNGO_HAVE_ONEDNN

/* Enough of them for Winograd's filtering, which is used where no engine is asked for. */
#define MANY "dim: 1 dim: 64 dim: 14 dim: 14"

static lungo_net *open_net(const char *text, lungo_engine engine) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_net *net = NULL;
    bool many = engine == LUNGO_ENGINE_ONEDNN && strstr(text, MANY);
    options.engine = many ? LUNGO_ENGINE_DEFAULT : engine;
    options.seed = 5;
    ck_ok(lungo_net_open_text(&net, text, "net.prototxt", &options));
    for (int i = 0; i < net->layer_count; i++) /* variances are not negative, and counted once */
        if (strcmp(net->layers[i]->type->name, "BatchNorm") == 0)
            for (int j = 1; j < 3; j++) {
                lungo_blob *blob = net->layers[i]->params[j].blob;
                for (size_t k = 0; k < blob->count; k++)
                    lungo_data_update(blob)[k] = j == 1 ? 0.5f + (float)k / 20 : 1;
            }
    for (int i = 0; i < net->input_count; i++)
        for (size_t k = 0; k < net->inputs[i]->count; k++)
            lungo_data_update(net->inputs[i])[k] = (float)(k * 7 % 23) / 11 - 1;
    return net;
}

static void check_blob(lungo_net *joined, lungo_net *layers, const char *name) {
    const lungo_blob *a = lungo_net_blob(joined, name), *b = lungo_net_blob(layers, name);
    double distance = 0, length = 0;
    for (size_t i = 0; i < a->count; i++) {
        distance += pow((double)lungo_data(a)[i] - lungo_data(b)[i], 2);
        length += pow(lungo_data(b)[i], 2);
    }
    ck_assert_msg(length > 0 && sqrt(distance) <= 1e-4 * sqrt(length), "'%s': off by %g of %g",
                  name, sqrt(distance), sqrt(length));
}

#define IMAGES INPUT("x", "dim: 3 dim: 32 dim: 7 dim: 6")
#define CONV(name, bottom, top, more)                                                              \
    LAYER1(name, "Convolution", bottom, top,                                                       \
           "convolution_param { num_output: 32 kernel_size: 3 pad: 1 "                             \
           "weight_filler { type: 'gaussian' std: 0.1 } bias_filler { type: 'gaussian' } " more    \
           " }")
#define MANY_IMAGES INPUT("x", MANY)
#define MANY_CONV(name, bottom, top)                                                               \
    LAYER1(name, "Convolution", bottom, top,                                                       \
           "convolution_param { num_output: 64 kernel_size: 3 pad: 1 "                             \
           "weight_filler { type: 'gaussian' std: 0.04 } bias_filler { type: 'gaussian' } }")
#define SUM(a, b, top, more)                                                                       \
    "layer { name: 'sum' type: 'Eltwise' bottom: '" a "' bottom: '" b "' top: '" top               \
    "' eltwise_param { " more " } }\n"
#define NORM(bottom, top)  LAYER1("n", "BatchNorm", bottom, top, "")
#define SCALE(bottom, top) LAYER1("s", "Scale", bottom, top, "scale_param { bias_term: true }")
#define RELU(bottom, top)  LAYER1("r", "ReLU", bottom, top, "")
#define TWO                IMAGES CONV("c", "x", "a", "") CONV("d", "a", "b", "")

static const struct {
    const char *name, *net;
    size_t steps;         /* the input, and Splits, included */
    const char *left_out; /* a blob that the step does not make; NULL: none */
} nets[] = {
    {"tops of their own",
     IMAGES CONV("c", "x", "a", "") NORM("a", "b") SCALE("b", "e") RELU("e", "y"), 2, "b"},
    {"a ReLU with a top of its own", IMAGES CONV("c", "x", "a", "") RELU("a", "y"), 2, "a"},
    {"a sum and a ReLU", TWO SUM("a", "b", "y", "") RELU("y", "y"), 4, "b"},
    {"a sum, the other bottom first", TWO SUM("b", "a", "y", ""), 4, "b"},
    {"a sum in place on what the convolution makes", TWO SUM("b", "a", "b", ""), 4, NULL},
    {"a sum in place on the other",
     IMAGES CONV("c", "x", "a", "") CONV("d", "x", "b", "") SUM("a", "b", "a", ""), 5, NULL},
    {"all of it", TWO NORM("b", "b") SCALE("b", "b") SUM("a", "b", "y", "") RELU("y", "y"), 4, "b"},
    {"of 1x1",
     IMAGES CONV("c", "x", "a", "") LAYER1("d", "Convolution", "a", "b",
                                           "convolution_param { num_output: 32 kernel_size: 1 "
                                           "weight_filler { type: 'gaussian' std: 0.1 } }")
         SUM("a", "b", "y", ""),
     4, "b"},
    {"coefficients of 1", TWO SUM("a", "b", "y", "coeff: 1 coeff: 1"), 4, "b"},
    {"other coefficients", TWO SUM("a", "b", "y", "coeff: 1 coeff: -2"), 5, NULL},
    {"a product", TWO SUM("a", "b", "y", "operation: PROD"), 5, NULL},
    {"many channels",
     MANY_IMAGES MANY_CONV("c", "x", "a") MANY_CONV("d", "a", "b") NORM("b", "b") SCALE("b", "b")
         SUM("a", "b", "y", "") RELU("y", "y"),
     4, "b"},
    {"many channels, a sum in place",
     MANY_IMAGES MANY_CONV("c", "x", "a") MANY_CONV("d", "a", "b") SUM("b", "a", "b", ""), 4, NULL},
    {"what it reads itself",
     IMAGES CONV("c", "x", "a", "") CONV("d", "a", "e", "") CONV("f", "e", "b", "")
         SUM("b", "e", "y", ""),
     5, "b"},
    {"another reader", TWO SUM("a", "b", "y", "") LAYER1("t", "TanH", "b", "z", ""), 7, NULL},
    {"groups of two, a sum that may refuse",
     IMAGES CONV("c", "x", "a", "") CONV("d", "a", "b", "group: 16") SUM("a", "b", "y", ""), 0,
     NULL},
};

START_TEST(outputs_are_those_of_the_layers) {
    lungo_net *joined = open_net(nets[_i].net, LUNGO_ENGINE_ONEDNN);
    lungo_net *layers = open_net(nets[_i].net, LUNGO_ENGINE_BLAS);
    if (nets[_i].steps > 0)
        ck_assert_msg(lungo_net_step_count(joined) == nets[_i].steps,
                      "'%s': expected %zu steps, got %zu", nets[_i].name, nets[_i].steps,
                      lungo_net_step_count(joined));
    ck_ok(lungo_net_forward(layers, NULL));
    for (int pass = 0; pass < 2; pass++) {
        ck_ok(lungo_net_forward(joined, NULL));
        for (int i = 0; i < joined->output_count; i++)
            check_blob(joined, layers, joined->outputs[i]->name);
    }
    lungo_net_free(joined);
    lungo_net_free(layers);
}
END_TEST

/* Before a forward, after it, and in place of the passes that follow. */
START_TEST(what_is_left_out_is_made_when_asked_for) {
    const char *name = nets[_i].left_out;
    for (int before = 0; name && before < 2; before++) {
        lungo_net *joined = open_net(nets[_i].net, LUNGO_ENGINE_ONEDNN);
        lungo_net *layers = open_net(nets[_i].net, LUNGO_ENGINE_BLAS);
        if (before) ck_assert_ptr_nonnull(lungo_net_blob(joined, name));
        ck_ok(lungo_net_forward(layers, NULL));
        ck_ok(lungo_net_forward(joined, NULL));
        for (int pass = 0; pass < 2; pass++) {
            check_blob(joined, layers, name);
            check_blob(joined, layers, joined->outputs[0]->name);
            lungo_data_update(joined->inputs[0])[5] += 2;
            lungo_data_update(layers->inputs[0])[5] += 2;
            ck_ok(lungo_net_forward(layers, NULL));
            ck_ok(lungo_net_forward(joined, NULL));
        }
        lungo_net_free(joined);
        lungo_net_free(layers);
    }
}
END_TEST

/* Ranges that end within a step, or go back: each layer's values are there. */
START_TEST(ranges_see_all_blobs) {
    lungo_net *joined = open_net(nets[_i].net, LUNGO_ENGINE_ONEDNN);
    lungo_net *layers = open_net(nets[_i].net, LUNGO_ENGINE_BLAS);
    size_t last = (size_t)layers->layer_count - 1;
    ck_ok(lungo_net_forward(layers, NULL));
    ck_ok(lungo_net_forward(joined, NULL));
    for (size_t i = 0; i <= last; i++)
        ck_ok(lungo_net_forward_range(joined, i, i, NULL));
    for (size_t i = last; i > 0; i--) /* no longer in order */
        ck_ok(lungo_net_forward_range(joined, i, last, NULL));
    check_blob(joined, layers, joined->outputs[0]->name);
    if (nets[_i].left_out) check_blob(joined, layers, nets[_i].left_out);
    lungo_net_free(joined);
    lungo_net_free(layers);
}
END_TEST

#endif

Suite *lungo_suite_join(void);
Suite *lungo_suite_join(void) {
    Suite *suite = suite_create("join");
#ifdef LUNGO_HAVE_ONEDNN
    TCase *tests = tcase_create("join");
    int count = sizeof nets / sizeof *nets;
    tcase_add_loop_test(tests, outputs_are_those_of_the_layers, 0, count);
    tcase_add_loop_test(tests, what_is_left_out_is_made_when_asked_for, 0, count);
    tcase_add_loop_test(tests, ranges_see_all_blobs, 0, count);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
#endif
    return suite;
}
