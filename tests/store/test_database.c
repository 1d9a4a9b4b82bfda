#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/thread.h"
#include "store/database.h"
#include "support/faults.h"
#include "support/folder.h"
#include "support/suites.h"

/* ---- a folder per test ---- */

static char *folder;

static lungo_backend backend; /* of the stores made and opened below */

static void make_folder(void) {
    backend = LUNGO_LMDB;
    folder = lungo_temporary_folder();
    ck_assert_ptr_nonnull(folder);
}

static void make_folder_for_leveldb(void) {
    make_folder();
    backend = LUNGO_LEVELDB;
}

static void remove_folder(void) {
    lungo_remove_folder(folder);
}

/* folder/name; good until the next call but seven. */
static const char *in_folder(const char *name) {
    static char paths[8][300];
    static int turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof *paths, "%s/%s", folder, name);
    return path;
}

static bool folder_is_empty(void) {
    return rmdir(folder) == 0 && mkdir(folder, 0700) == 0;
}

/* ---- made-up stores ---- */

static void put_number(lungo_database_writer *writer, int i, size_t value_size) {
    char key[16];
    unsigned char *value = malloc(value_size);
    ck_assert_ptr_nonnull(value);
    snprintf(key, sizeof key, "%08d", i);
    memset(value, i, value_size);
    ck_ok(lungo_database_put(writer, key, 8, value, value_size));
    free(value);
}

/* Records 0, 2, 4, ... of value_size bytes; a commit after every `per_commit`. */
static const char *make_store(const char *name, int count, size_t value_size, int per_commit) {
    const char *path = in_folder(name);
    lungo_database_writer *writer;
    ck_ok(lungo_database_create(&writer, backend, path));
    for (int i = 0; i < count; i++) {
        put_number(writer, 2 * i, value_size);
        if ((i + 1) % per_commit == 0) ck_ok(lungo_database_commit(writer));
    }
    ck_ok(lungo_database_finish(writer));
    return path;
}

static lungo_database *open_store(const char *path) {
    lungo_database *database;
    ck_ok(lungo_database_open(&database, backend, path));
    return database;
}

static void check_at(const lungo_database *database, int i, size_t value_size) {
    char expected[16];
    snprintf(expected, sizeof expected, "%08d", i);
    lungo_bytes key = lungo_database_key(database), value = lungo_database_value(database);
    ck_assert_uint_eq(key.size, 8);
    ck_assert_mem_eq(key.data, expected, 8);
    ck_assert_uint_eq(value.size, value_size);
    const unsigned char *bytes = value.data;
    ck_assert_uint_eq(bytes[0], i & 0xff);
    ck_assert_uint_eq(bytes[value_size - 1], i & 0xff);
}

static void check_all(lungo_database *database, int count, size_t value_size) {
    bool found;
    for (int i = 0; i < count; i++) {
        ck_ok(lungo_database_next(database, &found));
        ck_assert(found);
        check_at(database, 2 * i, value_size);
    }
    ck_ok(lungo_database_next(database, &found));
    ck_assert(!found);
    ck_assert_uint_eq(lungo_database_key(database).size, 0);
}

/* ---- reading ---- */

START_TEST(records_come_in_key_order) {
    lungo_database *database = open_store(make_store("db", 100, 795, 30));
    size_t count;
    ck_ok(lungo_database_count(database, &count));
    ck_assert_uint_eq(count, 100);
    check_all(database, 100, 795);
    bool found;
    ck_ok(lungo_database_first(database, &found));
    ck_assert(found);
    check_at(database, 0, 795);
    ck_assert_str_eq(lungo_database_path(database), in_folder("db"));
    lungo_database_close(database);
}
END_TEST

START_TEST(seeks_to_a_key_or_the_next_one) {
    lungo_database *database = open_store(make_store("db", 100, 10, 1000));
    bool found;
    ck_ok(lungo_database_seek(database, "00000010", 8, &found));
    ck_assert(found);
    check_at(database, 10, 10);
    ck_ok(lungo_database_seek(database, "00000011", 8, &found));
    ck_assert(found);
    check_at(database, 12, 10);
    ck_ok(lungo_database_next(database, &found));
    check_at(database, 14, 10);
    ck_ok(lungo_database_seek(database, "00000199", 8, &found));
    ck_assert(!found);
    lungo_database_close(database);
}
END_TEST

