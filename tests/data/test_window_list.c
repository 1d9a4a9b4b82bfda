#include <string.h>

#include "data/window_list.h"
#include "support/files.h"
#include "support/suites.h"

static lungo_window_list list;

static void dispose(void) {
    lungo_window_list_dispose(&list);
}

static lungo_status read_text(const char *text) {
    lungo_test_file("windows", text);
    lungo_window_list_dispose(&list);
    return lungo_window_list_read(&list, "windows", 0.5f, 0.25f);
}

START_TEST(windows_go_by_their_overlap) {
    ck_ok(read_text("# 0 a.png 3 9 12 3\n2 0.5 1 2 4 5\n7 0.24 6 3 9 6\n1 0.25 0 0 3 3\n"
                    "# 1\nb.png\n3\n20\n30\n1\n4 1 0 0 0 0\n"));
    ck_assert_uint_eq(list.image_count, 2);
    ck_assert_str_eq(list.paths[1], "b.png");
    ck_assert_uint_eq(list.sets[0].count, 1);
    ck_assert_int_eq(list.sets[0].windows[0].label, 0);
    ck_assert_uint_eq(list.sets[0].windows[0].line, 3);
    ck_assert_uint_eq(list.sets[1].count, 2);
    lungo_window last = list.sets[1].windows[1];
    ck_assert_uint_eq(last.image, 1);
    ck_assert_int_eq(last.label, 4);
    ck_assert_uint_eq(last.line, 11);
    ck_assert_int_eq(list.sets[1].windows[0].y2, 5);
}
END_TEST

#define IMAGE "# 0\na.png\n3\n9\n12\n"

START_TEST(faults_are_named_with_their_line) {
    ck_fails(read_text(""), LUNGO_ERR_FORMAT, "the window file 'windows' is empty");
    ck_fails(read_text("0 a"), LUNGO_ERR_FORMAT,
             "expected # before an image, got '0'\n  in line 1 of the window file 'windows'");
    ck_fails(read_text("# 0\na.png\n1\n9\n12\n0\n"), LUNGO_ERR_FORMAT,
             "channels: expected 3, as every image is read in colour, got 1\n  in line 3");
    ck_fails(read_text(IMAGE "2\n1 0.9 0 0 1 1\n"), LUNGO_ERR_FORMAT,
             "expected a window's label, got the end of the file");
    ck_fails(read_text(IMAGE "1\n0 0.9 0 0 1 1\n"), LUNGO_ERR_FORMAT,
             "foreground window: expected a label above 0, got 0\n  in line 7");
    ck_fails(read_text(IMAGE "1\n1 0.9 5 0 1 1\n"), LUNGO_ERR_FORMAT,
             "window: expected x1 <= x2 and y1 <= y2, got 5 0 to 1 1");
    ck_fails(read_text(IMAGE "1\n1 much 5 0 1 1\n"), LUNGO_ERR_FORMAT,
             "a window's overlap: expected a number, got 'much'");
    ck_fails(read_text(IMAGE "1\n1 0.9 99999999 0 1 1\n"), LUNGO_ERR_FORMAT,
             "a window's x1: expected a whole number up to 2^24, got '99999999'");
}
END_TEST

Suite *lungo_suite_window_list(void);
Suite *lungo_suite_window_list(void) {
    Suite *suite = suite_create("window_list");
    TCase *tcase = lungo_test_folder_case(suite, "window_list", NULL);
    tcase_add_checked_fixture(tcase, NULL, dispose);
    tcase_add_test(tcase, windows_go_by_their_overlap);
    tcase_add_test(tcase, faults_are_named_with_their_line);
    return suite;
}
