/* convert_imageset and compute_image_mean as a user runs them: records and means are those that
 * Caffe's tools made of the same pictures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/datum.h"
#include "store/database.h"
#include "support/command.h"
#include "support/digest.h"
#include "support/folder.h"
#include "support/suites.h"

#define GOLDEN  LUNGO_SOURCE_DIR "/tests/golden/images"
#define CONVERT LUNGO_BINARY_DIR "/bin/convert_imageset "
#define MEAN    LUNGO_BINARY_DIR "/bin/compute_image_mean "

/* ---- against Caffe ---- */

static const struct {
    const char *name, *flags;
} databases[] = {{"color32x24", "--threads=1 -resize_width=32 -resize_height=24"},
                 {"gray28", "-threads 7 -gray --resize_width 28 -resize_height=28 -check_size"},
                 {"encoded_jpg48", "-encoded -encode_type=jpg -resize_width=48 -resize_height=48"},
                 {"encoded_asis", "-encoded"}};

static void check_record(lungo_database *database, const char *line, const char *name) {
    char table_name[64], key[256], sha256[65];
    bool found;
    ck_assert_int_eq(sscanf(line, "%63s %255[^\t] %64s", table_name, key, sha256), 3);
    if (strcmp(table_name, name)) return;
    ck_ok(lungo_database_next(database, &found));
    ck_assert_msg(found, "expected the record '%s', got none", key);
    lungo_bytes got = lungo_database_key(database), value = lungo_database_value(database);
    ck_assert_uint_eq(got.size, strlen(key));
    ck_assert_mem_eq(got.data, key, got.size);
    ck_assert_msg(!strcmp(digest_of(value.data, value.size).text, sha256), "%s differs", key);
}

static void check_database(const char *name) {
    char *table, *rest;
    size_t length, count;
    lungo_database *database;
    bool found;
    ck_ok(lungo_file_read(&table, &length, GOLDEN "/convert_imageset.tsv"));
    ck_ok(lungo_database_open(&database, LUNGO_LMDB, name));
    strtok_r(table, "\n", &rest);
    for (char *line; (line = strtok_r(NULL, "\n", &rest));)
        check_record(database, line, name);
    ck_ok(lungo_database_next(database, &found));
    ck_assert(!found);
    ck_ok(lungo_database_count(database, &count));
    ck_assert_uint_eq(count, 52);
    lungo_database_close(database);
    free(table);
}

static void check_mean(const char *name) {
    char path[512];
    snprintf(path, sizeof path, GOLDEN "/expected/%s.mean.binaryproto", name);
    if (!lungo_file_exists(path)) return;
    ck_assert_int_eq(lungo_command(MEAN "%s mean.binaryproto", name), 0);
    lungo_command_wrote("err", "Write to mean.binaryproto");
    lungo_test_same_files("mean.binaryproto", path);
}

START_TEST(records_and_means_are_those_of_caffe) {
    ck_assert_int_eq(lungo_command(CONVERT "%s " GOLDEN "/in/ " GOLDEN "/list.txt %s",
                                   databases[_i].flags, databases[_i].name),
                     0);
    lungo_command_wrote("err", "convert_imageset.cpp:89] A total of 52 images.");
    lungo_command_wrote("err", "convert_imageset.cpp:153] Processed 52 files.");
    check_database(databases[_i].name);
    check_mean(databases[_i].name);
}
END_TEST

START_TEST(a_database_of_caffe_is_read) {
    char *copy = lungo_copy_folder(GOLDEN "/lmdb_small");
    ck_assert_ptr_nonnull(copy);
    ck_assert_int_eq(lungo_command(MEAN "%s", copy), 0);
    lungo_command_wrote("err", "compute_image_mean.cpp:101] Processed 12 files.");
    lungo_command_wrote("err", "compute_image_mean.cpp:114] Number of channels: 3");
    lungo_remove_folder(copy);
}
END_TEST

/* ---- the other flags ---- */

static void first_key(char key[64], const char *path) {
    lungo_database *database;
    bool found;
    ck_ok(lungo_database_open(&database, LUNGO_LMDB, path));
    ck_ok(lungo_database_first(database, &found));
    lungo_bytes got = lungo_database_key(database);
    snprintf(key, 64, "%.*s", (int)got.size, (const char *)got.data);
    lungo_database_close(database);
}

/* On a terminal a bar stands in for the lines on the way; `script` provides one. */
START_TEST(a_terminal_shows_progress) {
    ck_assert_int_eq(lungo_command("script -qec '" CONVERT
                                   "-resize_width=4 -resize_height=4 " GOLDEN "/in/ " GOLDEN
                                   "/list.txt db' /dev/null"),
                     0);
    lungo_command_wrote("out", "\r\033[K[--------------------]   1 %  1/52  ");
    lungo_command_wrote("out", "/s  ");
    lungo_command_wrote("out", " left\r\033[K");
    lungo_command_wrote("out", "convert_imageset.cpp:153] Processed 52 files.");
}
END_TEST

