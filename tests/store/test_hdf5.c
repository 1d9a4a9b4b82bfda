#include "store/hdf5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "blob/shape.h"
#include "lungo/data.h"
#include "support/folder.h"
#include "support/solvers.h"
#include "support/suites.h"

#define TYPES LUNGO_SOURCE_DIR "/tests/golden/hdf5/types.h5"

static const float six[] = {1, 2, 3, 4, 5, 6};

static lungo_hdf5 *open_types(void) {
    lungo_hdf5 *file;
    ck_ok(lungo_hdf5_open(&file, TYPES));
    return file;
}

static void check_values(lungo_hdf5 *file, const char *name, const float *expected, size_t count) {
    float values[64];
    ck_assert_uint_le(count, 64);
    ck_ok(lungo_hdf5_read(file, name, values, count));
    ck_assert_mem_eq(values, expected, count * sizeof *values);
}

/* ---- reading ---- */

START_TEST(numbers_of_every_type_become_floats) {
    static const char *const names[] = {"float",  "double", "half",  "big_endian", "int8",
                                        "uint16", "int32",  "int64", "packed",     "group/inner"};
    lungo_hdf5 *file = open_types();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lungo_shape shape;
        ck_ok(lungo_hdf5_shape(&shape, file, names[i]));
        ck_assert_str_eq(lungo_shape_text(&shape).text, "2x3");
        check_values(file, names[i], six, 6);
    }
    check_values(file, "scalar", (const float[]){7}, 1);
    lungo_shape shape;
    ck_ok(lungo_hdf5_shape(&shape, file, "empty"));
    ck_assert_str_eq(lungo_shape_text(&shape).text, "0x3");
    check_values(file, "empty", six, 0);
    lungo_hdf5_close(file);
}
END_TEST

START_TEST(other_datasets_are_refused) {
    static const struct {
        const char *name, *part;
    } rows[] = {
        {"text", "dataset 'text': expected numbers, got strings"},
        {"bool", "dataset 'bool': expected numbers, got an enumeration"},
        {"compound", "dataset 'compound': expected numbers, got structures"},
        {"null", "dataset 'null': expected values along at most 32 axes"},
        {"long", "dataset 'long': axis 0: expected at most 2147483647, got 3000000000"},
        {"group", "cannot open dataset 'group': "},
        {"absent", "cannot open dataset 'absent': object 'absent' doesn't exist"},
        {"float/x", "cannot open dataset 'float/x': "},
        {"", "cannot open dataset '': "},
    };
    lungo_hdf5 *file = open_types();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lungo_shape shape;
        float value;
        lungo_status status = lungo_hdf5_shape(&shape, file, rows[i].name);
        ck_assert_int_ne(status, LUNGO_OK);
        ck_fails(status, status, rows[i].part);
        ck_assert_int_ne(lungo_hdf5_read(file, rows[i].name, &value, 1), LUNGO_OK);
    }
    float values[6];
    ck_fails(lungo_hdf5_read(file, "float", values, 5), LUNGO_ERR_DATA, "expected 5 values, got 6");
    int number;
    ck_fails(lungo_hdf5_read_int(&number, file, "int32"), LUNGO_ERR_DATA, "expected 1 values");
    char *text;
    ck_fails(lungo_hdf5_read_string(&text, file, "text"), LUNGO_ERR_DATA,
             "expected a string of fixed length, got strings");
    ck_ok(lungo_hdf5_read_string(&text, file, "fixed_text"));
    ck_assert_str_eq(text, "hello");
    free(text);
    lungo_hdf5_close(file);
}
END_TEST

START_TEST(groups_are_listed_in_order) {
    lungo_hdf5 *file = open_types();
    lungo_arena arena = {0};
    lungo_hdf5_entry *entries;
    size_t count;
    ck_ok(lungo_hdf5_list(&entries, &count, &arena, file, "/group"));
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(entries[0].name, "deeper");
    ck_assert(entries[0].is_group && !entries[0].is_dataset);
    ck_assert_str_eq(entries[1].name, "inner");
    ck_assert(entries[1].is_dataset && !entries[1].is_group);
    ck_fails(lungo_hdf5_list(&entries, &count, &arena, file, "/absent"), LUNGO_ERR_FORMAT,
             "cannot open group '/absent'");
    lungo_arena_dispose(&arena);
    lungo_hdf5_close(file);
}
END_TEST

/* ---- files that are none ---- */

