#include <stdint.h>
#include <string.h>

#include "caffe.pb-c.h"
#include "proto/message.h"
#include "support/suites.h"

static lungo_document *document;

static void open_document(void) {
    ck_ok(lungo_document_new(&document));
}

static void close_document(void) {
    lungo_document_free(document);
}

static Caffe__NetParameter *new_net(void) {
    ProtobufCMessage *net = lungo_message_new(document, &caffe__net_parameter__descriptor);
    ck_assert_ptr_nonnull(net);
    return (Caffe__NetParameter *)net;
}

static Caffe__LayerParameter *add_layer(Caffe__NetParameter *net, const char *name) {
    const ProtobufCFieldDescriptor *field = lungo_message_field(&net->base, "layer");
    ProtobufCMessage *made = lungo_message_add_message(document, &net->base, field);
    ck_assert_ptr_nonnull(made);
    Caffe__LayerParameter *layer = (Caffe__LayerParameter *)made;
    layer->name = lungo_arena_string(lungo_document_arena(document), name);
    return layer;
}

static bool has(const ProtobufCMessage *message, const char *field) {
    return lungo_message_has(message, lungo_message_field(message, field));
}

static void add_int(ProtobufCMessage *message, const char *field, int32_t value) {
    int32_t *place = lungo_message_add(document, message, lungo_message_field(message, field));
    ck_assert_ptr_nonnull(place);
    *place = value;
}

START_TEST(a_new_message_has_defaults_and_nothing_present) {
    open_document();
    ProtobufCMessage *made = lungo_message_new(document, &caffe__filler_parameter__descriptor);
    Caffe__FillerParameter *filler = (Caffe__FillerParameter *)made;
    ck_assert_str_eq(filler->type, "constant");
    ck_assert_int_eq(filler->sparse, -1);
    for (unsigned i = 0; i < made->descriptor->n_fields; i++)
        ck_assert(!lungo_message_has(made, &made->descriptor->fields[i]));
    filler->type = lungo_arena_string(lungo_document_arena(document), "constant");
    ck_assert(has(made, "type"));
    lungo_message_clear(made, lungo_message_field(made, "type"));
    ck_assert(!has(made, "type"));
    ck_assert_str_eq(filler->type, "constant");
    ck_assert_ptr_null(lungo_message_field(made, "no_such_field"));
    close_document();
}
END_TEST

START_TEST(clearing_brings_the_default_back) {
    open_document();
    Caffe__FillerParameter *filler =
        (Caffe__FillerParameter *)lungo_message_new(document, &caffe__filler_parameter__descriptor);
    *(float *)lungo_message_add(document, &filler->base,
                                lungo_message_field(&filler->base, "max")) = 3;
    ck_assert(filler->has_max && filler->max == 3);
    lungo_message_clear(&filler->base, lungo_message_field(&filler->base, "max"));
    ck_assert(!filler->has_max && filler->max == 1);
    Caffe__NetParameter *net = new_net();
    add_int(&net->base, "input_dim", 4);
    lungo_message_clear(&net->base, lungo_message_field(&net->base, "input_dim"));
    ck_assert_uint_eq(net->n_input_dim, 0);
    close_document();
}
END_TEST

START_TEST(repeated_fields_grow) {
    open_document();
    Caffe__NetParameter *net = new_net();
    for (int i = 0; i < 1000; i++) {
        add_int(&net->base, "input_dim", i);
        add_layer(net, "some");
    }
    ck_assert_uint_eq(net->n_input_dim, 1000);
    ck_assert_uint_eq(net->n_layer, 1000);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(net->input_dim[i], i);
    net->n_input_dim = 3;
    add_int(&net->base, "input_dim", 77);
    ck_assert_int_eq(net->input_dim[2], 2);
    ck_assert_int_eq(net->input_dim[3], 77);
    close_document();
}
END_TEST

START_TEST(ensure_makes_a_sub_message_once) {
    open_document();
    Caffe__NetParameter *net = new_net();
    const ProtobufCFieldDescriptor *state = lungo_message_field(&net->base, "state");
    ck_assert(!lungo_message_has(&net->base, state));
    ProtobufCMessage *made = lungo_message_ensure(document, &net->base, state);
    ck_assert_ptr_nonnull(made);
    ck_assert_ptr_eq(made, lungo_message_ensure(document, &net->base, state));
    ck_assert_ptr_eq(made, net->state);
    close_document();
}
END_TEST

START_TEST(a_copy_is_deep_equal_and_keeps_positions) {
    open_document();
    Caffe__NetParameter *net = new_net(), *copy = NULL;
    Caffe__LayerParameter *layer = add_layer(net, "conv1");
    ck_ok(lungo_document_set_position(document, layer, (lungo_position){"n.prototxt", 7, 3}));
    add_int(&net->base, "input_dim", 5);
    lungo_document *other;
    ck_ok(lungo_document_new(&other));
    ck_ok(lungo_message_copy(other, &copy, &net->base, document));
    ck_assert(lungo_message_equal(&copy->base, &net->base));
    layer->name[0] = 'C';
    ck_assert(!lungo_message_equal(&copy->base, &net->base));
    close_document();
    ck_assert_str_eq(copy->layer[0]->name, "conv1");
    ck_assert_int_eq(lungo_document_position(other, copy->layer[0]).line, 7);
    ck_assert_str_eq(lungo_document_position(other, copy->layer[0]).file, "n.prototxt");
    lungo_document_free(other);
}
END_TEST

