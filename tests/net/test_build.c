#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "net/net.h"
#include "proto/message.h"
#include "proto/text.h"
#include "support/nets.h"
#include "support/suites.h"

/* "I1122 15:19:06.197950 29622 net.cpp:53] text" without the severity of level I, date, time and
 * thread; lines that carry no prefix belong to the one before. */
static const char *strip(const char *line) {
    int parts = 0;
    if (!strchr("IWE", line[0]) || line[1] < '0' || line[1] > '9') return line;
    while (*line && parts < 3)
        if (*line++ == ' ') parts++;
    return line;
}

/* The part of a log of Caffe from the net's definition to its end of initialization. */
static void read_building(lungo_buffer *out, const char *path) {
    char *text, *rest;
    size_t length;
    ck_ok(lungo_file_read(&text, &length, path));
    bool building = false;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        const char *words = strip(line);
        building |= strstr(words, "net.cpp:53]") != NULL;
        if (building) lungo_buffer_printf(out, "%s\n", words);
        building &= strstr(words, "net.cpp:257]") == NULL;
    }
    free(text);
}

static void compare_log(const char *name) {
    char path[512];
    lungo_buffer expected = {0};
    snprintf(path, sizeof path, LUNGO_SOURCE_DIR "/tests/golden/logs/%s.log", name);
    read_building(&expected, path);
    snprintf(path, sizeof path, LUNGO_SOURCE_DIR "/tests/golden/logs/inputs/%s.net.prototxt", name);
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = LUNGO_TRAIN;
    options.stages = (const char *const[]){""};
    options.stage_count = 1;
    lungo_net *net;
    lungo_log_capture();
    ck_ok(lungo_net_open(&net, path, &options));
    const char *got = strstr(lungo_log_captured(), "net.cpp:53]");
    ck_assert_ptr_nonnull(got);
    ck_assert_str_eq(got, lungo_buffer_text(&expected));
    lungo_log_release();
    lungo_net_free(net);
    lungo_buffer_dispose(&expected);
}

START_TEST(the_log_of_a_shared_net_is_caffe_s) {
    compare_log("small_shared");
}
END_TEST

START_TEST(the_log_of_a_v1_net_is_caffe_s) {
    compare_log("small_v1_enum");
}
END_TEST

START_TEST(the_log_of_a_net_with_debug_info_is_caffe_s) {
    compare_log("small_debug_info");
}
END_TEST

static Caffe__NetParameter *parse(lungo_document *document, const char *text) {
    ProtobufCMessage *message;
    ck_ok(lungo_text_parse(document, &message, &caffe__net_parameter__descriptor, text,
                           strlen(text), "n.prototxt"));
    return (Caffe__NetParameter *)message;
}

static const char small[] = "name: 'N' " INPUT("x", "dim: 2") LAYER1("r", "ReLU", "x", "x", "")
    LAYER1("a", "ReLU", "x", "y", "include { stage: 's' }") LAYER1("b", "ReLU", "x", "z", "");

START_TEST(the_definition_stays_as_it_was) {
    lungo_document *document;
    ck_ok(lungo_document_new(&document));
    Caffe__NetParameter *param = parse(document, small), *copy;
    ck_ok(lungo_message_copy(document, &copy, &param->base, NULL));
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT};
    lungo_net *net;
    ck_ok(lungo_net_build(&net, param, document, &options));
    ck_assert(lungo_message_equal(&param->base, &copy->base));
    lungo_document_free(document);
    ck_assert_int_eq(lungo_net_layer(net, 2).line, 4);
    ck_assert_str_eq(lungo_net_layer(net, 2).file, "n.prototxt");
    lungo_net_dispose(net);
}
END_TEST

