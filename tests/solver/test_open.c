#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "solver/solver.h"
#include "support/allocations.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/suites.h"
#include "store/hdf5.h"

#define FIXED "lr_policy: 'fixed' base_lr: 0.5\n"
#define NET   PULLED_NET("1", "")

START_TEST(settings_that_cannot_work_are_refused) {
    ck_fails(lungo_try_solver(NET), LUNGO_ERR_CONFIG, "lr_policy: expected one of fixed, ");
    ck_fails(lungo_try_solver("lr_policy: 'cosine'" NET), LUNGO_ERR_CONFIG, "got \"cosine\"");
    ck_fails(lungo_try_solver("lr_policy: 'step' gamma: 1" NET), LUNGO_ERR_CONFIG, "stepsize");
    ck_fails(lungo_try_solver("lr_policy: 'exp' gamma: -1" NET), LUNGO_ERR_CONFIG, "gamma");
    ck_fails(lungo_try_solver(FIXED "average_loss: 0" NET), LUNGO_ERR_CONFIG,
             "average_loss: expected 1 or more, got 0");
    ck_fails(lungo_try_solver(FIXED "iter_size: 0" NET), LUNGO_ERR_CONFIG,
             "iter_size: expected 1 or more, got 0");
    ck_fails(lungo_try_solver(FIXED "type: 'AdaGrad' momentum: 0.9" NET), LUNGO_ERR_CONFIG,
             "momentum: expected 0 with type \"AdaGrad\"");
    ck_fails(lungo_try_solver(FIXED "type: 'RMSProp' rms_decay: 1" NET), LUNGO_ERR_CONFIG,
             "rms_decay");
    ck_fails(lungo_try_solver(FIXED "adam_delta: CORRECTED" NET), LUNGO_ERR_CONFIG,
             "adam_delta: expected type \"Adam\" with it, got \"SGD\"");
    ck_fails(lungo_try_solver(FIXED "type: 'SGD' solver_type: SGD" NET), LUNGO_ERR_CONFIG,
             "solver_type");
    if (lungo_hdf5_check())
        ck_fails(lungo_try_solver(FIXED "snapshot_format: HDF5" NET), LUNGO_ERR_UNSUPPORTED,
                 "this build has no HDF5");
    ck_fails(lungo_try_solver(FIXED "weight_dekay: 1" NET), LUNGO_ERR_PARSE, "weight_dekay");
}
END_TEST

START_TEST(errors_name_the_file) {
    lungo_solver *solver;
    ck_fails(lungo_solver_open(&solver, "absent.prototxt", NULL), LUNGO_ERR_FILE,
             "in solver absent.prototxt");
}
END_TEST

/* Some parameter has to decay: that is known when the net is. */
START_TEST(an_unknown_regularization_is_refused_where_something_decays) {
#define L3 FIXED "regularization_type: 'L3' "
    ck_fails(lungo_try_solver(L3 "weight_decay: 0.1" NET), LUNGO_ERR_CONFIG,
             "regularization_type: expected one of L2, L1, decoupled, got \"L3\"");
    ck_ok(lungo_try_solver(L3 NET));
    ck_ok(lungo_try_solver(L3 "weight_decay: 0.1" PULLED_NET("1", "decay_mult: 0")));
}
END_TEST

/* ---- the prefix ---- */

static void check_prefix(const char *path, const char *settings, const char *prefix,
                         const char *line) {
    lungo_solver *solver;
    char text[512];
    snprintf(text, sizeof text, FIXED "%s" NET, settings);
    lungo_test_file(path, text);
    lungo_log_capture();
    ck_ok(lungo_solver_open(&solver, path, NULL));
    ck_assert_str_eq(solver->param->snapshot_prefix, prefix);
    if (line) ck_assert_ptr_nonnull(strstr(lungo_log_captured(), line));
    lungo_log_release();
    lungo_solver_free(solver);
}

START_TEST(the_prefix_is_the_file_without_extension_unless_given) {
    ck_assert_int_eq(mkdir("dir.d", 0777), 0);
    check_prefix("a.prototxt", "", "a",
                 "upgrade_proto.cpp:1108] snapshot_prefix was not specified and is set to a\n");
    check_prefix("dir.d/a.b.prototxt", "", "dir.d/a.b", NULL);
    check_prefix("dir.d/solver", "", "dir.d/solver", NULL);
    check_prefix("a.prototxt", "snapshot_prefix: 'other'", "other", NULL);
    check_prefix("a.prototxt", "snapshot_prefix: 'dir.d'", "dir.d/a",
                 "upgrade_proto.cpp:1113] snapshot_prefix was a directory and is replaced to "
                 "dir.d/a\n");
    check_prefix("dir.d/b.prototxt", "snapshot_prefix: 'dir.d/'", "dir.d/b", NULL);
}
END_TEST

