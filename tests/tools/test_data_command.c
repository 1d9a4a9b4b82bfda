/* lungo data as a user runs it. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "blob/shape.h"
#include "lungo/data.h"
#include "store/database.h"
#include "store/hdf5.h"
#include "support/command.h"
#include "support/suites.h"

#define DATA   LUNGO_BINARY_DIR "/bin/lungo data "
#define GOLDEN LUNGO_SOURCE_DIR "/tests/golden/images"
#define LIST   GOLDEN "/list.txt"

static void expect_out(const char *expected) {
    lungo_test_file("expected", expected);
    lungo_test_same_files("out", "expected");
}

/* Three records of bytes and one of floats; then one that is cut and one without a picture. */
static void make_database(const char *path, bool with_bad) {
    lungo_database_writer *writer;
    static const char *const records[][2] = {{"a", "\x08\x01\x10\x02\x18\x01\x22\x02xy\x28\x07"},
                                             {"b", "\x08\x01\x10\x02\x18\x01\x22\x02zz\x28\x07"},
                                             {"c\xff", "\x08\x01\x10\x01\x18\x01\x22\x01x\x28\x03"},
                                             {"d", "\x08\x01\x10\x01\x18\x01\x35\x01\x01\x80\x3f"},
                                             {"e", "\x08\x01\x10\x01\x18\x01\x22\x05x"},
                                             {"f", "\x22\x03xyz\x38\x01"}};
    ck_ok(lungo_database_create(&writer, LUNGO_LMDB, path));
    for (size_t i = 0; i < (with_bad ? 6 : 4); i++)
        ck_ok(lungo_database_put(writer, records[i][0], strlen(records[i][0]), records[i][1],
                                 strlen(records[i][1])));
    ck_ok(lungo_database_finish(writer));
}

#define WELL_RECORDS                                                                               \
    "shapes: 3\n"                                                                                  \
    "          1  1x1x1 bytes\n"                                                                   \
    "          2  1x2x1 bytes\n"                                                                   \
    "          1  1x1x1 floats\n"                                                                  \
    "labels: 2, from 3 to 7\n"                                                                     \
    "          3          1   25.0 %  ####################\n"                                      \
    "          7          2   50.0 %  ########################################\n"                  \
    "  and 1 records without a label\n"

START_TEST(a_database) {
    make_database("db", false);
    ck_assert_int_eq(lungo_command(DATA "db"), 0);
    expect_out("db: a database of LMDB\n"
               "records: 4\n"
               "first keys: a, b, c\\xff, d\n" WELL_RECORDS "bad records: 0\n");
}
END_TEST

START_TEST(bad_records_are_named) {
    make_database("db", true);
    ck_assert_int_eq(lungo_command(DATA "db"), 1);
    lungo_command_wrote("out", "records: 6\nfirst keys: a, b, c\\xff, d, e, ...\n" WELL_RECORDS
                               "bad records: 2\n"
                               "  'e': record is cut or no Datum: expected ");
    lungo_command_wrote("out", "\n  'f': ");
}
END_TEST

START_TEST(a_database_of_caffe) {
    ck_assert_int_eq(lungo_command("cp -r " GOLDEN "/lmdb_small . && " DATA "lmdb_small"), 0);
    lungo_command_wrote("out", "records: 12\nfirst keys: 00000000_00_420.jpg, ");
    lungo_command_wrote("out", "shapes: 1\n         12  3x12x16 bytes\nlabels: 10, from 0 to 9\n"
                               "          0          2   16.7 %  ");
}
END_TEST

START_TEST(a_list_of_pictures) {
    lungo_test_file("list", "00_420.jpg 4\nabsent.png 5\n01_gray.png 4\n");
    ck_assert_int_eq(lungo_command(DATA "list --root_folder=" GOLDEN "/in/"), 1);
    expect_out("list: a list of pictures\n"
               "records: 3\n"
               "first keys: 00_420.jpg, absent.png, 01_gray.png\n"
               "shapes: 2\n"
               "          1  3x64x64 encoded\n"
               "          1  3x67x101 encoded\n"
               "labels: 1, from 4 to 4\n"
               "          4          2  100.0 %  ########################################\n"
               "bad records: 1\n"
               "  'absent.png': cannot open '" GOLDEN "/in/absent.png': No such file or "
               "directory\n");
}
END_TEST

/* Rows 0 .. 3 with the labels 2, 2, 5 and 0.5; and a file whose datasets do not fit together. */
static void make_hdf5(void) {
    lungo_hdf5_writer *writer;
    const float values[24] = {0}, labels[4] = {2, 2, 5, 0.5f};
    ck_ok(lungo_hdf5_create(&writer, "a.h5"));
    ck_ok(lungo_hdf5_write(writer, "data", &LUNGO_SHAPE(4, 3, 2), values));
    ck_ok(lungo_hdf5_write(writer, "label", &LUNGO_SHAPE(4, 1), labels));
    ck_ok(lungo_hdf5_commit(writer));
    ck_ok(lungo_hdf5_create(&writer, "b.h5"));
    ck_ok(lungo_hdf5_write(writer, "data", &LUNGO_SHAPE(4, 3, 2), values));
    ck_ok(lungo_hdf5_write(writer, "label", &LUNGO_SHAPE(3), labels));
    ck_ok(lungo_hdf5_commit(writer));
}

