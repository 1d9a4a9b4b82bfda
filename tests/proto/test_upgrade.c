#include <string.h>

#include "base/buffer.h"
#include "lungo/log.h"
#include "proto/message.h"
#include "proto/upgrade.h"
#include "support/suites.h"

static lungo_document *document;
static lungo_buffer lines; /* "I28 text\n" for each line logged */

static void keep_line(void *user, lungo_log_level level, const char *file, int line,
                      const char *text) {
    lungo_buffer_printf(user, "%c %s:%d %s\n", "IWE"[level], file,
                        strcmp(file, "lungo.c") == 0 ? 0 : line, text);
}

static void set_up(void) {
    ck_ok(lungo_document_new(&document));
    lungo_set_log(keep_line, &lines);
}

static void tear_down(void) {
    lungo_document_free(document);
    lungo_set_log(NULL, NULL);
    lungo_buffer_dispose(&lines);
    lines = (lungo_buffer){0};
}

static ProtobufCMessage *add(ProtobufCMessage *message, const char *field) {
    return lungo_message_add_message(document, message, lungo_message_field(message, field));
}

static void set_string(ProtobufCMessage *message, const char *field, const char *text) {
    char **place = lungo_message_add(document, message, lungo_message_field(message, field));
    *place = lungo_arena_string(lungo_document_arena(document), text);
}

static Caffe__NetParameter *new_net(void) {
    return (Caffe__NetParameter *)lungo_message_new(document, &caffe__net_parameter__descriptor);
}

static void add_input_dims(Caffe__NetParameter *net, int count) {
    for (int i = 0; i < count; i++) {
        int32_t *dim =
            lungo_message_add(document, &net->base, lungo_message_field(&net->base, "input_dim"));
        *dim = i + 1;
    }
}

START_TEST(an_input_with_dims_becomes_the_first_layer) {
    set_up();
    Caffe__NetParameter *net = new_net();
    set_string(&net->base, "input", "data");
    set_string(&net->base, "input", "label");
    add_input_dims(net, 8);
    set_string(add(&net->base, "layer"), "name", "conv1");
    ck_ok(lungo_document_set_position(document, net, (lungo_position){"net.prototxt", 1, 1}));
    ck_ok(lungo_upgrade_net(document, net, "net.prototxt"));
    ck_assert_uint_eq(net->n_layer, 2);
    ck_assert_str_eq(net->layer[1]->name, "conv1");
    const Caffe__LayerParameter *layer = net->layer[0];
    ck_assert_str_eq(layer->name, "input");
    ck_assert_str_eq(layer->type, "Input");
    ck_assert_uint_eq(layer->n_top, 2);
    ck_assert_str_eq(layer->top[1], "label");
    ck_assert_uint_eq(layer->input_param->n_shape, 2);
    ck_assert_uint_eq(layer->input_param->shape[1]->n_dim, 4);
    ck_assert_int_eq(layer->input_param->shape[1]->dim[0], 5);
    ck_assert_uint_eq(net->n_input + net->n_input_dim, 0);
    ck_assert_int_eq(lungo_document_position(document, layer).line, 1);
    ck_assert_str_eq(lungo_buffer_text(&lines),
                     "I upgrade_proto.cpp:69 Attempting to upgrade input file specified using "
                     "deprecated input fields: net.prototxt\n"
                     "I upgrade_proto.cpp:72 Successfully upgraded file specified using deprecated "
                     "input fields.\n"
                     "W upgrade_proto.cpp:74 Note that future Caffe releases will only support "
                     "input layers and not input fields.\n");
    tear_down();
}
END_TEST

START_TEST(inputs_without_enough_sizes_are_refused) {
    set_up();
    Caffe__NetParameter *net = new_net();
    set_string(&net->base, "name", "LeNet");
    set_string(&net->base, "input", "data");
    set_string(&net->base, "input", "label");
    add_input_dims(net, 4);
    ck_fails(lungo_upgrade_net(document, net, "net.prototxt"), LUNGO_ERR_CONFIG,
             "net-level inputs: expected 8 input_dim for 2 inputs, got 4\n"
             "  while upgrading net 'LeNet' of net.prototxt");
    tear_down();
}
END_TEST

START_TEST(an_input_without_sizes_is_dropped) {
    set_up();
    Caffe__NetParameter *net = new_net();
    set_string(&net->base, "input", "data");
    ck_ok(lungo_upgrade_net(document, net, "old.caffemodel"));
    ck_assert_uint_eq(net->n_input + net->n_layer, 0);
    tear_down();
}
END_TEST

static void add_batch_norm(Caffe__NetParameter *net, int params) {
    ProtobufCMessage *layer = add(&net->base, "layer");
    set_string(layer, "type", "BatchNorm");
    for (int i = 0; i < params; i++)
        set_string(add(layer, "param"), "name", "statistics");
}

START_TEST(batch_norm_is_frozen_when_it_has_three_params) {
    set_up();
    Caffe__NetParameter *net = new_net();
    add_batch_norm(net, 2);
    add_batch_norm(net, 3);
    ck_ok(lungo_upgrade_net(document, net, "net.prototxt"));
    ck_assert(!net->layer[0]->param[1]->has_lr_mult);
    for (int i = 0; i < 3; i++) {
        const Caffe__ParamSpec *spec = net->layer[1]->param[i];
        ck_assert(spec->has_lr_mult && spec->has_decay_mult);
        ck_assert_float_eq(spec->lr_mult + spec->decay_mult, 0);
        ck_assert_str_eq(spec->name, "statistics");
    }
    ck_assert_str_eq(
        lungo_buffer_text(&lines),
        "I upgrade_proto.cpp:79 Attempting to upgrade batch norm layers using deprecated params: "
        "net.prototxt\n"
        "I upgrade_proto.cpp:82 Successfully upgraded batch norm layers using deprecated "
        "params.\n");
    tear_down();
}
END_TEST

Suite *lungo_suite_upgrade(void);
Suite *lungo_suite_upgrade(void) {
    return lungo_suite_of(
        "upgrade", (const TTest *const[]){an_input_with_dims_becomes_the_first_layer,
                                          inputs_without_enough_sizes_are_refused,
                                          an_input_without_sizes_is_dropped,
                                          batch_norm_is_frozen_when_it_has_three_params, NULL});
}
