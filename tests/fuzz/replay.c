/* Runs a fuzz target over the files given as arguments, and those in folders given: a corpus as an
 * ordinary test. Built with LUNGO_FUZZ, a target has libFuzzer's main instead of this one. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path) {
    char *bytes;
    size_t length;
    if (lungo_file_read(&bytes, &length, path)) {
        fprintf(stderr, "%s\n", lungo_error_text());
        return 0;
    }
    uint8_t *exact = malloc(length + !length); /* without the 0 behind it */
    if (!exact) return 0;
    memcpy(exact, bytes, length);
    LLVMFuzzerTestOneInput(exact, length);
    free(exact);
    free(bytes);
    return 1;
}

static int run_folder(const char *path) {
    DIR *folder = opendir(path);
    int count = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.') count += run_file(name);
    }
    if (folder) closedir(folder);
    return count;
}

int main(int argc, char **argv) {
    int count = 0;
    for (int i = 1; i < argc; i++)
        count += lungo_file_is_folder(argv[i]) ? run_folder(argv[i]) : run_file(argv[i]);
    printf("%d inputs\n", count);
    return count == 0;
}
