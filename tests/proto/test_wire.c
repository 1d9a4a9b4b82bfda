#include <stdio.h>
#include <string.h>

#include "proto/wire.h"
#include "support/suites.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static lungo_status read_fields(lungo_wire_field *field, lungo_wire wire) {
    while (lungo_wire_more(&wire))
        LUNGO_TRY(lungo_wire_next(&wire, field));
    return LUNGO_OK;
}

/* From a file the fields, and the fault, are the same. */
static void check_file(const lungo_wire_field *expected, lungo_status status, const uint8_t *bytes,
                       size_t length) {
    char path[32], text[1024];
    lungo_file_reader *reader;
    lungo_wire_field field = {0};
    FILE *file = tmpfile();
    ck_assert(file && fwrite(bytes, 1, length, file) == length && fflush(file) == 0);
    snprintf(path, sizeof path, "/dev/fd/%d", fileno(file));
    snprintf(text, sizeof text, "%s", status ? lungo_error_text() : "");
    ck_ok(lungo_file_reader_open(&reader, path));
    ck_assert_int_eq(read_fields(&field, lungo_wire_over_file(reader, "a.bin")), status);
    if (status) ck_assert_str_eq(lungo_error_text(), text);
    ck_assert(field.number == expected->number && field.type == expected->type &&
              field.value == expected->value && field.bytes.end == expected->bytes.end &&
              field.bytes.at == expected->bytes.at);
    lungo_file_reader_close(reader);
    fclose(file);
}

/* Reads all fields; the last one stays in *field. */
static lungo_status read_all(lungo_wire_field *field, const uint8_t *bytes, size_t length) {
    *field = (lungo_wire_field){0};
    lungo_status status = read_fields(field, lungo_wire_over(bytes, length, "a.bin"));
    check_file(field, status, bytes, length);
    return status;
}

START_TEST(every_wire_type_is_read) {
    lungo_wire_field field;
    ck_ok(read_all(&field, BYTES(0x08, 0x96, 0x01)));
    ck_assert(field.number == 1 && field.type == LUNGO_WIRE_VARINT && field.value == 150);
    ck_ok(read_all(&field, BYTES(0x15, 0x00, 0x00, 0x80, 0x3f)));
    ck_assert(field.number == 2 && field.type == LUNGO_WIRE_FIXED32);
    ck_assert_float_eq(lungo_wire_float(field.value), 1.0f);
    ck_ok(read_all(&field, BYTES(0x19, 0, 0, 0, 0, 0, 0, 0x04, 0xc0)));
    ck_assert(field.number == 3 && field.type == LUNGO_WIRE_FIXED64);
    ck_assert_double_eq(lungo_wire_double(field.value), -2.5);
    ck_ok(read_all(&field, BYTES(0xa2, 0x06, 0x03, 'a', 'b', 'c')));
    ck_assert(field.number == 100 && field.type == LUNGO_WIRE_BYTES);
    ck_assert_uint_eq(lungo_wire_left(&field.bytes), 3);
    ck_assert_mem_eq(lungo_wire_bytes(&field.bytes), "abc", 3);
}
END_TEST

START_TEST(groups_are_passed_over_whole) {
    lungo_wire_field field;
    /* group 1 { 2: varint 5  group 3 { 4: "x" } }  5: varint 7 */
    ck_ok(read_all(&field, BYTES(0x0b, 0x10, 5, 0x1b, 0x22, 1, 'x', 0x1c, 0x0c, 0x28, 7)));
    ck_assert(field.number == 5 && field.value == 7);
}
END_TEST

static const struct {
    const char *text;
    uint8_t bytes[12];
    size_t length;
} faults[] = {
    {"a.bin is cut or damaged: expected 1 bytes at offset 1, got 0", {0x08}, 1},
    {"expected 3 bytes at offset 1, got 2", {0x08, 0xff, 0xff}, 3},
    {"expected 4 bytes at offset 1, got 3", {0x15, 0, 0, 0}, 4},
    {"expected 8 bytes at offset 1, got 2", {0x19, 0, 0}, 3},
    {"expected 5 bytes at offset 2, got 1", {0x0a, 5, 'x'}, 3},
    {"expected 34359738367 bytes at offset 6, got 0", {0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f}, 6},
    {"expected a varint of at most 10 bytes at offset 1, got more",
     {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
     12},
    {"expected a protobuf field at offset 2, got number 0 of wire type 0", {0x08, 1, 0x00}, 3},
    {"got number 1 of wire type 7", {0x0f}, 1},
    {"got number 536870912 of wire type 0", {0x80, 0x80, 0x80, 0x80, 0x10}, 5},
    {"got the end of group 1, which has not begun", {0x0c}, 1},
    {"got the end of group 2, which has not begun", {0x0b, 0x14, 0x0c}, 3},
    {"expected 1 bytes at offset 1, got 0", {0x0b}, 1},
};

START_TEST(faults_are_reported_with_their_offset) {
    lungo_wire_field field;
    ck_fails(read_all(&field, faults[_i].bytes, faults[_i].length), LUNGO_ERR_FORMAT,
             faults[_i].text);
}
END_TEST

START_TEST(groups_do_not_nest_without_end) {
    uint8_t bytes[4096];
    memset(bytes, 0x0b, sizeof bytes);
    lungo_wire_field field;
    ck_fails(read_all(&field, bytes, sizeof bytes), LUNGO_ERR_FORMAT,
             "expected at most 100 nested groups at offset 101, got more");
}
END_TEST

START_TEST(what_is_put_is_read_again) {
    const uint64_t values[] = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        lungo_buffer out = {0};
        lungo_wire_field field;
        lungo_wire_put_tag(&out, 1000, LUNGO_WIRE_VARINT);
        lungo_wire_put_varint(&out, values[i]);
        ck_assert_uint_eq(out.length, 2 + lungo_wire_varint_size(values[i]));
        ck_ok(read_all(&field, (const uint8_t *)out.bytes, out.length));
        ck_assert(field.number == 1000 && field.value == values[i]);
        lungo_buffer_dispose(&out);
    }
}
END_TEST

Suite *lungo_suite_wire(void);
Suite *lungo_suite_wire(void) {
    Suite *suite = lungo_suite_of("wire", (const TTest *const[]){every_wire_type_is_read,
                                                                 groups_are_passed_over_whole,
                                                                 groups_do_not_nest_without_end,
                                                                 what_is_put_is_read_again, NULL});
    TCase *table = tcase_create("faults");
    tcase_add_loop_test(table, faults_are_reported_with_their_offset, 0,
                        sizeof faults / sizeof *faults);
    suite_add_tcase(suite, table);
    return suite;
}
