#include <string.h>

#include "base/buffer.h"
#include "lungo/log.h"
#include "proto/message.h"
#include "proto/text.h"
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

/* ---- whole nets, as text before and after ---- */

static ProtobufCMessage *parse(const ProtobufCMessageDescriptor *type, const char *text) {
    ProtobufCMessage *message = NULL;
    ck_ok(lungo_text_parse(document, &message, type, text, strlen(text), "net.prototxt"));
    return message;
}

static void check_same(const ProtobufCMessage *got, const ProtobufCMessage *expected) {
    lungo_buffer left = {0}, right = {0};
    lungo_text_print(&left, got);
    lungo_text_print(&right, expected);
    ck_assert_str_eq(lungo_buffer_text(&left), lungo_buffer_text(&right));
    ck_assert(lungo_message_equal(got, expected));
    lungo_buffer_dispose(&left);
    lungo_buffer_dispose(&right);
}

static void check_net(const char *old, const char *expected) {
    const ProtobufCMessageDescriptor *type = &caffe__net_parameter__descriptor;
    ProtobufCMessage *net = parse(type, old);
    ck_ok(lungo_upgrade_net(document, (Caffe__NetParameter *)net, "net.prototxt"));
    check_same(net, parse(type, expected));
}

static void check_refused(const char *text, const char *part) {
    ProtobufCMessage *net = parse(&caffe__net_parameter__descriptor, text);
    ck_fails(lungo_upgrade_net(document, (Caffe__NetParameter *)net, "net.prototxt"),
             LUNGO_ERR_CONFIG, part);
}

static bool logged(const char *part) {
    return strstr(lungo_buffer_text(&lines), part) != NULL;
}

START_TEST(names_of_forks_become_caffes) {
    set_up();
    check_net("layer { pooling_param { ceil_mode: false } } "
              "layer { pooling_param { ceil_mode: true } } "
              "layer { pooling_param { torch_pooling: true ceil_mode: false } } "
              "layer { pooling_param { torch_pooling: false } } "
              "layer { pooling_param { ceil_mode: false round_mode: FLOOR } }",
              "layer { pooling_param { round_mode: FLOOR } } "
              "layer { pooling_param { round_mode: CEIL } } "
              "layer { pooling_param { round_mode: FLOOR } } "
              "layer { pooling_param { round_mode: CEIL } } "
              "layer { pooling_param { round_mode: FLOOR } }");
    check_net("layers { type: CONVOLUTION convolution_param { hole: 4 } } "
              "layers { type: CONVOLUTION convolution_param { hole_w: 3 } } ",
              "layer { type: 'Convolution' convolution_param { dilation: 4 } } "
              "layer { type: 'Convolution' convolution_param { dilation: 1 dilation: 3 } } ");
    check_refused(
        "layer { pooling_param { ceil_mode: false round_mode: CEIL } }",
        "pooling_param: expected round_mode, ceil_mode and torch_pooling to say the same, "
        "got one for CEIL and one for FLOOR\n  in the layer at net.prototxt:1");
    check_refused("layer { pooling_param { ceil_mode: true torch_pooling: true } }", "to say the");
    check_refused("layer { convolution_param { hole: 2 dilation: 2 } }",
                  "expected one of dilation, hole, and the pair hole_h and hole_w, got dilation "
                  "and a hole");
    check_refused("layer { convolution_param { hole: 2 hole_h: 2 } }", "got hole and the pair");
    tear_down();
}
END_TEST

START_TEST(v1_lists_become_param_specs) {
    set_up();
    check_net("force_backward: true state { level: 2 } "
              "layers { name: 'ip' type: INNER_PRODUCT bottom: 'x' top: 'y' param: 'w' "
              "  blob_share_mode: PERMISSIVE blobs_lr: 1 blobs_lr: 2 blobs_lr: 3 weight_decay: 4 "
              "  weight_decay: 5 include { phase: TEST } inner_product_param { num_output: 3 } }"
              "layers { name: 'loss' type: SOFTMAX_LOSS loss_weight: 2 loss_param { normalize: "
              "  false } }",
              "force_backward: true state { level: 2 } "
              "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' "
              "  param { name: 'w' share_mode: PERMISSIVE lr_mult: 1 decay_mult: 4 } "
              "  param { lr_mult: 2 decay_mult: 5 } param { lr_mult: 3 } include { phase: TEST } "
              "  inner_product_param { num_output: 3 } }"
              "layer { name: 'loss' type: 'SoftmaxWithLoss' loss_weight: 2 loss_param { normalize: "
              "  false } }");
    ck_assert_str_eq(lungo_buffer_text(&lines),
                     "I upgrade_proto.cpp:55 Attempting to upgrade input file specified using "
                     "deprecated V1LayerParameter: net.prototxt\n"
                     "I upgrade_proto.cpp:63 Successfully upgraded file specified using deprecated "
                     "V1LayerParameter\n");
    tear_down();
}
END_TEST

