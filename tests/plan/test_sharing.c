/* Nets whose blobs share memory, against the same nets whose blobs all have their own. */
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"
#include "proto/text.h"
#include "support/allocations.h"
#include "support/nets.h"
#include "support/suites.h"

#define CONV(name, bottom, top, outputs)                                                           \
    LAYER1(name, "Convolution", bottom, top,                                                       \
           "convolution_param { num_output: " outputs " kernel_size: 3 pad: 1 "                    \
           "weight_filler { type: 'gaussian' std: 0.2 } "                                          \
           "bias_filler { type: 'gaussian' std: 0.2 } }")
#define RELU(name, blob) LAYER1(name, "ReLU", blob, blob, "")
#define IMAGES           INPUT("x", "dim: 2 dim: 16 dim: 7 dim: 6")
#define SUM2(a, b, top)                                                                            \
    "layer { name: '" top "' type: 'Eltwise' bottom: '" a "' bottom: '" b "' top: '" top "' }\n"
#define CHAIN CONV("a", "x", "a", "20") RELU("ar", "a") CONV("b", "a", "b", "24")

static const struct {
    const char *name, *net;
} nets[] = {
    {"chain", IMAGES CHAIN CONV("c", "b", "c", "16") CONV("y", "c", "y", "20")},
    {"branches", IMAGES CHAIN CONV("c", "a", "c", "24") RELU("cr", "c") SUM2("b", "c", "s")
                     CONV("d", "s", "d", "24") SUM2("s", "d", "e") CONV("y", "e", "y", "5")},
    {"concat",
     IMAGES CHAIN CONV(
         "c", "a", "c",
         "17") "layer { name: 'k' type: 'Concat' bottom: 'b' bottom: 'c' top: 'k' }\n" CONV("y",
                                                                                            "k",
                                                                                            "y",
                                                                                            "16")},
    {"aliases", IMAGES CHAIN LAYER1("f", "Flatten", "b", "f", "") LAYER1(
                    "v", "Reshape", "f", "v", "reshape_param { shape { dim: 0 dim: 24 dim: 42 } }")
                    LAYER1("k", "Concat", "v", "k", "") LAYER1("l", "Slice", "k", "l", "")
                        LAYER1("p", "Power", "l", "p", "power_param { scale: 2 }")
                            LAYER1("y", "InnerProduct", "p", "y",
                                   "inner_product_param { num_output: 5 "
                                   "weight_filler { type: 'gaussian' std: 0.2 } }")},
    {"an alias of the input",
     IMAGES LAYER1("f", "Flatten", "x", "f", "")
         CHAIN LAYER1("g", "Flatten", "b", "g",
                      "") "layer { name: 'y' type: 'Concat' bottom: 'f' bottom: 'g' top: 'y' }\n"},
    {"norms in place",
     IMAGES CONV("a", "x", "a", "24") LAYER1("an", "BatchNorm", "a", "a", "")
         LAYER1("as", "Scale", "a", "a", "") RELU("ar", "a") CONV("b", "a", "b", "24")
             LAYER1("bn", "BatchNorm", "b", "b", "") SUM2("a", "b", "s") RELU("sr", "s")
                 LAYER1("q", "Pooling", "s", "q", "pooling_param { kernel_size: 2 stride: 2 }")
                     LAYER1("l", "LRN", "q", "l", "") LAYER1("y", "Softmax", "l", "y", "")},
    {"a top nobody needs",
     IMAGES CHAIN LAYER1(
         "z", "Power", "b", "z",
         "power_param { shift: 1 }") "layer { name: 's' type: 'Silence' bottom: 'z' }\n" CONV("y",
                                                                                              "b",
                                                                                              "y",
                                                                                              "4")},
    {"a parameter", IMAGES
     "layer { name: 'w' type: 'Parameter' top: 'w' parameter_param { shape { dim: 2 dim: 16 "
     "dim: 7 dim: 6 } } }\n" SUM2("x", "w", "t") CONV("c", "t", "c", "8") CONV("y", "c", "y", "8")},
};
enum { NETS = sizeof nets / sizeof *nets };

