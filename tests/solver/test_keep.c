/* keep_snapshots, and snapshots that cannot be written. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "snapshot/pair.h"
#include "solver/solver.h"
#include "store/hdf5.h"
#include "support/folder.h"
#include "support/solvers.h"
#include "support/suites.h"

#define SETTINGS "lr_policy: 'fixed' base_lr: 0.1 max_iter: 6 snapshot_prefix: 's' "

static lungo_solver *keeping(int count, const char *text) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.keep_snapshots = count;
    return lungo_test_solver_with(text, &options);
}

/* Which of s_iter_0 .. s_iter_9 are there: "2 4 " */
static const char *pairs_there(void) {
    static char text[64];
    text[0] = '\0';
    for (int i = 0; i < 10; i++) {
        char model[64], state[64];
        snprintf(model, sizeof model, "s_iter_%d.caffemodel", i);
        snprintf(state, sizeof state, "s_iter_%d.solverstate", i);
        if (!lungo_file_exists(state)) continue;
        ck_assert(lungo_file_exists(model));
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d ", i);
    }
    return text;
}

START_TEST(the_newest_stay) {
    lungo_solver *solver = keeping(2, SETTINGS "snapshot: 1" PULLED_NET("1", ""));
    ck_ok(lungo_solver_solve(solver, NULL));
    ck_assert_str_eq(pairs_there(), "5 6 ");
    ck_assert(!lungo_file_exists("s_iter_4.caffemodel"));
    lungo_solver_free(solver);
}
END_TEST

START_TEST(all_stay_by_default) {
    lungo_solver *solver = keeping(0, SETTINGS "snapshot: 2" PULLED_NET("1", ""));
    ck_ok(lungo_solver_solve(solver, NULL));
    ck_assert_str_eq(pairs_there(), "2 4 6 ");
    lungo_solver_free(solver);
}
END_TEST

/* Those of an earlier process count, with gaps; damaged ones do not; those of later iterations,
 * weights alone, and foreign names stay. */
START_TEST(good_ones_count_and_foreign_files_stay) {
    static const char *const foreign[] = {"s_iter_8.solverstate",  "s_iter_8.caffemodel",
                                          "s_iter_0.caffemodel",   "s_iter_01.solverstate",
                                          "s2_iter_1.solverstate", "s_iter_1.solverstate.mine"};
    lungo_solver *solver = keeping(0, SETTINGS "snapshot: 1 " PULLED_NET("1", ""));
    ck_ok(lungo_solver_step(solver, 4));
    ck_assert_int_eq(truncate("s_iter_3.caffemodel", 20), 0);
    ck_assert_int_eq(unlink("s_iter_1.caffemodel"), 0); /* as by a kill amid its removal */
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        lungo_test_file(foreign[i], "x");
    lungo_solver_free(solver);
    solver = keeping(3, SETTINGS PULLED_NET("1", ""));
    ck_ok(lungo_solver_restore(solver, "s_iter_4.solverstate"));
    ck_ok(lungo_solver_step(solver, 2));
    ck_ok(lungo_solver_snapshot(solver));
    ck_assert_str_eq(pairs_there(), "2 3 4 6 8 ");
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        ck_assert(lungo_file_exists(foreign[i]));
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_count_below_zero_is_refused) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    lungo_solver *solver;
    options.keep_snapshots = -1;
    lungo_test_file("solver.prototxt", SETTINGS PULLED_NET("1", ""));
    ck_fails(lungo_solver_open(&solver, "solver.prototxt", &options), LUNGO_ERR_USAGE,
             "keep_snapshots: expected 0 (all) or more, got -1");
}
END_TEST

/* ---- files that cannot be written: the quota is the limit on a file's size ---- */

static char logged[4096];

static void note_errors(void *user, lungo_log_level level, const char *file, int line,
                        const char *text) {
    (void)user, (void)file, (void)line;
    size_t length = strlen(logged);
    if (level == LUNGO_LOG_ERROR) snprintf(logged + length, sizeof logged - length, "%s\n", text);
}

static size_t files_there(void) {
    lungo_pair_list list;
    ck_ok(lungo_pair_list_read(&list, "s"));
    size_t count = list.count;
    lungo_pair_list_dispose(&list);
    return count;
}

