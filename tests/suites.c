/* The one Check runner. CK_RUN_SUITE picks a suite, CK_RUN_CASE a case, CK_FORK=no helps a
 * debugger. */
#include "support/suites.h"

#define SUITE(name) Suite *lungo_suite_##name(void);
#include "suites.def"
#undef SUITE

int main(void) {
    SRunner *runner = srunner_create(NULL);
#define SUITE(name) srunner_add_suite(runner, lungo_suite_##name());
#include "suites.def"
#undef SUITE
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner), ran = srunner_ntests_run(runner);
    srunner_free(runner);
    return failed != 0 || ran == 0; /* a suite that CK_RUN_SUITE does not find has not passed */
}