START_TEST(the_definition_s_state_comes_before_the_options) {
    lungo_document *document;
    ck_ok(lungo_document_new(&document));
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT};
    options.open.stages = (const char *const[]){"s"};
    options.open.stage_count = 1;
    lungo_net *net;
    ck_ok(lungo_net_build(&net, parse(document, small), document, &options));
    ck_assert_int_eq(net->phase, LUNGO_TEST);
    ck_assert_int_eq(net->layer_count, 5);
    lungo_net_dispose(net);
    char with_state[1024];
    snprintf(with_state, sizeof with_state, "state { phase: TRAIN } %s", small);
    ck_ok(lungo_net_build(&net, parse(document, with_state), document, &options));
    ck_assert_int_eq(net->phase, LUNGO_TRAIN);
    ck_assert_int_eq(net->layer_count, 3);
    lungo_net_dispose(net);
    lungo_document_free(document);
}
END_TEST

START_TEST(shapes_alone_take_no_memory) {
    lungo_document *document;
    ck_ok(lungo_document_new(&document));
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT, .no_memory = true};
    lungo_net *net;
    ck_ok(lungo_net_build(&net, parse(document, small), document, &options));
    ck_assert_int_eq(net->blobs[0]->shape.dim[0], 2);
    ck_assert_ptr_null(lungo_data(net->blobs[0]));
    ck_assert_ptr_null(net->values);
    lungo_net_dispose(net);
    lungo_document_free(document);
}
END_TEST

START_TEST(a_borrowed_generator_is_drawn_from) {
    lungo_document *document;
    ck_ok(lungo_document_new(&document));
    lungo_rng rng, untouched;
    lungo_rng_seed(&rng, 3);
    untouched = rng;
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT, .rng = &rng};
    lungo_net *net;
    ck_ok(lungo_net_build(&net,
                          parse(document, INPUT("x", "dim: 1 dim: 1") LAYER1(
                                              "a", "InnerProduct", "x", "y",
                                              "inner_product_param { num_output: 1 weight_filler "
                                              "{ type: 'gaussian' } }")),
                          document, &options));
    ck_assert_ptr_eq(net->host.rng, &rng);
    ck_assert_float_eq(lungo_data(net->params[0].blob)[0], lungo_rng_gaussian(&untouched, 0, 1));
    lungo_net_dispose(net);
    lungo_document_free(document);
}
END_TEST

START_TEST(errors_tell_layer_position_and_net) {
    ck_fails(lungo_try_net(LUNGO_TRAIN, "name: 'LeNet'\n" INPUT("x", "dim: -2")), LUNGO_ERR_CONFIG,
             "\n  in layer 'in_x' (Input), net.prototxt:2\n  in TRAIN net 'LeNet'");
    ck_fails(lungo_try_net(LUNGO_TEST, INPUT("x", "dim: -2")), LUNGO_ERR_CONFIG,
             "net.prototxt:1\n  in TEST net");
    lungo_net *net;
    ck_fails(lungo_net_open(&net, "/no/such/net.prototxt", NULL), LUNGO_ERR_FILE,
             "/no/such/net.prototxt");
    ck_fails(lungo_try_net(LUNGO_TEST, "layer {"), LUNGO_ERR_PARSE, "net.prototxt:1:");
}
END_TEST

START_TEST(an_empty_net_is_a_net) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, "");
    float loss = 1;
    ck_ok(lungo_net_forward(net, &loss));
    ck_assert_float_eq(loss, 0);
    ck_ok(lungo_net_backward(net));
    ck_assert_str_eq(lungo_net_name(net), "");
    lungo_net_free(net);
    lungo_net_free(NULL);
}
END_TEST

Suite *lungo_suite_build(void);
Suite *lungo_suite_build(void) {
    return lungo_suite_of(
        "build", (const TTest *const[]){
                     the_log_of_a_shared_net_is_caffe_s, the_log_of_a_v1_net_is_caffe_s,
                     the_log_of_a_net_with_debug_info_is_caffe_s, the_definition_stays_as_it_was,
                     the_definition_s_state_comes_before_the_options, shapes_alone_take_no_memory,
                     a_borrowed_generator_is_drawn_from, errors_tell_layer_position_and_net,
                     an_empty_net_is_a_net, NULL});
}
