#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "caffe.pb-c.h"
#include "proto/message.h"
#include "proto/text.h"
#include "proto/wire_decode.h"
#include "support/suites.h"

static lungo_document *document;

static void open_document(void) {
    ck_ok(lungo_document_new(&document));
}

static void close_document(void) {
    lungo_document_free(document);
}

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static void *decode(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t length) {
    ProtobufCMessage *message = NULL;
    ck_ok(lungo_wire_decode(document, &message, type, bytes, length, "net.binary"));
    return message;
}

static ProtobufCMessage *parse(const ProtobufCMessageDescriptor *type, const char *text) {
    ProtobufCMessage *message = NULL;
    ck_ok(lungo_text_parse(document, &message, type, text, strlen(text), "text"));
    return message;
}

static const char net_text[] =
    "name: 'n' input: 'a' input: 'b' input_dim: 1 input_dim: -2 force_backward: true "
    "layer { name: 'c' type: 'Convolution' phase: TEST loss_weight: 0.5 propagate_down: false "
    "  propagate_down: true include { stage: 'x' } param { lr_mult: 3 } "
    "  blobs { shape { dim: 1 dim: 5000000000 } data: 1 data: -2.5 double_data: 1e300 } "
    "  convolution_param { kernel_size: 3 kernel_size: 5 weight_filler { type: 'xavier' } } } "
    "layers { type: RELU name: 'r' }";

START_TEST(what_protobuf_packs_is_decoded) {
    ProtobufCMessage *net = parse(&caffe__net_parameter__descriptor, net_text);
    size_t length = protobuf_c_message_get_packed_size(net);
    uint8_t *bytes = malloc(length);
    protobuf_c_message_pack(net, bytes);
    ProtobufCMessage *again = decode(&caffe__net_parameter__descriptor, bytes, length);
    ck_assert(lungo_message_equal(net, again));
    ck_assert_str_eq(lungo_document_position(document, again).file, "net.binary");
    free(bytes);
}
END_TEST

/* Each in memory of its own, so that a read beyond the end would be seen. */
START_TEST(every_cut_is_an_error_or_a_shorter_message) {
    ProtobufCMessage *net = parse(&caffe__net_parameter__descriptor, net_text);
    size_t length = protobuf_c_message_get_packed_size(net), whole = 0;
    uint8_t *bytes = malloc(length);
    protobuf_c_message_pack(net, bytes);
    for (size_t cut = 0; cut < length; cut++) {
        uint8_t *part = malloc(cut ? cut : 1);
        memcpy(part, bytes, cut);
        ProtobufCMessage *message = NULL;
        lungo_status status = lungo_wire_decode(document, &message,
                                                &caffe__net_parameter__descriptor, part, cut, "x");
        ck_assert(status == LUNGO_OK || status == LUNGO_ERR_FORMAT);
        whole += status == LUNGO_OK;
        free(part);
    }
    ck_assert_uint_eq(whole, 8); /* between two of the net's own fields */
    free(bytes);
}
END_TEST

/* Of no field, of a field with another wire type, of an enum without that value, a group. */
START_TEST(what_the_schema_does_not_know_is_packed_again) {
    static const uint8_t layer[] = {
        0x0a, 1,    'c',                                /* name */
        0x3a, 6,    0x50, 2,    0x62, 2,    0x00, 0x3c, /* blobs { raw_data_type, raw_data } */
        0x88, 0x09, 1,                            /* 145 as a number: NVCaffe's forward_type */
        0x50, 9,                                  /* phase: 9 */
        0xc3, 0x0c, 0x08, 0x96, 0x01, 0xc4, 0x0c, /* 200 { 1: 150 } as a group */
        0xcd, 0x0c, 1,    2,    3,    4,    0xd1, 0x0c,
        1,    2,    3,    4,    5,    6,    7,    8, /* 201, 202: fixed */
    };
    Caffe__LayerParameter *message =
        decode(&caffe__layer_parameter__descriptor, layer, sizeof layer);
    ck_assert_str_eq(message->name, "c");
    ck_assert(!message->has_phase && !message->parameter_param);
    Caffe__LayerParameter *copy;
    ck_ok(lungo_message_copy(document, &copy, &message->base, NULL));
    uint8_t packed[sizeof layer];
    ck_assert_uint_eq(protobuf_c_message_get_packed_size(&copy->base), sizeof layer);
    protobuf_c_message_pack(&copy->base, packed);
    ck_assert_mem_eq(packed, layer, sizeof layer); /* known ones first, and so they stood */
}
END_TEST

