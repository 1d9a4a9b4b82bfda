#include "faults/listing.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "lungo/status.h"

static listing *filling; /* nftw passes nothing on */

static void need(bool done, const char *what, const char *path) {
    if (done) return;
    fprintf(stderr, "cannot %s '%s'\n", what, path);
    exit(2);
}

/* LMDB's and LevelDB's locks; LevelDB's own log has the time in it. */
static bool is_of_no_account(const char *name) {
    return !strcmp(name, "lock.mdb") || !strcmp(name, "LOCK") || !strcmp(name, "LOG");
}

static int add(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info;
    if (is_of_no_account(path + where->base)) return 0;
    filling->files = realloc(filling->files, (filling->count + 1) * sizeof *filling->files);
    need(filling->files != NULL, "list", path);
    listed_file file = {.path = strdup(path)};
    if (kind != FTW_D) need(!lungo_file_read(&file.bytes, &file.size, path), "read", path);
    filling->files[filling->count++] = file;
    return 0;
}

static int by_path(const void *one, const void *other) {
    return strcmp(((const listed_file *)one)->path, ((const listed_file *)other)->path);
}

listing listing_of(const char *folder) {
    listing list = {0};
    filling = &list;
    need(!nftw(folder, add, 16, FTW_PHYS), "list", folder);
    qsort(list.files, list.count, sizeof *list.files, by_path);
    return list;
}

void listing_dispose(listing *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->files[i].path);
        free(list->files[i].bytes);
    }
    free(list->files);
    *list = (listing){0};
}

const listed_file *listing_find(const listing *list, const char *path) {
    if (!list->count) return NULL;
    return bsearch(&(listed_file){.path = (char *)path}, list->files, list->count,
                   sizeof *list->files, by_path);
}

bool listing_same_file(const listed_file *one, const listed_file *other) {
    if (!one || !other || !one->bytes != !other->bytes || one->size != other->size) return false;
    return !one->bytes || !memcmp(one->bytes, other->bytes, one->size);
}

const char *listing_difference(const listing *one, const listing *other) {
    for (size_t i = 0; i < one->count; i++)
        if (!listing_same_file(&one->files[i], listing_find(other, one->files[i].path)))
            return one->files[i].path;
    for (size_t i = 0; i < other->count; i++)
        if (!listing_find(one, other->files[i].path)) return other->files[i].path;
    return NULL;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info, (void)kind;
    if (where->level > 0) need(!remove(path), "remove", path);
    return 0;
}

static void write_file(const listed_file *file) {
    FILE *out = fopen(file->path, "w");
    need(out && fwrite(file->bytes, 1, file->size, out) == file->size, "write", file->path);
    need(!fclose(out), "write", file->path);
}

void listing_restore(const listing *list, const char *folder) {
    need(!nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), "empty", folder);
    for (size_t i = 0; i < list->count; i++) {
        if (!list->files[i].bytes)
            mkdir(list->files[i].path, 0777);
        else
            write_file(&list->files[i]);
    }
}
