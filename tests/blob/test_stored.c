#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blob/stored.h"
#include "caffe.pb-c.h"
#include "support/folder.h"
#include "support/packed.h"
#include "support/suites.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static lungo_status open_bytes(lungo_stored_blob *out, const uint8_t *bytes, size_t length) {
    return lungo_stored_blob_open(out, lungo_wire_over(bytes, length, "blob.bin"));
}

/* Opens a BlobProto given as text, which must hold these values in this shape. */
static void check_values(const char *text, const char *shape, const float *expected, size_t count) {
    size_t length;
    uint8_t *bytes = lungo_packed(&caffe__blob_proto__descriptor, text, &length);
    lungo_stored_blob blob;
    float got[16];
    ck_ok(open_bytes(&blob, bytes, length));
    ck_assert_str_eq(lungo_shape_text(&blob.shape).text, shape);
    ck_assert_uint_eq(blob.count, count);
    ck_ok(lungo_stored_blob_data(&blob, got));
    ck_assert_mem_eq(got, expected, count * sizeof *got);
    free(bytes);
}

START_TEST(shapes_and_values_are_found) {
    const float values[] = {1, -2.5f, 3, 4, 5, 6};
    check_values("shape { dim: 2 dim: 3 } data: [1, -2.5, 3, 4, 5, 6]", "2x3", values, 6);
    check_values("num: 1 channels: 1 height: 2 width: 3 data: [1, -2.5, 3, 4, 5, 6]", "1x1x2x3",
                 values, 6);
    check_values("shape { dim: 6 } double_data: [1, -2.5, 3, 4, 5, 6]", "6", values, 6);
    check_values("data: 1", "()", values, 1);
    check_values("shape { dim: 0 }", "0", values, 0);
}
END_TEST

/* Where a file has several forms, Caffe takes doubles before floats, and old shapes before new. */
START_TEST(caffes_preferences_are_kept) {
    const float values[] = {7, 8};
    check_values("shape { dim: 2 } data: 1 double_data: [7, 8]", "2", values, 2);
    check_values("shape { dim: 9 } num: 2 channels: 1 height: 1 width: 1 data: [7, 8]", "2x1x1x1",
                 values, 2);
}
END_TEST

START_TEST(numbers_come_packed_and_one_by_one) {
    lungo_stored_blob blob;
    float got[3];
    /* shape { 3 }, data: 1 alone, then 2 and 3 packed */
    ck_ok(open_bytes(&blob, BYTES(0x3a, 2, 0x08, 3, 0x2d, 0, 0, 0x80, 0x3f, 0x2a, 8, 0, 0, 0, 0x40,
                                  0, 0, 0x40, 0x40)));
    ck_ok(lungo_stored_blob_data(&blob, got));
    ck_assert(got[0] == 1 && got[1] == 2 && got[2] == 3);
}
END_TEST

START_TEST(raw_values_of_every_width_are_read) {
    lungo_stored_blob blob;
    float got[8];
    /* shape { 8 }, raw_data_type FLOAT16: 1, -2, 65504, 2^-24, inf, -0, 0.333, 2^-14 */
    ck_ok(open_bytes(&blob, BYTES(0x3a, 2, 0x08, 8, 0x62, 16, 0, 0x3c, 0, 0xc0, 0xff, 0x7b, 1, 0, 0,
                                  0x7c, 0, 0x80, 0x55, 0x35, 0, 4, 0x50, 2)));
    ck_ok(lungo_stored_blob_data(&blob, got));
    const float expected[] = {1, -2, 65504, 0x1p-24f, INFINITY, -0.0f, 0.333251953125f, 0x1p-14f};
    ck_assert_mem_eq(got, expected, sizeof expected);
    ck_ok(open_bytes(&blob, BYTES(0x50, 1, 0x62, 4, 0, 0, 0x80, 0x3f)));
    ck_ok(lungo_stored_blob_data(&blob, got));
    ck_assert_float_eq(got[0], 1);
    ck_ok(open_bytes(&blob, BYTES(0x50, 0, 0x62, 8, 0, 0, 0, 0, 0, 0, 0, 0x40)));
    ck_ok(lungo_stored_blob_data(&blob, got));
    ck_assert_float_eq(got[0], 2);
}
END_TEST

