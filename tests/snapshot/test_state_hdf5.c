#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "snapshot/state.h"
#include "support/hdf5_compare.h"
#include "support/solvers.h"
#include "support/states.h"
#include "support/stores.h"
#include "support/suites.h"

static void expect_same(void *user, const char *dataset, const float *expected,
                        size_t expected_count, const float *got, size_t got_count) {
    (void)user;
    ck_assert_uint_eq(expected_count, got_count);
    ck_assert_msg(!memcmp(expected, got, got_count * sizeof *got), "%s differs", dataset);
}

static void expect_no_difference(void *user, const char *text) {
    (void)user;
    ck_abort_msg("%s", text);
}

/* Caffe's own file, read, and written again. */
START_TEST(states_are_written_as_caffe_writes_them) {
    lungo_saved_state *saved;
    lungo_test_golden("solvers/resume-adam-h5/mid.solverstate.h5", "a.solverstate.h5");
    ck_ok(lungo_saved_state_open(&saved, "a.solverstate.h5"));
    ck_assert_int_eq(saved->iter, 20);
    ck_assert_str_eq(saved->learned_net, "snap_iter_20.caffemodel.h5");
    lungo_saved_state_free(saved);
    lungo_test_rewrite_state("a.solverstate.h5", "b.solverstate.h5");
    const lungo_hdf5_judge judge = {NULL, expect_same, expect_no_difference, NULL};
    lungo_compare_hdf5("a.solverstate.h5", "b.solverstate.h5", &judge);
}
END_TEST

static lungo_status try_state(int iter, bool history) {
    lungo_hdf5_writer *writer;
    lungo_saved_state *saved;
    ck_ok(lungo_hdf5_create(&writer, "a.solverstate.h5"));
    ck_ok(lungo_hdf5_write_int(writer, "iter", iter));
    ck_ok(lungo_hdf5_write_int(writer, "current_step", 1));
    if (history) ck_ok(lungo_hdf5_write_group(writer, "history"));
    if (history) ck_ok(lungo_hdf5_write_int(writer, "history/1", 5));
    ck_ok(lungo_hdf5_commit(writer));
    LUNGO_TRY(lungo_saved_state_open(&saved, "a.solverstate.h5"));
    lungo_saved_state_free(saved);
    return LUNGO_OK;
}

START_TEST(other_files_are_refused) {
    lungo_saved_state *saved;
    ck_fails(lungo_saved_state_open(&saved, "absent.h5"), LUNGO_ERR_FILE, "absent.h5");
    lungo_test_golden("solvers/resume-adam-h5/mid.caffemodel.h5", "weights.h5");
    ck_fails(lungo_saved_state_open(&saved, "weights.h5"), LUNGO_ERR_FORMAT,
             "got a file without an iteration\n  in solver state 'weights.h5'");
    lungo_test_golden("solvers/resume-sgd/final.solverstate", "binary.h5");
    ck_fails(lungo_saved_state_open(&saved, "binary.h5"), LUNGO_ERR_FORMAT,
             "file signature not found");
    ck_fails(try_state(-1, true), LUNGO_ERR_FORMAT, "/iter: expected 0 or more, got -1");
    ck_fails(try_state(1, false), LUNGO_ERR_FORMAT, "cannot open group '/history'");
    ck_fails(try_state(1, true), LUNGO_ERR_FORMAT, "cannot open dataset '/history/0'");
}
END_TEST

START_TEST(cut_files_are_refused) {
    char *bytes;
    size_t length;
    lungo_saved_state *saved;
    lungo_test_golden("solvers/resume-adam-h5/mid.solverstate.h5", "a.solverstate.h5");
    ck_ok(lungo_file_read(&bytes, &length, "a.solverstate.h5"));
    for (size_t cut = 0; cut < length; cut += 211) {
        ck_ok(lungo_file_replace("a.solverstate.h5", bytes, cut));
        ck_assert_int_ne(lungo_saved_state_open(&saved, "a.solverstate.h5"), LUNGO_OK);
    }
    free(bytes);
}
END_TEST

Suite *lungo_suite_state_hdf5(void);
Suite *lungo_suite_state_hdf5(void) {
    const TTest *const tests[] = {states_are_written_as_caffe_writes_them, other_files_are_refused,
                                  cut_files_are_refused, NULL};
    return lungo_test_folder_suite("state_hdf5", lungo_tests_with_hdf5(tests));
}
