#include "support/solvers.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "proto/text.h"
#include "support/folder.h"
#include "support/suites.h"

static char home[PATH_MAX], *folder;

static void enter(void) {
    ck_assert_ptr_nonnull(getcwd(home, sizeof home));
    folder = lungo_temporary_folder();
    ck_assert_ptr_nonnull(folder);
    ck_assert_int_eq(chdir(folder), 0);
}

static void leave(void) {
    ck_assert_int_eq(chdir(home), 0);
    lungo_remove_folder(folder);
}

Suite *lungo_test_folder_suite(const char *name, const TTest *const *tests) {
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    tcase_add_checked_fixture(cases, enter, leave);
    tcase_set_timeout(cases, 120);
    for (size_t i = 0; tests[i]; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    return suite;
}

void lungo_test_file(const char *path, const char *text) {
    ck_ok(lungo_file_replace(path, text, strlen(text)));
}

void lungo_test_golden(const char *golden, const char *path) {
    char from[PATH_MAX], *bytes;
    size_t length;
    snprintf(from, sizeof from, LUNGO_SOURCE_DIR "/tests/golden/%s", golden);
    ck_ok(lungo_file_read(&bytes, &length, from));
    ck_ok(lungo_file_replace(path, bytes, length));
    free(bytes);
}

lungo_solver *lungo_test_solver(const char *text) {
    lungo_solver *solver;
    lungo_test_file("solver.prototxt", text);
    ck_ok(lungo_solver_open(&solver, "solver.prototxt", NULL));
    return solver;
}

lungo_status lungo_try_solver(const char *text) {
    lungo_solver *solver;
    lungo_test_file("solver.prototxt", text);
    lungo_status status = lungo_solver_open(&solver, "solver.prototxt", NULL);
    if (!status) lungo_solver_free(solver);
    return status;
}

float *lungo_test_weights(lungo_solver *solver, const char *layer) {
    lungo_net *net = lungo_solver_net(solver);
    for (size_t i = 0; i < lungo_net_param_count(net); i++) {
        lungo_param_info param = lungo_net_param(net, i);
        if (!strcmp(param.layer, layer)) return lungo_data_update(param.blob);
    }
    ck_abort_msg("the net has no parameter of layer '%s'", layer);
    return NULL;
}

Caffe__SolverParameter *lungo_test_settings(lungo_document **out, const char *text) {
    ProtobufCMessage *message;
    ck_ok(lungo_document_new(out));
    ck_ok(lungo_text_parse(*out, &message, &caffe__solver_parameter__descriptor, text, strlen(text),
                           "solver.prototxt"));
    return (Caffe__SolverParameter *)message;
}

void lungo_test_count_warnings(void *user, lungo_log_level level, const char *file, int line,
                               const char *text) {
    (void)file, (void)line, (void)text;
    *(int *)user += level == LUNGO_LOG_WARNING;
}
