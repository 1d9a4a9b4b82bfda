/* Error texts, positions kept, and what the golden cases do not hold. What protobuf takes and how
 * it prints is judged by golden_text over golden/text-format. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/buffer.h"
#include "caffe.pb-c.h"
#include "lungo/log.h"
#include "proto/message.h"
#include "proto/text.h"
#include "support/suites.h"

static lungo_document *document;

static lungo_status parse(ProtobufCMessage **out, const ProtobufCMessageDescriptor *type,
                          const char *text) {
    lungo_document_free(document);
    document = NULL;
    ck_ok(lungo_document_new(&document));
    return lungo_text_parse(document, out, type, text, strlen(text), "net.prototxt");
}

static Caffe__NetParameter *parse_net(const char *text) {
    ProtobufCMessage *net = NULL;
    ck_ok(parse(&net, &caffe__net_parameter__descriptor, text));
    return (Caffe__NetParameter *)net;
}

static void close_document(void) {
    lungo_document_free(document);
    document = NULL;
}

/* The whole text, for a net. */
static const struct {
    const char *input, *error;
} errors[] = {
    {"layer {\n  convolution_param { kernal_size: 3 }\n}",
     "net.prototxt:2:34: unknown field 'kernal_size' in ConvolutionParameter; did you mean "
     "'kernel_size'?"},
    {"layer { dropout_param { keep: 1 } }",
     "net.prototxt:1:29: unknown field 'keep' in DropoutParameter; known: dropout_ratio, "
     "scale_train"},
    {"layer { num_output: 3 }",
     "net.prototxt:1:19: unknown field 'num_output' in LayerParameter; a field of "
     "convolution_param, inner_product_param, embed_param, recurrent_param"},
    {"base_lr: 1", "net.prototxt:1:8: unknown field 'base_lr' in NetParameter; solvers have one: "
                   "give the file that its `net` names"},
    {"layer {\n  relu_param { negative_slope: 1\n}\nlayer {\n}",
     "net.prototxt:4:7: unknown field 'layer' in LayerParameter; NetParameter has one: is the '{' "
     "at 1:7 not closed?"},
    {"layer { convolution_param {\n  pad: 1\n",
     "net.prototxt:3:1: expected '}', got end of file: the '{' at 1:27 is not closed"},
    {"layer <\n", "net.prototxt:2:1: expected '>', got end of file: the '<' at 1:7 is not closed"},
    {"layer { name: \"x\" >", "net.prototxt:1:19: expected '}' to close the '{' at 1:7, got '>'"},
    {"}", "net.prototxt:1:1: expected the name of a field of NetParameter, got '}'"},
    {"layer { type: ReLU }",
     "net.prototxt:1:15: expected a string in quotes for 'type', got 'ReLU'"},
    {"layer 5", "net.prototxt:1:7: expected '{' to open 'layer', got '5'"},
    {"layer", "net.prototxt:1:6: expected '{' to open 'layer', got end of file"},
    {"name \"x\"", "net.prototxt:1:6: expected ':' after 'name', got '\"x\"'"},
    {"name: \"a\"\nlayer {}\nname: \"b\"",
     "net.prototxt:3:5: 'name' is given twice in one NetParameter, first in line 1"},
    {"layer { pooling_param { pool: MAXX } }",
     "net.prototxt:1:36: unknown value 'MAXX' for 'pool'; did you mean 'MAX'?"},
    {"layer { pooling_param { pool: 7 } }",
     "net.prototxt:1:33: unknown value '7' for 'pool'; known: MAX, AVE, STOCHASTIC"},
    {"layer { pooling_param { pool: \"MAX\" } }",
     "net.prototxt:1:31: expected a name without quotes for 'pool', such as MAX, got '\"MAX\"'"},
    {"force_backward: yes",
     "net.prototxt:1:20: expected true or false for 'force_backward', got 'yes'"},
    {"force_backward: 2",
     "net.prototxt:1:17: '2' is out of range for 'force_backward': expected at most 1"},
    {"input_dim: 4294967296",
     "net.prototxt:1:12: '4294967296' is out of range for 'input_dim': expected at most "
     "2147483647"},
    {"input_dim: 1.5", "net.prototxt:1:12: expected an integer for 'input_dim', got '1.5'"},
    {"input_dim: [1 2]",
     "net.prototxt:1:15: expected ',' or ']' in the list of 'input_dim', got '2'"},
    {"layer { loss_weight: 010 }",
     "net.prototxt:1:22: expected a decimal number for 'loss_weight', got '010'"},
    {"layer { loss_weight: one }",
     "net.prototxt:1:22: expected a number for 'loss_weight', got 'one'"},
    {"[caffe.extra]: 1", "net.prototxt:1:14: unknown extension '[caffe...]': Caffe's messages have "
                         "none"},
    {"input_dim: 08",
     "net.prototxt:1:13: a number that begins with 0 is octal: expected digits up to 7"},
    {"input_dim:1input_dim:2", "net.prototxt:1:12: expected a space between a number and a name"},
    {"name: \"a", "net.prototxt:1:9: end of file inside a string that begins at 1:7"},
    {"name: \"a\n\"", "net.prototxt:1:9: end of line inside a string: expected a closing \""},
    {"name: \"\\q\"",
     "net.prototxt:1:9: unknown escape in a string; known: \\a \\b \\f \\n \\r \\t "
     "\\v \\\\ \\? \\' \\\" \\ooo \\xhh \\uhhhh \\Uhhhhhhhh"},
    {"\xEF\xBB\xBFname: \"a\"", "net.prototxt:1:1: byte 0xEF outside a string or comment: a byte "
                                "order mark; save the file as plain UTF-8"},
    {"name: \xC3\xA9", "net.prototxt:1:7: byte 0xC3 outside a string or comment; expected plain "
                       "ASCII"},
    {"\x01", "net.prototxt:1:1: control byte 0x01: is this a text file?"},
    {"layer { clip_param { min: 0 } }",
     "net.prototxt: required field 'max' of the ClipParameter at 1:9 is missing"},
    {"name: a_word_so_long_that_an_error_had_better_not_show_it_whole",
     "net.prototxt:1:7: expected a string in quotes for 'name', got "
     "'a_word_so_long_that_an_error_had_better_...'"},
};

