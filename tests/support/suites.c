#include "support/suites.h"

Suite *lungo_suite_of(const char *name, const TTest *const *tests) {
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 120);
    for (const TTest *const *test = tests; *test; test++)
        tcase_add_test(tcase, *test);
    suite_add_tcase(suite, tcase);
    return suite;
}

void lungo_suite_add_table(Suite *suite, const TTest *test, int rows) {
    TCase *tcase = tcase_create(test->name);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test, 0, rows);
    suite_add_tcase(suite, tcase);
}