START_TEST(files_that_cannot_be_read_are_refused) {
    lungo_hdf5 *file;
    ck_fails(lungo_hdf5_open(&file, "absent.h5"), LUNGO_ERR_FILE,
             "cannot open 'absent.h5': No such file or directory");
    ck_fails(lungo_hdf5_open(&file, "."), LUNGO_ERR_FILE, "Is a directory");
    lungo_test_file("empty.h5", "");
    ck_fails(lungo_hdf5_open(&file, "empty.h5"), LUNGO_ERR_FORMAT,
             "HDF5 file 'empty.h5': cannot open '/': file signature not found");
    lungo_test_file("text.h5", "not an HDF5 file");
    ck_fails(lungo_hdf5_open(&file, "text.h5"), LUNGO_ERR_FORMAT, "file signature not found");
    ck_assert(!lungo_hdf5_file_is("absent.h5") && !lungo_hdf5_file_is("."));
    ck_assert(!lungo_hdf5_file_is("empty.h5") && !lungo_hdf5_file_is("text.h5"));
    ck_assert(lungo_hdf5_file_is(TYPES));
}
END_TEST

/* Everything in it, as far as it can be read. */
static void read_what_there_is(lungo_hdf5 *file) {
    lungo_arena arena = {0};
    lungo_hdf5_entry *entries;
    size_t count;
    if (lungo_hdf5_list(&entries, &count, &arena, file, "/") == LUNGO_OK)
        for (size_t i = 0; i < count; i++) {
            lungo_shape shape;
            float values[64];
            if (lungo_hdf5_shape(&shape, file, entries[i].name)) continue;
            if (!lungo_shape_check(&shape) && lungo_shape_count(&shape) <= 64)
                (void)lungo_hdf5_read(file, entries[i].name, values, lungo_shape_count(&shape));
        }
    lungo_arena_dispose(&arena);
}

static lungo_status try_bytes(const char *bytes, size_t length) {
    lungo_hdf5 *file;
    ck_ok(lungo_file_replace("a.h5", bytes, length));
    LUNGO_TRY(lungo_hdf5_open(&file, "a.h5"));
    read_what_there_is(file);
    lungo_hdf5_close(file);
    return LUNGO_OK;
}

START_TEST(cut_files_are_refused) {
    char *bytes;
    size_t length;
    ck_ok(lungo_file_read(&bytes, &length, TYPES));
    for (size_t cut = 0; cut < length; cut += 509)
        ck_assert_msg(try_bytes(bytes, cut) == LUNGO_ERR_FORMAT, "cut to %zu bytes: accepted", cut);
    ck_ok(try_bytes(bytes, length));
    free(bytes);
}
END_TEST

START_TEST(changed_bytes_do_no_harm) {
    char *bytes;
    size_t length;
    ck_ok(lungo_file_read(&bytes, &length,
                          LUNGO_SOURCE_DIR
                          "/tests/golden/layers/HDF5Data/ranks-one-to-five/only.h5"));
    for (size_t i = 0; i < length; i += 23) {
        bytes[i] ^= (char)(1 << i % 8);
        (void)try_bytes(bytes, length);
        bytes[i] ^= (char)(1 << i % 8);
    }
    free(bytes);
}
END_TEST

/* ---- writing ---- */

START_TEST(what_is_written_is_read_back) {
    lungo_hdf5_writer *writer;
    lungo_hdf5 *file;
    int number;
    char *text;
    ck_ok(lungo_hdf5_create(&writer, "out.h5"));
    ck_ok(lungo_hdf5_write_group(writer, "/group"));
    ck_ok(lungo_hdf5_write(writer, "/group/0", &LUNGO_SHAPE(2, 3), six));
    ck_ok(lungo_hdf5_write(writer, "scalar", &lungo_scalar_shape, six));
    ck_ok(lungo_hdf5_write(writer, "none", &LUNGO_SHAPE(0, 3), six));
    ck_ok(lungo_hdf5_write_int(writer, "int", -7));
    ck_ok(lungo_hdf5_write_string(writer, "text", "a word"));
    ck_fails(lungo_hdf5_write_int(writer, "int", 1), LUNGO_ERR_FORMAT,
             "cannot write dataset 'int': ");
    ck_fails(lungo_hdf5_write_group(writer, "/group"), LUNGO_ERR_FORMAT,
             "cannot write group '/group': ");
    ck_assert(!lungo_file_exists("out.h5"));
    ck_ok(lungo_hdf5_commit(writer));
    ck_ok(lungo_hdf5_open(&file, "out.h5"));
    check_values(file, "/group/0", six, 6);
    check_values(file, "/scalar", six, 1);
    ck_ok(lungo_hdf5_read_int(&number, file, "int"));
    ck_assert_int_eq(number, -7);
    ck_ok(lungo_hdf5_read_string(&text, file, "text"));
    ck_assert_str_eq(text, "a word");
    free(text);
    lungo_hdf5_close(file);
}
END_TEST

