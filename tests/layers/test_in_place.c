/* Every type that may work in place gives in place what it gives apart: the same values, gradients
 * of inputs and gradients of parameters. Caffe's Clip, Log, BNLL, Power and Eltwise SUM do not. */
#include <stdio.h>
#include <string.h>

#include "lungo/catalog.h"
#include "support/suites.h"
#include "support/values.h"

static const struct {
    const char *type, *more;
    lungo_phase phase;
} cases[] = {
    {"BNLL", "", LUNGO_TRAIN},
    {"BatchNorm", "", LUNGO_TRAIN},
    {"BatchNorm", "", LUNGO_TEST},
    {"Bias", "bias_param { filler { value: 2 } }", LUNGO_TRAIN},
    {"Clip", "clip_param { min: 0.5 max: 1.5 }", LUNGO_TRAIN},
    {"Dropout", "", LUNGO_TRAIN},
    {"Dropout", "", LUNGO_TEST},
    {"ELU", "elu_param { alpha: 0.5 }", LUNGO_TRAIN},
    {"Eltwise", "bottom: 'z' eltwise_param { operation: SUM coeff: 2 coeff: -1 }", LUNGO_TRAIN},
    {"Eltwise", "bottom: 'z' eltwise_param { operation: PROD }", LUNGO_TRAIN},
    {"Eltwise", "bottom: 'z' eltwise_param { operation: PROD stable_prod_grad: false }",
     LUNGO_TRAIN},
    {"Eltwise", "bottom: 'z' eltwise_param { operation: MAX }", LUNGO_TRAIN},
    {"Exp", "exp_param { base: 2 scale: 0.5 shift: 1 }", LUNGO_TRAIN},
    {"Log", "log_param { base: 10 scale: 2 shift: 1 }", LUNGO_TRAIN},
    {"PReLU", "", LUNGO_TRAIN},
    {"Power", "power_param { power: 2 shift: 1 }", LUNGO_TRAIN},
    {"Power", "power_param { power: 0.5 scale: 2 }", LUNGO_TRAIN},
    {"Power", "power_param { power: 1 scale: 2 }", LUNGO_TRAIN},
    {"Power", "power_param { power: 0 }", LUNGO_TRAIN},
    {"ReLU", "relu_param { negative_slope: 0.1 }", LUNGO_TRAIN},
    {"Scale", "scale_param { bias_term: true filler { value: 2 } }", LUNGO_TRAIN},
    {"Sigmoid", "", LUNGO_TRAIN},
    {"Softmax", "", LUNGO_TRAIN},
    {"Swish", "swish_param { beta: 2 }", LUNGO_TRAIN},
    {"TanH", "", LUNGO_TRAIN},
    {"Threshold", "threshold_param { threshold: 1 }", LUNGO_TRAIN},
};

enum { CASES = sizeof cases / sizeof *cases };

START_TEST(the_table_holds_every_type) {
    for (size_t i = 0; i < lungo_catalog_count(); i++) {
        lungo_catalog_entry entry = lungo_catalog_get(i);
        bool listed = false;
        for (int k = 0; k < CASES; k++)
            listed |= !strcmp(cases[k].type, entry.name);
        ck_assert_msg(listed == entry.in_place, "%s", entry.name);
    }
}
END_TEST

/* Threshold has no gradient: its net is not forced, and learns nothing. */
static lungo_net *run(int i, const char *top, bool backward) {
    char text[1024];
    snprintf(text, sizeof text,
             "%s" INPUT("x", "dim: 3 dim: 2 dim: 4") INPUT("z", "dim: 3 dim: 2 dim: 4") LEAD
             "layer { name: 'l' type: '%s' bottom: 'h' top: '%s' %s }",
             backward ? "force_backward: true\n" : "", cases[i].type, top, cases[i].more);
    lungo_net *net = lungo_test_net(cases[i].phase, text);
    float x[24], z[24], dy[24];
    for (int k = 0; k < 24; k++) {
        x[k] = 0.1f + (float)(k * 7 % 24) / 12;
        z[k] = 2.2f - (float)(k * 5 % 24) / 12;
        dy[k] = (float)(k * 11 % 24) / 12 - 1;
    }
    lungo_set_data(net, "x", x, 24);
    lungo_set_data(net, "z", z, 24);
    lungo_rng_seed(net->host.rng, 5);
    ck_ok(lungo_net_forward(net, NULL));
    if (!backward) return net;
    lungo_set_diff(net, top, dy, 24);
    ck_ok(lungo_net_backward(net));
    return net;
}

START_TEST(in_place_is_as_apart) {
    bool backward = strcmp(cases[_i].type, "Threshold") != 0;
    lungo_net *apart = run(_i, "y", backward), *in_place = run(_i, "h", backward);
    lungo_test_values(in_place, "h", lungo_data(lungo_net_blob(apart, "y")), 24);
    if (backward) {
        lungo_test_diffs(in_place, "x", lungo_diff(lungo_net_blob(apart, "x")), 24);
        for (int j = 0; j < apart->param_count; j++)
            ck_assert_mem_eq(lungo_diff(in_place->params[j].blob),
                             lungo_diff(apart->params[j].blob),
                             apart->params[j].blob->count * sizeof(float));
    }
    lungo_net_free(apart);
    lungo_net_free(in_place);
}
END_TEST

Suite *lungo_suite_in_place(void);
Suite *lungo_suite_in_place(void) {
    Suite *suite =
        lungo_suite_of("in_place", (const TTest *const[]){the_table_holds_every_type, NULL});
    lungo_suite_add_table(suite, in_place_is_as_apart, CASES);
    return suite;
}