START_TEST(a_nan_of_16_bits_stays_one) {
    lungo_stored_blob blob;
    float got;
    ck_ok(open_bytes(&blob, BYTES(0x50, 2, 0x62, 2, 1, 0x7c)));
    ck_ok(lungo_stored_blob_data(&blob, &got));
    ck_assert(isnan(got));
}
END_TEST

START_TEST(gradients_are_found) {
    size_t length;
    uint8_t *bytes = lungo_packed(&caffe__blob_proto__descriptor,
                                  "shape { dim: 2 } data: [1, 2] diff: [3, 4]", &length);
    lungo_stored_blob blob;
    float got[2];
    ck_ok(open_bytes(&blob, bytes, length));
    ck_assert_int_eq(blob.diff.field, 6);
    ck_ok(lungo_stored_blob_diff(&blob, got));
    ck_assert(got[0] == 3 && got[1] == 4);
    free(bytes);
}
END_TEST

static const struct {
    const char *text, *error;
} faults[] = {
    {"shape { dim: 2 dim: 3 } data: [1, 2]", "blob of shape 2x3: expected 6 values, got 2"},
    {"shape { dim: 2 }", "blob of shape 2: expected 2 values, got 0"},
    {"shape { dim: 1 } data: 1 diff: [1, 2]", "blob of shape 1: expected 1 gradients, got 2"},
    {"shape { dim: -1 } data: 1", "shape: axis 0: expected 0 to 2147483647, got -1"},
    {"shape { dim: 1 dim: 4294967297 } data: 1",
     "shape: axis 1: expected 0 to 2147483647, got 4294967297"},
    {"num: -5 data: 1", "shape: axis 0: expected 0 to 2147483647, got -5"},
    {"shape { dim: 65536 dim: 65536 } data: 1",
     "shape 65536x65536: expected at most 2147483647 values, got more"},
    {"shape { dim: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1] } data: 1",
     "shape: expected at most 32 axes, got more"},
};

START_TEST(blobs_that_do_not_fit_together_are_refused) {
    size_t length;
    uint8_t *bytes = lungo_packed(&caffe__blob_proto__descriptor, faults[_i].text, &length);
    lungo_stored_blob blob;
    ck_assert(open_bytes(&blob, bytes, length) != LUNGO_OK);
    ck_assert_msg(strstr(lungo_error_text(), faults[_i].error), "expected: %s\ngot: %s",
                  faults[_i].error, lungo_error_text());
    free(bytes);
}
END_TEST

START_TEST(values_cut_in_two_are_refused) {
    lungo_stored_blob blob;
    ck_fails(open_bytes(&blob, BYTES(0x2a, 3, 0, 0, 0)), LUNGO_ERR_FORMAT,
             "values of 4 bytes each: expected a multiple of 4 bytes, got 3");
    ck_fails(open_bytes(&blob, BYTES(0x2a, 9, 0, 0, 0, 0)), LUNGO_ERR_FORMAT,
             "blob.bin is cut or damaged: expected 9 bytes at offset 2, got 4");
    ck_fails(open_bytes(&blob, BYTES(0x50, 2, 0x62, 3, 0, 0, 0)), LUNGO_ERR_FORMAT,
             "raw values of 2 bytes each: expected a multiple of 2 bytes, got 3");
    ck_fails(open_bytes(&blob, BYTES(0x50, 3, 0x62, 2, 0, 0)), LUNGO_ERR_UNSUPPORTED,
             "raw values: expected type 0 (DOUBLE), 1 (FLOAT) or 2 (FLOAT16), got 3");
    ck_fails(open_bytes(&blob, BYTES(0x50, 2, 0x62, 1, 0, 0x62, 1, 0)), LUNGO_ERR_FORMAT,
             "raw values: expected them once, got more");
}
END_TEST

/* An old blob has four axes; a net's blob may lack leading ones of size 1. */
START_TEST(old_shapes_fit_newer_ones) {
    lungo_stored_blob old = {.shape = LUNGO_SHAPE(1, 1, 3, 4), .legacy = true};
    ck_assert(lungo_stored_blob_fits(&old, &LUNGO_SHAPE(1, 1, 3, 4)));
    ck_assert(lungo_stored_blob_fits(&old, &LUNGO_SHAPE(1, 3, 4)));
    ck_assert(lungo_stored_blob_fits(&old, &LUNGO_SHAPE(3, 4)));
    ck_assert(!lungo_stored_blob_fits(&old, &LUNGO_SHAPE(12)));
    ck_assert(!lungo_stored_blob_fits(&old, &LUNGO_SHAPE(4, 3)));
    ck_assert(!lungo_stored_blob_fits(&old, &LUNGO_SHAPE(1, 1, 1, 3, 4)));
    old.shape = LUNGO_SHAPE(1, 1, 1, 1);
    ck_assert(lungo_stored_blob_fits(&old, &lungo_scalar_shape));
    old.legacy = false;
    ck_assert(!lungo_stored_blob_fits(&old, &LUNGO_SHAPE(1)));
    ck_assert(lungo_stored_blob_fits(&old, &LUNGO_SHAPE(1, 1, 1, 1)));
}
END_TEST