START_TEST(an_unwritable_prefix_is_refused_at_once_with_snapshot) {
    ck_fails(lungo_try_solver(FIXED "snapshot: 1 snapshot_prefix: 'no/such/dir/x'" NET),
             LUNGO_ERR_FILE, "snapshot_prefix: \"no/such/dir/x\": make sure that its folder");
    ck_ok(lungo_try_solver(FIXED "snapshot_prefix: 'no/such/dir/x'" NET));
    ck_ok(lungo_try_solver(FIXED "snapshot: 1 snapshot_prefix: 'here'" NET));
    ck_assert(!lungo_file_exists("here_iter_0.tempfile"));
}
END_TEST

START_TEST(settings_are_logged_with_the_options) {
    lungo_solver *solver;
    const char *const stages[] = {"a", ""};
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.stages = stages;
    options.stage_count = 2;
    lungo_test_file("net.prototxt", "name: 'empty'");
    lungo_test_file("solver.prototxt", FIXED "net: 'net.prototxt' snapshot_prefix: 's'"
                                             " train_state { level: 3 stage: 'x' }");
    lungo_log_capture();
    ck_ok(lungo_solver_open(&solver, "solver.prototxt", &options));
    const char *expected = "caffe.cpp:197] Use CPU.\n"
                           "solver.cpp:45] Initializing solver from parameters: \n"
                           "base_lr: 0.5\nlr_policy: \"fixed\"\nsnapshot_prefix: \"s\"\n"
                           "net: \"net.prototxt\"\n"
                           "train_state {\n  level: 0\n  stage: \"x\"\n  stage: \"a\"\n"
                           "  stage: \"\"\n}\n"
                           "solver.cpp:102]";
    ck_assert_msg(!strncmp(lungo_log_captured(), expected, strlen(expected)), "got\n%s",
                  lungo_log_captured());
    lungo_log_release();
    lungo_solver_free(solver);
}
END_TEST

/* ---- memory ---- */

static lungo_status open_within(size_t max_memory) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    lungo_solver *solver = NULL;
    options.max_memory = max_memory;
    lungo_test_file("solver.prototxt", FIXED "type: 'Adam' test_iter: 1 test_interval: 1 "
                                             "snapshot_prefix: 's'" IDLE_NET("1000", ""));
    lungo_status status = lungo_solver_open(&solver, "solver.prototxt", &options);
    lungo_solver_free(solver);
    return status;
}

/* The weights, their gradient, and two histories of Adam; a test net borrows the weights. */
START_TEST(histories_and_test_nets_count) {
    ck_ok(open_within(4 * 4000));
    ck_fails(open_within(4 * 4000 - 1), LUNGO_ERR_MEMORY,
             "15.62 KB of it\n  in layer 'w' (Parameter), solver.prototxt:2");
}
END_TEST

START_TEST(any_allocation_may_fail) {
    lungo_status status = LUNGO_ERR_MEMORY;
    for (size_t n = 1; status; n++) {
        ck_assert_uint_lt(n, 10000);
        lungo_test_file("solver.prototxt",
                        FIXED "type: 'Adam' average_loss: 3 weight_decay: 1 random_seed: 1"
                              " test_iter: 1 test_interval: 1 snapshot: 2" NET);
        lungo_solver *solver = NULL;
        lungo_fail_allocation(n);
        status = lungo_solver_open(&solver, "solver.prototxt", NULL);
        if (!status) status = lungo_solver_step(solver, 2);
        lungo_fail_allocation(0);
        lungo_solver_free(solver);
        if (status) ck_assert_msg(status == LUNGO_ERR_MEMORY, "%s", lungo_error_text());
    }
}
END_TEST

Suite *lungo_suite_open(void);
Suite *lungo_suite_open(void) {
    const TTest *const tests[] = {settings_that_cannot_work_are_refused,
                                  errors_name_the_file,
                                  an_unknown_regularization_is_refused_where_something_decays,
                                  the_prefix_is_the_file_without_extension_unless_given,
                                  an_unwritable_prefix_is_refused_at_once_with_snapshot,
                                  histories_and_test_nets_count,
                                  settings_are_logged_with_the_options,
                                  any_allocation_may_fail,
                                  NULL};
    return lungo_test_folder_suite("open", tests);
}
