/* Steps that read bfloat16 against the reference engine, value by value. A factor rounded to
 * bfloat16 is off by at most 2^-8 of itself, so a product by 2^-7 of itself, and a sum of products
 * by 2^-7 of the sum of their absolute values. That sum is what the reference makes of absolute
 * values. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"
#include "support/arrays.h"
#include "support/nets.h"
#include "support/suites.h"

#ifdef LUNGO_HAVE_ONEDNN
#include "plan/units.h"
#endif

static bool machine_has_bf16(void) {
#ifdef LUNGO_HAVE_ONEDNN
    return lungo_onednn_need_bf16() == LUNGO_OK;
#else
    return false;
#endif
}

static lungo_status open_net(lungo_net **out, const char *text, lungo_engine engine,
                             lungo_precision precision) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.seed = 3;
    options.engine = engine;
    options.precision = precision;
    return lungo_net_open_text(out, text, "net.prototxt", &options);
}

/* ---- small nets ---- */

#define CONV(type, more)                                                                           \
    LAYER1("c", type, "x", "y",                                                                    \
           "convolution_param { weight_filler { type: 'gaussian' std: 0.5 } "                      \
           "bias_filler { type: 'gaussian' } " more " }")
#define PRODUCT(more)                                                                              \
    LAYER1("i", "InnerProduct", "x", "y",                                                          \
           "inner_product_param { num_output: 13 weight_filler { type: 'gaussian' } " more " }")
#define IMAGES INPUT("x", "dim: 3 dim: 20 dim: 9 dim: 8")

static const struct {
    const char *name, *net;
} nets[] = {
    {"3x3", IMAGES CONV("Convolution", "num_output: 17 kernel_size: 3 pad: 1")},
    {"no bias", IMAGES CONV("Convolution", "num_output: 24 kernel_size: 3 bias_term: false")},
    {"colours", INPUT("x", "dim: 2 dim: 3 dim: 12 dim: 11")
                    CONV("Convolution", "num_output: 24 kernel_size: 5 stride: 2 pad: 2")},
    {"grey", INPUT("x", "dim: 4 dim: 1 dim: 12 dim: 12")
                 CONV("Convolution", "num_output: 20 kernel_size: 5")},
    {"1x1", IMAGES CONV("Convolution", "num_output: 40 kernel_size: 1")},
    {"1x1 with stride", IMAGES CONV("Convolution", "num_output: 16 kernel_size: 1 stride: 2")},
    {"dilation", IMAGES CONV("Convolution", "num_output: 16 kernel_size: 3 dilation: 2 pad: 2")},
    {"groups", INPUT("x", "dim: 2 dim: 32 dim: 7 dim: 7")
                   CONV("Convolution", "num_output: 64 kernel_size: 3 pad: 1 group: 2")},
    {"depthwise", INPUT("x", "dim: 2 dim: 48 dim: 8 dim: 8")
                      CONV("Convolution", "num_output: 48 kernel_size: 3 pad: 1 group: 48")},
    {"one axis",
     INPUT("x", "dim: 3 dim: 18 dim: 20") CONV("Convolution", "num_output: 16 kernel_size: 3")},
    {"three axes", INPUT("x", "dim: 2 dim: 16 dim: 5 dim: 6 dim: 4")
                       CONV("Convolution", "num_output: 20 kernel_size: 3 pad: 1")},
    {"deconvolution", IMAGES CONV("Deconvolution", "num_output: 18 kernel_size: 4 stride: 2")},
    {"rows", INPUT("x", "dim: 5 dim: 4 dim: 3") PRODUCT("bias_filler { type: 'gaussian' }")},
    {"columns", INPUT("x", "dim: 9 dim: 37") PRODUCT("transpose: true bias_term: false")},
    {"several pages of weights", INPUT("x", "dim: 17 dim: 3000") PRODUCT("")},
    {"one row", INPUT("x", "dim: 1 dim: 300") PRODUCT("")},
};

/* ---- one net in three ways: bfloat16, float, and float of absolute values ---- */

typedef struct trace {
    lungo_net *net;
    lungo_layer *layer; /* the last one */
} trace;

static void fill(lungo_blob *blob, unsigned seed, float *values) {
    float *made = lungo_random_array(blob->count, seed);
    memcpy(values, made, blob->count * sizeof *values);
    free(made);
}

static void make_absolute(float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        values[i] = fabsf(values[i]);
}

static trace run(const char *text, lungo_engine engine, lungo_precision precision, bool absolute) {
    trace made;
    char forced[2048];
    snprintf(forced, sizeof forced, "force_backward: true\n%s", text);
    ck_ok(open_net(&made.net, forced, engine, precision));
    made.layer = made.net->layers[made.net->layer_count - 1];
    lungo_blob *x = made.layer->bottoms[0], *y = made.layer->tops[0];
    fill(x, 1, lungo_data_overwrite(x));
    if (absolute) make_absolute(lungo_data_update(x), x->count);
    for (int j = 0; absolute && j < made.layer->param_count; j++)
        make_absolute(lungo_data_update(made.layer->params[j].blob),
                      made.layer->params[j].blob->count);
    lungo_net_clear_gradients(made.net);
    for (int pass = 0; pass < 2; pass++) { /* the second adds its gradients */
        ck_ok(lungo_net_forward(made.net, NULL));
        fill(y, 2, lungo_diff_overwrite(y));
        if (absolute) make_absolute(lungo_diff_update(y), y->count);
        ck_ok(lungo_net_backward(made.net));
    }
    return made;
}

