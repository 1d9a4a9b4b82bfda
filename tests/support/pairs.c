#include "support/pairs.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "plan/plan.h"
#include "proto/text.h"
#include "support/arrays.h"
#include "support/suites.h"

const char *const lungo_pair_nets[LUNGO_PAIR_NETS] = {
    /* chain */ IMAGES CHAIN CONV("c", "b", "c", "16") CONV("y", "c", "y", "20"),
    /* branches */
    IMAGES CHAIN CONV("c", "a", "c", "24") RELU("cr", "c") SUM2("b", "c", "s")
        CONV("d", "s", "d", "24") SUM2("s", "d", "e") CONV("y", "e", "y", "5"),
    /* concat */
    IMAGES CHAIN CONV(
        "c", "a", "c",
        "17") "layer { name: 'k' type: 'Concat' bottom: 'b' bottom: 'c' top: 'k' }\n" CONV("y", "k",
                                                                                           "y",
                                                                                           "16"),
    /* aliases */
    IMAGES CHAIN LAYER1("f", "Flatten", "b", "f", "")
        LAYER1("v", "Reshape", "f", "v", "reshape_param { shape { dim: 0 dim: 24 dim: 42 } }")
            LAYER1("k", "Concat", "v", "k", "") LAYER1("l", "Slice", "k", "l", "")
                LAYER1("p", "Power", "l", "p", "power_param { scale: 2 }")
                    LAYER1("y", "InnerProduct", "p", "y",
                           "inner_product_param { num_output: 5 "
                           "weight_filler { type: 'gaussian' std: 0.2 } }"),
    /* an alias of the input */
    IMAGES LAYER1("f", "Flatten", "x", "f", "")
        CHAIN LAYER1("g", "Flatten", "b", "g",
                     "") "layer { name: 'y' type: 'Concat' bottom: 'f' bottom: 'g' top: 'y' }\n",
    /* norms in place */
    IMAGES CONV("a", "x", "a", "24") LAYER1("an", "BatchNorm", "a", "a", "")
        LAYER1("as", "Scale", "a", "a", "") RELU("ar", "a") CONV("b", "a", "b", "24")
            LAYER1("bn", "BatchNorm", "b", "b", "") SUM2("a", "b", "s") RELU("sr", "s")
                LAYER1("q", "Pooling", "s", "q", "pooling_param { kernel_size: 2 stride: 2 }")
                    LAYER1("l", "LRN", "q", "l", "") LAYER1("y", "Softmax", "l", "y", ""),
    /* a top nobody needs */
    IMAGES CHAIN LAYER1(
        "z", "Power", "b", "z",
        "power_param { shift: 1 }") "layer { name: 's' type: 'Silence' bottom: 'z' }\n" CONV("y",
                                                                                             "b",
                                                                                             "y",
                                                                                             "4"),
    /* a parameter */
    IMAGES "layer { name: 'w' type: 'Parameter' top: 'w' parameter_param { shape { dim: 2 dim: 16 "
           "dim: 7 dim: 6 } } }\n" SUM2("x", "w", "t") CONV("c", "t", "c", "8")
               CONV("y", "c", "y", "8"),
};

static const lungo_engine engines[LUNGO_PAIR_ENGINES] = {LUNGO_ENGINE_DEFAULT, LUNGO_ENGINE_BLAS,
                                                         LUNGO_ENGINE_REFERENCE};

void lungo_keep_all(lungo_net *net) {
    for (int i = 0; i < net->blob_count; i++)
        ck_ok(lungo_plan_keep(net->plan, net->blobs[i]));
}

void lungo_fill_inputs(lungo_net *net) {
    for (int i = 0; i < net->input_count; i++) {
        float *values = lungo_data_overwrite(net->inputs[i]);
        for (size_t k = 0; k < net->inputs[i]->count; k++)
            values[k] = sinf((float)k * 0.37f);
    }
}

static lungo_pair open_texts(const char *text, int engine) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_pair both;
    options.seed = 5;
    options.engine = engines[engine];
    ck_ok(lungo_net_open_text(&both.shared, text, "net.prototxt", &options));
    ck_ok(lungo_net_open_text(&both.apart, text, "net.prototxt", &options));
    lungo_keep_all(both.apart);
    return both;
}

lungo_pair lungo_open_pair(int index) {
    return open_texts(lungo_pair_nets[index / LUNGO_PAIR_ENGINES], index % LUNGO_PAIR_ENGINES);
}

lungo_pair lungo_open_forced_pair(int index) {
    lungo_buffer text = {0};
    lungo_buffer_printf(&text, "force_backward: true\n%s",
                        lungo_pair_nets[index / LUNGO_PAIR_ENGINES]);
    lungo_pair both = open_texts(text.bytes, index % LUNGO_PAIR_ENGINES);
    lungo_buffer_dispose(&text);
    return both;
}

