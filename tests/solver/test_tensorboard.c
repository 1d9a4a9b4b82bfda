/* What the files hold is decoded by tests/cli/records.py; here is what can go wrong. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "support/runs.h"
#include "support/solvers.h"
#include "support/suites.h"

#define FIXED "lr_policy: 'fixed' base_lr: 0.5 snapshot_after_train: false display: 1 "

static lungo_solver *recorded(const char *folder, int histograms) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.tensorboard = folder;
    options.tensorboard_histograms = histograms;
    return lungo_test_solver_with(FIXED PULLED_NET("5", ""), &options);
}

/* How many files are in the folder; *size: of the last one seen. */
static int count_files(const char *folder, long *size) {
    char path[512];
    struct stat info;
    int count = 0;
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        ck_assert_int_eq(stat(path, &info), 0);
        *size = (long)info.st_size;
        count++;
    }
    closedir(dir);
    return count;
}

START_TEST(each_start_has_a_file_of_its_own) {
    long size;
    lungo_solver *solver = recorded("a/b", 1);
    ck_ok(lungo_solver_step(solver, 1));
    ck_ok(lungo_solver_step(solver, 1));
    ck_assert_int_eq(count_files("a/b/train", &size), 1);
    ck_ok(lungo_solver_snapshot(solver));
    ck_ok(lungo_solver_restore(solver, "solver_iter_2.solverstate"));
    ck_ok(lungo_solver_step(solver, 1));
    ck_assert_int_eq(count_files("a/b/train", &size), 2);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_an_error_before_training) {
    lungo_test_file("file", "");
    lungo_solver *solver = recorded("file", 0);
    ck_fails(lungo_solver_step(solver, 1), LUNGO_ERR_FILE,
             "cannot make the folder 'file': File exists\n  for tensorboard");
    ck_assert_int_eq(lungo_solver_iter(solver), 0);
    lungo_solver_free(solver);
}
END_TEST

/* What is written ends with a whole event. */
START_TEST(a_full_disk_is_reported_once_and_training_goes_on) {
    long before, after;
    struct rlimit limit;
    lungo_solver *solver = recorded("runs", 0);
    ck_ok(lungo_solver_step(solver, 1));
    ck_assert_int_eq(count_files("runs/train", &before), 1);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = (rlim_t)before + 10;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(lungo_test_warnings(solver, 3), 1);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_ptr_nonnull(strstr(lungo_error_text(), "File too large"));
    ck_assert_int_eq(count_files("runs/train", &after), 1);
    ck_assert_int_eq(after, before);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(settings_that_make_no_sense_are_errors) {
    lungo_solver *solver;
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    lungo_test_file("solver.prototxt", FIXED IDLE_NET("1", ""));
    options.tensorboard_histograms = 5;
    ck_fails(lungo_solver_open(&solver, "solver.prototxt", &options), LUNGO_ERR_USAGE,
             "tensorboard_histograms: expected tensorboard, a folder for them, got none");
    options.tensorboard_histograms = -1;
    ck_fails(lungo_solver_open(&solver, "solver.prototxt", &options), LUNGO_ERR_USAGE,
             "tensorboard_histograms: expected 0 (none) or more, got -1");
    options.tensorboard_histograms = 0;
    options.metrics_every = 5;
    ck_fails(lungo_solver_open(&solver, "solver.prototxt", &options), LUNGO_ERR_USAGE,
             "metrics_every: expected metrics or tensorboard, to be written so often, got neither");
}
END_TEST

START_TEST(an_iteration_that_is_recorded_allocates_nothing) {
    lungo_solver *solver = recorded("runs", 1);
    lungo_test_allocates_nothing(solver);
    lungo_solver_free(solver);
}
END_TEST

Suite *lungo_suite_tensorboard(void);
Suite *lungo_suite_tensorboard(void) {
    const TTest *const tests[] = {each_start_has_a_file_of_its_own,
                                  a_folder_that_cannot_be_made_is_an_error_before_training,
                                  a_full_disk_is_reported_once_and_training_goes_on,
                                  settings_that_make_no_sense_are_errors,
                                  an_iteration_that_is_recorded_allocates_nothing,
                                  NULL};
    return lungo_test_folder_suite("tensorboard", tests);
}
