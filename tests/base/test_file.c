/* Files, whole and in places, and what is none. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* ---- in places ---- */

enum { LENGTH = 3 * LUNGO_FILE_WINDOW };
static uint8_t content[LENGTH];
static FILE *kept;

static lungo_file_reader *open_content(void) {
    lungo_file_reader *reader;
    char path[32];
    for (size_t i = 0; i < LENGTH; i++)
        content[i] = (uint8_t)(i * 7 + i / 251);
    ck_assert_ptr_nonnull(kept = tmpfile());
    ck_assert_uint_eq(fwrite(content, 1, LENGTH, kept), LENGTH);
    ck_assert_int_eq(fflush(kept), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", fileno(kept));
    ck_ok(lungo_file_reader_open(&reader, path));
    ck_assert_uint_eq(lungo_file_reader_size(reader), LENGTH);
    return reader;
}

static void close_content(lungo_file_reader *reader) {
    lungo_file_reader_close(reader);
    fclose(kept);
}

START_TEST(any_place_of_a_file_is_read) {
    static const struct {
        size_t offset, length;
    } places[] = {{0, 1},
                  {0, LUNGO_FILE_WINDOW},
                  {LUNGO_FILE_WINDOW - 2, 4},
                  {9, 9},
                  {17, 8000},
                  {LENGTH - 5, 5},
                  {LENGTH - 7, 2},
                  {LENGTH, 0},
                  {1, 0},
                  {0, LUNGO_FILE_WINDOW}};
    static uint8_t copy[LENGTH];
    const uint8_t *seen;
    lungo_file_reader *reader = open_content();
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        ck_ok(lungo_file_reader_look(reader, places[i].offset, places[i].length, &seen));
        ck_assert(memcmp(seen, content + places[i].offset, places[i].length) == 0);
    }
    ck_ok(lungo_file_reader_read(reader, 3, copy, LENGTH - 3));
    ck_assert_mem_eq(copy, content + 3, LENGTH - 3);
    close_content(reader);
}
END_TEST

START_TEST(a_file_that_shrinks_is_an_error) {
    static uint8_t copy[LENGTH];
    const uint8_t *seen;
    lungo_file_reader *reader = open_content();
    ck_assert_int_eq(ftruncate(fileno(kept), 1000), 0);
    ck_fails(lungo_file_reader_read(reader, 10, copy, 2000), LUNGO_ERR_FILE,
             "has changed while it was read: expected 1010 more bytes at offset 1000, got the end");
    ck_fails(lungo_file_reader_look(reader, 999, 2, &seen), LUNGO_ERR_FILE, "has changed");
    ck_ok(lungo_file_reader_read(reader, 10, copy, 990));
    close_content(reader);
}
END_TEST

START_TEST(a_pipe_is_held_to_be_read_in_places) {
    char path[32], copy[3] = "";
    const uint8_t *seen;
    lungo_file_reader *reader;
    FILE *pipe = popen("echo abcdef", "r");
    ck_assert_ptr_nonnull(pipe);
    snprintf(path, sizeof path, "/dev/fd/%d", fileno(pipe));
    ck_ok(lungo_file_reader_open(&reader, path));
    ck_assert_uint_eq(lungo_file_reader_size(reader), 7);
    ck_ok(lungo_file_reader_read(reader, 3, copy, 2));
    ck_assert_str_eq(copy, "de");
    ck_ok(lungo_file_reader_look(reader, 1, 2, &seen));
    ck_assert_mem_eq(seen, "bc", 2);
    lungo_file_reader_close(reader);
    pclose(pipe);
    ck_fails(lungo_file_reader_open(&reader, "/"), LUNGO_ERR_FILE, "Is a directory");
    ck_fails(lungo_file_reader_open(&reader, "/no/such/file"), LUNGO_ERR_FILE, "No such file");
}
END_TEST

START_TEST(folders_are_made_with_those_above) {
    char *folder = lungo_temporary_folder(), path[PATH_MAX];
    snprintf(path, sizeof path, "%s/a//b/c/", folder);
    ck_ok(lungo_file_make_folders(path));
    ck_assert(lungo_file_is_folder(path));
    ck_ok(lungo_file_make_folders(path));
    snprintf(path, sizeof path, "%s/a/file", folder);
    ck_ok(lungo_file_replace(path, "", 0));
    ck_fails(lungo_file_make_folders(path), LUNGO_ERR_FILE, "cannot make the folder");
    snprintf(path, sizeof path, "%s/a/file/b", folder);
    ck_fails(lungo_file_make_folders(path), LUNGO_ERR_FILE, "/a/file': File exists");
    lungo_remove_folder(folder);
}
END_TEST

Suite *lungo_suite_file(void);
Suite *lungo_suite_file(void) {
    return lungo_suite_of(
        "file", (const TTest *const[]){what_is_no_file_is_refused, a_pipe_is_read_to_its_end,
                                       only_files_of_ended_writers_are_left_over,
                                       any_place_of_a_file_is_read, a_file_that_shrinks_is_an_error,
                                       a_pipe_is_held_to_be_read_in_places,
                                       folders_are_made_with_those_above, NULL});
}