void lungo_free_pair(lungo_pair *both) {
    lungo_net_free(both->shared);
    lungo_net_free(both->apart);
}

void lungo_compare_values(const lungo_pair *both, const lungo_blob *got, const lungo_blob *want) {
    ck_assert(lungo_shape_equal(&got->shape, &want->shape));
    lungo_check_array(want->name, want->count, lungo_data(got), lungo_data(want));
    ck_assert_msg(both->shared->engine_if_faster ||
                      !memcmp(lungo_data(got), lungo_data(want), want->count * sizeof(float)),
                  "blob '%s' differs", want->name);
}

void lungo_run_pair(lungo_pair *both) {
    lungo_fill_inputs(both->shared);
    lungo_fill_inputs(both->apart);
    ck_ok(lungo_net_forward(both->shared, NULL));
    ck_ok(lungo_net_forward(both->apart, NULL));
    for (int i = 0; i < both->apart->output_count; i++)
        lungo_compare_values(both, both->shared->outputs[i], both->apart->outputs[i]);
}

static bool lies_in(const float *values, const float *block, size_t floats) {
    return block && values >= block && values < block + floats;
}

static void poison_storage(const lungo_net *net, const lungo_storage *storage) {
    bool is_param = lies_in(storage->values, net->values, net->param_floats) ||
                    lies_in(storage->values, net->gradients, net->param_floats);
    for (size_t k = 0; storage->blocked_lent && k < storage->blocked_capacity; k++)
        storage->blocked[k] = NAN;
    for (size_t k = 0; storage->lent && !is_param && k < storage->capacity; k++)
        storage->values[k] = NAN;
}

/* What shares memory holds nothing that a later pass could use. */
void lungo_poison(const lungo_net *net) {
    for (int i = 0; i < net->blob_count; i++) {
        poison_storage(net, net->blobs[i]->data);
        poison_storage(net, net->blobs[i]->diff);
    }
}

void lungo_compare_gradients(const lungo_blob *got, const lungo_blob *want) {
    const float *a = lungo_diff(got), *b = lungo_diff(want);
    ck_assert_msg(!a == !b && (!a || !memcmp(a, b, want->count * sizeof *b)),
                  "the gradient of '%s' differs", want->name);
}

void lungo_compare_all_gradients(lungo_pair *both) {
    for (int i = 0; i < both->apart->param_count; i++)
        lungo_compare_gradients(both->shared->params[i].blob, both->apart->params[i].blob);
    for (int i = 0; i < both->apart->input_count; i++)
        lungo_compare_gradients(both->shared->inputs[i], both->apart->inputs[i]);
}

static void seed_outputs(lungo_net *net) {
    for (int i = 0; i < net->output_count; i++) {
        float *gradient = lungo_diff_overwrite(net->outputs[i]);
        for (size_t k = 0; k < net->outputs[i]->count; k++)
            gradient[k] = cosf((float)k * 0.29f);
    }
}

/* Forward and backward, with nothing left of what was in shared memory. */
void lungo_train_pair(lungo_pair *both) {
    lungo_run_pair(both);
    lungo_poison(both->shared);
    seed_outputs(both->shared);
    seed_outputs(both->apart);
    ck_ok(lungo_net_backward(both->shared));
    ck_ok(lungo_net_backward(both->apart));
    lungo_compare_all_gradients(both);
}

bool lungo_shares(const lungo_net *net) {
    bool any = false;
    for (size_t i = 0; i < lungo_net_memory_count(net); i++)
        any |= lungo_net_memory(net, i).slab >= 0;
    return any;
}

enum { WIDEST = 64 };

lungo_net *lungo_open_model(const char *path, lungo_engine engine, bool trains) {
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT};
    lungo_document *document;
    ProtobufCMessage *message;
    lungo_net *net;
    options.open.seed = 5;
    options.open.engine = engine;
    if (trains) options.open.phase = LUNGO_TRAIN;
    ck_ok(lungo_document_new(&document));
    ck_ok(lungo_text_read(document, &message, &caffe__net_parameter__descriptor, path));
    Caffe__NetParameter *param = (Caffe__NetParameter *)message;
    param->layer[0]->input_param->shape[0]->dim[0] = 1;
    param->has_force_backward = param->force_backward = trains;
    ck_ok(lungo_net_set_state(document, param, &options.open));
    for (size_t i = 0; i < param->n_layer; i++) {
        Caffe__InnerProductParameter *product = param->layer[i]->inner_product_param;
        if (product && product->num_output > WIDEST) product->num_output = WIDEST;
    }
    ck_ok(lungo_plan_open_net(&net, param, document, &options));
    lungo_document_free(document);
    return net;
}