START_TEST(layers_keep_their_positions) {
    set_up();
    Caffe__NetParameter *net = (Caffe__NetParameter *)parse(
        &caffe__net_parameter__descriptor,
        "input: 'x'\ninput_shape { dim: 3 }\nlayers { type: RELU\n relu_param {} blobs_lr: 1 }\n"
        "layers {}");
    ck_ok(lungo_upgrade_net(document, net, "net.prototxt"));
    ck_assert_int_eq(lungo_document_position(document, net->layer[0]).line, 2);
    ck_assert_int_eq(lungo_document_position(document, net->layer[1]).line, 3);
    ck_assert_int_eq(lungo_document_position(document, net->layer[1]->param[0]).line, 3);
    ck_assert_int_eq(lungo_document_position(document, net->layer[1]->relu_param).line, 4);
    ck_assert_int_eq(lungo_document_position(document, net->layer[2]).line, 5);
    tear_down();
}
END_TEST

/* A message of each data layer is made where one of them had a field to move: so does Caffe. */
START_TEST(v1_transform_fields_move) {
    set_up();
    check_net("layers { type: DATA data_param { source: 'a' scale: 0.5 mean_file: 'm' crop_size: 3 "
              "mirror: true } } layers { type: IMAGE_DATA } "
              "layers { type: RELU data_param { scale: 2 } }",
              "layer { type: 'Data' data_param { source: 'a' } transform_param { scale: 0.5 "
              "mean_file: 'm' crop_size: 3 mirror: true } } "
              "layer { type: 'ImageData' image_data_param {} transform_param {} } "
              "layer { type: 'ReLU' data_param { scale: 2 } }");
    ck_assert(logged("I upgrade_proto.cpp:46 Attempting to upgrade input file specified using "
                     "deprecated transformation parameters: net.prototxt\n"
                     "I upgrade_proto.cpp:49 Successfully upgraded file specified using deprecated "
                     "data transformation parameters.\n"
                     "W upgrade_proto.cpp:51 Note that future Caffe releases will only support "
                     "transform_param messages for transformation fields.\n"));
    tear_down();
}
END_TEST

START_TEST(transform_fields_of_current_layers_are_warned_of) {
    set_up();
    const char *net = "layer { name: 'a' type: 'Data' data_param { scale: 2 mirror: true } }\n"
                      "layer { name: 'b' type: 'WindowData' window_data_param { scale: 2 } }";
    check_net(net, net);
    ck_assert_str_eq(lungo_buffer_text(&lines),
                     "W lungo.c:0 layer 'a' (net.prototxt:1): scale in data_param is ignored, as "
                     "by Caffe: write it in transform_param\n"
                     "W lungo.c:0 layer 'a' (net.prototxt:1): mirror in data_param is ignored, as "
                     "by Caffe: write it in transform_param\n");
    tear_down();
}
END_TEST

