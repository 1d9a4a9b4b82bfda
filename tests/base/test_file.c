/* Whole files, and what is none. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "support/suites.h"

START_TEST(what_is_no_file_is_refused) {
    char *bytes;
    size_t length;
    ck_fails(lungo_file_read(&bytes, &length, "/no/such/file"), LUNGO_ERR_FILE,
             "cannot open '/no/such/file': No such file or directory");
    ck_fails(lungo_file_read(&bytes, &length, "/"), LUNGO_ERR_FILE,
             "cannot read '/': Is a directory");
    ck_fails(lungo_file_read(&bytes, &length, "/dev/zero"), LUNGO_ERR_FILE,
             "cannot read '/dev/zero': expected a file, got a device");
}
END_TEST

START_TEST(a_pipe_is_read_to_its_end) {
    char *bytes, path[32];
    size_t length;
    FILE *pipe = popen("echo abc", "r");
    ck_assert_ptr_nonnull(pipe);
    snprintf(path, sizeof path, "/dev/fd/%d", fileno(pipe));
    ck_ok(lungo_file_read(&bytes, &length, path));
    ck_assert_uint_eq(length, 4);
    ck_assert_str_eq(bytes, "abc\n");
    free(bytes);
    pclose(pipe);
}
END_TEST

Suite *lungo_suite_file(void);
Suite *lungo_suite_file(void) {
    return lungo_suite_of("file", (const TTest *const[]){what_is_no_file_is_refused,
                                                         a_pipe_is_read_to_its_end, NULL});
}
