#include "store/leveldb_view.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Tables, logs, manifests and the file that names the manifest: all but what LevelDB makes anew. */
static bool is_content(const char *name) {
    return name[0] != '.' && strcmp(name, "LOCK") && strncmp(name, "LOG", 3);
}

static lungo_status link_into(int view, const char *folder, const char *name) {
    char target[PATH_MAX];
    if (snprintf(target, sizeof target, "%s/%s", folder, name) >= (int)sizeof target)
        return lungo_fail(LUNGO_ERR_FILE, "file name too long: '%s/%s'", folder, name);
    return symlinkat(target, view, name) ? lungo_fail_errno("link to", target) : LUNGO_OK;
}

static lungo_status link_all(const char *view, const char *path) {
    char folder[PATH_MAX];
    if (!realpath(path, folder)) return lungo_fail_errno("find", path);
    DIR *files = opendir(folder);
    if (!files) return lungo_fail_errno("read", folder);
    int into = open(view, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    lungo_status status = into < 0 ? lungo_fail_errno("open", view) : LUNGO_OK;
    for (struct dirent *entry; !status && (entry = readdir(files));)
        if (is_content(entry->d_name)) status = link_into(into, folder, entry->d_name);
    if (into >= 0) close(into);
    closedir(files);
    return status;
}

lungo_status lungo_leveldb_view_make(char **out, const char *path) {
    const char *base = getenv("TMPDIR");
    char *view = NULL;
    if (asprintf(&view, "%s/lungo-leveldb-XXXXXX", base && *base ? base : "/tmp") < 0)
        return lungo_fail_memory("a folder's name", PATH_MAX);
    if (!mkdtemp(view)) {
        lungo_status status = lungo_fail_errno("make", view);
        free(view);
        return status;
    }
    lungo_status status = link_all(view, path);
    if (status) {
        lungo_leveldb_view_remove(view);
        return status;
    }
    *out = view;
    return LUNGO_OK;
}

void lungo_leveldb_view_remove(char *view) {
    DIR *files = view ? opendir(view) : NULL;
    for (struct dirent *entry; files && (entry = readdir(files));)
        unlinkat(dirfd(files), entry->d_name, 0); /* "." and ".." stay: they are folders */
    if (files) closedir(files);
    if (view) rmdir(view);
    free(view);
}