static const lungo_engine engines[] = {LUNGO_ENGINE_DEFAULT, LUNGO_ENGINE_BLAS,
                                       LUNGO_ENGINE_REFERENCE};
enum { ENGINES = sizeof engines / sizeof *engines };

/* ---- pairs ---- */

typedef struct pair {
    lungo_net *shared, *apart; /* apart: each blob has its own memory */
} pair;

static void keep_all(lungo_net *net) {
    for (int i = 0; i < net->blob_count; i++)
        ck_ok(lungo_plan_keep(net->plan, net->blobs[i]));
}

static void fill_inputs(lungo_net *net) {
    for (int i = 0; i < net->input_count; i++) {
        float *values = lungo_data_overwrite(net->inputs[i]);
        for (size_t k = 0; k < net->inputs[i]->count; k++)
            values[k] = sinf((float)k * 0.37f);
    }
}

static pair open_pair(int index) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    const char *text = nets[index / ENGINES].net;
    pair both;
    options.seed = 5;
    options.engine = engines[index % ENGINES];
    ck_ok(lungo_net_open_text(&both.shared, text, "net.prototxt", &options));
    ck_ok(lungo_net_open_text(&both.apart, text, "net.prototxt", &options));
    keep_all(both.apart);
    return both;
}

static void free_pair(pair *both) {
    lungo_net_free(both->shared);
    lungo_net_free(both->apart);
}

static void compare(const lungo_blob *got, const lungo_blob *want) {
    ck_assert(lungo_shape_equal(&got->shape, &want->shape));
    ck_assert_msg(!memcmp(lungo_data(got), lungo_data(want), want->count * sizeof(float)),
                  "blob '%s' differs", want->name);
}

static void run(pair *both) {
    fill_inputs(both->shared);
    fill_inputs(both->apart);
    ck_ok(lungo_net_forward(both->shared, NULL));
    ck_ok(lungo_net_forward(both->apart, NULL));
    for (int i = 0; i < both->apart->output_count; i++)
        compare(both->shared->outputs[i], both->apart->outputs[i]);
}

/* What shares memory holds nothing that a later forward could use. */
static void poison(const lungo_net *net) {
    for (int i = 0; i < net->blob_count; i++) {
        const lungo_storage *storage = net->blobs[i]->data;
        for (size_t k = 0; storage->blocked_lent && k < storage->blocked_capacity; k++)
            storage->blocked[k] = NAN;
        bool is_param =
            storage->values >= net->values && storage->values < net->values + net->param_floats;
        for (size_t k = 0; storage->lent && !is_param && k < storage->capacity; k++)
            storage->values[k] = NAN;
    }
}

/* ---- small nets ---- */

START_TEST(outputs_are_the_same) {
    pair both = open_pair(_i);
    run(&both);
    ck_assert_uint_gt(lungo_net_memory_count(both.shared), 0);
    poison(both.shared);
    run(&both);
    free_pair(&both);
}
END_TEST

START_TEST(a_blob_asked_for_later_has_its_values) {
    pair both = open_pair(_i);
    run(&both);
    for (int i = 0; i < both.apart->blob_count; i++) {
        const char *name = both.apart->blobs[i]->name;
        lungo_blob *want = lungo_net_blob(both.apart, name);
        if (want) compare(lungo_net_blob(both.shared, name), want);
    }
    run(&both);
    free_pair(&both);
}
END_TEST

START_TEST(a_blob_asked_for_early_keeps_its_values) {
    pair both = open_pair(_i);
    lungo_blob *b = lungo_net_blob(both.shared, both.apart->blobs[2]->name);
    const float *values = lungo_data(b);
    run(&both);
    compare(b, both.apart->blobs[2]);
    ck_assert_ptr_eq(lungo_data(b), values);
    free_pair(&both);
}
END_TEST

