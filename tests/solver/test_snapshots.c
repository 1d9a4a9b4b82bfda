#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/hdf5.h"
#include "solver/solver.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/suites.h"

#define FIXED   "lr_policy: 'fixed' base_lr: 0.25 momentum: 0.5 "
#define STEPPED "lr_policy: 'multistep' base_lr: 0.25 gamma: 0.5 stepvalue: [1, 2, 9] "

/* The weight at iteration 5, straight and by way of a snapshot at 3. */
static void check_resume(const char *settings, const char *extension) {
    char text[1024];
    snprintf(text, sizeof text, "%s" PULLED_NET("2", ""), settings);
    lungo_solver *one = lungo_test_solver(text);
    lungo_test_weights(one, "w")[0] = 3;
    lungo_test_weights(one, "w")[1] = -1;
    ck_ok(lungo_solver_step(one, 3));
    ck_ok(lungo_solver_snapshot(one));
    ck_ok(lungo_solver_step(one, 2));
    lungo_solver *two = lungo_test_solver(text);
    char state[64];
    snprintf(state, sizeof state, "solver_iter_3.solverstate%s", extension);
    ck_ok(lungo_solver_restore(two, state));
    ck_assert_int_eq(lungo_solver_iter(two), 3);
    ck_ok(lungo_solver_step(two, 2));
    ck_assert_int_eq(two->current_step, one->current_step);
    ck_assert_mem_eq(lungo_test_weights(one, "w"), lungo_test_weights(two, "w"), 2 * sizeof(float));
    lungo_solver_free(one);
    lungo_solver_free(two);
}

START_TEST(a_restored_run_is_the_same_run) {
    check_resume(FIXED, "");
    check_resume(FIXED "type: 'Nesterov' weight_decay: 0.1", "");
    check_resume(FIXED "type: 'Adam' weight_decay: 0.1 regularization_type: 'L1'", "");
    check_resume(FIXED "type: 'AdaDelta' delta: 1e-3", "");
    check_resume(STEPPED "type: 'AdaGrad' weight_decay: 0.1 regularization_type: 'decoupled'", "");
}
END_TEST

START_TEST(a_run_restored_from_hdf5_is_the_same_run) {
    if (lungo_hdf5_check()) return;
    check_resume(STEPPED "type: 'Adam' weight_decay: 0.1 snapshot_format: HDF5", ".h5");
    ck_assert(lungo_file_exists("solver_iter_3.caffemodel.h5"));
    ck_assert(!lungo_file_exists("solver_iter_3.caffemodel"));
}
END_TEST

static lungo_solver *snapshot_of(const char *text) {
    lungo_solver *solver = lungo_test_solver(text);
    *lungo_test_weights(solver, "w") = 3;
    ck_ok(lungo_solver_step(solver, 1));
    ck_ok(lungo_solver_snapshot(solver));
    return solver;
}

START_TEST(weights_are_also_looked_for_beside_the_state) {
    lungo_solver *solver = snapshot_of(FIXED PULLED_NET("1", ""));
    float weight = *lungo_test_weights(solver, "w");
    ck_assert_int_eq(mkdir("moved", 0777), 0);
    ck_assert_int_eq(rename("solver_iter_1.caffemodel", "moved/solver_iter_1.caffemodel"), 0);
    ck_assert_int_eq(rename("solver_iter_1.solverstate", "moved/solver_iter_1.solverstate"), 0);
    *lungo_test_weights(solver, "w") = 0;
    ck_ok(lungo_solver_restore(solver, "moved/solver_iter_1.solverstate"));
    ck_assert_float_eq(*lungo_test_weights(solver, "w"), weight);
    ck_assert_int_eq(unlink("moved/solver_iter_1.caffemodel"), 0);
    ck_fails(lungo_solver_restore(solver, "moved/solver_iter_1.solverstate"), LUNGO_ERR_FILE,
             "expected a file 'solver_iter_1.caffemodel' or 'moved/solver_iter_1.caffemodel'");
    lungo_solver_free(solver);
}
END_TEST

/* Nothing of the solver changes then. */
START_TEST(a_snapshot_of_another_net_is_refused) {
    lungo_solver_free(snapshot_of(FIXED PULLED_NET("1", "")));
    lungo_solver *other = lungo_test_solver(FIXED "type: 'Adam'" PULLED_NET("1", ""));
    *lungo_test_weights(other, "w") = 7;
    ck_fails(lungo_solver_restore(other, "solver_iter_1.solverstate"), LUNGO_ERR_DATA,
             "snapshot of another net or solver type: expected 4 histories, got 2");
    ck_fails(lungo_solver_restore(other, "solver_iter_1.solverstate"), LUNGO_ERR_DATA,
             "while restoring solver_iter_1.solverstate");
    lungo_solver_free(other);
    other = lungo_test_solver(FIXED PULLED_NET("2", ""));
    *lungo_test_weights(other, "w") = 7;
    ck_fails(lungo_solver_restore(other, "solver_iter_1.solverstate"), LUNGO_ERR_DATA,
             "history 0, of param 0 of layer 'w': expected shape 1x2, got 1x1");
    ck_assert_int_eq(lungo_solver_iter(other), 0);
    ck_assert_float_eq(*lungo_test_weights(other, "w"), 7);
    lungo_solver_free(other);
}
END_TEST

