/* The converter as a user runs it, over IDX files made here. */
#include <string.h>

#include "store/database.h"
#include "support/command.h"
#include "support/suites.h"

#define convert(words) lungo_command(LUNGO_BINARY_DIR "/bin/convert_mnist_data " words)

/* ---- IDX files ---- */

#define IMAGES_HEAD        "\0\0\x08\x03\0\0\0\x03\0\0\0\x02\0\0\0\x01"
#define LABELS_HEAD        "\0\0\x08\x01\0\0\0\x03"
#define IMAGES             IMAGES_HEAD "\x01\x02\x03\x04\xfe\xff"
#define LABELS             LABELS_HEAD "\x07\x00\xc8"
#define WRITE(name, bytes) lungo_test_bytes(name, bytes, sizeof(bytes) - 1)

static void write_both(void) {
    WRITE("images", IMAGES);
    WRITE("labels", LABELS);
}

/* ---- conversions ---- */

static void check_next(lungo_database *database, const char *key, const char *value, size_t size) {
    bool found;
    ck_ok(lungo_database_next(database, &found));
    ck_assert(found);
    lungo_bytes got_key = lungo_database_key(database), got = lungo_database_value(database);
    ck_assert_uint_eq(got_key.size, strlen(key));
    ck_assert_mem_eq(got_key.data, key, got_key.size);
    ck_assert_uint_eq(got.size, size);
    ck_assert_mem_eq(got.data, value, size);
}

#define SHAPE "\x08\x01\x10\x02\x18\x01\x22\x02"

static void check_database(lungo_backend backend) {
    lungo_database *database;
    bool found;
    ck_ok(lungo_database_open(&database, backend, "db"));
    check_next(database, "00000000", SHAPE "\x01\x02\x28\x07", 12);
    check_next(database, "00000001", SHAPE "\x03\x04\x28\x00", 12);
    check_next(database, "00000002", SHAPE "\xfe\xff\x28\xc8\x01", 13);
    ck_ok(lungo_database_next(database, &found));
    ck_assert(!found);
    lungo_database_close(database);
}

START_TEST(plain_files) {
    write_both();
    ck_assert_int_eq(convert("images labels db"), 0);
    check_database(LUNGO_LMDB);
    lungo_command_logged("db_lmdb.cpp:35] Opened lmdb db\n"
                         "convert_mnist_data.cpp:88] A total of 3 items.\n"
                         "convert_mnist_data.cpp:89] Rows: 2 Cols: 1\n"
                         "convert_mnist_data.cpp:108] Processed 3 files.\n");
}
END_TEST

START_TEST(compressed_files_and_a_flag) {
    write_both();
    ck_assert_int_eq(lungo_command("gzip images labels"), 0);
    ck_assert_int_eq(convert("images.gz --backend=lmdb labels.gz db/"), 0);
    check_database(LUNGO_LMDB);
}
END_TEST

/* ---- refusals ---- */

/* Status 1, this in the error text, and no database nor anything of one. */
static void check_refused(int status, const char *part) {
    lungo_command_refused(status, part);
    ck_assert_int_eq(lungo_command("ls -d db*"), 2);
}

START_TEST(leveldb) {
    write_both();
    if (lungo_backend_check(LUNGO_LEVELDB)) {
        check_refused(convert("--backend=leveldb images labels db"), "this build has no LevelDB");
        return;
    }
    ck_assert_int_eq(convert("--backend=leveldb images labels db"), 0);
    check_database(LUNGO_LEVELDB);
}
END_TEST

START_TEST(refuses_files_of_another_kind) {
    write_both();
    check_refused(convert("absent labels db"), "cannot open 'absent': No such file or directory");
    check_refused(convert("labels images db"),
                  "'labels' is no IDX file of images: expected the magic number 2051, got 2049");
    check_refused(convert("images images db"), "'images' is no IDX file of labels: expected the "
                                               "magic number 2049, got 2051");
    check_refused(convert("images . db"), "cannot read '.'");
    WRITE("images", "\0\0\x08\x03\0\0\0\x03\xff\xff\xff\xff\xff\xff\xff\xff");
    check_refused(convert("images labels db"),
                  "expected images of 1 to 2147483647 pixels, got 4294967295x4294967295");
    WRITE("images", "\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x01pq");
    check_refused(convert("images labels db"), "got 2 images in 'images' and 3 labels in 'labels'");
}
END_TEST

START_TEST(refuses_cut_files) {
    write_both();
    WRITE("cut", "\0\0\x08");
    check_refused(convert("cut labels db"), "'cut' is cut: expected 4 bytes of its header, got 3");
    WRITE("cut", IMAGES_HEAD "\x01\x02\x03");
    check_refused(convert("cut labels db"), "'cut' is cut: expected 2 bytes of item 1, got 1");
    WRITE("cut", LABELS_HEAD "\x01\x02");
    check_refused(convert("images cut db"), "'cut' is cut: expected 1 bytes of item 2, got 0");
    ck_assert_int_eq(lungo_command("gzip images; head -c 40 images.gz > cut.gz"), 0);
    check_refused(convert("cut.gz labels db"), "cut.gz'");
}
END_TEST

START_TEST(refuses_databases_it_cannot_make) {
    write_both();
    check_refused(convert("--backend=sql images labels db"), "unknown backend 'sql'");
    check_refused(convert("images labels no/db"), "no/db': No such file or directory");
    check_refused(convert("images labels images"), "expected a new name, got one that exists");
}
END_TEST

START_TEST(usage) {
    ck_assert_int_eq(convert("--help | grep -q 'usage: convert_mnist_data'"), 0);
    check_refused(convert("images labels"), "");
    check_refused(convert("--bakend=lmdb images labels db"), "bakend");
}
END_TEST

Suite *lungo_suite_convert_mnist_data(void);
Suite *lungo_suite_convert_mnist_data(void) {
    const TTest *const tests[] = {
        plain_files,       compressed_files_and_a_flag,      leveldb, refuses_files_of_another_kind,
        refuses_cut_files, refuses_databases_it_cannot_make, usage,   NULL};
    return lungo_test_folder_suite("convert_mnist_data", tests);
}