START_TEST(new_shapes_are_planned_anew) {
    static const int images[] = {5, 1, 3};
    pair both = open_pair(_i);
    run(&both);
    for (int k = 0; k < 3 && !strstr(nets[_i / ENGINES].net, "Parameter"); k++) {
        lungo_shape shape = both.apart->inputs[0]->shape;
        shape.dim[0] = images[k];
        ck_ok(lungo_blob_reshape(both.shared->inputs[0], &shape));
        ck_ok(lungo_blob_reshape(both.apart->inputs[0], &shape));
        run(&both);
        poison(both.shared);
        run(&both);
    }
    ck_assert_uint_gt(lungo_net_memory_count(both.shared), 0);
    keep_all(both.shared);
    for (int i = 0; i < both.apart->blob_count; i++)
        compare(both.shared->blobs[i], both.apart->blobs[i]);
    free_pair(&both);
}
END_TEST

START_TEST(layer_by_layer_it_is_the_same) {
    pair both = open_pair(_i);
    both.shared->apart = both.apart->apart = true;
    run(&both);
    poison(both.shared);
    run(&both);
    both.shared->apart = both.apart->apart = false;
    run(&both);
    free_pair(&both);
}
END_TEST

START_TEST(ranges_in_order_share_and_others_do_not) {
    pair both = open_pair(_i);
    size_t layers = lungo_net_layer_count(both.shared);
    run(&both);
    poison(both.shared);
    for (size_t i = 0; i < lungo_net_step_count(both.shared); i++) {
        lungo_step_info step = lungo_net_step(both.shared, i);
        ck_ok(lungo_net_forward_range(both.shared, step.first, step.last, NULL));
    }
    compare(both.shared->outputs[0], both.apart->outputs[0]);
    ck_assert_uint_gt(lungo_net_memory_count(both.shared), 0);
    poison(both.shared);
    for (size_t k = layers; k-- > 1;) {
        ck_ok(lungo_net_forward_range(both.shared, layers - 1, layers - 1, NULL));
        compare(both.shared->outputs[0], both.apart->outputs[0]);
    }
    ck_assert_uint_eq(lungo_net_memory_count(both.shared), 0);
    for (int i = 0; i < both.apart->blob_count; i++)
        compare(both.shared->blobs[i], both.apart->blobs[i]);
    free_pair(&both);
}
END_TEST

/* ---- when layers run again ---- */

START_TEST(what_the_caller_has_written_stays) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, nets[0].net);
    lungo_blob *b = lungo_net_blob(net, "b");
    fill_inputs(net);
    ck_ok(lungo_net_forward(net, NULL));
    float *values = lungo_data_update(b);
    values[3] = 77;
    const lungo_blob *c = lungo_net_blob(net, "c");
    ck_assert_ptr_nonnull(c);
    ck_assert_ptr_eq(lungo_data(b), values);
    ck_assert_float_eq(lungo_data(b)[3], 77);
    lungo_net_free(net);
}
END_TEST

START_TEST(nothing_is_allocated_after_the_first_forward) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, nets[1].net);
    fill_inputs(net);
    ck_ok(lungo_net_forward(net, NULL));
    size_t before = lungo_allocations();
    lungo_status second = lungo_net_forward(net, NULL), third = lungo_net_forward(net, NULL);
    size_t after = lungo_allocations();
    ck_assert(!second && !third);
    ck_assert_uint_eq(after, before);
    lungo_net_free(net);
}
END_TEST

static lungo_status forward_and_ask(lungo_net *net) {
    LUNGO_TRY(lungo_net_forward(net, NULL));
    return lungo_net_blob(net, "a") && lungo_net_blob(net, "s") ? LUNGO_OK : lungo_error_code();
}

START_TEST(no_memory_is_an_error_that_can_be_survived) {
    size_t n = 0, failed = 0;
    lungo_status status;
    do {
        lungo_net *net = lungo_test_net(LUNGO_TEST, nets[1].net);
        fill_inputs(net);
        lungo_fail_allocation(++n);
        status = forward_and_ask(net);
        lungo_fail_allocation(0);
        if (status) ck_assert_int_eq(status, LUNGO_ERR_MEMORY);
        failed += status != LUNGO_OK;
        ck_ok(forward_and_ask(net));
        lungo_net_free(net);
    } while (status);
    ck_assert_uint_gt(failed, 3);
}
END_TEST