START_TEST(bytes_and_presence_count_in_equality) {
    open_document();
    Caffe__Datum a = CAFFE__DATUM__INIT, b = CAFFE__DATUM__INIT;
    uint8_t left[] = {1, 0, 2}, right[] = {1, 0, 3};
    a.has_data = b.has_data = true;
    a.data = (ProtobufCBinaryData){3, left};
    b.data = (ProtobufCBinaryData){3, right};
    ck_assert(!lungo_message_equal(&a.base, &b.base));
    right[2] = 2;
    ck_assert(lungo_message_equal(&a.base, &b.base));
    a.has_label = true;
    ck_assert(!lungo_message_equal(&a.base, &b.base));
    Caffe__Datum *copy;
    ck_ok(lungo_message_copy(document, &copy, &a.base, NULL));
    ck_assert(lungo_message_equal(&a.base, &copy->base));
    ck_assert_ptr_ne(copy->data.data, left);
    Caffe__BlobProto blob = CAFFE__BLOB_PROTO__INIT;
    ck_assert(!lungo_message_equal(&a.base, &blob.base));
    close_document();
}
END_TEST

START_TEST(merge_overwrites_appends_and_merges_in_turn) {
    open_document();
    Caffe__NetParameter *to = new_net(), *from = new_net();
    add_int(&to->base, "input_dim", 1);
    add_int(&from->base, "input_dim", 2);
    to->name = lungo_arena_string(lungo_document_arena(document), "kept");
    from->has_debug_info = from->debug_info = true;
    add_int(lungo_message_ensure(document, &to->base, lungo_message_field(&to->base, "state")),
            "level", 3);
    ProtobufCMessage *state =
        lungo_message_ensure(document, &from->base, lungo_message_field(&from->base, "state"));
    add_int(state, "phase", CAFFE__PHASE__TRAIN);
    ck_ok(lungo_message_merge(document, &to->base, &from->base, NULL));
    ck_assert_str_eq(to->name, "kept");
    ck_assert(to->has_debug_info && to->debug_info);
    ck_assert_uint_eq(to->n_input_dim, 2);
    ck_assert_int_eq(to->input_dim[1], 2);
    ck_assert(to->state->has_level && to->state->level == 3);
    ck_assert(to->state->has_phase && to->state->phase == CAFFE__PHASE__TRAIN);
    ck_ok(lungo_message_merge(document, &to->base, &to->base, NULL));
    ck_assert_uint_eq(to->n_input_dim, 4);
    ck_assert_int_eq(to->input_dim[3], 2);
    close_document();
}
END_TEST

START_TEST(a_field_merges_into_one_of_another_name) {
    open_document();
    Caffe__V0LayerParameter v0 = CAFFE__V0_LAYER_PARAMETER__INIT;
    v0.has_kernelsize = true;
    v0.kernelsize = 5;
    Caffe__ConvolutionParameter *to = (Caffe__ConvolutionParameter *)lungo_message_new(
        document, &caffe__convolution_parameter__descriptor);
    const ProtobufCFieldDescriptor *to_field = lungo_message_field(&to->base, "kernel_size");
    ck_ok(lungo_message_merge_field(document, &to->base, to_field, &v0.base,
                                    lungo_message_field(&v0.base, "kernelsize"), NULL));
    ck_assert_uint_eq(to->n_kernel_size, 1);
    ck_assert_uint_eq(to->kernel_size[0], 5);
    close_document();
}
END_TEST

START_TEST(strings_may_hold_any_byte) {
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {{"plain", 5},
                 {"", 0},
                 {"a\0b", 3},
                 {"\0", 1},
                 {"\0\0"
                  "1",
                  3},
                 {"\xC0\x80", 2},
                 {"\xC0\x80"
                  "0",
                  3},
                 {"\xC0\xC0\x80\0", 4},
                 {"\xC0\x81\xC0", 3}};
    open_document();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *string = lungo_message_string(document, cases[i].bytes, cases[i].length);
        ck_assert_ptr_nonnull(string);
        lungo_buffer back = {0};
        lungo_message_string_bytes(&back, string);
        ck_assert_uint_eq(back.length, cases[i].length);
        ck_assert_mem_eq(lungo_buffer_text(&back), cases[i].bytes, cases[i].length);
        lungo_buffer_dispose(&back);
    }
    close_document();
}
END_TEST

Suite *lungo_suite_message(void);
Suite *lungo_suite_message(void) {
    return lungo_suite_of(
        "message",
        (const TTest *const[]){
            a_new_message_has_defaults_and_nothing_present, clearing_brings_the_default_back,
            repeated_fields_grow, ensure_makes_a_sub_message_once,
            a_copy_is_deep_equal_and_keeps_positions, bytes_and_presence_count_in_equality,
            merge_overwrites_appends_and_merges_in_turn, a_field_merges_into_one_of_another_name,
            strings_may_hold_any_byte, NULL});
}
