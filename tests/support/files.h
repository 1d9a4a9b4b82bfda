/* Files that tests write, read and compare: small ones, in the working folder. */
#ifndef LUNGO_TESTS_SUPPORT_FILES_H
#define LUNGO_TESTS_SUPPORT_FILES_H

#include <stddef.h>

void lungo_test_file(const char *path, const char *text);
void lungo_test_bytes(const char *path, const void *bytes, size_t size);

/* A golden file below tests/golden, copied to the working folder as `path`. */
void lungo_test_golden(const char *golden, const char *path);

/* The file's text; the caller frees it. */
char *lungo_test_text(const char *path);

/* Expects the same bytes in both. */
void lungo_test_same_files(const char *path, const char *expected);

#endif
