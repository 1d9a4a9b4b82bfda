#include <string.h>

#include "lungo/suggest.h"
#include "support/suites.h"

static const char *word(const void *list, size_t index) {
    return ((const char *const *)list)[index];
}

static const char *const few[] = {"kernel_size", "kernel_h", "pad", "stride", "kernel_w"};

static const char *suggest(const char *wanted, size_t count) {
    static char text[LUNGO_SUGGEST_MAX];
    lungo_suggest(text, wanted, word, few, count);
    return text;
}

START_TEST(what_is_near_is_named) {
    ck_assert_str_eq(suggest("kernal_size", 5), "; did you mean 'kernel_size'?");
    ck_assert_str_eq(suggest("kernelsize", 5), "; did you mean 'kernel_size'?");
    ck_assert_str_eq(suggest("Kernel_Size", 5), "; did you mean 'kernel_size'?");
    ck_assert_str_eq(suggest("kernel_x", 5), "; did you mean 'kernel_h' or 'kernel_w'?");
    ck_assert_str_eq(suggest("sturde", 5), "; known: kernel_size, kernel_h, pad, stride, kernel_w");
}
END_TEST

START_TEST(a_swap_is_one_slip) {
    ck_assert_str_eq(suggest("apd", 5), "; did you mean 'pad'?");
    ck_assert_str_eq(suggest("stirde", 5), "; did you mean 'stride'?");
}
END_TEST

START_TEST(what_is_far_lists_all_if_few) {
    ck_assert_str_eq(suggest("num_output", 3), "; known: kernel_size, kernel_h, pad");
    ck_assert_str_eq(suggest("x", 1), "; known: kernel_size");
    ck_assert_str_eq(suggest("", 0), "");
}
END_TEST

START_TEST(long_lists_and_long_names_are_cut_short) {
    const char *many[40];
    char text[LUNGO_SUGGEST_MAX], wanted[200];
    for (int i = 0; i < 40; i++)
        many[i] = "a_rather_long_name_of_a_field_that_nobody_would_write_twice";
    lungo_suggest(text, "other", word, many, 40);
    ck_assert_str_eq(text, "");
    memset(wanted, 'a', sizeof wanted);
    wanted[sizeof wanted - 1] = '\0';
    lungo_suggest(text, wanted, word, many, 16);
    ck_assert_uint_eq(strlen(text), LUNGO_SUGGEST_MAX - 1);
}
END_TEST

Suite *lungo_suite_suggest(void);
Suite *lungo_suite_suggest(void) {
    return lungo_suite_of("suggest",
                          (const TTest *const[]){what_is_near_is_named, a_swap_is_one_slip,
                                                 what_is_far_lists_all_if_few,
                                                 long_lists_and_long_names_are_cut_short, NULL});
}