START_TEST(errors_say_where_what_and_instead) {
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        ProtobufCMessage *net = NULL;
        ck_assert_int_eq(parse(&net, &caffe__net_parameter__descriptor, errors[i].input),
                         LUNGO_ERR_PARSE);
        ck_assert_ptr_null(net);
        ck_assert_str_eq(lungo_error_text() + strlen("lungo: "), errors[i].error);
    }
    close_document();
}
END_TEST

START_TEST(names_beyond_any_limit_are_unknown_fields) {
    char text[5000];
    ProtobufCMessage *net = NULL;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    ck_fails(parse(&net, &caffe__net_parameter__descriptor, text), LUNGO_ERR_PARSE,
             "net.prototxt:1:5000: unknown field 'xxxx");
    close_document();
}
END_TEST

START_TEST(messages_know_where_they_stood) {
    Caffe__NetParameter *net = parse_net("name: 'n'\n"
                                         "layer { name: 'a' }\n"
                                         "  layer [ {},\n"
                                         "\t< param {} >]\n");
    const struct {
        const void *message;
        int line, column;
    } cases[] = {{net, 1, 1},
                 {net->layer[0], 2, 1},
                 {net->layer[1], 3, 11},
                 {net->layer[2], 4, 9},
                 {net->layer[2]->param[0], 4, 11}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lungo_position position = lungo_document_position(document, cases[i].message);
        ck_assert_str_eq(position.file, "net.prototxt");
        ck_assert_int_eq(position.line, cases[i].line);
        ck_assert_int_eq(position.column, cases[i].column);
    }
    close_document();
}
END_TEST

START_TEST(presence_is_what_was_written) {
    Caffe__NetParameter *net = parse_net(
        "layer { type: 'BatchNorm' batch_norm_param { use_global_stats: false } "
        "param { lr_mult: 1 } } layer { dummy_data_param { data_filler { type: 'constant' "
        "} } }");
    ck_assert(net->layer[0]->batch_norm_param->has_use_global_stats);
    ck_assert(!net->layer[0]->batch_norm_param->has_eps);
    ck_assert(net->layer[0]->param[0]->has_lr_mult && !net->layer[0]->param[0]->has_decay_mult);
    ck_assert_float_eq(net->layer[0]->param[0]->decay_mult, 1);
    ck_assert_ptr_null(net->layer[0]->name);
    ck_assert_ptr_null(net->layer[0]->relu_param);
    ProtobufCMessage *filler = &net->layer[1]->dummy_data_param->data_filler[0]->base;
    ck_assert(lungo_message_has(filler, lungo_message_field(filler, "type")));
    close_document();
}
END_TEST

/* ---- what forks have ---- */

