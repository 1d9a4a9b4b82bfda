/* Pairs of files: what is damaged is refused, wherever the damage is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/pair.h"
#include "solver/solver.h"
#include "support/solvers.h"
#include "support/suites.h"

#define SETTINGS "lr_policy: 'fixed' base_lr: 0.25 momentum: 0.5 snapshot_prefix: 's' "

static void put(const char *path, const void *bytes, size_t length) {
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

/* s_iter_1, and a solver that went on by one iteration. */
static lungo_solver *pair_of(const char *settings) {
    char text[1024];
    snprintf(text, sizeof text, SETTINGS "%s" PULLED_NET("1", ""), settings);
    lungo_solver *solver = lungo_test_solver(text);
    *lungo_test_weights(solver, "w") = 3;
    ck_ok(lungo_solver_step(solver, 1));
    ck_ok(lungo_solver_snapshot(solver));
    ck_ok(lungo_solver_step(solver, 1));
    return solver;
}

/* Refused, and the solver is as it was. */
static void check_refused(lungo_solver *solver, const char *state) {
    float weight = *lungo_test_weights(solver, "w"), history = solver->histories[0][0];
    lungo_status status = lungo_solver_restore(solver, state);
    ck_assert_msg(status == LUNGO_ERR_FORMAT || status == LUNGO_ERR_DATA ||
                      status == LUNGO_ERR_FILE,
                  "expected a damaged snapshot to be refused, got status %d", (int)status);
    ck_assert_int_eq(lungo_solver_iter(solver), 2);
    ck_assert_float_eq(*lungo_test_weights(solver, "w"), weight);
    ck_assert_float_eq(solver->histories[0][0], history);
}

/* Cut before every byte, and every byte changed; of large files, every `stride`-th. */
static void damage(lungo_solver *solver, const char *path, const char *state, size_t stride) {
    char *bytes;
    size_t length;
    ck_ok(lungo_file_read(&bytes, &length, path));
    for (size_t i = 0; i < length; i += stride) {
        put(path, bytes, i);
        check_refused(solver, state);
        bytes[i] ^= (char)(1 << i % 8);
        put(path, bytes, length);
        check_refused(solver, state);
        bytes[i] ^= (char)(1 << i % 8);
    }
    put(path, bytes, length - 1);
    check_refused(solver, state);
    put(path, bytes, length);
    free(bytes);
}

static void check_damaged(const char *path) {
    lungo_solver *solver = pair_of("");
    damage(solver, path, "s_iter_1.solverstate", 1);
    ck_ok(lungo_solver_restore(solver, "s_iter_1.solverstate"));
    lungo_solver_free(solver);
}

START_TEST(a_damaged_state_is_refused) {
    check_damaged("s_iter_1.solverstate");
}
END_TEST

START_TEST(a_damaged_model_is_refused) {
    check_damaged("s_iter_1.caffemodel");
}
END_TEST

START_TEST(damaged_hdf5_files_are_refused) {
    if (lungo_hdf5_check()) return;
    lungo_solver *solver = pair_of("snapshot_format: HDF5 ");
    damage(solver, "s_iter_1.solverstate.h5", "s_iter_1.solverstate.h5", 7);
    damage(solver, "s_iter_1.caffemodel.h5", "s_iter_1.solverstate.h5", 37);
    ck_ok(lungo_solver_restore(solver, "s_iter_1.solverstate.h5"));
    lungo_solver_free(solver);
}
END_TEST

