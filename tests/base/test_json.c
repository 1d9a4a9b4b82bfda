#include <math.h>

#include "base/json.h"
#include "support/suites.h"

START_TEST(strings_are_escaped) {
    lungo_buffer text = {0};
    lungo_json_string(&text, "a \"b\"\\\n\x1f\xc3\xa9");
    ck_assert_str_eq(lungo_buffer_text(&text), "\"a \\\"b\\\"\\\\\\u000a\\u001f\xc3\xa9\"");
    lungo_buffer_clear(&text);
    lungo_json_escape(&text, "\"\t\\", false);
    ck_assert_str_eq(lungo_buffer_text(&text), "\"\\u0009\\\\");
    lungo_buffer_dispose(&text);
}
END_TEST

static void check_float(float value, const char *expected) {
    lungo_buffer text = {0};
    lungo_json_float(&text, value);
    ck_assert_str_eq(lungo_buffer_text(&text), expected);
    lungo_buffer_dispose(&text);
}

START_TEST(floats_have_the_digits_they_need) {
    check_float(0.1f, "0.1");
    check_float(1.0f / 3, "0.33333334");
    check_float(16777216, "16777216");
    check_float(-1.17549435e-38f, "-1.1754944e-38");
    check_float(0.782705009f, "0.782705");
    check_float(INFINITY, "null");
    check_float(NAN, "null");
}
END_TEST

START_TEST(numbers_that_are_not_finite_are_null) {
    lungo_buffer text = {0};
    lungo_json_number(&text, 0.1234567891);
    lungo_json_number(&text, -INFINITY);
    lungo_json_number(&text, NAN);
    ck_assert_str_eq(lungo_buffer_text(&text), "0.123456789nullnull");
    lungo_buffer_dispose(&text);
}
END_TEST

Suite *lungo_suite_json(void);
Suite *lungo_suite_json(void) {
    return lungo_suite_of(
        "json", (const TTest *const[]){strings_are_escaped, floats_have_the_digits_they_need,
                                       numbers_that_are_not_finite_are_null, NULL});
}