static const struct {
    const char *input, *error;
} fork_errors[] = {
    {"layer {\n  norm_param { eps: 1 } }",
     "net.prototxt:2:14: unknown field 'norm_param' in LayerParameter: the settings of Normalize, "
     "a "
     "layer of SSD, NVCaffe, Intel Caffe, jolibrain's fork: Caffe has no such layer"},
    {"layer { batch_norm_param { scale_bias: true } }",
     "net.prototxt:1:38: unknown field 'scale_bias' in BatchNormParameter: a field of NVCaffe: its "
     "scale and bias are blobs 3 and 4 of the same layer: write a Scale layer behind it, and move "
     "those weights there; --unknown-fields=warn passes over it"},
    {"layer { convolution_param { engine: MKL2017 } }",
     "net.prototxt:1:45: unknown value 'MKL2017' for 'engine': a value of Intel Caffe: it chooses "
     "what computes, here --engine: leave it out; --unknown-fields=warn passes over it"},
    {"layers { type: SPATIAL_PYRAMID_POOLING }",
     "net.prototxt:1:40: unknown value 'SPATIAL_PYRAMID_POOLING' for 'type': a value of a branch "
     "of "
     "2014: Caffe has it in today's form: layer { type: 'SPP' }"},
};

START_TEST(names_of_forks_are_known) {
    for (size_t i = 0; i < sizeof fork_errors / sizeof *fork_errors; i++) {
        ProtobufCMessage *net = NULL;
        ck_fails(parse(&net, &caffe__net_parameter__descriptor, fork_errors[i].input),
                 LUNGO_ERR_PARSE, fork_errors[i].error);
    }
    close_document();
}
END_TEST

static lungo_buffer warnings;

static void note_warning(void *user, lungo_log_level level, const char *file, int line,
                         const char *text) {
    (void)user, (void)file, (void)line;
    if (level == LUNGO_LOG_WARNING) lungo_buffer_printf(&warnings, "%s\n", text);
}

/* Unknown fields are passed over. */
static lungo_status parse_leniently(Caffe__NetParameter **out, const char *text) {
    ProtobufCMessage *message = NULL;
    lungo_document_free(document);
    ck_ok(lungo_document_new(&document));
    lungo_document_skip_unknown(document, true);
    lungo_buffer_clear(&warnings);
    lungo_set_log(note_warning, NULL);
    lungo_status status = lungo_text_parse(document, &message, &caffe__net_parameter__descriptor,
                                           text, strlen(text), "net.prototxt");
    lungo_set_log(NULL, NULL);
    *out = (Caffe__NetParameter *)message;
    return status;
}

static void end_leniency(void) {
    lungo_buffer_dispose(&warnings);
    warnings = (lungo_buffer){0};
    close_document();
}

START_TEST(unknown_fields_can_be_passed_over) {
    Caffe__NetParameter *net;
    ck_ok(parse_leniently(
        &net, "a: 1 b: -1.5e3, c: -inf; d: 'x' \"y\" e: FOO f { g <h: [1, 2] >; i: [] } j: { }\n"
              "k: [{ l: 1 }, < >] m < n { } >\n"
              "layer { name: 'one'\n  pad: 1 dropout_param { no: [[1], ['p' 'q']] "
              "dropout_ratio: 0.25 } }"));
    ck_assert_uint_eq(net->n_layer, 1);
    ck_assert_str_eq(net->layer[0]->name, "one");
    ck_assert_float_eq(net->layer[0]->dropout_param->dropout_ratio, 0.25F);
    const char *got = lungo_buffer_text(&warnings);
    ck_assert_ptr_nonnull(strstr(got, "net.prototxt:1:1: unknown field 'a' in NetParameter is "
                                      "passed over\nnet.prototxt:1:6: unknown field 'b'"));
    ck_assert_ptr_nonnull(strstr(got, "net.prototxt:4:3: unknown field 'pad' in LayerParameter"));
    ck_assert_ptr_nonnull(strstr(got, "net.prototxt:4:26: unknown field 'no' in DropoutParam"));
    size_t lines = 0;
    for (const char *at = got; (at = strchr(at, '\n')); at++)
        lines++;
    ck_assert_uint_eq(lines, 11);
    end_leniency();
}
END_TEST