START_TEST(the_facts_are_said) {
    lungo_solver *solver = pair_of("");
    ck_ok(lungo_solver_snapshot(solver));
    ck_assert_int_eq(rename("s_iter_2.caffemodel", "s_iter_1.caffemodel"), 0);
    ck_fails(lungo_solver_restore(solver, "s_iter_1.solverstate"), LUNGO_ERR_DATA,
             "weights 's_iter_1.caffemodel' are damaged or not those that were saved with "
             "'s_iter_1.solverstate': expected ");
    ck_fails(lungo_solver_restore(solver, "s_iter_2.solverstate"), LUNGO_ERR_FILE,
             "expected a file 's_iter_2.caffemodel' or './s_iter_2.caffemodel', got none");
    ck_assert_int_eq(truncate("s_iter_1.solverstate", 60), 0);
    ck_fails(lungo_solver_restore(solver, "s_iter_1.solverstate"), LUNGO_ERR_FORMAT,
             "s_iter_1.solverstate");
    lungo_solver_free(solver);
}
END_TEST

/* A file of that name in the working folder is another run's. */
START_TEST(weights_that_agree_are_found_beside_the_state) {
    lungo_solver *solver = pair_of("");
    ck_assert_int_eq(mkdir("moved", 0777), 0);
    ck_assert_int_eq(rename("s_iter_1.caffemodel", "moved/s_iter_1.caffemodel"), 0);
    ck_assert_int_eq(rename("s_iter_1.solverstate", "moved/s_iter_1.solverstate"), 0);
    lungo_test_file("s_iter_1.caffemodel", "of another run");
    ck_ok(lungo_solver_restore(solver, "moved/s_iter_1.solverstate"));
    lungo_solver_free(solver);
}
END_TEST

/* ---- writing over ---- */

/* A writer of the pair s_iter_1 anew. */
static void begin(lungo_pair *pair) {
    ck_ok(lungo_pair_name(pair, "s", 1, false));
    ck_ok(lungo_pair_begin(pair));
}

static void save_weights(lungo_solver *solver, const lungo_pair *pair) {
    ck_ok(lungo_net_save_weights(lungo_solver_net(solver), pair->model, false));
}

/* As after a kill between the two files: new weights, and the old state with its own. */
START_TEST(the_old_pair_is_there_until_the_new_one_is_whole) {
    lungo_pair pair;
    lungo_solver *solver = pair_of("");
    begin(&pair);
    ck_assert(lungo_file_exists("s_iter_1.caffemodel"));
    save_weights(solver, &pair);
    ck_ok(lungo_pair_check(NULL, "s_iter_1.solverstate"));
    ck_ok(lungo_pair_begin(&pair)); /* the next writer: what the state needs stays */
    save_weights(solver, &pair);
    ck_ok(lungo_solver_restore(solver, "s_iter_1.solverstate"));
    ck_ok(lungo_solver_snapshot(solver));
    ck_assert(!lungo_file_exists("s_iter_1.caffemodel.before"));
    ck_ok(lungo_pair_check(NULL, "s_iter_1.solverstate"));
    lungo_pair_dispose(&pair);
    lungo_solver_free(solver);
}
END_TEST

/* The new state was written, and then came the kill. */
START_TEST(weights_kept_for_no_state_are_removed_in_time) {
    lungo_pair pair;
    lungo_solver *solver = pair_of("");
    begin(&pair);
    ck_assert(lungo_file_exists(pair.before));
    lungo_pair_clean("s");
    ck_assert(!lungo_file_exists(pair.before));
    ck_ok(lungo_pair_begin(&pair));
    save_weights(solver, &pair);
    lungo_pair_clean("s"); /* now the old state needs them */
    ck_ok(lungo_pair_check(NULL, pair.state));
    ck_assert_int_eq(unlink(pair.state), 0);
    lungo_pair_clean("s");
    ck_assert(lungo_file_exists(pair.before));
    lungo_pair_dispose(&pair);
    lungo_solver_free(solver);
}
END_TEST

static void give_up(lungo_pair *pair) {
    ck_ok(lungo_pair_end(pair, false));
    ck_assert(!lungo_file_exists(pair->before));
    ck_ok(lungo_pair_check(NULL, pair->state));
}

START_TEST(a_failure_brings_the_old_pair_back) {
    lungo_pair pair;
    lungo_solver *solver = pair_of("");
    begin(&pair);
    give_up(&pair); /* nothing was written yet */
    ck_ok(lungo_pair_begin(&pair));
    save_weights(solver, &pair);
    give_up(&pair);
    lungo_pair_dispose(&pair);
    lungo_solver_free(solver);
}
END_TEST

