#include "data/image_list.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static lungo_status read_label(int *label, const char *word) {
    char *end;
    errno = 0;
    long value = strtol(word, &end, 10);
    if (end == word || *end || errno || value < INT_MIN || value > INT_MAX)
        return lungo_fail(LUNGO_ERR_FORMAT, "label: expected a whole number, got '%s'", word);
    *label = (int)value;
    return LUNGO_OK;
}

static lungo_status grow(lungo_image_list *list) {
    if (list->count < list->capacity) return LUNGO_OK;
    size_t capacity = list->capacity ? 2 * list->capacity : 1024;
    lungo_image_line *lines = realloc(list->lines, capacity * sizeof *lines);
    if (!lines) return lungo_fail_memory("a list of pictures", capacity * sizeof *lines);
    list->lines = lines;
    list->capacity = capacity;
    return LUNGO_OK;
}

/* Lines of nothing are passed over. */
static lungo_status read_line(lungo_image_list *list, char *line, unsigned number) {
    size_t length = strlen(line);
    if (length && line[length - 1] == '\r') line[--length] = '\0';
    if (!length) return LUNGO_OK;
    char *blank = strrchr(line, ' ');
    if (!blank || blank == line)
        return lungo_fail(LUNGO_ERR_FORMAT, "expected a path, a blank and a label, got '%s'", line);
    LUNGO_TRY(grow(list));
    *blank = '\0';
    lungo_image_line *entry = &list->lines[list->count++];
    *entry = (lungo_image_line){line, 0, number};
    return read_label(&entry->label, blank + 1);
}

static lungo_status read_lines(lungo_image_list *list, const char *path) {
    unsigned number = 0;
    for (char *line = list->text, *end; line; line = end) {
        end = strchr(line, '\n');
        if (end) *end++ = '\0';
        if (read_line(list, line, ++number))
            return lungo_trail("in line %u of the list '%s'", number, path);
    }
    if (list->count) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT, "the list '%s' is empty: expected lines `path label`",
                      path);
}

lungo_status lungo_image_list_open(lungo_image_list **out, const char *path) {
    size_t length;
    lungo_image_list *list = calloc(1, sizeof *list);
    if (!list) return lungo_fail_memory("a list of pictures", sizeof *list);
    lungo_status status = lungo_file_read(&list->text, &length, path);
    if (!status) status = read_lines(list, path);
    if (status)
        lungo_image_list_free(list);
    else
        *out = list;
    return status;
}

void lungo_image_list_free(lungo_image_list *list) {
    if (!list) return;
    free(list->lines);
    free(list->text);
    free(list);
}

size_t lungo_image_list_count(const lungo_image_list *list) {
    return list->count;
}

const char *lungo_image_list_path(const lungo_image_list *list, size_t index) {
    return list->lines[index].path;
}

int lungo_image_list_label(const lungo_image_list *list, size_t index) {
    return list->lines[index].label;
}

static int by_number(const void *left, const void *right) {
    unsigned a = ((const lungo_image_line *)left)->number;
    unsigned b = ((const lungo_image_line *)right)->number;
    return (a > b) - (a < b);
}

void lungo_image_list_sort(lungo_image_list *list) {
    qsort(list->lines, list->count, sizeof *list->lines, by_number);
}

void lungo_image_list_mix(lungo_image_list *list, lungo_rng *rng) {
    lungo_rng_shuffle(rng, list->lines, list->count, sizeof *list->lines);
}

lungo_status lungo_image_list_shuffle(lungo_image_list *list, long long seed) {
    uint32_t word = (uint32_t)seed;
    lungo_rng rng;
    if (seed < 0) LUNGO_TRY(lungo_rng_seed_from_system(&word));
    lungo_rng_seed(&rng, word);
    lungo_image_list_mix(list, &rng);
    return LUNGO_OK;
}
