/* extract_features as a user runs it, over nets whose values are known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "data/datum.h"
#include "lungo/net.h"
#include "store/database.h"
#include "support/command.h"
#include "support/suites.h"

#define EXTRACT LUNGO_BINARY_DIR "/bin/extract_features "

/* x = -3, five items of 2 values; p = 2 x + 1 = -5, halved in place by the ReLU to -2.5; q = p + 4;
 * wide: five axes; loss: none. */
static const char net_text[] =
    "layer { name: 'x' type: 'DummyData' top: 'x' dummy_data_param {"
    " shape { dim: 5 dim: 2 } data_filler { value: -3 } } }"
    "layer { name: 'p' type: 'Power' bottom: 'x' top: 'p' power_param { scale: 2 shift: 1 } }"
    "layer { name: 'r' type: 'ReLU' bottom: 'p' top: 'p' relu_param { negative_slope: 0.5 } }"
    "layer { name: 'q' type: 'Power' bottom: 'p' top: 'q' power_param { shift: 4 } }"
    "layer { name: 'sum' type: 'Reduction' bottom: 'p' top: 'sum' }"
    "layer { name: 'wide' type: 'Reshape' bottom: 'q' top: 'wide' reshape_param {"
    " shape { dim: 5 dim: 1 dim: 1 dim: 1 dim: 2 } } }";

static void write_net(void) {
    lungo_net *net;
    lungo_test_file("net", net_text);
    ck_ok(lungo_net_open(&net, "net", NULL));
    ck_ok(lungo_net_save_weights(net, "weights", false));
    lungo_net_free(net);
}

/* `count` records of `size` values, each `expected`, under the keys 0000000000, 0000000001 ... */
static void check_database(const char *path, int count, int size, float expected) {
    lungo_database *database;
    lungo_buffer floats = {0};
    ck_ok(lungo_database_open(&database, LUNGO_LMDB, path));
    for (int i = 0; i < count; i++) {
        bool found;
        char key[16];
        lungo_datum datum;
        ck_ok(lungo_database_next(database, &found));
        ck_assert(found);
        snprintf(key, sizeof key, "%010d", i);
        ck_assert_uint_eq(lungo_database_key(database).size, 10);
        ck_assert_mem_eq(lungo_database_key(database).data, key, 10);
        lungo_bytes value = lungo_database_value(database);
        ck_ok(lungo_datum_decode(&datum, &floats, value.data, value.size));
        ck_assert(datum.channels == size && datum.height == 1 && datum.width == 1);
        ck_assert(!datum.has_label && !datum.has_encoded);
        ck_assert_uint_eq(datum.float_count, (size_t)size);
        for (int k = 0; k < size; k++)
            ck_assert_float_eq(datum.float_data[k], expected);
    }
    size_t total;
    ck_ok(lungo_database_count(database, &total));
    ck_assert_uint_eq(total, (size_t)count);
    lungo_database_close(database);
    lungo_buffer_dispose(&floats);
}

START_TEST(databases) {
    ck_assert_int_eq(lungo_command(EXTRACT "weights net x,p,q,sum dx,dp,dq,dsum 3 lmdb"), 0);
    check_database("dx", 15, 2, -3);
    check_database("dp", 15, 2, -2.5f);
    check_database("dq", 15, 2, 1.5f);
    check_database("dsum", 3, 1, -25);
    lungo_command_logged(
        "extract_features.cpp:62] Using CPU\n"
        "extract_features.cpp:133] Extracting Features\n"
        "extract_features.cpp:176] Extracted features of 15 query images for feature blob x\n"
        "extract_features.cpp:176] Extracted features of 15 query images for feature blob p\n"
        "extract_features.cpp:176] Extracted features of 15 query images for feature blob q\n"
        "extract_features.cpp:176] Extracted features of 3 query images for feature blob sum\n"
        "extract_features.cpp:181] Successfully extracted the features!\n");
}
END_TEST

