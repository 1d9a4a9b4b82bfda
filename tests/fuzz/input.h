/* What fuzz targets share: a check that holds in every build, and the input as a file. */
#ifndef LUNGO_TESTS_FUZZ_INPUT_H
#define LUNGO_TESTS_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool holds) {
    if (!holds) abort();
}

/* A temporary folder, removed at the end of the program. */
static char *input_folder_name;

static inline void remove_input_folder(void) {
    lungo_remove_folder(input_folder_name);
}

static inline const char *input_folder(void) {
    if (input_folder_name) return input_folder_name;
    input_folder_name = lungo_temporary_folder();
    require(input_folder_name != NULL);
    atexit(remove_input_folder);
    return input_folder_name;
}

/* The path of a file in it with this content; good until the next call but one. */
static inline const char *input_file(const char *name, const uint8_t *data, size_t size) {
    static char paths[2][4096];
    static int turn;
    char *path = paths[turn++ % 2];
    snprintf(path, sizeof paths[0], "%s/%s", input_folder(), name);
    FILE *file = fopen(path, "wb");
    require(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    return path;
}

#endif
