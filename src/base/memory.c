#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 4096, LINE_ROOM = 4400 };

/* The number behind a word that begins a line: "MemAvailable:", "inactive_file"; "": the first. */
static size_t number_in(const char *path, const char *word, size_t absent) {
    char line[256];
    size_t length = strlen(word), number = absent;
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        char *end;
        if (strncmp(line, word, length) != 0) continue;
        unsigned long long value = strtoull(line + length, &end, 10);
        if (end == line + length) continue; /* "max" */
        number = value < SIZE_MAX ? (size_t)value : SIZE_MAX;
        break;
    }
    if (file) fclose(file);
    return number;
}

/* ---- control groups ---- */

typedef struct group_files {
    const char *marker; /* of its line in /proc/self/cgroup */
    const char *root, *limit, *usage, *cache[2];
} group_files;

static const group_files versions[] = {
    {":memory:",
     "/sys/fs/cgroup/memory",
     "memory.limit_in_bytes",
     "memory.usage_in_bytes",
     {"total_inactive_file ", "total_active_file "}},
    {"0::", "/sys/fs/cgroup", "memory.max", "memory.current", {"inactive_file ", "active_file "}},
};

static size_t number_of(const char *folder, const char *name, const char *word, size_t absent) {
    char path[PATH_ROOM + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return number_in(path, word, absent);
}

/* Files that are cached count as used, and are given up when memory is short. */
static size_t left_in(const char *folder, const group_files *files) {
    size_t limit = number_of(folder, files->limit, "", SIZE_MAX);
    size_t used = number_of(folder, files->usage, "", 0), cached = 0;
    for (int i = 0; i < 2; i++)
        cached += number_of(folder, "memory.stat", files->cache[i], 0);
    used -= cached < used ? cached : used;
    if (limit == SIZE_MAX) return SIZE_MAX;
    return limit > used ? limit - used : 0;
}

/* The limits of a group and of all groups above it. In a container the root may stand for it. */
static size_t left_above(const char *group, const group_files *files) {
    char folder[PATH_ROOM];
    size_t least = SIZE_MAX, root = strlen(files->root);
    if (snprintf(folder, sizeof folder, "%s%s", files->root, group) >= (int)sizeof folder)
        return SIZE_MAX;
    for (char *slash = folder; slash;) {
        size_t left = left_in(folder, files);
        if (left < least) least = left;
        slash = strrchr(folder + root, '/');
        if (slash) *slash = '\0';
    }
    return least;
}

static size_t left_in_groups(void) {
    char line[LINE_ROOM];
    size_t least = SIZE_MAX;
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
            const char *found = strstr(line, versions[i].marker);
            if (!found) continue;
            size_t left = left_above(found + strlen(versions[i].marker), &versions[i]);
            if (left < least) least = left;
        }
    }
    if (file) fclose(file);
    return least;
}

size_t lungo_memory_available(void) {
    size_t kilobytes = number_in("/proc/meminfo", "MemAvailable:", SIZE_MAX / 1024);
    size_t available = kilobytes >= SIZE_MAX / 1024 ? SIZE_MAX : kilobytes * 1024;
    size_t left = left_in_groups();
    return left < available ? left : available;
}
