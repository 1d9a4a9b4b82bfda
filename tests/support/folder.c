#include "support/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool holds(const char *folder, const char *name) {
    char path[PATH_MAX];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &info) == 0;
}

static int visible_folders(const struct dirent *entry) {
    return entry->d_name[0] != '.' &&
           (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK);
}

/* A file stands for the folder it lies in. */
static bool each_folder_of_file(const char *file, const char *marker,
                                void (*visit)(void *user, const char *folder), void *user) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", file);
    return lungo_each_folder(dirname(path), marker, visit, user);
}

bool lungo_each_folder(const char *root, const char *marker,
                       void (*visit)(void *user, const char *folder), void *user) {
    struct dirent **entries;
    struct stat kind;
    if (stat(root, &kind) == 0 && S_ISREG(kind.st_mode))
        return each_folder_of_file(root, marker, visit, user);
    int count = scandir(root, &entries, visible_folders, alphasort);
    if (count < 0) return false;
    if (holds(root, marker)) visit(user, root);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", root, entries[i]->d_name);
        if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
            lungo_each_folder(path, marker, visit, user);
        free(entries[i]);
    }
    free(entries);
    return true;
}

char *lungo_temporary_folder(void) {
    const char *base = getenv("TMPDIR");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/lungo-test-XXXXXX", base && *base ? base : "/tmp");
    return mkdtemp(path) ? strdup(path) : NULL;
}

static bool run(char *const arguments[]) {
    pid_t child;
    int status;
    if (posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ)) return false;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

char *lungo_copy_folder(const char *folder) {
    char *copy = lungo_temporary_folder();
    if (!copy) return NULL;
    char source[PATH_MAX];
    snprintf(source, sizeof source, "%s/.", folder);
    bool copied = run((char *[]){"cp", "-R", source, copy, NULL}) &&
                  run((char *[]){"chmod", "-R", "u+w", copy, NULL});
    if (copied) return copy;
    lungo_remove_folder(copy);
    return NULL;
}

int lungo_count_entries(const char *folder) {
    int count = 0;
    DIR *open = opendir(folder);
    while (open && readdir(open))
        count++;
    if (open) closedir(open);
    return count;
}

void lungo_limit_file_size(size_t bytes) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit)) abort();
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit)) abort();
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *ftw) {
    (void)info, (void)kind, (void)ftw;
    return remove(path);
}

void lungo_remove_folder(char *folder) {
    if (!folder) return;
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
}
