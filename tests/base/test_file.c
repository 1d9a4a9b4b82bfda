/* Whole files, and what is none. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "support/folder.h"
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

/* One that is being written is not, whoever asks. */
START_TEST(only_files_of_ended_writers_are_left_over) {
    lungo_file_writer *writer;
    char *folder = lungo_temporary_folder(), path[PATH_MAX], name[] = "a.tmp.Ab0xyz";
    snprintf(path, sizeof path, "%s/a", folder);
    ck_ok(lungo_file_writer_open(&writer, path));
    const char *temporary = lungo_file_writer_temporary(writer);
    ck_assert(lungo_file_is_temporary(temporary, strlen(path)));
    ck_assert(!lungo_file_remove_leftover(temporary));
    ck_ok(lungo_file_writer_commit(writer));
    ck_assert(lungo_file_exists(path));
    ck_assert(lungo_file_is_temporary(name, 1));
    ck_assert(!lungo_file_is_temporary("a.tmp.Ab0xyz1", 1));
    ck_assert(!lungo_file_is_temporary("a.tmp.Ab0xy-", 1));
    ck_assert(!lungo_file_is_temporary("a.tmp.", 1));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_ok(lungo_file_replace(path, "", 0));
    ck_assert(lungo_file_remove_leftover(path));
    ck_assert(!lungo_file_exists(path));
    ck_assert(!lungo_file_remove_leftover(path));
    lungo_remove_folder(folder);
}
END_TEST

Suite *lungo_suite_file(void);
Suite *lungo_suite_file(void) {
    return lungo_suite_of(
        "file", (const TTest *const[]){what_is_no_file_is_refused, a_pipe_is_read_to_its_end,
                                       only_files_of_ended_writers_are_left_over, NULL});
}