START_TEST(a_seed_fixes_the_order) {
    char first[64], second[64], third[64];
    static const char *const names[] = {"a", "b", "c"};
    static const int seeds[] = {1701, 1701, 3};
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(lungo_command(CONVERT
                                       "-shuffle -seed=%d -resize_width=4 -resize_height=4 " GOLDEN
                                       "/in/ " GOLDEN "/list.txt %s",
                                       seeds[i], names[i]),
                         0);
    first_key(first, "a");
    first_key(second, "b");
    first_key(third, "c");
    ck_assert_str_eq(first, second);
    ck_assert_str_ne(first, third);
    ck_assert(strncmp(first, "00000000_", 9) == 0);
}
END_TEST

START_TEST(pictures_that_cannot_be_read_are_left_out) {
    lungo_test_file("list", "absent.png 1\n01_rgb.png 2\nlist 3\n");
    ck_assert_int_eq(lungo_command(CONVERT GOLDEN "/in/ list db"), 0);
    lungo_command_wrote("err", "io.cpp:80] Could not open or find file " GOLDEN "/in/absent.png");
    lungo_command_wrote("err", "2 of 3 pictures could not be read and are left out");
    lungo_command_wrote("err", "Processed 1 files.");
    char key[64];
    first_key(key, "db");
    ck_assert_str_eq(key, "00000001_01_rgb.png");
    lungo_test_file("list", "absent.png 1\n");
    ck_assert_int_eq(lungo_command(CONVERT GOLDEN "/in/ list db2"), 1);
    lungo_command_wrote("err", "no database is made");
    ck_assert(!lungo_file_exists("db2"));
}
END_TEST

START_TEST(faults_leave_no_database) {
    lungo_test_file("list", "00_420.jpg 1\n01_rgb.png 2\n");
    ck_assert_int_eq(lungo_command(CONVERT "-check_size " GOLDEN "/in/ list db"), 1);
    lungo_command_wrote(
        "err", "01_rgb.png': expected the size of the first picture, 3x67x101, got 3x64x64");
    ck_assert_int_eq(lungo_command(CONVERT "-encode_type=tga " GOLDEN "/in/ list db"), 1);
    lungo_command_wrote("err", "expected jpg, png, bmp or ppm, got 'tga'");
    lungo_test_file("list", "00_420.jpg 1\n01_rgb.png two\n");
    ck_assert_int_eq(lungo_command(CONVERT GOLDEN "/in/ list db"), 1);
    lungo_command_wrote("err", "label: expected a whole number, got 'two'");
    lungo_command_wrote("err", "in line 2 of the list 'list'");
    ck_assert(!lungo_file_exists("db"));
    ck_assert_int_eq(lungo_command(CONVERT GOLDEN "/in/ list"), 1);
    ck_assert_int_eq(lungo_command(MEAN), 1);
    ck_assert_int_eq(lungo_command(MEAN "absent"), 1);
    lungo_command_wrote("err", "absent");
}
END_TEST

START_TEST(means_need_records_of_one_size) {
    lungo_test_file("list", "00_420.jpg 1\n01_rgb.png 2\n");
    ck_assert_int_eq(lungo_command(CONVERT "-encoded " GOLDEN "/in/ list db"), 0);
    ck_assert_int_eq(lungo_command(MEAN "db mean"), 1);
    lungo_command_wrote("err",
                        "expected records of one size: 20301 values as in the first, got 12288");
    lungo_command_wrote("err", "in record '00000001_01_rgb.png' of 'db'");
    ck_assert(!lungo_file_exists("mean"));
}
END_TEST

Suite *lungo_suite_convert_imageset(void);
Suite *lungo_suite_convert_imageset(void) {
    Suite *suite = suite_create("convert_imageset");
    TCase *tcase = lungo_test_folder_case(suite, "convert_imageset", NULL);
    tcase_add_loop_test(tcase, records_and_means_are_those_of_caffe, 0,
                        sizeof databases / sizeof *databases);
    tcase_add_test(tcase, a_database_of_caffe_is_read);
    tcase_add_test(tcase, a_terminal_shows_progress);
    tcase_add_test(tcase, a_seed_fixes_the_order);
    tcase_add_test(tcase, pictures_that_cannot_be_read_are_left_out);
    tcase_add_test(tcase, faults_leave_no_database);
    tcase_add_test(tcase, means_need_records_of_one_size);
    return suite;
}
