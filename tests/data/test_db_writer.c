#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "data/datum.h"
#include "store/database.h"
#include "support/suites.h"

static const char path[] = "records";

static void put(lungo_db_writer *writer, const char *key, const char *pixels, int label) {
    lungo_datum datum = {.channels = 1, .height = 1, .width = (int)strlen(pixels)};
    datum.data = pixels;
    datum.data_size = strlen(pixels);
    datum.label = label;
    datum.has_label = true;
    ck_ok(lungo_db_writer_put(writer, key, strlen(key), &datum));
}

static void check_read_back(lungo_backend backend, const char *name) {
    lungo_db_writer *writer;
    ck_ok(lungo_db_writer_open(&writer, name, path));
    put(writer, "00000001", "longer", 2);
    ck_ok(lungo_db_writer_commit(writer));
    put(writer, "00000000", "one", 1);
    ck_ok(lungo_db_writer_close(writer));

    lungo_database *database;
    lungo_buffer floats = {0};
    ck_ok(lungo_database_open(&database, backend, path));
    for (int i = 0; i < 2; i++) {
        bool found;
        lungo_datum datum;
        ck_ok(lungo_database_next(database, &found));
        ck_assert(found);
        lungo_bytes value = lungo_database_value(database);
        ck_ok(lungo_datum_decode(&datum, &floats, value.data, value.size));
        ck_assert_int_eq(datum.label, i + 1);
        ck_assert_mem_eq(datum.data, i == 0 ? "one" : "longer", datum.data_size);
    }
    lungo_database_close(database);
    lungo_buffer_dispose(&floats);
}

START_TEST(what_is_put_is_read_back) {
    check_read_back(LUNGO_LMDB, "lmdb");
}
END_TEST

START_TEST(what_is_put_is_read_back_from_leveldb) {
    if (lungo_backend_check(LUNGO_LEVELDB) == LUNGO_OK) check_read_back(LUNGO_LEVELDB, "leveldb");
}
END_TEST

START_TEST(an_abandoned_one_leaves_nothing) {
    lungo_db_writer *writer;
    ck_ok(lungo_db_writer_open(&writer, "lmdb", path));
    put(writer, "00000000", "one", 1);
    ck_ok(lungo_db_writer_commit(writer));
    lungo_db_writer_abandon(writer);
    lungo_db_writer_abandon(NULL);
    ck_assert(!lungo_file_exists(path));
}
END_TEST

START_TEST(refuses_backends_and_names) {
    lungo_db_writer *writer;
    ck_fails(lungo_db_writer_open(&writer, "sqlite", path), LUNGO_ERR_USAGE,
             "unknown backend 'sqlite': expected lmdb or leveldb");
    ck_fails(lungo_db_writer_open(&writer, "lmdb", "."), LUNGO_ERR_FILE,
             "expected a new name, got one that exists");
}
END_TEST

Suite *lungo_suite_db_writer(void);
Suite *lungo_suite_db_writer(void) {
    const TTest *const tests[] = {what_is_put_is_read_back, what_is_put_is_read_back_from_leveldb,
                                  an_abandoned_one_leaves_nothing, refuses_backends_and_names,
                                  NULL};
    return lungo_test_folder_suite("db_writer", tests);
}
