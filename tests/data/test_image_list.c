#include <string.h>

#include "data/image_list.h"
#include "support/files.h"
#include "support/suites.h"

static lungo_status open_text(lungo_image_list **list, const char *text) {
    lungo_test_file("list", text);
    return lungo_image_list_open(list, "list");
}

START_TEST(lines_split_at_their_last_blank) {
    lungo_image_list *list;
    ck_ok(open_text(&list, "a b.png 3\r\n\n/c 1/d.jpg -7\ne 2147483647"));
    ck_assert_uint_eq(lungo_image_list_count(list), 3);
    ck_assert_str_eq(lungo_image_list_path(list, 0), "a b.png");
    ck_assert_int_eq(lungo_image_list_label(list, 0), 3);
    ck_assert_str_eq(lungo_image_list_path(list, 1), "/c 1/d.jpg");
    ck_assert_int_eq(lungo_image_list_label(list, 1), -7);
    ck_assert_uint_eq(list->lines[2].number, 4);
    lungo_image_list_free(list);
}
END_TEST

/* The shuffle of the numbers 0 to 9 that Caffe makes with seed 1701. */
START_TEST(shuffles_are_those_of_caffe) {
    static const int order[] = {7, 6, 8, 1, 2, 3, 5, 9, 4, 0};
    lungo_image_list *list;
    ck_ok(open_text(&list, "a 0\nb 1\nc 2\nd 3\ne 4\nf 5\ng 6\nh 7\ni 8\nj 9\n"));
    ck_ok(lungo_image_list_shuffle(list, 1701));
    for (size_t i = 0; i < 10; i++)
        ck_assert_int_eq(lungo_image_list_label(list, i), order[i]);
    ck_ok(lungo_image_list_shuffle(list, -1));
    lungo_image_list_free(list);
}
END_TEST

START_TEST(lines_may_have_several_labels) {
    static const float expected[] = {1.5f, -2, 3e4f, 0.25f, 5, 6};
    lungo_image_list *list;
    const char *text = "a b.png 1.5 -2 3e4\n\nc .25 5 6\n";
    lungo_test_file("list", text);
    ck_ok(lungo_image_list_open_labels(&list, "list", 3));
    ck_assert_str_eq(lungo_image_list_path(list, 0), "a b.png");
    ck_assert_str_eq(lungo_image_list_path(list, 1), "c");
    for (int i = 0; i < 2; i++)
        ck_assert_mem_eq(lungo_image_line_labels(list, &list->lines[i]), expected + 3 * i,
                         3 * sizeof *expected);
    lungo_image_list_free(list);
    text = "a 1 2 3 4\n\nc .25 5 6\n";
    lungo_test_file("list", text);
    ck_fails(lungo_image_list_open_labels(&list, "list", 4), LUNGO_ERR_FORMAT,
             "expected a path, a blank and a label, got 'c'\n"
             "  with label_count: 4, 1 labels of the line are missing\n  in line 3");
    text = "a 1 x\n";
    lungo_test_file("list", text);
    ck_fails(lungo_image_list_open_labels(&list, "list", 2), LUNGO_ERR_FORMAT,
             "expected a number, got 'x'");
}
END_TEST

START_TEST(bad_lines_are_named) {
    lungo_image_list *list;
    ck_fails(open_text(&list, "a 1\nb\n"), LUNGO_ERR_FORMAT,
             "expected a path, a blank and a label, got 'b'\n  in line 2 of the list 'list'");
    ck_fails(open_text(&list, " 3\n"), LUNGO_ERR_FORMAT, "expected a path");
    ck_fails(open_text(&list, "a 1.5\n"), LUNGO_ERR_FORMAT, "expected a whole number, got '1.5'");
    ck_fails(open_text(&list, "a 1 \n"), LUNGO_ERR_FORMAT, "expected a whole number, got ''");
    ck_fails(open_text(&list, "a 2147483648\n"), LUNGO_ERR_FORMAT, "got '2147483648'");
    ck_fails(open_text(&list, "\n\n"), LUNGO_ERR_FORMAT, "the list 'list' is empty");
    ck_fails(lungo_image_list_open(&list, "absent"), LUNGO_ERR_FILE, "absent");
}
END_TEST

Suite *lungo_suite_image_list(void);
Suite *lungo_suite_image_list(void) {
    const TTest *const tests[] = {lines_split_at_their_last_blank, shuffles_are_those_of_caffe,
                                  lines_may_have_several_labels, bad_lines_are_named, NULL};
    return lungo_test_folder_suite("image_list", tests);
}
