#include "support/files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "support/suites.h"

void lungo_test_file(const char *path, const char *text) {
    lungo_test_bytes(path, text, strlen(text));
}

void lungo_test_bytes(const char *path, const void *bytes, size_t size) {
    ck_ok(lungo_file_replace(path, bytes, size));
}

void lungo_test_golden(const char *golden, const char *path) {
    char from[PATH_MAX], *bytes;
    size_t length;
    snprintf(from, sizeof from, LUNGO_SOURCE_DIR "/tests/golden/%s", golden);
    ck_ok(lungo_file_read(&bytes, &length, from));
    lungo_test_bytes(path, bytes, length);
    free(bytes);
}

char *lungo_test_text(const char *path) {
    char *text;
    size_t length;
    ck_ok(lungo_file_read(&text, &length, path));
    return text;
}

void lungo_test_same_files(const char *path, const char *expected) {
    char *got_bytes, *expected_bytes;
    size_t got_size, expected_size;
    ck_ok(lungo_file_read(&got_bytes, &got_size, path));
    ck_ok(lungo_file_read(&expected_bytes, &expected_size, expected));
    ck_assert_uint_eq(got_size, expected_size);
    ck_assert_mem_eq(got_bytes, expected_bytes, got_size);
    free(got_bytes);
    free(expected_bytes);
}