/* ---- nets that share nothing ---- */

static void check_shares_nothing(lungo_phase phase, const char *text) {
    lungo_net *net = lungo_test_net(phase, text);
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_uint_eq(lungo_net_memory_count(net), 0);
    ck_assert_uint_eq(lungo_net_memory_taken(net), 0);
    lungo_net_free(net);
}

START_TEST(some_nets_share_nothing) {
    check_shares_nothing(LUNGO_TRAIN, nets[0].net);
    check_shares_nothing(LUNGO_TEST, IMAGES RELU("r", "x") CONV("y", "x", "y", "4"));
    check_shares_nothing(LUNGO_TEST, "force_backward: true\n" IMAGES CHAIN);
    check_shares_nothing(LUNGO_TEST,
                         IMAGES CHAIN LAYER1("n", "BatchNorm", "b", "y",
                                             "batch_norm_param { use_global_stats: false }"));
}
END_TEST

/* ---- models ---- */

enum { WIDEST = 64, PERCENT = 40 };

static glob_t models;

static lungo_net *open_model(const char *path) {
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT};
    lungo_document *document;
    ProtobufCMessage *message;
    lungo_net *net;
    options.open.seed = 5;
    ck_ok(lungo_document_new(&document));
    ck_ok(lungo_text_read(document, &message, &caffe__net_parameter__descriptor, path));
    Caffe__NetParameter *param = (Caffe__NetParameter *)message;
    param->layer[0]->input_param->shape[0]->dim[0] = 1;
    for (size_t i = 0; i < param->n_layer; i++) {
        Caffe__InnerProductParameter *product = param->layer[i]->inner_product_param;
        if (product && product->num_output > WIDEST) product->num_output = WIDEST;
    }
    ck_ok(lungo_plan_open_net(&net, param, document, &options));
    lungo_document_free(document);
    return net;
}

START_TEST(models_share_most_of_their_memory) {
    const char *path = models.gl_pathv[_i];
    pair both = {open_model(path), open_model(path)};
    keep_all(both.apart);
    run(&both);
    poison(both.shared);
    ck_ok(lungo_net_forward(both.shared, NULL));
    compare(both.shared->outputs[0], both.apart->outputs[0]);
    if (strstr(path, "googlenet") || strstr(path, "resnet50"))
        ck_assert_uint_le(100 * lungo_net_memory_taken(both.shared),
                          PERCENT * lungo_net_memory_unshared(both.shared));
    free_pair(&both);
}
END_TEST

Suite *lungo_suite_sharing(void);
Suite *lungo_suite_sharing(void) {
    Suite *suite = lungo_suite_of(
        "sharing", (const TTest *const[]){what_the_caller_has_written_stays,
                                          nothing_is_allocated_after_the_first_forward,
                                          no_memory_is_an_error_that_can_be_survived,
                                          some_nets_share_nothing, NULL});
    const TTest *const pairs[] = {
        outputs_are_the_same,          a_blob_asked_for_later_has_its_values,
        new_shapes_are_planned_anew,   a_blob_asked_for_early_keeps_its_values,
        layer_by_layer_it_is_the_same, ranges_in_order_share_and_others_do_not};
    TCase *small = tcase_create("small"), *large = tcase_create("models");
    if (glob(LUNGO_SOURCE_DIR "/models/*/deploy.prototxt", 0, NULL, &models)) models.gl_pathc = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        tcase_add_loop_test(small, pairs[i], 0, NETS * ENGINES);
    tcase_add_loop_test(large, models_share_most_of_their_memory, 0, (int)models.gl_pathc);
    tcase_set_timeout(large, 240);
    suite_add_tcase(suite, small);
    suite_add_tcase(suite, large);
    return suite;
}
