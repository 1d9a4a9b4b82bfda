#include <string.h>

#include "base/error.h"
#include "support/suites.h"

static lungo_status inner(void) {
    return lungo_fail(LUNGO_ERR_CONFIG, "expected %d, got %d", 500, 800);
}

static lungo_status outer(void) {
    if (inner()) return lungo_trail("in layer '%s'", "ip1");
    return LUNGO_OK;
}

START_TEST(facts_then_trail) {
    ck_assert_int_eq(outer(), LUNGO_ERR_CONFIG);
    ck_assert_int_eq(lungo_error_code(), LUNGO_ERR_CONFIG);
    ck_assert_str_eq(lungo_error_text(), "lungo: expected 500, got 800\n  in layer 'ip1'");
}
END_TEST

START_TEST(endless_trails_are_cut_not_overrun) {
    lungo_fail(LUNGO_ERR_DATA, "first");
    for (int i = 0; i < 10000; i++)
        lungo_trail("line %d", i);
    ck_assert_uint_lt(strlen(lungo_error_text()), 8192);
    ck_assert_int_eq(lungo_error_code(), LUNGO_ERR_DATA);
}
END_TEST

Suite *lungo_suite_error(void);
Suite *lungo_suite_error(void) {
    return lungo_suite_of("error", (const TTest *const[]){
                                       facts_then_trail, endless_trails_are_cut_not_overrun, NULL});
}
