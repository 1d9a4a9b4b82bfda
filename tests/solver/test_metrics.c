#include <stdlib.h>
#include <string.h>

#include "support/runs.h"
#include "support/solvers.h"
#include "support/suites.h"

#define FIXED "lr_policy: 'fixed' base_lr: 0.5 snapshot_after_train: false "

static lungo_solver *measured(const char *text, const char *file) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.metrics = file;
    return lungo_test_solver_with(text, &options);
}

/* The file's text, with a T for each time; the caller frees it. */
static char *rows_of(const char *path) {
    char *text = lungo_test_text(path);
    for (char *at = text; (at = strstr(at, "\"time\": ")); at++) {
        size_t digits = strspn(at + 8, "0123456789.");
        ck_assert_uint_gt(digits, 4);
        at[8] = 'T';
        memmove(at + 9, at + 8 + digits, strlen(at + 8 + digits) + 1);
    }
    return text;
}

static void check_rows(const char *path, const char *expected) {
    char *rows = rows_of(path);
    ck_assert_str_eq(rows, expected);
    free(rows);
}

/* A weight w = 3 that is an output, whose loss weight of 1 makes its gradient 1; a pair of outputs,
 * and one that is not a number in tests, from two test nets. */
#define RICH_NET                                                                                   \
    " net_param { layer { name: 'a \"b\"' type: 'Parameter' top: 'w' loss_weight: 1"               \
    " parameter_param { shape { dim: 1 } } }"                                                      \
    " layer { name: 'd' type: 'DummyData' top: 'pair' dummy_data_param { shape { dim: 2 }"         \
    " data_filler { value: 2 } } } }"                                                              \
    " test_net_param { layer { name: 'd' type: 'DummyData' top: 'good' dummy_data_param {"         \
    " shape { dim: 1 } data_filler { value: 0.1 } } } }"                                           \
    " test_net_param { layer { name: 'd' type: 'DummyData' top: 'bad' dummy_data_param {"          \
    " shape { dim: 1 } data_filler { value: inf } } } }"                                           \
    " test_iter: 3 test_iter: 1 test_interval: 2 display: 2 max_iter: 2 average_loss: 2 "

START_TEST(rows_hold_what_the_log_says) {
    lungo_solver *solver = measured(FIXED RICH_NET, "metrics");
    *lungo_test_weights(solver, "a \"b\"") = 3;
    ck_ok(lungo_solver_solve(solver, NULL));
    lungo_solver_free(solver);
    check_rows("metrics",
               "{\"iteration\": 0, \"time\": T, \"phase\": \"test\", \"net\": 0, "
               "\"outputs\": {\"good\": 0.1}}\n"
               "{\"iteration\": 0, \"time\": T, \"phase\": \"test\", \"net\": 1, "
               "\"outputs\": {\"bad\": null}}\n"
               "{\"iteration\": 0, \"time\": T, \"phase\": \"train\", \"lr\": 0.5, \"loss\": 3, "
               "\"outputs\": {\"pair\": [2, 2], \"w\": 3}}\n"
               "{\"iteration\": 2, \"time\": T, \"phase\": \"train\", \"loss\": 2.25, "
               "\"outputs\": {\"pair\": [2, 2], \"w\": 2}}\n"
               "{\"iteration\": 2, \"time\": T, \"phase\": \"test\", \"net\": 0, "
               "\"outputs\": {\"good\": 0.1}}\n"
               "{\"iteration\": 2, \"time\": T, \"phase\": \"test\", \"net\": 1, "
               "\"outputs\": {\"bad\": null}}\n");
}
END_TEST

START_TEST(every_nth_iteration_with_the_norms_that_are_watched) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.metrics = "metrics";
    options.watch = "watch.tsv";
    options.metrics_every = 2;
    lungo_solver *solver = lungo_test_solver_with(
        FIXED "display: 3 net_param { layer { name: 'a \"b\"' type: 'Parameter' top: 'w'"
              " loss_weight: 1 parameter_param { shape { dim: 1 } } } }",
        &options);
    ck_ok(lungo_solver_step(solver, 3));
    lungo_solver_free(solver);
    check_rows("metrics",
               "{\"iteration\": 0, \"time\": T, \"phase\": \"train\", \"lr\": 0.5, \"loss\": 0, "
               "\"outputs\": {\"w\": 0}, \"norms\": {\"a \\\"b\\\"[0]\": {\"weight_norm\": 0, "
               "\"gradient_norm\": 1, \"decay_norm\": 0, \"update_ratio\": null}}}\n"
               "{\"iteration\": 2, \"time\": T, \"phase\": \"train\", \"lr\": 0.5, \"loss\": -1, "
               "\"outputs\": {\"w\": -1}, \"norms\": {\"a \\\"b\\\"[0]\": {\"weight_norm\": 1, "
               "\"gradient_norm\": 1, \"decay_norm\": 0, \"update_ratio\": 0.5}}}\n");
}
END_TEST

/* What the run that is resumed leaves is what one that was not stopped leaves; time goes on. */
START_TEST(a_resumed_run_goes_on_in_its_file) {
    static const char text[] = FIXED "momentum: 0.9 display: 1" PULLED_NET("3", "");
    lungo_test_run_straight(measured(text, "straight"));
    char *rows = rows_of("straight");
    lungo_test_file("resumed", "{\"iteration\": 1, \"time\": 1000.250, \"phase\": \"train\"}\n"
                               "{\"iteration\": 2, \"time\": 2000.0");
    lungo_test_run_resumed(measured(text, "resumed"));
    char *again = lungo_test_text("resumed"), *behind = strchr(strchr(rows, '\n') + 1, '\n') + 1;
    double time = atof(strstr(strchr(again, '\n'), "\"time\": ") + 8);
    ck_assert(time >= 1000.25 && time < 2000);
    free(again);
    again = rows_of("resumed");
    ck_assert_str_eq(strchr(again, '\n') + 1, behind);
    free(again);
    free(rows);
}
END_TEST