START_TEST(v0_settings_go_to_the_message_of_their_type) {
    set_up();
    check_net(
        "name: 'old' debug_info: true "
        "layers { top: 'data' layer { name: 'd' type: 'data' source: 'db' batchsize: 8 scale: 0.5 "
        "  cropsize: 3 rand_skip: 2 } } "
        "layers { bottom: 'data' top: 'conv' layer { name: 'c' type: 'conv' num_output: 2 "
        "  kernelsize: 3 stride: 2 group: 2 biasterm: false weight_filler { type: 'xavier' } "
        "  blobs_lr: 1 weight_decay: 0 blobs { num: 1 data: 7 } } } "
        "layers { bottom: 'conv' top: 'pool' layer { type: 'pool' pool: AVE kernelsize: 2 } } "
        "layers { bottom: 'pool' top: 'out' layer { type: 'hdf5_output' hdf5_output_param { "
        "  file_name: 'f' } } }",
        "name: 'old' debug_info: true "
        "layer { name: 'd' type: 'Data' top: 'data' data_param { source: 'db' batch_size: 8 "
        "  rand_skip: 2 } transform_param { scale: 0.5 crop_size: 3 } } "
        "layer { name: 'c' type: 'Convolution' bottom: 'data' top: 'conv' param { lr_mult: 1 "
        "  decay_mult: 0 } blobs { num: 1 data: 7 } convolution_param { num_output: 2 "
        "  kernel_size: 3 stride: 2 group: 2 bias_term: false weight_filler { type: 'xavier' } } } "
        "layer { type: 'Pooling' bottom: 'conv' top: 'pool' pooling_param { pool: AVE "
        "  kernel_size: 2 } } "
        "layer { type: 'HDF5Output' bottom: 'pool' top: 'out' hdf5_output_param { "
        "  file_name: 'f' } }");
    ck_assert(logged("I upgrade_proto.cpp:28 Attempting to upgrade input file specified using "
                     "deprecated V0LayerParameter: net.prototxt\n"
                     "I upgrade_proto.cpp:36 Successfully upgraded file specified using deprecated "
                     "V0LayerParameter\n"
                     "W upgrade_proto.cpp:39 Note that future Caffe releases will not support "
                     "V0NetParameter; use ./build/tools/upgrade_net_proto_text for prototxt and "
                     "./build/tools/upgrade_net_proto_binary for model weights upgrade this and "
                     "any other net protos to the new format.\n"));
    tear_down();
}
END_TEST

START_TEST(v0_padding_folds_into_its_readers) {
    set_up();
    check_net("input: 'x' layers { bottom: 'x' top: 'p' layer { type: 'padding' pad: 2 } } "
              "layers { bottom: 'p' top: 'c' layer { type: 'conv' } } "
              "layers { bottom: 'p' top: 'q' layer { type: 'pool' } } "
              "layers { bottom: 'c' top: 'p' layer { type: 'relu' } } "
              "layers { bottom: 'p' layer { type: 'tanh' } }",
              "layer { type: 'Convolution' bottom: 'x' top: 'c' convolution_param { pad: 2 } } "
              "layer { type: 'Pooling' bottom: 'x' top: 'q' pooling_param { pad: 2 } } "
              "layer { type: 'ReLU' bottom: 'c' top: 'p' } layer { type: 'TanH' bottom: 'p' }");
    tear_down();
}
END_TEST

START_TEST(v0_settings_of_no_use_are_named) {
    set_up();
    check_net("layers { layer { name: 'r' type: 'relu' num_output: 3 } }",
              "layer { name: 'r' type: 'ReLU' }");
    ck_assert(logged("E upgrade_proto.cpp:237 Unknown parameter num_output for layer type relu\n"
                     "E upgrade_proto.cpp:33 Warning: had one or more problems upgrading "
                     "V0NetParameter to NetParameter (see above); continuing anyway.\n"));
    tear_down();
}
END_TEST

START_TEST(nets_that_mean_nothing_are_refused) {
    set_up();
    check_refused("layers { type: RELU } layer { type: 'ReLU' }",
                  "Refusing to upgrade inconsistent NetParameter input; the definition includes "
                  "both 'layer' and 'layers' fields");
    check_refused("\nlayers { layer { type: 'deconv' } }",
                  "Unknown layer name: deconv: expected a V0 layer type, one of accuracy bnll "
                  "concat conv data");
    check_refused("\nlayers { layer { type: 'deconv' } }", "in the layer at net.prototxt:2");
    check_refused("layers { bottom: 'x' layer { name: 'c' type: 'conv' } }",
                  "Unknown blob input x to layer 'c'");
    check_refused(
        "input: 'x' layers { bottom: 'x' top: 'p' layer { name: 'pad' type: 'padding' } }"
        "layers { bottom: 'p' layer { type: 'relu' } }",
        "padding layer 'pad': expected a layer of type conv or pool to read it, got relu");
    check_refused("input: 'x' layers { bottom: 'x' top: 'p' layer { name: 'pad' type: 'padding' } }"
                  "layers { bottom: 'p' bottom: 'x' layer { type: 'conv' } }",
                  "expected 1 bottom, 1 top and a reader of 1 bottom, got 1, 1 and 2");
    tear_down();
}
END_TEST

