#ifndef LUNGO_TESTS_SUPPORT_SUITES_H
#define LUNGO_TESTS_SUPPORT_SUITES_H

#include <check.h>

#include "lungo/status.h"

/* A suite made of one case that holds every test of a NULL-terminated table. */
Suite *lungo_suite_of(const char *name, const TTest *const *tests);

/* Adds a test that runs once per row of a table: _i = 0 .. rows - 1. */
void lungo_suite_add_table(Suite *suite, const TTest *test, int rows);

/* A suite whose tests run in a new empty folder each. */
Suite *lungo_test_folder_suite(const char *name, const TTest *const *tests);

/* Adds such a case. `prepare` (NULL: nothing) runs in the folder before each test. */
TCase *lungo_test_folder_case(Suite *suite, const char *name, SFun prepare);

/* The call succeeds; on failure the error text is shown. */
#define ck_ok(expression)                                                                          \
    ck_assert_msg((expression) == LUNGO_OK, "%s failed:\n%s", #expression, lungo_error_text())

/* The call fails with this code, and its text contains this part. */
#define ck_fails(expression, code, part)                                                           \
    do {                                                                                           \
        lungo_status status_ = (expression);                                                       \
        ck_assert_msg(status_ == (code), "%s gave status %d, expected %d\n%s", #expression,        \
                      (int)status_, (int)(code), status_ ? lungo_error_text() : "(success)");      \
        ck_assert_msg(strstr(lungo_error_text(), (part)) != NULL, "error text lacks \"%s\":\n%s",  \
                      (part), lungo_error_text());                                                 \
    } while (0)

#endif