/* Training goes on, says what is there, writes again once that can be done; the last one counts. */
static void check_full(const char *settings, const char *extension, size_t limit) {
    char text[1024], newest[128];
    snprintf(text, sizeof text, SETTINGS "snapshot: 2 %s" PULLED_NET("3", ""), settings);
    snprintf(newest, sizeof newest, "the newest good snapshot is s_iter_2.solverstate%s\n",
             extension);
    lungo_solver *solver = keeping(0, text);
    logged[0] = '\0';
    lungo_set_log(note_errors, NULL);
    ck_ok(lungo_solver_step(solver, 3));
    lungo_limit_file_size(limit);
    ck_ok(lungo_solver_step(solver, 1));
    ck_assert_msg(strstr(logged, newest) != NULL, "%s", logged);
    ck_assert(strstr(logged, "no snapshot of iteration 4; training goes on") != NULL);
    ck_assert_uint_eq(files_there(), 1);
    lungo_status status = lungo_solver_solve(solver, NULL);
    ck_assert_msg(status == LUNGO_ERR_FILE || status == LUNGO_ERR_FORMAT, "%d", (int)status);
    ck_assert(strstr(lungo_error_text(), "the newest good snapshot is s_iter_2") != NULL);
    ck_assert_int_eq(lungo_solver_iter(solver), 6);
    lungo_limit_file_size(SIZE_MAX);
    ck_ok(lungo_solver_solve(solver, NULL));
    ck_assert_uint_eq(files_there(), 2);
    lungo_set_log(NULL, NULL);
    lungo_solver_free(solver);
}

START_TEST(training_goes_on_over_a_full_disk) {
    check_full("", "", 8);
}
END_TEST

START_TEST(training_goes_on_over_a_full_disk_in_hdf5) {
    if (!lungo_hdf5_check()) check_full("snapshot_format: HDF5", ".h5", 8);
}
END_TEST

/* libhdf5 has to let go of a file that it can no longer write. */
START_TEST(training_goes_on_over_a_disk_that_gets_full_in_hdf5) {
    if (lungo_hdf5_check()) return;
    int before = lungo_count_entries("/proc/self/fd");
    check_full("snapshot_format: HDF5", ".h5", 5000);
    ck_assert_int_eq(lungo_count_entries("/proc/self/fd"), before);
}
END_TEST

START_TEST(training_stops_if_it_is_to) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.stop_on_snapshot_error = true;
    lungo_solver *solver =
        lungo_test_solver_with(SETTINGS "snapshot: 2" PULLED_NET("1", ""), &options);
    lungo_limit_file_size(8);
    ck_fails(lungo_solver_solve(solver, NULL), LUNGO_ERR_FILE,
             "cannot write 's_iter_2.caffemodel': File too large");
    ck_assert(strstr(lungo_error_text(), "no good snapshot of prefix 's' is there") != NULL);
    ck_assert_int_eq(lungo_solver_iter(solver), 2);
    lungo_limit_file_size(SIZE_MAX);
    ck_assert_uint_eq(files_there(), 0);
    lungo_solver_free(solver);
}
END_TEST

/* The model fits, the state does not: over an old pair, that one is there again. */
START_TEST(a_state_that_cannot_be_written_spoils_nothing) {
    lungo_solver *solver = keeping(0, SETTINGS "type: 'Adam' momentum: 0.9 " PULLED_NET("100", ""));
    ck_ok(lungo_solver_step(solver, 1));
    ck_ok(lungo_solver_snapshot(solver));
    lungo_limit_file_size(1200);
    ck_fails(lungo_solver_snapshot(solver), LUNGO_ERR_FILE, "s_iter_1.solverstate");
    ck_assert(strstr(lungo_error_text(), "newest good snapshot is s_iter_1.solverstate") != NULL);
    ck_ok(lungo_solver_step(solver, 1));
    ck_fails(lungo_solver_snapshot(solver), LUNGO_ERR_FILE, "s_iter_2.solverstate");
    lungo_limit_file_size(SIZE_MAX);
    ck_assert(lungo_file_exists("s_iter_2.caffemodel"));
    ck_assert_str_eq(pairs_there(), "1 ");
    lungo_solver_free(solver);
}
END_TEST

/* Before anything is trained. A file stands for a folder that cannot be written: it is none for
 * root either. */
START_TEST(a_folder_that_cannot_be_written_is_refused_at_the_start) {
    lungo_test_file("file", "");
    ck_fails(lungo_try_solver("lr_policy: 'fixed' base_lr: 0.1 snapshot: 1 snapshot_prefix: "
                              "'file/s'" PULLED_NET("1", "")),
             LUNGO_ERR_FILE, "snapshot_prefix: \"file/s\": make sure that its folder exists");
    ck_fails(lungo_try_solver("lr_policy: 'fixed' base_lr: 0.1 snapshot: 1 snapshot_prefix: "
                              "'/proc/s'" PULLED_NET("1", "")),
             LUNGO_ERR_FILE, "snapshot_prefix: \"/proc/s\"");
}
END_TEST

Suite *lungo_suite_keep(void);
Suite *lungo_suite_keep(void) {
    const TTest *const tests[] = {the_newest_stay,
                                  all_stay_by_default,
                                  good_ones_count_and_foreign_files_stay,
                                  a_count_below_zero_is_refused,
                                  training_goes_on_over_a_full_disk,
                                  training_goes_on_over_a_full_disk_in_hdf5,
                                  training_goes_on_over_a_disk_that_gets_full_in_hdf5,
                                  training_stops_if_it_is_to,
                                  a_state_that_cannot_be_written_spoils_nothing,
                                  a_folder_that_cannot_be_written_is_refused_at_the_start,
                                  NULL};
    return lungo_test_folder_suite("keep", tests);
}