START_TEST(a_file_of_one_blob_is_read) {
    char *folder = lungo_temporary_folder(), path[512];
    float *values;
    lungo_shape shape;
    snprintf(path, sizeof path, "%s/mean.binaryproto", folder);
    lungo_write_packed(path, &caffe__blob_proto__descriptor,
                       "num: 1 channels: 2 height: 1 width: 1 data: 3 data: 4");
    ck_ok(lungo_blob_file_read(&values, &shape, path));
    ck_assert(lungo_shape_equal(&shape, &LUNGO_SHAPE(1, 2, 1, 1)));
    ck_assert(values[0] == 3 && values[1] == 4);
    free(values);
    ck_ok(lungo_file_replace(path, "", 0));
    ck_fails(lungo_blob_file_read(&values, &shape, path), LUNGO_ERR_FORMAT, "got an empty file");
    ck_fails(lungo_blob_file_read(&values, &shape, folder), LUNGO_ERR_FILE, "Is a directory");
    lungo_remove_folder(folder);
}
END_TEST

START_TEST(what_is_written_is_what_protobuf_writes) {
    char *folder = lungo_temporary_folder(), path[512], *got;
    size_t length, expected_length;
    const float data[] = {1, 2}, diff[] = {3, 4};
    lungo_file_writer *file;
    snprintf(path, sizeof path, "%s/blobs", folder);
    ck_ok(lungo_file_writer_open(&file, path));
    ck_ok(lungo_stored_blob_write(file, 1, &LUNGO_SHAPE(1, 2), data, NULL));
    ck_ok(lungo_stored_blob_write(file, 1, &LUNGO_SHAPE(2), data, diff));
    ck_ok(lungo_stored_blob_write(file, 1, &lungo_scalar_shape, data, NULL));
    ck_ok(lungo_stored_blob_write(file, 1, &LUNGO_SHAPE(300, 0), data, diff));
    ck_ok(lungo_file_writer_commit(file));
    uint8_t *expected =
        lungo_packed(&caffe__blob_proto_vector__descriptor,
                     "blobs { shape { dim: [1, 2] } data: [1, 2] } blobs { shape { dim: 2 } "
                     "data: [1, 2] diff: [3, 4] } blobs { data: 1 } blobs { shape { dim: [300, "
                     "0] } }",
                     &expected_length);
    ck_ok(lungo_file_read(&got, &length, path));
    ck_assert_uint_eq(length, expected_length);
    ck_assert_mem_eq(got, expected, length);
    ck_assert_uint_eq(length, lungo_stored_blob_size(1, &LUNGO_SHAPE(1, 2), false) +
                                  lungo_stored_blob_size(1, &LUNGO_SHAPE(2), true) +
                                  lungo_stored_blob_size(1, &lungo_scalar_shape, false) +
                                  lungo_stored_blob_size(1, &LUNGO_SHAPE(300, 0), true));
    free(got);
    free(expected);
    lungo_remove_folder(folder);
}
END_TEST

Suite *lungo_suite_stored(void);
Suite *lungo_suite_stored(void) {
    Suite *suite = lungo_suite_of(
        "stored", (const TTest *const[]){
                      shapes_and_values_are_found, caffes_preferences_are_kept,
                      numbers_come_packed_and_one_by_one, raw_values_of_every_width_are_read,
                      a_nan_of_16_bits_stays_one, gradients_are_found,
                      values_cut_in_two_are_refused, old_shapes_fit_newer_ones,
                      a_file_of_one_blob_is_read, what_is_written_is_what_protobuf_writes, NULL});
    TCase *table = tcase_create("faults");
    tcase_add_loop_test(table, blobs_that_do_not_fit_together_are_refused, 0,
                        sizeof faults / sizeof *faults);
    suite_add_tcase(suite, table);
    return suite;
}