START_TEST(what_is_held_stays_although_the_reader_moves) {
    lungo_database *database = open_store(make_store("db", 10, 10, 1000));
    lungo_buffer memory = {0};
    lungo_bytes key, value;
    bool found;
    ck_ok(lungo_database_seek(database, "00000004", 8, &found));
    ck_ok(lungo_database_hold(database, &memory, &key, &value));
    for (int i = 0; i < 4; i++)
        ck_ok(lungo_database_next(database, &found));
    ck_assert_uint_eq(key.size, 8);
    ck_assert_mem_eq(key.data, "00000004", 8);
    ck_assert_uint_eq(value.size, lungo_database_value(database).size);
    for (size_t i = 0; i < value.size; i++)
        ck_assert_int_eq(((const unsigned char *)value.data)[i], 4);
    lungo_buffer_dispose(&memory);
    lungo_database_close(database);
}
END_TEST

START_TEST(readers_of_one_path_are_apart) {
    const char *path = make_store("db", 10, 10, 1000);
    ck_assert_int_eq(symlink(path, in_folder("link")), 0);
    lungo_database *a = open_store(path), *b = open_store(in_folder("link"));
    bool found;
    ck_ok(lungo_database_seek(a, "00000010", 8, &found));
    ck_ok(lungo_database_first(b, &found));
    check_at(a, 10, 10);
    check_at(b, 0, 10);
    lungo_database_close(a);
    ck_ok(lungo_database_next(b, &found));
    check_at(b, 2, 10);
    lungo_database_close(b);
    b = open_store(path);
    check_all(b, 10, 10);
    lungo_database_close(b);
}
END_TEST

/* Of the same name, but not the same data: the one that is still open does not stand in. */
START_TEST(a_store_that_took_the_place_of_an_open_one_is_read) {
    lungo_database *old = open_store(make_store("db", 10, 10, 1000));
    ck_assert_int_eq(rename(in_folder("db"), in_folder("old")), 0);
    lungo_database *new = open_store(make_store("db", 20, 30, 1000));
    check_all(new, 20, 30);
    check_all(old, 10, 10);
    lungo_database_close(new);
    lungo_database_close(old);
}
END_TEST

static void *read_all(void *database) {
    check_all(database, 100, 20);
    return NULL;
}

START_TEST(readers_may_move_to_other_threads) {
    const char *path = make_store("db", 100, 20, 1000);
    lungo_database *databases[3];
    lungo_thread threads[3];
    for (int i = 0; i < 3; i++) {
        databases[i] = open_store(path);
        ck_ok(lungo_thread_start(&threads[i], read_all, databases[i]));
    }
    for (int i = 0; i < 3; i++) {
        lungo_thread_join(&threads[i]);
        lungo_database_close(databases[i]);
    }
}
END_TEST

/* Nobody may write there, not even the lock file. Root may write anywhere, so it steps down. */
START_TEST(a_read_only_folder_is_read_without_a_lock) {
    const char *path = make_store("db", 10, 10, 1000);
    ck_assert_int_eq(unlink(in_folder("db/lock.mdb")), 0);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_int_eq(chmod(path, 0555), 0);
    bool root = geteuid() == 0;
    if (root) ck_assert_int_eq(seteuid(65534), 0);
    lungo_database *database = open_store(path);
    check_all(database, 10, 10);
    lungo_database_close(database);
    if (root) ck_assert_int_eq(seteuid(0), 0);
    ck_assert(!lungo_file_exists(in_folder("db/lock.mdb")));
    ck_assert_int_eq(chmod(path, 0755), 0);
}
END_TEST

/* ---- writing ---- */

/* LMDB begins with a map of 10 MiB: here one commit needs it twice doubled, a later one once more.
 */
START_TEST(the_map_grows) {
    enum { COUNT = 600, SIZE = 100000 };
    lungo_database *database = open_store(make_store("db", COUNT, SIZE, 300));
    check_all(database, COUNT, SIZE);
    lungo_database_close(database);
}
END_TEST

