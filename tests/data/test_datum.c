#include <stdlib.h>
#include <string.h>

#include "data/datum.h"
#include "support/suites.h"

/* ---- bytes that Caffe writes ---- */

#define RECORD(text) text, sizeof text - 1

static const struct {
    const char *what;
    lungo_datum datum;
    const char *bytes;
    size_t size;
} records[] = {
    {"an MNIST-like image",
     {.channels = 1,
      .height = 2,
      .width = 3,
      .data = "abcdef",
      .data_size = 6,
      .label = 9,
      .has_label = true},
     RECORD("\x08\x01\x10\x02\x18\x03\x22\x06"
            "abcdef"
            "\x28\x09")},
    {"an image of convert_imageset, which states that it is not encoded",
     {.channels = 3,
      .height = 1,
      .width = 1,
      .data = "bgr",
      .data_size = 3,
      .label = 300,
      .has_label = true,
      .has_encoded = true},
     RECORD("\x08\x03\x10\x01\x18\x01\x22\x03"
            "bgr"
            "\x28\xac\x02\x38\x00")},
    {"an image file, whose shape is not stated",
     {.data = "\xff\xd8",
      .data_size = 2,
      .label = -1,
      .has_label = true,
      .encoded = true,
      .has_encoded = true},
     RECORD("\x22\x02\xff\xd8\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x38\x01")},
    {"features",
     {.channels = 2,
      .height = 1,
      .width = 1,
      .float_data = (const float[]){1, -0.5f},
      .float_count = 2},
     RECORD("\x08\x02\x10\x01\x18\x01\x35\x00\x00\x80\x3f\x35\x00\x00\x00\xbf")},
};

static void check_equal(const lungo_datum *got, const lungo_datum *expected) {
    ck_assert_int_eq(got->channels, expected->channels);
    ck_assert_int_eq(got->height, expected->height);
    ck_assert_int_eq(got->width, expected->width);
    ck_assert_int_eq(got->label, expected->label);
    ck_assert_int_eq(got->has_label, expected->has_label);
    ck_assert_int_eq(got->encoded, expected->encoded);
    ck_assert_int_eq(got->has_encoded, expected->has_encoded);
    ck_assert_uint_eq(got->data_size, expected->data_size);
    if (got->data_size) ck_assert_mem_eq(got->data, expected->data, got->data_size);
    ck_assert_uint_eq(got->float_count, expected->float_count);
    for (size_t i = 0; i < got->float_count; i++)
        ck_assert_float_eq(got->float_data[i], expected->float_data[i]);
}

START_TEST(encodes_as_caffe_and_back) {
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        lungo_buffer bytes = {0}, floats = {0};
        ck_ok(lungo_datum_encode(&bytes, &records[i].datum));
        ck_assert_msg(bytes.length == records[i].size &&
                          !memcmp(bytes.bytes, records[i].bytes, bytes.length),
                      "%s: other bytes than Caffe's", records[i].what);
        lungo_datum datum;
        ck_ok(lungo_datum_decode(&datum, &floats, bytes.bytes, bytes.length));
        check_equal(&datum, &records[i].datum);
        lungo_buffer_dispose(&bytes);
        lungo_buffer_dispose(&floats);
    }
}
END_TEST

/* ---- other forms on the wire ---- */

static void decode(lungo_datum *datum, lungo_buffer *floats, const char *bytes, size_t size) {
    ck_ok(lungo_datum_decode(datum, floats, bytes, size));
}

START_TEST(reads_packed_floats_in_pieces) {
    lungo_buffer floats = {0};
    lungo_datum datum;
    decode(&datum, &floats,
           RECORD("\x08\x03\x10\x01\x18\x01"
                  "\x32\x08\x00\x00\x80\x3f\x00\x00\x00\xbf"
                  "\x35\x00\x00\x00\x40"));
    ck_assert_uint_eq(datum.float_count, 3);
    ck_assert_float_eq(datum.float_data[0], 1);
    ck_assert_float_eq(datum.float_data[1], -0.5f);
    ck_assert_float_eq(datum.float_data[2], 2);
    decode(&datum, &floats, records[0].bytes, records[0].size);
    ck_assert_uint_eq(datum.float_count, 0);
    lungo_buffer_dispose(&floats);
}
END_TEST