/* ---- files from Caffe's own tools ---- */

#define GOLDEN LUNGO_SOURCE_DIR "/tests/golden/upgrade/"

static ProtobufCMessage *read_golden(const ProtobufCMessageDescriptor *type, const char *path) {
    ProtobufCMessage *message = NULL;
    ck_ok(lungo_text_read(document, &message, type, path));
    return message;
}

START_TEST(a_net_is_upgraded_as_by_caffes_tool) {
    set_up();
    const ProtobufCMessageDescriptor *type = &caffe__net_parameter__descriptor;
    ProtobufCMessage *net = read_golden(type, GOLDEN "tool_upgrade_net_proto_text.in.prototxt");
    ck_ok(lungo_upgrade_net(document, (Caffe__NetParameter *)net, "v1.prototxt"));
    check_same(net, read_golden(type, GOLDEN "tool_upgrade_net_proto_text.out.prototxt"));
    tear_down();
}
END_TEST

START_TEST(a_solver_is_upgraded_as_by_caffes_tool) {
    set_up();
    const ProtobufCMessageDescriptor *type = &caffe__solver_parameter__descriptor;
    ProtobufCMessage *solver =
        read_golden(type, GOLDEN "tool_upgrade_solver_proto_text.in.prototxt");
    ck_ok(lungo_upgrade_solver(document, (Caffe__SolverParameter *)solver, "old_solver.prototxt"));
    check_same(solver, read_golden(type, GOLDEN "tool_upgrade_solver_proto_text.out.prototxt"));
    ck_assert_str_eq(lungo_buffer_text(&lines),
                     "I upgrade_proto.cpp:1084 Attempting to upgrade input file specified using "
                     "deprecated 'solver_type' field (enum)': old_solver.prototxt\n"
                     "I upgrade_proto.cpp:1091 Successfully upgraded file specified using "
                     "deprecated 'solver_type' field (enum) to 'type' field (string).\n"
                     "W upgrade_proto.cpp:1093 Note that future Caffe releases will only support "
                     "'type' field (string) for a solver's type.\n");
    tear_down();
}
END_TEST

START_TEST(a_solver_with_both_types_is_refused) {
    set_up();
    ProtobufCMessage *solver =
        parse(&caffe__solver_parameter__descriptor, "type: 'SGD' solver_type: SGD");
    ck_fails(lungo_upgrade_solver(document, (Caffe__SolverParameter *)solver, "solver.prototxt"),
             LUNGO_ERR_CONFIG, "cannot be both specified in solver proto text");
    tear_down();
}
END_TEST

START_TEST(nets_in_a_solver_are_upgraded) {
    set_up();
    const ProtobufCMessageDescriptor *type = &caffe__solver_parameter__descriptor;
    ProtobufCMessage *solver = parse(type, "net_param { layers { type: TANH } } train_net_param { "
                                           "layers { type: EXP } } test_net_param { layers { "
                                           "type: MVN } }");
    ck_ok(lungo_upgrade_solver(document, (Caffe__SolverParameter *)solver, "solver.prototxt"));
    check_same(solver, parse(type, "net_param { layer { type: 'TanH' } } train_net_param { layer { "
                                   "type: 'Exp' } } test_net_param { layer { type: 'MVN' } }"));
    tear_down();
}
END_TEST

Suite *lungo_suite_upgrade(void);
Suite *lungo_suite_upgrade(void) {
    return lungo_suite_of(
        "upgrade",
        (const TTest *const[]){
            an_input_with_dims_becomes_the_first_layer, inputs_without_enough_sizes_are_refused,
            an_input_without_sizes_is_dropped, batch_norm_is_frozen_when_it_has_three_params,
            names_of_forks_become_caffes, v1_lists_become_param_specs, layers_keep_their_positions,
            v1_transform_fields_move, transform_fields_of_current_layers_are_warned_of,
            v0_settings_go_to_the_message_of_their_type, v0_padding_folds_into_its_readers,
            v0_settings_of_no_use_are_named, nets_that_mean_nothing_are_refused,
            a_net_is_upgraded_as_by_caffes_tool, a_solver_is_upgraded_as_by_caffes_tool,
            a_solver_with_both_types_is_refused, nets_in_a_solver_are_upgraded, NULL});
}
