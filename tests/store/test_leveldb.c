/* LevelDB alone; what all backends share is in test_database.c. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "store/database.h"
#include "support/folder.h"
#include "support/solvers.h"
#include "support/stores.h"
#include "support/suites.h"

#define IMAGES LUNGO_SOURCE_DIR "/tests/golden/images/"

/* A copy as "db" in the working folder: opening writes. */
static void copy_small(void) {
    char *copy = lungo_copy_folder(IMAGES "leveldb_small");
    ck_assert_ptr_nonnull(copy);
    char command[512];
    snprintf(command, sizeof command, "rm -rf db && cp -r '%s' db", copy);
    ck_assert_int_eq(system(command), 0);
    lungo_remove_folder(copy);
}

static void check_same(lungo_bytes got, lungo_bytes expected) {
    ck_assert_uint_eq(got.size, expected.size);
    ck_assert_mem_eq(got.data, expected.data, got.size);
}

/* Caffe wrote the same records to both. */
START_TEST(a_database_of_caffe_is_read) {
    lungo_database *level, *lmdb;
    bool found = true;
    copy_small();
    char *copy = lungo_copy_folder(IMAGES "lmdb_small");
    ck_ok(lungo_database_open(&level, LUNGO_LEVELDB, "db"));
    ck_ok(lungo_database_open(&lmdb, LUNGO_LMDB, copy));
    size_t count;
    ck_ok(lungo_database_count(level, &count));
    ck_assert_uint_eq(count, 12);
    for (int i = 0; i < 12; i++) {
        ck_ok(lungo_database_next(level, &found));
        ck_ok(lungo_database_next(lmdb, &found));
        check_same(lungo_database_key(level), lungo_database_key(lmdb));
        check_same(lungo_database_value(level), lungo_database_value(lmdb));
    }
    ck_ok(lungo_database_next(level, &found));
    ck_assert(!found);
    lungo_database_close(level);
    lungo_database_close(lmdb);
    lungo_remove_folder(copy);
}
END_TEST

static bool view_is_left(void) {
    return system("ls -d views/lungo-leveldb-* >/dev/null 2>&1") == 0;
}

/* Another process holds the lock, as LevelDB does while it has a database open: the records are
 * read all the same, and nothing is left of how. */
START_TEST(a_database_in_use_elsewhere_is_read_beside) {
    int ready[2];
    char byte;
    copy_small();
    ck_assert_int_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int file = open("db/LOCK", O_RDWR);
        if (file < 0 || fcntl(file, F_SETLK, &lock) || write(ready[1], "r", 1) != 1) _exit(1);
        pause();
        _exit(0);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    lungo_database *database;
    ck_assert(!mkdir("views", 0700) && !setenv("TMPDIR", "views", 1));
    size_t count;
    ck_ok(lungo_database_open(&database, LUNGO_LEVELDB, "db"));
    ck_ok(lungo_database_count(database, &count));
    ck_assert_uint_eq(count, 12);
    ck_assert(view_is_left());
    lungo_database_close(database);
    ck_assert(!view_is_left());
    ck_assert_int_eq(unsetenv("TMPDIR"), 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_ok(lungo_database_open(&database, LUNGO_LEVELDB, "db"));
    lungo_database_close(database);
}
END_TEST

/* Opens and reads all there is; either may fail. */
static lungo_status read_all(void) {
    lungo_database *database;
    lungo_status status = lungo_database_open(&database, LUNGO_LEVELDB, "db");
    if (status) return status;
    bool found = true;
    while (!status && found)
        status = lungo_database_next(database, &found);
    lungo_database_close(database);
    return status;
}

START_TEST(damaged_files_are_errors) {
    copy_small();
    lungo_test_file("db/CURRENT", "");
    ck_fails(read_all(), LUNGO_ERR_FORMAT, "LevelDB: cannot open it: Corruption");
    copy_small();
    lungo_test_file("db/MANIFEST-000002", "no manifest at all, but long enough to be read as one");
    ck_fails(read_all(), LUNGO_ERR_FORMAT, "in database 'db'");
    copy_small();
    ck_assert_int_eq(unlink("db/MANIFEST-000002"), 0);
    ck_assert_int_ne(read_all(), LUNGO_OK);
}
END_TEST

/* A byte that changed anywhere in the records is noticed. */
START_TEST(changed_records_are_errors) {
    char *bytes;
    size_t length;
    ck_ok(lungo_file_read(&bytes, &length, IMAGES "leveldb_small/000003.log"));
    for (size_t i = 0; i < length; i += 311) {
        copy_small();
        bytes[i] ^= 0x40;
        ck_ok(lungo_file_replace("db/000003.log", bytes, length));
        bytes[i] ^= 0x40;
        ck_assert_msg(read_all() != LUNGO_OK, "byte %zu changed and nobody saw", i);
    }
    free(bytes);
}
END_TEST

START_TEST(refuses_keys_it_cannot_hold) {
    lungo_database_writer *writer;
    ck_ok(lungo_database_create(&writer, LUNGO_LEVELDB, "new"));
    ck_fails(lungo_database_put(writer, "", 0, "v", 1), LUNGO_ERR_USAGE,
             "expected a key of 1 to 2147483647 bytes");
    lungo_database_abandon(writer);
    ck_assert(!lungo_file_exists("new"));
}
END_TEST

/* More than fits LevelDB's log in memory would be slow to test; many commits are not. */
START_TEST(many_commits_make_one_database) {
    lungo_database_writer *writer;
    lungo_database *database;
    size_t count;
    ck_ok(lungo_database_create(&writer, LUNGO_LEVELDB, "new"));
    for (int i = 0; i < 500; i++) {
        char key[16];
        snprintf(key, sizeof key, "%08d", 499 - i);
        ck_ok(lungo_database_put(writer, key, 8, key, 8));
        if (i % 7 == 0) ck_ok(lungo_database_commit(writer));
    }
    ck_ok(lungo_database_finish(writer));
    ck_ok(lungo_database_open(&database, LUNGO_LEVELDB, "new"));
    ck_ok(lungo_database_count(database, &count));
    ck_assert_uint_eq(count, 500);
    lungo_database_close(database);
}
END_TEST

Suite *lungo_suite_leveldb(void);
Suite *lungo_suite_leveldb(void) {
    const TTest *const tests[] = {a_database_of_caffe_is_read,
                                  a_database_in_use_elsewhere_is_read_beside,
                                  damaged_files_are_errors,
                                  changed_records_are_errors,
                                  refuses_keys_it_cannot_hold,
                                  many_commits_make_one_database,
                                  NULL};
    return lungo_test_folder_suite("leveldb", lungo_tests_with_leveldb(tests));
}
