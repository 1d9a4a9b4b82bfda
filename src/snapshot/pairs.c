/* What lies in the folder of a prefix. */
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "snapshot/pair.h"

/* ---- names ---- */

/* What a pair's files end with; and what is made to see whether files can be made. */
static const struct {
    const char *text;
    bool state, hdf5;
} extensions[] = {
    {".caffemodel.h5", false, true}, {".caffemodel", false, false}, {".solverstate.h5", true, true},
    {".solverstate", true, false},   {".tempfile", false, false},
};
enum { EXTENSIONS = sizeof extensions / sizeof *extensions };

static const char before[] = ".before";

typedef struct name_parts {
    int iter; /* -1: the best */
    bool state, hdf5;
    size_t length; /* up to the extension's end */
} name_parts;

/* "_iter_12" or "_best": its length; 0: neither. Only as we write numbers. */
static size_t take_which(int *iter, const char *text) {
    char number[32];
    *iter = -1;
    if (strncmp(text, "_best.", 6) == 0) return 5;
    if (strncmp(text, "_iter_", 6) || !isdigit((unsigned char)text[6])) return 0;
    long long value = strtoll(text + 6, NULL, 10);
    size_t length = (size_t)snprintf(number, sizeof number, "_iter_%lld", value);
    if (value > INT_MAX || strncmp(text, number, length)) return 0;
    *iter = (int)value;
    return length;
}

/* Names that begin with that of a file of ours. */
static bool take_apart(name_parts *out, const char *name, const char *base) {
    size_t start = strlen(base);
    if (strncmp(name, base, start)) return false;
    size_t which = take_which(&out->iter, name + start);
    if (which == 0) return false;
    const char *rest = name + start + which;
    for (int i = 0; i < EXTENSIONS; i++) {
        size_t length = strlen(extensions[i].text);
        bool ends = strncmp(rest, extensions[i].text, length) == 0;
        if (!ends || (rest[length] && strcmp(rest + length, before) &&
                      !lungo_file_is_temporary(rest, length)))
            continue;
        out->state = extensions[i].state;
        out->hdf5 = extensions[i].hdf5;
        out->length = start + which + length;
        return true;
    }
    return false;
}

typedef struct prefix_folder {
    DIR *folder;
    char *name;       /* with its '/'; "" for the working folder */
    const char *base; /* what names begin with */
} prefix_folder;

static lungo_status open_place(prefix_folder *out, const char *prefix) {
    const char *slash = strrchr(prefix, '/');
    out->base = slash ? slash + 1 : prefix;
    out->name = strndup(prefix, (size_t)(out->base - prefix));
    if (!out->name) return lungo_fail_memory("a folder's name", strlen(prefix));
    out->folder = opendir(*out->name ? out->name : ".");
    if (out->folder) return LUNGO_OK;
    lungo_status status = lungo_fail_errno("look into", *out->name ? out->name : ".");
    free(out->name);
    return status;
}

static void close_place(prefix_folder *at) {
    closedir(at->folder);
    free(at->name);
}

static char *join(const char *folder, const char *name) {
    lungo_buffer path = {0};
    lungo_buffer_printf(&path, "%s%s", folder, name);
    if (!path.failed) return path.bytes;
    lungo_buffer_dispose(&path);
    return NULL;
}

/* ---- pairs ---- */

/* The iteration of the best is in its state alone. */
static int iteration_of(const char *state) {
    lungo_saved_state *saved;
    if (lungo_saved_state_open(&saved, state)) return -1;
    int iter = saved->iter;
    lungo_saved_state_free(saved);
    return iter;
}

static lungo_status add_pair(lungo_pair_list *list, const char *folder, const char *name,
                             const name_parts *parts) {
    size_t size = (list->count + 1) * sizeof *list->entries;
    lungo_pair_entry *larger = realloc(list->entries, size);
    if (!larger) return lungo_fail_memory("a list of snapshots", size);
    list->entries = larger;
    char *state = join(folder, name);
    if (!state) return lungo_fail_memory("a file name", strlen(name));
    bool best = parts->iter < 0;
    list->entries[list->count++] =
        (lungo_pair_entry){best ? iteration_of(state) : parts->iter, best, parts->hdf5, state};
    return LUNGO_OK;
}

static int order(const void *one, const void *two) {
    const lungo_pair_entry *a = one, *b = two;
    if (a->iter != b->iter) return a->iter < b->iter ? 1 : -1;
    if (a->best != b->best) return a->best - b->best;
    return strcmp(a->state, b->state);
}

static lungo_status list_pairs(lungo_pair_list *list, const prefix_folder *at) {
    for (struct dirent *entry; (entry = readdir(at->folder));) {
        name_parts parts;
        if (take_apart(&parts, entry->d_name, at->base) && parts.state &&
            entry->d_name[parts.length] == '\0')
            LUNGO_TRY(add_pair(list, at->name, entry->d_name, &parts));
    }
    if (list->count > 0) qsort(list->entries, list->count, sizeof *list->entries, order);
    return LUNGO_OK;
}

lungo_status lungo_pair_list_read(lungo_pair_list *out, const char *prefix) {
    prefix_folder at;
    *out = (lungo_pair_list){0};
    LUNGO_TRY(open_place(&at, prefix));
    lungo_status status = list_pairs(out, &at);
    close_place(&at);
    if (status) lungo_pair_list_dispose(out);
    return status;
}

void lungo_pair_list_dispose(lungo_pair_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->entries[i].state);
    free(list->entries);
    *list = (lungo_pair_list){0};
}

const char *lungo_pair_list_newest(const lungo_pair_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (lungo_pair_check(NULL, list->entries[i].state) == LUNGO_OK)
            return list->entries[i].state;
    return NULL;
}

/* ---- leftovers ---- */

static void clean_temporary(const prefix_folder *at, const char *name) {
    char *path = join(at->name, name);
    if (path && lungo_file_remove_leftover(path))
        lungo_note("Removed %s, left over from a run that was killed", path);
    free(path);
}

static void clean_before(const char *prefix, const name_parts *parts) {
    lungo_pair pair;
    if (lungo_pair_name(&pair, prefix, parts->iter, parts->hdf5) == LUNGO_OK)
        lungo_pair_settle(&pair);
    lungo_pair_dispose(&pair);
}

void lungo_pair_clean(const char *prefix) {
    prefix_folder at;
    if (open_place(&at, prefix)) return;
    for (struct dirent *entry; (entry = readdir(at.folder));) {
        name_parts parts;
        if (!take_apart(&parts, entry->d_name, at.base)) continue;
        const char *rest = entry->d_name + parts.length;
        if (lungo_file_is_temporary(rest, 0))
            clean_temporary(&at, entry->d_name);
        else if (strcmp(rest, before) == 0 && !parts.state)
            clean_before(prefix, &parts);
    }
    close_place(&at);
}
