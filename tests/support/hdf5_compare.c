#include "support/hdf5_compare.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blob/shape.h"
#include "blob/storage.h"
#include "store/hdf5.h"

typedef struct pair {
    lungo_hdf5 *expected, *got;
    lungo_arena arena;
    const lungo_hdf5_judge *judge;
} pair;

static void differ(pair *files, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    files->judge->differ(files->judge->user, text);
}

static void compare_strings(pair *files, const char *name) {
    char *expected = NULL, *got = NULL;
    if (lungo_hdf5_read_string(&expected, files->expected, name) ||
        lungo_hdf5_read_string(&got, files->got, name))
        differ(files, "%s: %s", name, lungo_error_text());
    else if (strcmp(expected, got))
        differ(files, "%s: expected \"%s\", got \"%s\"", name, expected, got);
    free(expected);
    free(got);
}

static void compare_values(pair *files, const char *name, size_t count) {
    float *expected = lungo_new_floats(count), *got = lungo_new_floats(count);
    if (!expected || !got || lungo_hdf5_read(files->expected, name, expected, count) ||
        lungo_hdf5_read(files->got, name, got, count))
        differ(files, "%s: %s", name, lungo_error_text());
    else
        files->judge->values(files->judge->user, name, expected, count, got, count);
    lungo_free_floats(expected);
    lungo_free_floats(got);
}

static void compare_datasets(pair *files, const char *name) {
    lungo_shape expected, got;
    if (lungo_hdf5_shape(&expected, files->expected, name))
        compare_strings(files, name);
    else if (lungo_hdf5_shape(&got, files->got, name))
        differ(files, "%s: %s", name, lungo_error_text());
    else if (!lungo_shape_equal(&expected, &got))
        differ(files, "%s: expected shape %s, got %s", name, lungo_shape_text(&expected).text,
               lungo_shape_text(&got).text);
    else
        compare_values(files, name, lungo_shape_count(&expected));
}

/* Leaves out what the judge says is ours alone. */
static size_t without_own(const pair *files, lungo_hdf5_entry *entries, size_t count) {
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        const char *const *own = files->judge->own;
        while (own && *own && strcmp(*own, entries[i].name))
            own++;
        if (!own || !*own) entries[left++] = entries[i];
    }
    return left;
}

static void compare_groups(pair *files, const char *group) {
    lungo_hdf5_entry *expected, *got;
    size_t count, got_count;
    if (lungo_hdf5_list(&expected, &count, &files->arena, files->expected, group) ||
        lungo_hdf5_list(&got, &got_count, &files->arena, files->got, group)) {
        differ(files, "%s: %s", group, lungo_error_text());
        return;
    }
    if (strcmp(group, "/.") == 0) got_count = without_own(files, got, got_count);
    if (count != got_count)
        differ(files, "group '%s': expected %zu entries, got %zu", group, count, got_count);
    for (size_t i = 0; i < count && i < got_count; i++) {
        char name[512];
        snprintf(name, sizeof name, "%s/%s", group, expected[i].name);
        if (strcmp(expected[i].name, got[i].name) || expected[i].is_group != got[i].is_group)
            differ(files, "expected '%s', got '%s/%s'", name, group, got[i].name);
        else if (expected[i].is_group)
            compare_groups(files, name);
        else
            compare_datasets(files, name);
    }
}

void lungo_compare_hdf5(const char *expected, const char *got, const lungo_hdf5_judge *judge) {
    pair files = {.judge = judge};
    if (lungo_hdf5_open(&files.expected, expected) || lungo_hdf5_open(&files.got, got))
        differ(&files, "%s", lungo_error_text());
    else
        compare_groups(&files, "/.");
    lungo_hdf5_close(files.expected);
    lungo_hdf5_close(files.got);
    lungo_arena_dispose(&files.arena);
}