START_TEST(commits_are_logged) {
    ck_assert_int_eq(lungo_command(EXTRACT "weights net q dq 200 lmdb CPU"), 0);
    lungo_command_logged(
        "extract_features.cpp:62] Using CPU\n"
        "extract_features.cpp:133] Extracting Features\n"
        "extract_features.cpp:165] Extracted features of 1000 query images for feature blob q\n"
        "extract_features.cpp:176] Extracted features of 1000 query images for feature blob q\n"
        "extract_features.cpp:181] Successfully extracted the features!\n");
    ck_assert_int_eq(lungo_command(EXTRACT "--minloglevel=0 weights net q dr 1 lmdb GPU 0"), 0);
    lungo_command_wrote("err", "extract_features.cpp:125] Opening dataset dr\n");
    lungo_command_wrote("err", "GPU: this build computes on the CPU");
}
END_TEST

static void check_npy(const char *path, const char *shape, size_t count, float expected) {
    char *bytes;
    size_t length;
    ck_ok(lungo_file_read(&bytes, &length, path));
    ck_assert_mem_eq(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    ck_assert_msg(strstr(bytes + 10, shape) != NULL, "expected %s in %s", shape, bytes + 10);
    ck_assert_int_eq(bytes[127], '\n');
    ck_assert_uint_eq(length, 128 + count * sizeof(float));
    for (size_t i = 0; i < count; i++) {
        float value;
        memcpy(&value, bytes + 128 + i * sizeof value, sizeof value);
        ck_assert_float_eq(value, expected);
    }
    free(bytes);
}

START_TEST(npy_files) {
    ck_assert_int_eq(
        lungo_command(EXTRACT "--engine=blas weights net p,wide,sum p.npy,w.npy,s.npy 3 npy"), 0);
    check_npy("p.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (15, 2), }", 30, -2.5f);
    check_npy("w.npy", "'shape': (15, 1, 1, 1, 2), }", 30, 1.5f);
    check_npy("s.npy", "'shape': (3,), }", 3, -25);
    lungo_command_wrote("err", "Extracted features of 15 query images for feature blob p");
}
END_TEST

static void check_refused(int status, const char *part) {
    lungo_command_refused(status, part);
    ck_assert_int_eq(lungo_command("ls -d d? d?.*"), 2);
}

START_TEST(refusals_leave_nothing) {
    check_refused(lungo_command(EXTRACT "weights net x,y dx,dy 3 lmdb"),
                  "Unknown feature blob name y in the network net");
    check_refused(lungo_command(EXTRACT "weights net x,p dx 3 lmdb"),
                  "the number of blob names and dataset names must be equal: got 2 and 1");
    check_refused(lungo_command(EXTRACT "weights net x,wide dx,dw 3 lmdb"),
                  "blob 'wide': expected at most 4 axes, which is what a record can hold, got 5");
    check_refused(lungo_command(EXTRACT "weights net x dx 0 lmdb"),
                  "num_mini_batches: expected 1 or more, got '0'");
    check_refused(lungo_command(EXTRACT "weights net x dx 3 sql"), "unknown backend 'sql'");
    check_refused(lungo_command(EXTRACT "weights net x,p dx,weights 3 lmdb"), "weights");
    check_refused(lungo_command(EXTRACT "--engine=abacus weights net x dx 3 lmdb"), "abacus");
    check_refused(lungo_command(EXTRACT "absent net x dx 3 lmdb"), "absent");
    check_refused(lungo_command(EXTRACT "weights net x no/dx 3 npy"), "no/dx");
}
END_TEST

START_TEST(usage) {
    lungo_command_refused(lungo_command(EXTRACT "weights net x dx 3"),
                          "extract_features.cpp:35] This program takes in a trained network");
    ck_assert_int_eq(lungo_command(EXTRACT "--help"), 0);
    lungo_command_wrote("out", "DB_TYPE [CPU|GPU] [DEVICE_ID=0]");
}
END_TEST

Suite *lungo_suite_extract_features(void);
Suite *lungo_suite_extract_features(void) {
    Suite *suite = suite_create("extract_features");
    TCase *tcase = lungo_test_folder_case(suite, "extract_features", write_net);
    tcase_add_test(tcase, databases);
    tcase_add_test(tcase, commits_are_logged);
    tcase_add_test(tcase, npy_files);
    tcase_add_test(tcase, refusals_leave_nothing);
    tcase_add_test(tcase, usage);
    return suite;
}