START_TEST(the_last_of_a_field_counts) {
    lungo_buffer floats = {0};
    lungo_datum datum;
    decode(&datum, &floats,
           RECORD("\x28\x04\x22\x02xx\x18\x01\x10\x01\x08\x07\x08\x01\x22\x01y\x28\x05"));
    ck_assert_int_eq(datum.channels, 1);
    ck_assert_int_eq(datum.label, 5);
    ck_assert_uint_eq(datum.data_size, 1);
    ck_assert_mem_eq(datum.data, "y", 1);
    lungo_buffer_dispose(&floats);
}
END_TEST

/* Forks add fields (8 and 100 here, of all wire types) and change types (a label of float). */
START_TEST(passes_over_what_it_does_not_know) {
    lungo_buffer floats = {0};
    lungo_datum datum;
    decode(&datum, &floats,
           RECORD("\x08\x01\x10\x01\x18\x01\x22\x01y"
                  "\x40\x96\x01"
                  "\x41"
                  "12345678"
                  "\xa2\x06\x03"
                  "abc"
                  "\x45"
                  "1234"
                  "\x2d\x00\x00\x80\x3f"));
    ck_assert(!datum.has_label);
    ck_assert_int_eq(datum.label, 0);
    lungo_buffer_dispose(&floats);
}
END_TEST

/* ---- refusals ---- */

static const struct {
    const char *bytes;
    size_t size;
    const char *text;
} refused[] = {
    {RECORD(""), "at least 1, got 0x0x0"},
    {RECORD("\x08\x01\x10\x02\x18\x03\x22\x05"
            "abcde"),
     "datum: expected 6 values for its shape 1x2x3, got 5"},
    {RECORD("\x08\x01\x10\x02\x18\x03"), "expected 6 values for its shape 1x2x3, got 0"},
    {RECORD("\x08\x01\x10\x01\x18\x01\x35\x00\x00\x80\x3f\x35\x00\x00\x80\x3f"),
     "expected 1 values for its shape 1x1x1, got 2"},
    {RECORD("\x08\xff\xff\xff\xff\x07\x10\xff\xff\xff\xff\x07\x18\xff\xff\xff\xff\x07"),
     "got 2147483647x2147483647x2147483647"},
    {RECORD("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x01\x18\x01"), "got -1x1x1"},
    {RECORD("\x22\x05"
            "abcd"),
     "expected more bytes of a field at byte 2, got the end of its 6 bytes"},
    {RECORD("\x22\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "expected more bytes of a field"},
    {RECORD("\x08\x80"), "expected more of a number at byte 2"},
    {RECORD("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "at most 10 bytes before byte 11"},
    {RECORD("\x32\x03"
            "abc"),
     "expected float_data of 4 bytes each, got 3 bytes"},
    {RECORD("\x35\x01\x02"), "expected more bytes of a field at byte 1"},
    {RECORD("\x0b"), "field 1 before byte 1 has the wire type 3"},
    {RECORD("PNG"), "record is no Datum: field 8 before byte 3 has the wire type 7"},
};

START_TEST(refuses_records_that_are_no_datum) {
    lungo_buffer floats = {0};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char *exact =
            malloc(refused[i].size + !refused[i].size); /* so that a sanitizer sees the end */
        memcpy(exact, refused[i].bytes, refused[i].size);
        lungo_datum datum = {.label = 77};
        ck_fails(lungo_datum_decode(&datum, &floats, exact, refused[i].size), LUNGO_ERR_FORMAT,
                 refused[i].text);
        ck_assert_int_eq(datum.label, 77);
        free(exact);
    }
    lungo_buffer_dispose(&floats);
}
END_TEST

/* Every beginning of a record is a record or refused, never read beyond. */
START_TEST(cut_records_are_safe) {
    lungo_buffer floats = {0};
    for (size_t r = 0; r < sizeof records / sizeof *records; r++)
        for (size_t size = 0; size < records[r].size; size++) {
            char *exact = malloc(size + !size);
            memcpy(exact, records[r].bytes, size);
            lungo_datum datum;
            lungo_status status = lungo_datum_decode(&datum, &floats, exact, size);
            ck_assert(status == LUNGO_OK || status == LUNGO_ERR_FORMAT);
            free(exact);
        }
    lungo_buffer_dispose(&floats);
}
END_TEST

Suite *lungo_suite_datum(void);
Suite *lungo_suite_datum(void) {
    return lungo_suite_of(
        "datum",
        (const TTest *const[]){encodes_as_caffe_and_back, reads_packed_floats_in_pieces,
                               the_last_of_a_field_counts, passes_over_what_it_does_not_know,
                               refuses_records_that_are_no_datum, cut_records_are_safe, NULL});
}
