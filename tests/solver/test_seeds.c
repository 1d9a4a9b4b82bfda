/* The same random_seed gives the draws of real Caffe: DummyData and Dropout over three iterations,
 * with the train net alone and with a test net that shifts everything. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "lungo/solver.h"
#include "support/folder.h"
#include "support/suites.h"

static const unsigned seeds[] = {1, 42, 1701};

static void compare_numbers(const lungo_blob *blob, const char *expected) {
    const float *values = lungo_data(blob);
    for (size_t i = 0; i < lungo_blob_count(blob); i++) {
        char *end;
        float value = strtof(expected, &end);
        ck_assert_msg(end != expected, "expected %zu numbers", lungo_blob_count(blob));
        ck_assert_msg(values[i] == value, "%s[%zu]: expected %.9g, got %.9g", lungo_blob_name(blob),
                      i, value, values[i]);
        expected = end + (*end == ',');
    }
}

static void compare_mask(const lungo_blob *blob, const char *expected) {
    ck_assert_uint_eq(strlen(expected), lungo_blob_count(blob));
    for (size_t i = 0; i < lungo_blob_count(blob); i++)
        ck_assert_msg((lungo_data(blob)[i] != 0) == (expected[i] == '1'), "%s[%zu]: expected %c",
                      lungo_blob_name(blob), i, expected[i]);
}

/* A line: iteration, gaussian and uniform numbers, two masks. */
static void compare_line(const lungo_net *net, char *line) {
    char *rest, *fields[5];
    for (int i = 0; i < 5; i++)
        ck_assert_ptr_nonnull(fields[i] = strtok_r(i ? NULL : line, "\t", &rest));
    compare_numbers(lungo_net_blob(net, "n"), fields[1]);
    compare_numbers(lungo_net_blob(net, "u"), fields[2]);
    compare_mask(lungo_net_blob(net, "drop5"), fields[3]);
    compare_mask(lungo_net_blob(net, "drop3"), fields[4]);
}

static void compare_run(const char *solver_file, const char *draws_file) {
    char *draws, *rest;
    size_t length;
    lungo_solver *solver;
    ck_ok(lungo_file_read(&draws, &length, draws_file));
    ck_ok(lungo_solver_open(&solver, solver_file, NULL));
    ck_assert_ptr_nonnull(strtok_r(draws, "\n", &rest));
    int iterations = 0;
    for (char *line; (line = strtok_r(NULL, "\n", &rest)); iterations++) {
        ck_ok(lungo_solver_step(solver, 1));
        compare_line(lungo_solver_net(solver), line);
    }
    ck_assert_int_eq(iterations, 3);
    lungo_solver_free(solver);
    free(draws);
}

START_TEST(draws_are_those_of_caffe) {
    char folder[32];
    char *copy = lungo_copy_folder(LUNGO_SOURCE_DIR "/tests/golden/seeds/dropout");
    ck_assert_ptr_nonnull(copy);
    snprintf(folder, sizeof folder, "seed_%u", seeds[_i]);
    ck_assert(!chdir(copy) && !chdir(folder));
    compare_run("solver.prototxt", "draws.tsv");
    compare_run("solver_testnet.prototxt", "draws_testnet.tsv");
    ck_assert_int_eq(chdir("/"), 0);
    lungo_remove_folder(copy);
}
END_TEST

/* The labels that a shuffled ImageData layer gives, one batch per iteration and line. */
static void compare_labels(const lungo_net *net, char *line) {
    const char *labels = strchr(line, '\t');
    ck_assert_ptr_nonnull(labels);
    compare_numbers(lungo_net_blob(net, "label"), labels + 1);
}

START_TEST(image_lists_are_shuffled_as_by_caffe) {
    char path[64], *order, *rest;
    size_t length;
    lungo_solver *solver;
    char *copy = lungo_copy_folder(LUNGO_SOURCE_DIR "/tests/golden/seeds/imagedata");
    ck_assert_ptr_nonnull(copy);
    ck_assert_int_eq(chdir(copy), 0);
    snprintf(path, sizeof path, "seed_%u/order.tsv", seeds[_i]);
    ck_ok(lungo_file_read(&order, &length, path));
    snprintf(path, sizeof path, "seed_%u/solver.prototxt", seeds[_i]);
    ck_ok(lungo_solver_open(&solver, path, NULL));
    ck_assert_ptr_nonnull(strtok_r(order, "\n", &rest));
    int batches = 0;
    for (char *line; (line = strtok_r(NULL, "\n", &rest)); batches++) {
        ck_ok(lungo_solver_step(solver, 1));
        compare_labels(lungo_solver_net(solver), line);
    }
    ck_assert_int_eq(batches, 6);
    lungo_solver_free(solver);
    free(order);
    ck_assert_int_eq(chdir("/"), 0);
    lungo_remove_folder(copy);
}
END_TEST

Suite *lungo_suite_seeds(void);
Suite *lungo_suite_seeds(void) {
    Suite *suite = suite_create("seeds");
    TCase *tcase = tcase_create("seeds");
    tcase_add_loop_test(tcase, draws_are_those_of_caffe, 0, 3);
    tcase_add_loop_test(tcase, image_lists_are_shuffled_as_by_caffe, 0, 3);
    suite_add_tcase(suite, tcase);
    return suite;
}