START_TEST(the_last_value_of_a_key_stays) {
    lungo_database_writer *writer;
    ck_ok(lungo_database_create(&writer, backend, in_folder("db")));
    ck_ok(lungo_database_put(writer, "a", 1, "one", 3));
    ck_ok(lungo_database_put(writer, "a", 1, "three", 5));
    ck_ok(lungo_database_finish(writer));
    lungo_database *database = open_store(in_folder("db"));
    bool found;
    ck_ok(lungo_database_next(database, &found));
    ck_assert_uint_eq(lungo_database_value(database).size, 5);
    ck_assert_mem_eq(lungo_database_value(database).data, "three", 5);
    ck_ok(lungo_database_next(database, &found));
    ck_assert(!found);
    lungo_database_close(database);
}
END_TEST

START_TEST(an_unfinished_store_is_never_there) {
    lungo_database_writer *writer;
    ck_ok(lungo_database_create(&writer, backend, in_folder("db/")));
    put_number(writer, 1, 10);
    ck_ok(lungo_database_commit(writer));
    ck_assert(!lungo_file_exists(in_folder("db")));
    lungo_database_abandon(writer);
    ck_assert(folder_is_empty());
    lungo_database_abandon(NULL);
}
END_TEST

static lungo_database_writer *write_one(const char *path) {
    lungo_database_writer *writer;
    ck_ok(lungo_database_create(&writer, backend, path));
    put_number(writer, 1, 8);
    ck_ok(lungo_database_commit(writer));
    return writer;
}

/* The last two: its folder, so that its files are there; the one around, so that its name is. */
START_TEST(folders_are_synced_in_the_end) {
    lungo_database_writer *writer = write_one(in_folder("counted"));
    size_t calls = lungo_fault_calls(LUNGO_FAULT_SYNC);
    ck_ok(lungo_database_finish(writer));
    calls = lungo_fault_calls(LUNGO_FAULT_SYNC) - calls;
    writer = write_one(in_folder("a"));
    lungo_fault_arm(LUNGO_FAULT_SYNC, calls - 1, LUNGO_FAULT_ONCE);
    ck_fails(lungo_database_finish(writer), LUNGO_ERR_FILE, "cannot sync database");
    ck_assert(!lungo_file_exists(in_folder("a")));
    writer = write_one(in_folder("b"));
    lungo_fault_arm(LUNGO_FAULT_SYNC, calls, LUNGO_FAULT_ONCE);
    ck_fails(lungo_database_finish(writer), LUNGO_ERR_FILE, "cannot sync the folder of");
    lungo_fault_arm(LUNGO_FAULT_SYNC, 0, LUNGO_FAULT_ONCE);
    lungo_database_close(open_store(in_folder("b")));
}
END_TEST

START_TEST(a_name_left_by_a_killed_run_does_not_matter) {
    ck_assert_int_eq(mkdir(in_folder("db.tmp.0"), 0755), 0);
    lungo_database *database = open_store(make_store("db", 3, 10, 1000));
    check_all(database, 3, 10);
    lungo_database_close(database);
}
END_TEST

START_TEST(refuses_to_create) {
    lungo_database_writer *writer;
    const char *path = make_store("db", 3, 10, 1000);
    ck_fails(lungo_database_create(&writer, LUNGO_LMDB, path), LUNGO_ERR_FILE,
             "expected a new name, got one that exists; remove it first");
    ck_fails(lungo_database_create(&writer, LUNGO_LMDB, in_folder("no/db")), LUNGO_ERR_FILE,
             "no/db': No such file or directory");
    ck_fails(lungo_database_create(&writer, LUNGO_LMDB, ""), LUNGO_ERR_USAGE,
             "expected a path, got an empty one");
    ck_fails(lungo_database_create(&writer, (lungo_backend)7, in_folder("new")), LUNGO_ERR_CONFIG,
             "unknown backend 7: expected 0 (LEVELDB) or 1 (LMDB)");
}
END_TEST