START_TEST(a_file_of_something_else_is_left_alone) {
    static const char watch[] = "{\"iteration\": 0, \"layer\": \"w\", \"param\": 0}\n";
    lungo_solver *solver = measured(FIXED "display: 1" PULLED_NET("1", ""), "metrics");
    lungo_test_leaves_alone(
        solver, "metrics", watch,
        "expected a file of metrics of the run that is resumed, with rows of the form "
        "{\"iteration\": ..., \"time\": ...}, got another file\n  for the file of metrics");
    lungo_solver_free(solver);
}
END_TEST

/* The same command line begins a run and goes on with it, also before the first snapshot. */
START_TEST(a_run_that_ended_before_its_first_snapshot_begins_anew) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.metrics = "metrics";
    options.resume_newest = true;
    for (int i = 0; i < 2; i++) {
        lungo_solver *solver =
            lungo_test_solver_with(FIXED "display: 1" IDLE_NET("1", ""), &options);
        ck_ok(lungo_solver_step(solver, 1));
        lungo_solver_free(solver);
    }
    check_rows("metrics", "{\"iteration\": 0, \"time\": T, \"phase\": \"train\", \"lr\": 0.5, "
                          "\"loss\": 0, \"outputs\": {}}\n");
}
END_TEST

START_TEST(settings_that_make_no_sense_are_errors) {
    lungo_solver *solver;
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.metrics_every = -1;
    lungo_test_file("solver.prototxt", FIXED IDLE_NET("1", ""));
    ck_fails(lungo_solver_open(&solver, "solver.prototxt", &options), LUNGO_ERR_USAGE,
             "metrics_every: expected 0 (at each display) or more, got -1");
    options.metrics_every = 0;
    options.metrics = options.watch = "same";
    ck_fails(lungo_solver_open(&solver, "solver.prototxt", &options), LUNGO_ERR_USAGE,
             "watch and metrics: expected two files, got 'same' twice");
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_an_error_before_training) {
    lungo_solver *solver = measured(FIXED PULLED_NET("1", ""), "no/such/folder/metrics");
    ck_fails(lungo_solver_step(solver, 1), LUNGO_ERR_FILE, "no/such/folder/metrics");
    ck_assert_int_eq(lungo_solver_iter(solver), 0);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(a_full_disk_is_reported_once_and_training_goes_on) {
    lungo_solver *solver = measured(FIXED "display: 1" PULLED_NET("1", ""), "/dev/full");
    ck_assert_int_eq(lungo_test_warnings(solver, 3), 1);
    ck_assert_ptr_nonnull(strstr(lungo_error_text(), "No space left"));
    lungo_solver_free(solver);
}
END_TEST

START_TEST(an_iteration_that_is_recorded_allocates_nothing) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.metrics = "metrics";
    options.metrics_every = 1;
    lungo_solver *solver = lungo_test_solver_with(FIXED PULLED_NET("5", ""), &options);
    lungo_test_allocates_nothing(solver);
    lungo_solver_free(solver);
}
END_TEST

/* ---- lungo_solver_on_test ---- */

typedef struct test_note {
    int calls;
    float sum;
    lungo_status answer;
} test_note;

static lungo_status note_test(void *user, lungo_solver *solver, size_t net, const float *means) {
    test_note *note = user;
    const lungo_blob *output = lungo_net_output(lungo_solver_test_net(solver, net), 0);
    ck_assert_str_eq(lungo_blob_name(output), net ? "bad" : "good");
    note->calls++;
    if (net == 0) note->sum += means[0];
    return note->answer;
}

START_TEST(the_user_hears_of_each_test) {
    test_note note = {0};
    lungo_solver *solver = lungo_test_solver(FIXED RICH_NET);
    lungo_solver_on_test(solver, note_test, &note);
    ck_ok(lungo_solver_solve(solver, NULL));
    ck_assert_int_eq(note.calls, 4);
    ck_assert_float_eq_tol(note.sum, 0.2f, 1e-6f);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(the_user_can_end_the_run_at_a_test) {
    test_note note = {.answer = LUNGO_ERR_DATA};
    lungo_solver *solver = lungo_test_solver(FIXED RICH_NET);
    lungo_solver_on_test(solver, note_test, &note);
    ck_fails(lungo_solver_step(solver, 1), LUNGO_ERR_DATA,
             "ended by the function given to lungo_solver_on_test\n  in test net #0");
    ck_assert_int_eq(note.calls, 1);
    lungo_solver_free(solver);
}
END_TEST

Suite *lungo_suite_metrics(void);
Suite *lungo_suite_metrics(void) {
    const TTest *const tests[] = {rows_hold_what_the_log_says,
                                  every_nth_iteration_with_the_norms_that_are_watched,
                                  a_resumed_run_goes_on_in_its_file,
                                  a_file_of_something_else_is_left_alone,
                                  a_run_that_ended_before_its_first_snapshot_begins_anew,
                                  settings_that_make_no_sense_are_errors,
                                  a_file_that_cannot_be_opened_is_an_error_before_training,
                                  a_full_disk_is_reported_once_and_training_goes_on,
                                  an_iteration_that_is_recorded_allocates_nothing,
                                  the_user_hears_of_each_test,
                                  the_user_can_end_the_run_at_a_test,
                                  NULL};
    return lungo_test_folder_suite("metrics", tests);
}