START_TEST(an_unfinished_file_leaves_the_old_one) {
    lungo_hdf5_writer *writer;
    lungo_test_file("out.h5", "old");
    ck_ok(lungo_hdf5_create(&writer, "out.h5"));
    ck_ok(lungo_hdf5_write_int(writer, "int", 1));
    lungo_hdf5_abandon(writer);
    lungo_hdf5_abandon(NULL);
    char *bytes;
    size_t length;
    ck_ok(lungo_file_read(&bytes, &length, "out.h5"));
    ck_assert_str_eq(bytes, "old");
    free(bytes);
    ck_assert_int_eq(unlink("out.h5"), 0);
    ck_fails(lungo_hdf5_create(&writer, "no/out.h5"), LUNGO_ERR_FILE,
             "no/out.h5': No such file or directory");
    ck_assert_int_eq(system("test -z \"$(ls -A)\""), 0);
}
END_TEST

START_TEST(rows_are_appended) {
    lungo_hdf5_writer *writer;
    lungo_hdf5 *file;
    lungo_shape shape;
    ck_ok(lungo_hdf5_create(&writer, "out.h5"));
    ck_ok(lungo_hdf5_append(writer, "rows", &LUNGO_SHAPE(1, 2), six));
    ck_ok(lungo_hdf5_commit(writer));
    ck_ok(lungo_hdf5_extend(&writer, "out.h5", 16));
    ck_ok(lungo_hdf5_append(writer, "rows", &LUNGO_SHAPE(2, 2), six + 2));
    ck_fails(lungo_hdf5_append(writer, "rows", &LUNGO_SHAPE(2, 3), six), LUNGO_ERR_DATA,
             "dataset 'rows' has rows of another shape");
    ck_fails(lungo_hdf5_append(writer, "rows", &LUNGO_SHAPE(2, 2, 1), six), LUNGO_ERR_DATA,
             "dataset 'rows' has rows of another shape");
    ck_ok(lungo_hdf5_commit(writer));
    ck_ok(lungo_hdf5_open(&file, "out.h5"));
    ck_ok(lungo_hdf5_shape(&shape, file, "rows"));
    ck_assert_str_eq(lungo_shape_text(&shape).text, "3x2");
    check_values(file, "rows", six, 6);
    lungo_hdf5_close(file);
    ck_fails(lungo_hdf5_extend(&writer, "absent.h5", 16), LUNGO_ERR_FILE,
             "cannot write to 'absent.h5': No such file or directory");
}
END_TEST

START_TEST(rows_are_read) {
    static const char *const ranges[] = {"0 values from row 0", "3 values from row 2",
                                         "6 values from row 1", "2 values from row 0",
                                         "3 values from row 18446744073709551615"};
    static const size_t first[] = {0, 2, 1, 0, SIZE_MAX}, counts[] = {0, 3, 6, 2, 3};
    lungo_hdf5 *file = open_types();
    float values[6];
    ck_ok(lungo_hdf5_read_rows(file, "double", 0, values, 6));
    ck_assert_mem_eq(values, six, sizeof six);
    ck_ok(lungo_hdf5_read_rows(file, "double", 1, values, 3));
    ck_assert_mem_eq(values, six + 3, 3 * sizeof *six);
    for (int i = 0; i < 5; i++)
        ck_fails(lungo_hdf5_read_rows(file, "double", first[i], values, counts[i]), LUNGO_ERR_DATA,
                 ranges[i]);
    ck_fails(lungo_hdf5_read_rows(file, "scalar", 0, values, 1), LUNGO_ERR_DATA, "got 0 rows");
    ck_fails(lungo_hdf5_read_rows(file, "empty", 0, values, 3), LUNGO_ERR_DATA, "got 0 rows");
    ck_fails(lungo_hdf5_read_rows(file, "text", 0, values, 3), LUNGO_ERR_DATA, "expected numbers");
    lungo_hdf5_close(file);
}
END_TEST

/* Each row holds its number; several blocks of them. */
static void write_rows(const char *path, int rows, int width) {
    lungo_hdf5_writer *writer;
    float *values = malloc((size_t)rows * (size_t)width * sizeof *values);
    for (int i = 0; i < rows * width; i++)
        values[i] = (float)(i / width);
    ck_ok(lungo_hdf5_create(&writer, path));
    ck_ok(lungo_hdf5_append(writer, "wide", &LUNGO_SHAPE(rows, width), values));
    ck_ok(lungo_hdf5_append(writer, "narrow", &LUNGO_SHAPE(rows), values));
    ck_ok(lungo_hdf5_commit(writer));
    free(values);
}

