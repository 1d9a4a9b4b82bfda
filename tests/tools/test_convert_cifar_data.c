/* The converter as a user runs it, over small batches made here. */
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "data/datum.h"
#include "store/database.h"
#include "support/command.h"
#include "support/suites.h"

#define CONVERT LUNGO_BINARY_DIR "/bin/convert_cifar_data "

enum { PIXELS = 3 * 32 * 32, RECORD = 1 + PIXELS };

/* Record i of a batch has the label `first` + i, and all pixels 10 times that. */
static void write_batch(const char *name, int first, int count) {
    unsigned char bytes[3 * RECORD];
    for (int i = 0; i < count; i++) {
        memset(bytes + i * RECORD, 10 * (first + i), RECORD);
        bytes[i * RECORD] = (unsigned char)(first + i);
    }
    lungo_test_bytes(name, bytes, (size_t)count * RECORD);
}

static void write_batches(void) {
    ck_assert_int_eq(lungo_command("mkdir in"), 0);
    write_batch("in/data_batch_1.bin", 0, 2);
    write_batch("in/data_batch_2.bin", 2, 2);
    write_batch("in/data_batch_3.bin", 4, 1);
    write_batch("in/data_batch_4.bin", 5, 2);
    write_batch("in/data_batch_5.bin", 7, 3);
    write_batch("in/test_batch.bin", 6, 2);
}

/* Records of the labels from `first` on. */
static void check_database(const char *path, int first, int count) {
    lungo_database *database;
    lungo_buffer floats = {0};
    ck_ok(lungo_database_open(&database, LUNGO_LMDB, path));
    for (int i = 0; i < count; i++) {
        bool found;
        char key[16];
        lungo_datum datum;
        unsigned char pixels[PIXELS];
        memset(pixels, 10 * (first + i), PIXELS);
        ck_ok(lungo_database_next(database, &found));
        ck_assert(found);
        snprintf(key, sizeof key, "%05d", i);
        ck_assert_uint_eq(lungo_database_key(database).size, 5);
        ck_assert_mem_eq(lungo_database_key(database).data, key, 5);
        lungo_bytes value = lungo_database_value(database);
        ck_ok(lungo_datum_decode(&datum, &floats, value.data, value.size));
        ck_assert(datum.channels == 3 && datum.height == 32 && datum.width == 32);
        ck_assert_int_eq(datum.label, first + i);
        ck_assert(datum.has_label && !datum.has_encoded);
        ck_assert_uint_eq(datum.data_size, PIXELS);
        ck_assert_mem_eq(datum.data, pixels, PIXELS);
    }
    size_t total;
    ck_ok(lungo_database_count(database, &total));
    ck_assert_uint_eq(total, (size_t)count);
    lungo_database_close(database);
    lungo_buffer_dispose(&floats);
}

START_TEST(two_databases) {
    ck_assert_int_eq(lungo_command(CONVERT "in . lmdb"), 0);
    check_database("cifar10_train_lmdb", 0, 10);
    check_database("cifar10_test_lmdb", 6, 2);
    lungo_command_logged("db_lmdb.cpp:35] Opened lmdb ./cifar10_train_lmdb\n"
                         "convert_cifar_data.cpp:52] Writing Training data\n"
                         "convert_cifar_data.cpp:55] Training Batch 1\n"
                         "convert_cifar_data.cpp:55] Training Batch 2\n"
                         "convert_cifar_data.cpp:55] Training Batch 3\n"
                         "convert_cifar_data.cpp:55] Training Batch 4\n"
                         "convert_cifar_data.cpp:55] Training Batch 5\n"
                         "convert_cifar_data.cpp:73] Writing Testing data\n"
                         "db_lmdb.cpp:35] Opened lmdb ./cifar10_test_lmdb\n");
}
END_TEST

static void check_refused(int status, const char *part) {
    lungo_command_refused(status, part);
    ck_assert_int_eq(lungo_command("ls -d *cifar10*"), 2);
}

START_TEST(faults_leave_neither) {
    write_batch("in/test_batch.bin", 9, 2);
    check_refused(lungo_command(CONVERT "in . lmdb"),
                  "record 1 of 'in/test_batch.bin': expected a label below 10, got 10");
    lungo_test_bytes("in/test_batch.bin", "12345", 5);
    check_refused(
        lungo_command(CONVERT "in . lmdb"),
        "'in/test_batch.bin' is no batch of CIFAR-10: expected 1 to 10000 records of 3073 "
        "bytes, got 5 bytes");
    ck_assert_int_eq(lungo_command("rm in/test_batch.bin"), 0);
    check_refused(lungo_command(CONVERT "in . lmdb"),
                  "cannot read 'in/test_batch.bin': No such file or directory");
    check_refused(lungo_command(CONVERT "in no lmdb"), "no/cifar10_train_lmdb");
    check_refused(lungo_command(CONVERT "in . sql"), "unknown backend 'sql'");
}
END_TEST

START_TEST(usage) {
    ck_assert_int_eq(lungo_command(CONVERT "in ."), 1);
    lungo_command_wrote("out", "usage: convert_cifar_data INPUT_FOLDER OUTPUT_FOLDER DB_TYPE");
    ck_assert_int_eq(lungo_command(CONVERT "--help"), 0);
}
END_TEST

Suite *lungo_suite_convert_cifar_data(void);
Suite *lungo_suite_convert_cifar_data(void) {
    Suite *suite = suite_create("convert_cifar_data");
    TCase *tcase = lungo_test_folder_case(suite, "convert_cifar_data", write_batches);
    tcase_add_test(tcase, two_databases);
    tcase_add_test(tcase, faults_leave_neither);
    tcase_add_test(tcase, usage);
    return suite;
}