START_TEST(warnings_say_what_a_fork_meant) {
    Caffe__NetParameter *net;
    ck_ok(parse_leniently(&net, "layer { convolution_param { relu: true engine: MKLDNN } }"));
    ck_assert_int_eq(net->layer[0]->convolution_param->engine, 0);
    ck_assert_str_eq(lungo_buffer_text(&warnings),
                     "net.prototxt:1:29: unknown field 'relu' in ConvolutionParameter is passed "
                     "over: a field of Intel Caffe: write a ReLU layer behind it\n"
                     "net.prototxt:1:48: unknown value 'MKLDNN' for 'engine' is passed over: a "
                     "value of Intel Caffe: it chooses what computes, here --engine: leave it "
                     "out\n");
    ck_fails(parse_leniently(&net, "layer { pooling_param { pool: MIN } }"), LUNGO_ERR_PARSE,
             "unknown value 'MIN' for 'pool'; known: MAX, AVE, STOCHASTIC");
    end_leniency();
}
END_TEST

static const struct {
    const char *input, *error;
} skip_errors[] = {
    {"a 1", "1:3: expected ':' or '{' behind an unknown field's name, got '1'"},
    {"a: }", "1:4: expected the value of an unknown field, got '}'"},
    {"a: -b", "1:5: expected a number behind '-', got 'b'"},
    {"a { b: 1", "1:9: expected '}' to close the '{' at 1:3, got end of file"},
    {"a { b: 1 >", "1:10: expected '}' to close the '{' at 1:3, got '>'"},
    {"a { 1: 1 }", "1:5: expected the name of a field, got '1'"},
    {"a: [1 2]", "1:7: expected ',' or ']' in the list of an unknown field, got '2'"},
    {"a: [1,", "1:7: expected the value of an unknown field, got end of file"},
    {"a: 'b", "1:6: end of file inside a string that begins at 1:4"},
    {"a", "1:2: expected ':' or '{' behind an unknown field's name, got end of file"},
};

START_TEST(what_is_passed_over_has_to_be_prototxt) {
    for (size_t i = 0; i < sizeof skip_errors / sizeof *skip_errors; i++) {
        Caffe__NetParameter *net;
        ck_fails(parse_leniently(&net, skip_errors[i].input), LUNGO_ERR_PARSE,
                 skip_errors[i].error);
        ck_assert_str_eq(lungo_buffer_text(&warnings), "");
    }
    end_leniency();
}
END_TEST

/* "a { a { ... } }" of so many messages, or "a: [[...]]" of so many lists. */
static lungo_status parse_nested(int depth, const char *before, const char *open,
                                 const char *close) {
    Caffe__NetParameter *net;
    lungo_buffer text = {0};
    lungo_buffer_puts(&text, before);
    for (int i = 0; i < depth; i++)
        lungo_buffer_puts(&text, open);
    for (int i = 0; i < depth; i++)
        lungo_buffer_puts(&text, close);
    lungo_status status = parse_leniently(&net, lungo_buffer_text(&text));
    lungo_buffer_dispose(&text);
    return status;
}

START_TEST(unknown_messages_are_at_most_100_deep) {
    static const char error[] =
        "in an unknown field: expected at most 100 messages or lists in each other, got more";
    ck_ok(parse_nested(100, "", "a {", "}"));
    ck_fails(parse_nested(101, "", "a {", "}"), LUNGO_ERR_PARSE, error);
    ck_fails(parse_nested(100000, "", "a <", ">"), LUNGO_ERR_PARSE, error);
    ck_ok(parse_nested(100, "a: ", "[", "]"));
    ck_fails(parse_nested(100000, "a: ", "[", "]"), LUNGO_ERR_PARSE, error);
    end_leniency();
}
END_TEST

START_TEST(one_document_holds_several_texts) {
    Caffe__NetParameter *net = parse_net("name: 'first'");
    ProtobufCMessage *solver;
    static const char text[] = "\nbase_lr: 0.1 train_state { level: 1 }";
    ck_ok(lungo_text_parse(document, &solver, &caffe__solver_parameter__descriptor, text,
                           strlen(text), "solver.prototxt"));
    const void *state = ((Caffe__SolverParameter *)solver)->train_state;
    ck_assert_str_eq(net->name, "first");
    ck_assert_str_eq(lungo_document_position(document, net).file, "net.prototxt");
    ck_assert_str_eq(lungo_document_position(document, state).file, "solver.prototxt");
    ck_assert_int_eq(lungo_document_position(document, state).line, 2);
    close_document();
}
END_TEST