static void check_rows(const char *path, int rows, int width) {
    size_t count = (size_t)rows * (size_t)width;
    float *values = malloc(count * sizeof *values);
    lungo_hdf5 *file;
    ck_ok(lungo_hdf5_open(&file, path));
    ck_ok(lungo_hdf5_read(file, "narrow", values, (size_t)rows));
    ck_ok(lungo_hdf5_read(file, "wide", values, count));
    for (int i = 0; i < rows * width; i++)
        ck_assert(values[i] == (float)(i / width));
    lungo_hdf5_close(file);
    free(values);
}

START_TEST(rows_are_cut) {
    static const char *const names[] = {"wide", "narrow", NULL};
    static const char *const missing[] = {"wide", "other", NULL};
    char *before, *after;
    size_t length;
    write_rows("a.h5", 30, 100000);
    ck_ok(lungo_file_read(&before, &length, "a.h5"));
    ck_ok(lungo_hdf5_cut("a.h5", names, 30));
    ck_fails(lungo_hdf5_cut("a.h5", missing, 7), LUNGO_ERR_FORMAT, "'other' doesn't exist");
    ck_ok(lungo_file_read(&after, &length, "a.h5"));
    ck_assert_mem_eq(before, after, length);
    for (int rows = 23; rows > 0; rows -= 11) {
        ck_ok(lungo_hdf5_cut("a.h5", names, (size_t)rows));
        check_rows("a.h5", rows, 100000);
    }
    free(before);
    free(after);
    ck_assert_int_eq(system("test a.h5 = \"$(ls -A)\""), 0);
}
END_TEST

/* As when a process is killed after it has taken room for an append: the file is written anew. */
START_TEST(an_append_that_came_to_no_end_is_known) {
    static const char *const names[] = {"wide", "narrow", NULL};
    lungo_hdf5 *file;
    bool closed;
    for (int i = 0; i < 3; i++) {
        if (i != 1) write_rows("a.h5", 7, 10);
        if (i == 0) ck_assert_int_eq(truncate("a.h5", 1 << 20), 0);
        if (i == 1) ck_ok(lungo_hdf5_cut("a.h5", names, 7));
        ck_ok(lungo_hdf5_open(&file, "a.h5"));
        ck_ok(lungo_hdf5_is_closed(&closed, file));
        ck_assert(closed == (i > 0));
        lungo_hdf5_close(file);
        check_rows("a.h5", 7, 10);
    }
}
END_TEST

START_TEST(a_full_disk_leaves_what_was_there) {
    lungo_hdf5_writer *writer;
    struct stat before, after;
    write_rows("a.h5", 3, 1000);
    ck_assert_int_eq(stat("a.h5", &before), 0);
    lungo_limit_file_size(300000);
    ck_fails(lungo_hdf5_extend(&writer, "a.h5", 4000), LUNGO_ERR_FILE,
             "cannot make room in 'a.h5': File too large");
    lungo_limit_file_size(SIZE_MAX);
    check_rows("a.h5", 3, 1000);
    ck_assert_int_eq(stat("a.h5", &after), 0);
    ck_assert_int_eq(after.st_size, before.st_size);
    lungo_test_file("b.h5", "something else");
    ck_fails(lungo_hdf5_extend(&writer, "b.h5", 4000), LUNGO_ERR_FORMAT, "cannot write to '/'");
    ck_assert_int_eq(stat("b.h5", &after), 0);
    ck_assert_int_eq(after.st_size, 14);
}
END_TEST

START_TEST(a_build_without_hdf5_says_what_to_do) {
    lungo_hdf5 *file;
    lungo_hdf5_writer *writer;
    ck_fails(lungo_hdf5_open(&file, "a.h5"), LUNGO_ERR_UNSUPPORTED, "install it");
    ck_fails(lungo_hdf5_create(&writer, "a.h5"), LUNGO_ERR_UNSUPPORTED, "in file 'a.h5'");
    ck_assert(lungo_hdf5_file_is(TYPES));
}
END_TEST

Suite *lungo_suite_hdf5(void);
Suite *lungo_suite_hdf5(void) {
    const TTest *const without[] = {a_build_without_hdf5_says_what_to_do, NULL};
    const TTest *const tests[] = {numbers_of_every_type_become_floats,
                                  other_datasets_are_refused,
                                  groups_are_listed_in_order,
                                  files_that_cannot_be_read_are_refused,
                                  cut_files_are_refused,
                                  changed_bytes_do_no_harm,
                                  what_is_written_is_read_back,
                                  an_unfinished_file_leaves_the_old_one,
                                  rows_are_appended,
                                  rows_are_read,
                                  rows_are_cut,
                                  an_append_that_came_to_no_end_is_known,
                                  a_full_disk_leaves_what_was_there,
                                  NULL};
    return lungo_test_folder_suite("hdf5", lungo_hdf5_check() ? without : tests);
}