/* The same parameters in a layer of another name: Caffe goes on with an untrained layer. */
static void check_renamed(const char *settings, const char *extension) {
    char text[1024], state[64];
    snprintf(text, sizeof text, "%s" PULLED_NET("1", ""), settings);
    lungo_solver_free(snapshot_of(text));
    strstr(text, "name: 'w'")[7] = 'v';
    lungo_solver *other = lungo_test_solver(text);
    *lungo_test_weights(other, "v") = 7;
    snprintf(state, sizeof state, "solver_iter_1.solverstate%s", extension);
    ck_fails(lungo_solver_restore(other, state), LUNGO_ERR_DATA,
             "weights of another net: expected learned blobs of layer 'v', got none");
    ck_assert_float_eq(*lungo_test_weights(other, "v"), 7);
    lungo_solver_free(other);
}

START_TEST(a_snapshot_without_a_layer_of_the_net_is_refused) {
    check_renamed(FIXED, "");
    if (!lungo_hdf5_check()) check_renamed(FIXED "snapshot_format: HDF5 ", ".h5");
}
END_TEST

START_TEST(unreadable_states_are_refused) {
    lungo_solver *solver = snapshot_of(FIXED PULLED_NET("1", ""));
    ck_fails(lungo_solver_restore(solver, "absent.solverstate"), LUNGO_ERR_FILE, "absent");
    ck_fails(lungo_solver_restore(solver, "solver_iter_1.caffemodel"), LUNGO_ERR_FORMAT,
             "expected a solver state");
    lungo_status hdf5 = lungo_hdf5_check() ? LUNGO_ERR_UNSUPPORTED : LUNGO_ERR_FILE;
    ck_fails(lungo_solver_restore(solver, "x.solverstate.h5"), hdf5, "x.solverstate.h5");
    lungo_solver_free(solver);
}
END_TEST

START_TEST(files_are_logged_as_caffe_does) {
    lungo_solver *solver = lungo_test_solver(FIXED PULLED_NET("1", ""));
    lungo_log_capture();
    ck_ok(lungo_solver_snapshot(solver));
    ck_ok(lungo_solver_restore(solver, "solver_iter_0.solverstate"));
    ck_assert_str_eq(lungo_log_captured(),
                     "solver.cpp:464] Snapshotting to binary proto file solver_iter_0.caffemodel\n"
                     "sgd_solver.cpp:284] Snapshotting solver state to binary proto file "
                     "solver_iter_0.solverstate\n"
                     "sgd_solver.cpp:336] SGDSolver: restoring history\n");
    lungo_log_release();
    lungo_solver_free(solver);
}
END_TEST

START_TEST(files_in_hdf5_are_logged_as_caffe_does) {
    if (lungo_hdf5_check()) return;
    lungo_solver *solver = lungo_test_solver(FIXED "snapshot_format: HDF5" PULLED_NET("1", ""));
    lungo_log_capture();
    ck_ok(lungo_solver_snapshot(solver));
    ck_assert_str_eq(lungo_log_captured(),
                     "solver.cpp:474] Snapshotting to HDF5 file solver_iter_0.caffemodel.h5\n"
                     "sgd_solver.cpp:296] Snapshotting solver state to HDF5 file "
                     "solver_iter_0.solverstate.h5\n");
    lungo_log_release();
    lungo_solver_free(solver);
}
END_TEST

static void check_warnings(const char *settings, size_t most, int expected) {
    char text[512];
    int warnings = 0;
    snprintf(text, sizeof text, "%s" PULLED_NET("1000", ""), settings);
    lungo_solver *solver = lungo_test_solver(text);
    lungo_set_log(lungo_test_count_warnings, &warnings);
    ck_ok(lungo_solver_probe_size(solver, most));
    lungo_set_log(NULL, NULL);
    ck_assert_int_eq(warnings, expected);
    lungo_solver_free(solver);
}

/* Two parameters of 1000 values; with Adam as many histories, twice. */
START_TEST(what_no_snapshot_can_hold_is_known_before_training) {
    lungo_solver *solver = lungo_test_solver(FIXED PULLED_NET("1000", ""));
    ck_fails(lungo_solver_probe_size(solver, 8000), LUNGO_ERR_MEMORY,
             "bytes: expected at most 8000, which is the most that a .caffemodel can hold; HDF5 "
             "holds more: `snapshot_format: HDF5` in a solver, or a name that ends in .h5\n"
             "  3.963 KB of it\n  in layer 't' (Parameter), solver.prototxt:1\n");
    ck_assert_ptr_nonnull(strstr(lungo_error_text(), "before any training: no snapshot could be"));
    lungo_solver_free(solver);
    check_warnings(FIXED, 9000, 0);
    check_warnings(FIXED "type: 'Adam'", 9000, 1);
    check_warnings(FIXED "type: 'Adam'", 17000, 0);
    if (lungo_hdf5_check() == LUNGO_OK) check_warnings(FIXED "snapshot_format: HDF5", 8000, 0);
}
END_TEST

Suite *lungo_suite_snapshots(void);
Suite *lungo_suite_snapshots(void) {
    const TTest *const tests[] = {a_restored_run_is_the_same_run,
                                  a_run_restored_from_hdf5_is_the_same_run,
                                  weights_are_also_looked_for_beside_the_state,
                                  a_snapshot_of_another_net_is_refused,
                                  a_snapshot_without_a_layer_of_the_net_is_refused,
                                  unreadable_states_are_refused,
                                  files_are_logged_as_caffe_does,
                                  files_in_hdf5_are_logged_as_caffe_does,
                                  what_no_snapshot_can_hold_is_known_before_training,
                                  NULL};
    return lungo_test_folder_suite("snapshots", tests);
}