/* ---- all of a prefix ---- */

static void make_files(const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        lungo_test_file(names[i], "x");
}

START_TEST(only_names_of_ours_are_listed) {
    static const char *const foreign[] = {
        "s_iter_07.solverstate", "s_iter_.solverstate",          "s_iter_8.solverstate.bak",
        "s_iter_9.caffemodel",   "s_iter_-1.solverstate",        "s_iter_99999999999.solverstate",
        "t_iter_5.solverstate",  "s_iter_5_iter_6.solverstate",  "s_best2.solverstate",
        "s_iter_6.solverstatex", "s_iter_7.solverstate.tmp.abcd"};
    lungo_pair_list list;
    make_files(foreign, sizeof foreign / sizeof *foreign);
    lungo_test_file("s_iter_10.solverstate", "x");
    lungo_test_file("s_iter_9.solverstate.h5", "x");
    lungo_test_file("s_best.solverstate", "x");
    ck_ok(lungo_pair_list_read(&list, "s"));
    ck_assert_uint_eq(list.count, 3);
    ck_assert_str_eq(list.entries[0].state, "s_iter_10.solverstate");
    ck_assert_str_eq(list.entries[1].state, "s_iter_9.solverstate.h5");
    ck_assert(list.entries[2].best && list.entries[2].iter == -1);
    ck_assert_ptr_null(lungo_pair_list_newest(&list));
    lungo_pair_list_dispose(&list);
    ck_fails(lungo_pair_list_read(&list, "absent/s"), LUNGO_ERR_FILE, "cannot look into 'absent/'");
}
END_TEST

START_TEST(what_killed_runs_left_is_removed_and_nothing_else) {
    lungo_file_writer *live;
    static const char *const left[] = {
        "f/s_iter_3.caffemodel.tmp.abcdef", "f/s_iter_3.solverstate.h5.tmp.ABC123",
        "f/s_best.solverstate.tmp.abcdef", "f/s_iter_0.tempfile.tmp.abcdef"};
    static const char *const kept[] = {"f/s_iter_3.caffemodel.tmp.abc",
                                       "f/t_iter_3.caffemodel.tmp.abcdef",
                                       "f/s_iter_3.caffemodel.tmp.abcde-",
                                       "f/s_iter_3.caffemodel",
                                       "f/s.tmp.abcdef",
                                       "f/s_iter_3.txt.tmp.abcdef"};
    ck_assert_int_eq(mkdir("f", 0777), 0);
    make_files(left, sizeof left / sizeof *left);
    make_files(kept, sizeof kept / sizeof *kept);
    ck_ok(lungo_file_writer_open(&live, "f/s_iter_4.caffemodel"));
    lungo_pair_clean("f/s");
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        ck_assert_msg(!lungo_file_exists(left[i]), "%s is still there", left[i]);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        ck_assert_msg(lungo_file_exists(kept[i]), "%s is gone", kept[i]);
    ck_ok(lungo_file_writer_commit(live));
    ck_assert(lungo_file_exists("f/s_iter_4.caffemodel"));
}
END_TEST

Suite *lungo_suite_pair(void);
Suite *lungo_suite_pair(void) {
    const TTest *const tests[] = {a_damaged_state_is_refused,
                                  a_damaged_model_is_refused,
                                  damaged_hdf5_files_are_refused,
                                  the_facts_are_said,
                                  weights_that_agree_are_found_beside_the_state,
                                  the_old_pair_is_there_until_the_new_one_is_whole,
                                  weights_kept_for_no_state_are_removed_in_time,
                                  a_failure_brings_the_old_pair_back,
                                  only_names_of_ours_are_listed,
                                  what_killed_runs_left_is_removed_and_nothing_else,
                                  NULL};
    return lungo_test_folder_suite("pair", tests);
}