START_TEST(extensions_are_enums_without_quotes) {
    ProtobufCMessage *message;
    ck_ok(parse(&message, &caffe__solver_parameter__descriptor,
                "decoupled_decay_scale: SCHEDULE decoupled_decay_point: AFTER_UPDATE "
                "adam_delta: CORRECTED"));
    Caffe__SolverParameter *solver = (Caffe__SolverParameter *)message;
    ck_assert_int_eq(solver->decoupled_decay_scale,
                     CAFFE__SOLVER_PARAMETER__DECOUPLED_DECAY_SCALE__SCHEDULE);
    ck_assert_int_eq(solver->decoupled_decay_point,
                     CAFFE__SOLVER_PARAMETER__DECOUPLED_DECAY_POINT__AFTER_UPDATE);
    ck_assert_int_eq(solver->adam_delta, CAFFE__SOLVER_PARAMETER__ADAM_DELTA__CORRECTED);
    close_document();
}
END_TEST

/* The text need not end in a zero byte, and nothing behind it is looked at. */
START_TEST(only_the_given_length_is_read) {
    static const char text[] = "input_dim: 12";
    for (size_t length = strlen("input_dim: 1"); length < sizeof text; length++) {
        char *exact = malloc(length);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, text, length);
        ProtobufCMessage *net = NULL;
        ck_ok(lungo_document_new(&document));
        ck_ok(lungo_text_parse(document, &net, &caffe__net_parameter__descriptor, exact, length,
                               "exact"));
        ck_assert_int_eq(((Caffe__NetParameter *)net)->input_dim[0],
                         length == strlen("input_dim: 1") ? 1 : 12);
        free(exact);
        close_document();
    }
}
END_TEST

START_TEST(a_float_halfway_beyond_the_largest_is_the_largest) {
    Caffe__NetParameter *net =
        parse_net("layer { loss_weight: [3.4028235677973366e38, -3.4028235677973366e38, 3.5e38] }");
    ck_assert(net->layer[0]->loss_weight[0] == 0x1.fffffep127F);
    ck_assert(net->layer[0]->loss_weight[1] == -0x1.fffffep127F);
    ck_assert(isinf(net->layer[0]->loss_weight[2]));
    close_document();
}
END_TEST

START_TEST(an_enum_without_a_name_prints_as_its_number) {
    Caffe__NetState state = CAFFE__NET_STATE__INIT;
    state.has_phase = true;
    state.phase = (Caffe__Phase)7;
    lungo_buffer out = {0};
    lungo_text_print(&out, &state.base);
    ck_assert_str_eq(lungo_buffer_text(&out), "phase: 7\n");
    lungo_buffer_dispose(&out);
}
END_TEST

START_TEST(files_are_read_and_named) {
    char path[] = "/tmp/lungo_test_text_XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    close(file);
    static const char text[] = "layer { name: 'a' }\nlayer { bogus_name: 1 }";
    ck_ok(lungo_file_replace(path, text, strlen("layer { name: 'a' }\n")));
    ProtobufCMessage *net = NULL;
    ck_ok(lungo_document_new(&document));
    ck_ok(lungo_text_read(document, &net, &caffe__net_parameter__descriptor, path));
    ck_assert_str_eq(lungo_document_position(document, net).file, path);
    ck_ok(lungo_file_replace(path, text, strlen(text)));
    char expected[128];
    snprintf(expected, sizeof expected, "lungo: %s:2:19: unknown field 'bogus_name'", path);
    ck_fails(lungo_text_read(document, &net, &caffe__net_parameter__descriptor, path),
             LUNGO_ERR_PARSE, expected);
    unlink(path);
    ck_fails(lungo_text_read(document, &net, &caffe__net_parameter__descriptor, path),
             LUNGO_ERR_FILE, path);
    ck_fails(lungo_text_read(document, &net, &caffe__net_parameter__descriptor, "/"),
             LUNGO_ERR_FILE, "directory");
    close_document();
}
END_TEST

Suite *lungo_suite_text(void);
Suite *lungo_suite_text(void) {
    return lungo_suite_of(
        "text", (const TTest *const[]){
                    names_of_forks_are_known, unknown_fields_can_be_passed_over,
                    warnings_say_what_a_fork_meant, what_is_passed_over_has_to_be_prototxt,
                    unknown_messages_are_at_most_100_deep, errors_say_where_what_and_instead,
                    names_beyond_any_limit_are_unknown_fields, messages_know_where_they_stood,
                    presence_is_what_was_written, one_document_holds_several_texts,
                    extensions_are_enums_without_quotes, only_the_given_length_is_read,
                    a_float_halfway_beyond_the_largest_is_the_largest,
                    an_enum_without_a_name_prints_as_its_number, files_are_read_and_named, NULL});
}