START_TEST(hdf5_files) {
    if (lungo_hdf5_check()) {
        lungo_test_file("list", "a.h5\n");
        lungo_command_refused(lungo_command(DATA "list"), "this build has no HDF5");
        return;
    }
    make_hdf5();
    lungo_test_file("list", "a.h5 b.h5\nabsent.h5\na.h5\n");
    ck_assert_int_eq(lungo_command(DATA "list"), 1);
    char folder[PATH_MAX], expected[PATH_MAX + 1000];
    ck_assert_ptr_nonnull(getcwd(folder, sizeof folder));
    snprintf(expected, sizeof expected,
             "list: a list of HDF5 files\n"
             "  a.h5: 4 rows of data 3x2, label 1\n"
             "  a.h5: 4 rows of data 3x2, label 1\n"
             "records: 10\n"
             "labels: 2, from 2 to 5\n"
             "          2          4   50.0 %%  ########################################\n"
             "          5          2   25.0 %%  ####################\n"
             "  and 2 records without a label\n"
             "bad records: 2\n"
             "  'b.h5': expected datasets with equally many rows\n"
             "  'absent.h5': cannot open 'absent.h5': No such file or directory; paths begin in "
             "the current folder, '%s'\n",
             folder);
    expect_out(expected);
    ck_assert_int_eq(lungo_command(DATA "a.h5"), 0);
    lungo_command_wrote("out", "a.h5: an HDF5 file\n  a.h5: 4 rows of data 3x2, label 1\n");
}
END_TEST

/* ---- contact sheets ---- */

static const unsigned char *pixel_at(const lungo_image *image, int y, int x) {
    return image->pixels + (y * image->width + x) * image->channels;
}

/* Cells of 96 pixels, 4 apart. Two pixels 'x' (120) over 'y' (121), each 48 pixels high, stand in
 * the middle of the first cell. */
START_TEST(a_contact_sheet) {
    lungo_image image = LUNGO_IMAGE_INIT;
    make_database("db", false);
    ck_assert_int_eq(lungo_command(DATA "db --contact-sheet=sheet.png"), 0);
    lungo_command_wrote("out", "contact sheet: sheet.png, the first 4\n");
    ck_ok(lungo_image_read(&image, "sheet.png", LUNGO_IMAGE_AS_STORED));
    ck_assert(image.channels == 3 && image.height == 104 && image.width == 404);
    ck_assert_int_eq(pixel_at(&image, 0, 0)[0], 64);
    ck_assert_int_eq(pixel_at(&image, 4, 4)[0], 64);
    ck_assert_int_eq(pixel_at(&image, 4, 28)[2], 'x');
    ck_assert_int_eq(pixel_at(&image, 51, 75)[0], 'x');
    ck_assert_int_eq(pixel_at(&image, 52, 75)[1], 'y');
    ck_assert_int_eq(pixel_at(&image, 52, 76)[1], 64);
    ck_assert_int_eq(pixel_at(&image, 50, 250)[1], 'x'); /* the third fills its cell */
    lungo_image_dispose(&image);
}
END_TEST

START_TEST(a_sheet_of_a_hundred) {
    lungo_image image = LUNGO_IMAGE_INIT;
    ck_assert_int_eq(lungo_command("cat " LIST " " LIST " " LIST), 0);
    ck_assert_int_eq(rename("out", "list"), 0);
    ck_assert_int_eq(lungo_command(DATA "list --root_folder " GOLDEN "/in/ -contact_sheet s.PNG"),
                     0);
    lungo_command_wrote("out", "records: 156\n");
    lungo_command_wrote("out", "contact sheet: s.PNG, the first 100\n");
    ck_ok(lungo_image_read(&image, "s.PNG", LUNGO_IMAGE_COLOR));
    ck_assert(image.height == 1004 && image.width == 1004);
    lungo_image_dispose(&image);
}
END_TEST

START_TEST(refusals) {
    make_database("db", true);
    lungo_command_refused(lungo_command(DATA), "got 0 words");
    lungo_command_refused(lungo_command(DATA "absent"), "cannot open 'absent'");
    lungo_command_refused(lungo_command(DATA "."), "expected a folder of LMDB (with a file "
                                                   "data.mdb) or of LevelDB (with a file CURRENT)");
    lungo_command_refused(lungo_command(DATA "db --contact_sheet=s.gif"),
                          "expected jpg, png, bmp or ppm, got 'gif'");
    lungo_command_refused(lungo_command(DATA "db --contact_sheet=no/s.png"), "no/s.png");
    lungo_test_file("list", "absent.png 1\n");
    lungo_command_refused(lungo_command(DATA "list --contact_sheet=s.png"),
                          "no record could be drawn: 's.png' is not made");
    ck_assert(!lungo_file_exists("s.png"));
}
END_TEST

Suite *lungo_suite_data_command(void);
Suite *lungo_suite_data_command(void) {
    const TTest *const tests[] = {
        a_database, bad_records_are_named, a_database_of_caffe,  a_list_of_pictures,
        hdf5_files, a_contact_sheet,       a_sheet_of_a_hundred, refusals,
        NULL};
    return lungo_test_folder_suite("data_command", tests);
}
