#include "support/suites.h"

#include <unistd.h>

#include "support/folder.h"

static TCase *new_case(Suite *suite, const char *name) {
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static void add_tests(TCase *tcase, const TTest *const *tests) {
    for (const TTest *const *test = tests; *test; test++)
        tcase_add_test(tcase, *test);
}

Suite *lungo_suite_of(const char *name, const TTest *const *tests) {
    Suite *suite = suite_create(name);
    add_tests(new_case(suite, name), tests);
    return suite;
}

void lungo_suite_add_table(Suite *suite, const TTest *test, int rows) {
    tcase_add_loop_test(new_case(suite, test->name), test, 0, rows);
}

/* ---- in folders ---- */

static char *folder;

static void enter(void) {
    folder = lungo_temporary_folder();
    ck_assert(folder && chdir(folder) == 0);
}

static void leave(void) {
    ck_assert_int_eq(chdir("/"), 0);
    lungo_remove_folder(folder);
}

TCase *lungo_test_folder_case(Suite *suite, const char *name, SFun prepare) {
    TCase *tcase = new_case(suite, name);
    tcase_add_checked_fixture(tcase, enter, leave);
    if (prepare) tcase_add_checked_fixture(tcase, prepare, NULL);
    return tcase;
}

Suite *lungo_test_folder_suite(const char *name, const TTest *const *tests) {
    Suite *suite = suite_create(name);
    add_tests(lungo_test_folder_case(suite, name, NULL), tests);
    return suite;
}
