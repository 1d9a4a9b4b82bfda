#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "snapshot/state.h"
#include "support/solvers.h"
#include "support/states.h"
#include "support/suites.h"

static void rewrite(const char *golden) {
    lungo_test_golden(golden, "a.solverstate");
    lungo_test_rewrite_state("a.solverstate", "b.solverstate");
    lungo_test_same_files("b.solverstate", "a.solverstate");
}

START_TEST(states_are_written_as_caffe_writes_them) {
    rewrite("solvers/resume-sgd/final.solverstate");
    rewrite("solvers/resume-adadelta/final.solverstate");
    rewrite("solvers/lr-multistep-l2/final.solverstate");
}
END_TEST

START_TEST(a_state_of_old_has_no_current_step) {
    lungo_saved_state *saved;
    lungo_test_golden("solvers/resume-multistep-nostep/mid.solverstate", "a.solverstate");
    ck_ok(lungo_saved_state_open(&saved, "a.solverstate"));
    ck_assert_int_eq(saved->iter, 20);
    ck_assert_int_eq(saved->current_step, 0);
    ck_assert_str_eq(saved->learned_net, "snap_iter_20.caffemodel");
    ck_assert_uint_eq(saved->history_count, 6);
    lungo_saved_state_free(saved);
}
END_TEST

static lungo_status try_bytes(const char *bytes, size_t length) {
    lungo_saved_state *saved;
    ck_ok(lungo_file_replace("a.solverstate", bytes, length));
    lungo_status status = lungo_saved_state_open(&saved, "a.solverstate");
    if (!status) lungo_saved_state_free(saved);
    return status;
}

START_TEST(other_files_are_refused) {
    lungo_saved_state *saved;
    lungo_test_golden("solvers/resume-sgd/final.caffemodel", "weights.caffemodel");
    ck_fails(lungo_saved_state_open(&saved, "weights.caffemodel"), LUNGO_ERR_FORMAT,
             "expected a solver state (.solverstate), got a file without an iteration");
    ck_fails(lungo_saved_state_open(&saved, "absent.solverstate"), LUNGO_ERR_FILE,
             "absent.solverstate");
    ck_fails(lungo_saved_state_open(&saved, "."), LUNGO_ERR_FILE, "directory");
    ck_fails(try_bytes("", 0), LUNGO_ERR_FORMAT, "without an iteration");
    ck_fails(try_bytes("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11), LUNGO_ERR_FORMAT,
             "iter: expected 0 to 2147483647, got -1");
}
END_TEST

/* Wherever it is cut, it is refused, or a state with fewer histories. */
START_TEST(a_cut_file_does_no_harm) {
    char *bytes;
    size_t length;
    lungo_saved_state *saved;
    lungo_test_golden("solvers/resume-sgd/final.solverstate", "whole.solverstate");
    ck_ok(lungo_saved_state_open(&saved, "whole.solverstate"));
    size_t whole = saved->history_count;
    lungo_saved_state_free(saved);
    ck_ok(lungo_file_read(&bytes, &length, "whole.solverstate"));
    for (size_t cut = 0; cut + 2 < length; cut++) {
        ck_ok(lungo_file_replace("a.solverstate", bytes, cut));
        if (lungo_saved_state_open(&saved, "a.solverstate")) continue;
        ck_assert_uint_le(saved->history_count, whole);
        lungo_saved_state_free(saved);
    }
    free(bytes);
}
END_TEST

/* Any byte may be any other: what is accepted can be copied. */
START_TEST(a_changed_byte_does_no_harm) {
    char *bytes;
    size_t length;
    float values[64];
    lungo_saved_state *saved;
    lungo_test_golden("solvers/resume-sgd/final.solverstate", "whole.solverstate");
    ck_ok(lungo_file_read(&bytes, &length, "whole.solverstate"));
    for (size_t i = 0; i < 2 * length; i++) {
        char before = bytes[i / 2];
        bytes[i / 2] = (char)(before ^ (i % 2 ? 0x01 : 0x80));
        lungo_status status = try_bytes(bytes, length);
        bytes[i / 2] = before;
        if (status || lungo_saved_state_open(&saved, "a.solverstate")) continue;
        for (size_t k = 0; k < saved->history_count; k++)
            if (saved->histories[k].count <= 64)
                ck_ok(lungo_stored_blob_data(&saved->histories[k], values));
        lungo_saved_state_free(saved);
    }
    free(bytes);
}
END_TEST

START_TEST(histories_have_to_fit) {
    lungo_saved_state *saved;
    float values[64];
    lungo_shape shape = {2, {5, 5}};
    lungo_history histories[6] = {{"ip1", 1, &shape, values}};
    lungo_test_golden("solvers/resume-sgd/final.solverstate", "a.solverstate");
    ck_ok(lungo_saved_state_open(&saved, "a.solverstate"));
    lungo_run_state state = {.history_count = 5, .histories = histories};
    ck_fails(lungo_saved_state_check(saved, &state), LUNGO_ERR_DATA, "expected 5 histories, got 6");
    state.history_count = 6;
    ck_fails(lungo_saved_state_check(saved, &state), LUNGO_ERR_DATA,
             "history 0, of param 1 of layer 'ip1': expected shape 5x5, got 6x5");
    lungo_saved_state_free(saved);
}
END_TEST

START_TEST(nothing_is_left_of_a_file_that_cannot_be_written) {
    lungo_run_state state = {.learned_net = "x"};
    ck_fails(lungo_run_state_write(&state, "absent/a.solverstate"), LUNGO_ERR_FILE,
             "absent/a.solverstate");
    ck_assert(!lungo_file_exists("absent"));
}
END_TEST

Suite *lungo_suite_state(void);
Suite *lungo_suite_state(void) {
    const TTest *const tests[] = {states_are_written_as_caffe_writes_them,
                                  a_state_of_old_has_no_current_step,
                                  other_files_are_refused,
                                  a_cut_file_does_no_harm,
                                  a_changed_byte_does_no_harm,
                                  histories_have_to_fit,
                                  nothing_is_left_of_a_file_that_cannot_be_written,
                                  NULL};
    return lungo_test_folder_suite("state", tests);
}