START_TEST(refuses_keys_it_cannot_hold) {
    char longest[512];
    memset(longest, 'k', sizeof longest);
    lungo_database_writer *writer;
    ck_ok(lungo_database_create(&writer, backend, in_folder("db")));
    ck_ok(lungo_database_put(writer, longest, 511, "v", 1));
    ck_fails(lungo_database_put(writer, longest, 512, "v", 1), LUNGO_ERR_USAGE,
             "expected a key of 1 to 511 bytes, got 512");
    ck_fails(lungo_database_put(writer, "", 0, "v", 1), LUNGO_ERR_USAGE, "got 0");
    ck_assert_ptr_nonnull(strstr(lungo_error_text(), "in database '"));
    ck_ok(lungo_database_finish(writer));
}
END_TEST

/* ---- stores that cannot be opened ---- */

static void check_refused(const char *path, lungo_status code, const char *part) {
    lungo_database *database = NULL;
    ck_fails(lungo_database_open(&database, backend, path), code, part);
    ck_assert_ptr_null(database);
    ck_assert_msg(strstr(lungo_error_text(), path) != NULL, "error text does not name the path: %s",
                  lungo_error_text());
}

static void write_file(const char *name, const char *bytes, size_t length) {
    ck_ok(lungo_file_replace(in_folder(name), bytes, length));
}

START_TEST(refuses_what_is_no_store) {
    check_refused(in_folder("absent"), LUNGO_ERR_FILE, "No such file or directory");
    write_file("file", "x", 1);
    check_refused(in_folder("file"), LUNGO_ERR_FILE,
                  "expected a folder with a file data.mdb, got a file");
    ck_assert_int_eq(mkdir(in_folder("other"), 0755), 0);
    check_refused(in_folder("other"), LUNGO_ERR_FILE, "data.mdb, got one without");
    write_file("other/CURRENT", "MANIFEST-000001\n", 16);
    check_refused(in_folder("other"), LUNGO_ERR_FILE,
                  "expected backend lmdb, got a folder of backend leveldb; say so in `backend`");
}
END_TEST

START_TEST(refuses_files_that_are_no_lmdb) {
    static char garbage[8192];
    memset(garbage, 'g', sizeof garbage);
    static const size_t lengths[] = {0, 10, 100, 4096, sizeof garbage};
    ck_assert_int_eq(mkdir(in_folder("db"), 0755), 0);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        write_file("db/data.mdb", garbage, lengths[i]);
        check_refused(in_folder("db"), LUNGO_ERR_FORMAT, "is not an LMDB file");
    }
}
END_TEST

/* LMDB alone would read beyond the end of the mapped file, which kills the process. */
START_TEST(refuses_a_cut_file) {
    make_store("db", 100, 795, 1000);
    ck_assert_int_eq(truncate(in_folder("db/data.mdb"), 5 * 4096 + 17), 0);
    check_refused(in_folder("db"), LUNGO_ERR_FORMAT, "pages of 4096 bytes, got 5; copy it again");
}
END_TEST

/* Opens it and reads all; damage shows at the latest where a page is come to. */
static lungo_status open_and_read(const char *path) {
    lungo_database *database;
    bool found = true;
    LUNGO_TRY(lungo_database_open(&database, LUNGO_LMDB, path));
    lungo_status status = LUNGO_OK;
    while (!status && found)
        status = lungo_database_next(database, &found);
    lungo_database_close(database);
    return status;
}

/* Pages of 512 bytes: 2 to 5 leaves, 6 the root. */
START_TEST(damaged_pages_are_errors) {
    static const struct {
        const char *file, *text;
    } cases[] = {
        {"circle", "page 6 is damaged: expected a leaf, kind 2, got 1"},
        {"root", "page 0 is damaged: expected the number of a page in the file, got 9223"},
        {"node_offset", "page 2 is damaged: expected the offset of a node in it, got 511"},
        {"lower", "page 2 is damaged: expected the end of at least one node's offset, got 65534"},
        {"key_size", "page 2 is damaged: expected a key that ends within it, got 65535"},
        {"value_size", "page 2 is damaged: expected a value that ends within it, got 4294901774"},
        {"apart", "page 2 is damaged: expected the number of a page in the file, got 2978"},
        {"entries", "is damaged: its header says 9223372036854775808 records in a tree of depth 2"},
        {"depth", "is damaged: its header says 10 records in a tree of depth 60000"},
        {"page_size_zero", "is not an LMDB file"},
        {"last_page", "is cut: expected 0 pages"},
        {"cut", "is cut: expected 7 pages of 512 bytes, got 2"},
    };
    ck_assert_int_eq(mkdir(in_folder("db"), 0755), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[512], *bytes;
        size_t length;
        snprintf(path, sizeof path, LUNGO_SOURCE_DIR "/tests/fuzz/corpus/lmdb/%s", cases[i].file);
        ck_ok(lungo_file_read(&bytes, &length, path));
        write_file("db/data.mdb", bytes, length);
        ck_fails(open_and_read(in_folder("db")), LUNGO_ERR_FORMAT, cases[i].text);
        free(bytes);
    }
}
END_TEST