/* Returns how many values differ at all. */
static size_t check(const char *what, size_t count, const float *bf16, const float *floats,
                    const float *absolute) {
    size_t differ = 0;
    for (size_t i = 0; i < count; i++) {
        double bound = 1.01 / 128 * absolute[i] + 1e-6;
        ck_assert_msg(fabs((double)bf16[i] - floats[i]) <= bound,
                      "%s[%zu]: %g, in float %g, off by"
                      " more than %g",
                      what, i, bf16[i], floats[i], bound);
        differ += bf16[i] != floats[i];
    }
    return differ;
}

static void check_steps(trace bf16, trace floats, trace absolute) {
    const lungo_layer *a = bf16.layer, *b = floats.layer, *c = absolute.layer;
    const lungo_blob *y = a->tops[0], *x = a->bottoms[0];
    size_t differ =
        check("y", y->count, lungo_data(y), lungo_data(b->tops[0]), lungo_data(c->tops[0]));
    ck_assert_uint_gt(differ, y->count / 2); /* it was not computed in float */
    differ =
        check("dx", x->count, lungo_diff(x), lungo_diff(b->bottoms[0]), lungo_diff(c->bottoms[0]));
    ck_assert_uint_gt(differ, x->count / 4); /* where a stride leaves out most, it is 0 */
    for (int j = 0; j < a->param_count; j++)
        check("gradient", a->params[j].blob->count, lungo_diff(a->params[j].blob),
              lungo_diff(b->params[j].blob), lungo_diff(c->params[j].blob));
}

START_TEST(steps_are_near_their_reference) {
    const char *text = nets[_i].net;
    if (!machine_has_bf16()) return; /* the tests below say so */
    trace bf16 = run(text, LUNGO_ENGINE_DEFAULT, LUNGO_PRECISION_BF16, false);
    trace floats = run(text, LUNGO_ENGINE_REFERENCE, LUNGO_PRECISION_FLOAT, false);
    trace absolute = run(text, LUNGO_ENGINE_REFERENCE, LUNGO_PRECISION_FLOAT, true);
    check_steps(bf16, floats, absolute);
    lungo_net_free(bf16.net);
    lungo_net_free(floats.net);
    lungo_net_free(absolute.net);
}
END_TEST

/* ---- where it cannot be ---- */

START_TEST(precisions_have_names) {
    lungo_precision precision;
    ck_ok(lungo_precision_parse(&precision, "bf16"));
    ck_assert_int_eq(precision, LUNGO_PRECISION_BF16);
    ck_ok(lungo_precision_parse(&precision, "float"));
    ck_assert_int_eq(precision, LUNGO_PRECISION_FLOAT);
    ck_ok(lungo_precision_parse(&precision, ""));
    ck_assert_int_eq(precision, LUNGO_PRECISION_FLOAT);
    ck_fails(lungo_precision_parse(&precision, "half"), LUNGO_ERR_CONFIG,
             "precision: expected float or bf16, got 'half'");
}
END_TEST

START_TEST(engines_of_floats_refuse_it) {
    lungo_net *net;
    ck_fails(open_net(&net, nets[0].net, LUNGO_ENGINE_BLAS, LUNGO_PRECISION_BF16),
             LUNGO_ERR_UNSUPPORTED,
             "precision bf16: engine blas computes in float; leave the engine out, or take onednn");
    ck_fails(open_net(&net, nets[0].net, LUNGO_ENGINE_REFERENCE, LUNGO_PRECISION_BF16),
             LUNGO_ERR_UNSUPPORTED, "precision bf16: engine reference computes in float");
}
END_TEST

START_TEST(builds_and_processors_without_it_refuse_it) {
    lungo_net *net;
    if (machine_has_bf16()) return; /* tests/cli/flags.sh hides it from oneDNN */
    ck_fails(open_net(&net, nets[0].net, LUNGO_ENGINE_DEFAULT, LUNGO_PRECISION_BF16),
             LUNGO_ERR_UNSUPPORTED, "precision bf16: ");
}
END_TEST

Suite *lungo_suite_bf16(void);
Suite *lungo_suite_bf16(void) {
    Suite *suite = suite_create("bf16");
    TCase *tests = tcase_create("bf16");
    tcase_add_loop_test(tests, steps_are_near_their_reference, 0,
                        (int)(sizeof nets / sizeof *nets));
    tcase_add_test(tests, precisions_have_names);
    tcase_add_test(tests, engines_of_floats_refuse_it);
    tcase_add_test(tests, builds_and_processors_without_it_refuse_it);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return suite;
}