START_TEST(numbers_are_taken_packed_and_one_by_one) {
    Caffe__BlobShape *shape =
        decode(&caffe__blob_shape__descriptor, BYTES(0x0a, 2, 3, 4, 0x08, 5, 0x0a, 0));
    ck_assert_uint_eq(shape->n_dim, 3);
    ck_assert_int_eq(shape->dim[1], 4);
    ck_assert_int_eq(shape->dim[2], 5);
}
END_TEST

START_TEST(other_wire_types_and_unknown_values_are_passed_over) {
    /* name as a varint; phase 7; type as packed bytes stays a string; field 4000 */
    Caffe__LayerParameter *layer =
        decode(&caffe__layer_parameter__descriptor,
               BYTES(0x08, 1, 0x50, 7, 0x12, 1, 'T', 0x82, 0xfa, 0x01, 1, 'x'));
    ck_assert_ptr_null(layer->name);
    ck_assert(!layer->has_phase);
    ck_assert_str_eq(layer->type, "T");
}
END_TEST

START_TEST(a_message_that_comes_twice_is_merged) {
    /* relu_param (123) { negative_slope 1 } and again { engine CAFFE } */
    Caffe__LayerParameter *layer =
        decode(&caffe__layer_parameter__descriptor,
               BYTES(0xda, 0x07, 5, 0x0d, 0, 0, 0x80, 0x3f, 0xda, 0x07, 2, 0x10, 1));
    ck_assert_float_eq(layer->relu_param->negative_slope, 1.0f);
    ck_assert(layer->relu_param->has_engine);
}
END_TEST

START_TEST(missing_required_fields_are_accepted) {
    Caffe__ClipParameter *clip =
        decode(&caffe__clip_parameter__descriptor, BYTES(0x0d, 0, 0, 0x80, 0x3f));
    ck_assert_float_eq(clip->min, 1.0f);
    ck_assert_float_eq(clip->max, 0.0f);
}
END_TEST

START_TEST(damage_inside_a_message_is_an_error) {
    ProtobufCMessage *message;
    ck_fails(lungo_wire_decode(document, &message, &caffe__net_parameter__descriptor,
                               BYTES(0xa2, 0x06, 2, 0x0a, 9), "net.binary"),
             LUNGO_ERR_FORMAT, "net.binary is cut or damaged: expected 9 bytes at offset 5, got 0");
    ck_fails(lungo_wire_decode(document, &message, &caffe__blob_proto__descriptor,
                               BYTES(0x2a, 3, 0, 0, 0), "b"),
             LUNGO_ERR_FORMAT, "b is cut or damaged: expected 4 bytes at offset 2, got 3");
}
END_TEST

Suite *lungo_suite_wire_decode(void);
Suite *lungo_suite_wire_decode(void) {
    Suite *suite = suite_create("wire_decode");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, open_document, close_document);
    const TTest *const tests[] = {what_protobuf_packs_is_decoded,
                                  every_cut_is_an_error_or_a_shorter_message,
                                  what_the_schema_does_not_know_is_packed_again,
                                  numbers_are_taken_packed_and_one_by_one,
                                  other_wire_types_and_unknown_values_are_passed_over,
                                  a_message_that_comes_twice_is_merged,
                                  missing_required_fields_are_accepted,
                                  damage_inside_a_message_is_an_error};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(all, tests[i]);
    suite_add_tcase(suite, all);
    return suite;
}