START_TEST(refuses_an_empty_store) {
    check_refused(make_store("db", 0, 1, 1), LUNGO_ERR_DATA,
                  " is empty: expected at least one record, got none");
}
END_TEST

START_TEST(a_build_without_leveldb_says_what_to_do) {
    lungo_database *database;
    lungo_database_writer *writer;
    make_store("db", 3, 10, 1000);
    ck_fails(lungo_database_open(&database, LUNGO_LEVELDB, in_folder("db")), LUNGO_ERR_FILE,
             "expected backend leveldb, got a folder of backend lmdb");
    if (lungo_backend_check(LUNGO_LEVELDB) == LUNGO_OK) return;
    ck_assert_int_eq(mkdir(in_folder("level"), 0755), 0);
    write_file("level/CURRENT", "MANIFEST-000001\n", 16);
    ck_fails(lungo_database_open(&database, LUNGO_LEVELDB, in_folder("level")),
             LUNGO_ERR_UNSUPPORTED, "this build has no LevelDB: install it");
    ck_fails(lungo_database_create(&writer, LUNGO_LEVELDB, in_folder("new")), LUNGO_ERR_UNSUPPORTED,
             "or write the data as LMDB");
    ck_assert(!lungo_file_exists(in_folder("new")));
}
END_TEST

START_TEST(backends_have_names) {
    lungo_backend named;
    ck_ok(lungo_backend_find(&named, "lmdb"));
    ck_assert_int_eq(named, LUNGO_LMDB);
    ck_ok(lungo_backend_find(&named, "leveldb"));
    ck_assert_int_eq(named, LUNGO_LEVELDB);
    ck_fails(lungo_backend_find(&named, "LMDB"), LUNGO_ERR_USAGE,
             "unknown backend 'LMDB': expected lmdb or leveldb");
}
END_TEST

static void add_case(Suite *suite, const char *name, SFun set_up, const TTest *const *tests) {
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, set_up, remove_folder);
    for (; *tests; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

Suite *lungo_suite_database(void);
Suite *lungo_suite_database(void) {
    const TTest *const any[] = {records_come_in_key_order,
                                seeks_to_a_key_or_the_next_one,
                                what_is_held_stays_although_the_reader_moves,
                                readers_of_one_path_are_apart,
                                readers_may_move_to_other_threads,
                                the_last_value_of_a_key_stays,
                                an_unfinished_store_is_never_there,
                                folders_are_synced_in_the_end,
                                a_name_left_by_a_killed_run_does_not_matter,
                                refuses_an_empty_store,
                                NULL};
    const TTest *const lmdb[] = {a_store_that_took_the_place_of_an_open_one_is_read,
                                 a_read_only_folder_is_read_without_a_lock,
                                 the_map_grows,
                                 refuses_to_create,
                                 refuses_keys_it_cannot_hold,
                                 refuses_what_is_no_store,
                                 refuses_files_that_are_no_lmdb,
                                 damaged_pages_are_errors,
                                 refuses_a_cut_file,
                                 a_build_without_leveldb_says_what_to_do,
                                 backends_have_names,
                                 NULL};
    Suite *suite = suite_create("database");
    add_case(suite, "lmdb", make_folder, any);
    add_case(suite, "lmdb only", make_folder, lmdb);
    if (lungo_backend_check(LUNGO_LEVELDB) == LUNGO_OK)
        add_case(suite, "leveldb", make_folder_for_leveldb, any);
    return suite;
}
