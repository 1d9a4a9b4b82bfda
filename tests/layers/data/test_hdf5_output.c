#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/hdf5.h"
#include "support/folder.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/stores.h"
#include "support/suites.h"

#define OUTPUT(name)                                                                               \
    "layer { name: 'o' type: 'HDF5Output' bottom: 'x' bottom: 'y' "                                \
    "hdf5_output_param { file_name: '" name "' } }\n"
#define NET(name) INPUT("x", "dim: 2 dim: 3") INPUT("y", "dim: 2") OUTPUT(name)

static const float values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static void forward(lungo_net *net, const float *from) {
    lungo_set_data(net, "x", from, 6);
    lungo_set_data(net, "y", from, 2);
    ck_ok(lungo_net_forward(net, NULL));
}

static void check_file(const char *dataset, const char *shape_text, const float *expected,
                       size_t count) {
    lungo_hdf5 *file;
    lungo_shape shape;
    float got[12];
    ck_ok(lungo_hdf5_open(&file, "out.h5"));
    ck_ok(lungo_hdf5_shape(&shape, file, dataset));
    ck_assert_str_eq(lungo_shape_text(&shape).text, shape_text);
    ck_ok(lungo_hdf5_read(file, dataset, got, count));
    ck_assert_mem_eq(got, expected, count * sizeof *got);
    lungo_hdf5_close(file);
}

/* Readable after each forward, also while the net lives. */
START_TEST(each_forward_appends_its_rows) {
    lungo_test_file("out.h5", "something older");
    lungo_net *net = lungo_test_net(LUNGO_TEST, NET("out.h5"));
    forward(net, values);
    check_file("data", "2x3x1x1", values, 6);
    check_file("label", "2x1x1x1", values, 2);
    forward(net, values + 6);
    check_file("data", "4x3x1x1", values, 12);
    check_file("label", "4x1x1x1", (const float[]){1, 2, 7, 8}, 4);
    lungo_net_free(net);
    net = lungo_test_net(LUNGO_TEST, NET("out.h5"));
    forward(net, values);
    check_file("data", "2x3x1x1", values, 6);
    lungo_net_free(net);
}
END_TEST

START_TEST(rows_that_changed_their_shape_are_refused) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, NET("out.h5"));
    forward(net, values);
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), &LUNGO_SHAPE(2, 4)));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA, "rows of another shape");
    check_file("data", "2x3x1x1", values, 6);
    lungo_net_free(net);
}
END_TEST

START_TEST(a_file_that_went_away_is_missed) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, NET("out.h5"));
    forward(net, values);
    ck_assert_int_eq(unlink("out.h5"), 0);
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_FILE,
             "while writing HDF5 file 'out.h5'\n  in layer 'o' (HDF5Output)");
    lungo_net_free(net);
}
END_TEST

/* Data are appended before labels fail: the next forward takes them back. */
START_TEST(rows_of_a_forward_that_failed_are_taken_back) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, NET("out.h5"));
    forward(net, values);
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "y"), &LUNGO_SHAPE(2, 3)));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA, "'label' has rows of another shape");
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "y"), &LUNGO_SHAPE(2)));
    forward(net, values + 6);
    check_file("data", "4x3x1x1", values, 12);
    check_file("label", "4x1x1x1", (const float[]){1, 2, 7, 8}, 4);
    lungo_net_free(net);
}
END_TEST

START_TEST(a_full_disk_leaves_the_rows_before) {
    int descriptors = lungo_count_entries("/proc/self/fd");
    lungo_net *net = lungo_test_net(LUNGO_TEST, NET("out.h5"));
    forward(net, values);
    lungo_limit_file_size(200000);
    for (int i = 0; i < 3; i++) {
        ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_FILE,
                 "cannot make room in 'out.h5': File too large");
        check_file("data", "2x3x1x1", values, 6);
    }
    lungo_limit_file_size(SIZE_MAX);
    forward(net, values + 6);
    check_file("data", "4x3x1x1", values, 12);
    lungo_net_free(net);
    ck_assert_int_eq(lungo_count_entries("/proc/self/fd"), descriptors);
}
END_TEST

static void check_leftovers(const char *path, const char *left, const char *others) {
    char net[512];
    lungo_test_file(left, "");
    lungo_test_file(others, "");
    snprintf(net, sizeof net, NET("%s"), path);
    lungo_net_free(lungo_test_net(LUNGO_TEST, net));
    ck_assert(!lungo_file_exists(left));
    ck_assert(lungo_file_exists(others));
}

START_TEST(what_a_killed_run_has_left_is_removed) {
    check_leftovers("out.h5", "out.h5.tmp.Ab0xyz", "out.h5.tmp.Ab0xyzz");
    ck_assert_int_eq(mkdir("a", 0777), 0);
    check_leftovers("a/out.h5", "a/out.h5.tmp.Ab0xyz", "a/out.h.tmp.Ab0xyz");
    check_leftovers("./out.h5", "out.h5.tmp.Ab0xyz", "out.h5");
}
END_TEST

START_TEST(what_cannot_be_written_is_refused) {
    ck_fails(lungo_try_net(LUNGO_TEST, NET("no/out.h5")), LUNGO_ERR_FILE,
             "no/out.h5': No such file or directory");
    ck_fails(lungo_try_net(LUNGO_TEST, NET("")), LUNGO_ERR_CONFIG, "hdf5_output_param.file_name");
    ck_fails(lungo_try_net(LUNGO_TEST,
                           INPUT("x", "dim: 2 dim: 3") INPUT("y", "dim: 3") OUTPUT("out.h5")),
             LUNGO_ERR_CONFIG, "bottoms must have equally many rows: expected 2 in 'y', got 3");
    ck_assert(!lungo_file_exists("out.h5"));
}
END_TEST

Suite *lungo_suite_hdf5_output(void);
Suite *lungo_suite_hdf5_output(void) {
    const TTest *const tests[] = {each_forward_appends_its_rows,
                                  rows_that_changed_their_shape_are_refused,
                                  rows_of_a_forward_that_failed_are_taken_back,
                                  a_full_disk_leaves_the_rows_before,
                                  what_a_killed_run_has_left_is_removed,
                                  a_file_that_went_away_is_missed,
                                  what_cannot_be_written_is_refused,
                                  NULL};
    return lungo_test_folder_suite("hdf5_output", lungo_tests_with_hdf5(tests));
}
