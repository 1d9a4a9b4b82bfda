#include "data/image_list.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"

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

static lungo_status read_number(lungo_image_list *list, const char *word) {
    char *end;
    float value = strtof(word, &end);
    if (end == word || *end || !isfinite(value))
        return lungo_fail(LUNGO_ERR_FORMAT, "label: expected a number, got '%s'", word);
    lungo_buffer_append(&list->labels, &value, sizeof value);
    return list->labels.failed ? lungo_fail_memory("labels", list->labels.length) : LUNGO_OK;
}

/* The last blank with a path before it is cut; what stands behind it. */
static lungo_status cut_word(const char **word, char *line) {
    char *blank = strrchr(line, ' ');
    if (!blank || blank == line)
        return lungo_fail(LUNGO_ERR_FORMAT, "expected a path, a blank and a label, got '%s'", line);
    *blank = '\0';
    *word = blank + 1;
    return LUNGO_OK;
}

/* From the first of the line's labels on. */
static lungo_status read_numbers(lungo_image_list *list, char *line, size_t count) {
    const char *word;
    for (size_t i = 0; i < count; i++)
        if (cut_word(&word, line))
            return lungo_trail("with label_count: %zu, %zu labels of the line are missing",
                               list->label_count, count - i);
    for (size_t i = 0; i < count; i++, word += strlen(word) + 1)
        LUNGO_TRY(read_number(list, word));
    return LUNGO_OK;
}

/* Lines of nothing are passed over. */
static lungo_status read_line(lungo_image_list *list, char *line, unsigned number) {
    const char *word;
    size_t length = strlen(line);
    if (length && line[length - 1] == '\r') line[--length] = '\0';
    if (!length) return LUNGO_OK;
    LUNGO_TRY(grow(list));
    lungo_image_line *entry = &list->lines[list->count++];
    *entry = (lungo_image_line){line, 0, list->labels.length / sizeof(float), number};
    if (list->label_count) return read_numbers(list, line, list->label_count);
    LUNGO_TRY(cut_word(&word, line));
    return read_label(&entry->label, word);
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
    return lungo_image_list_open_labels(out, path, 0);
}

lungo_status lungo_image_list_open_labels(lungo_image_list **out, const char *path,
                                          size_t label_count) {
    size_t length;
    lungo_image_list *list = calloc(1, sizeof *list);
    if (!list) return lungo_fail_memory("a list of pictures", sizeof *list);
    list->label_count = label_count;
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
    lungo_buffer_dispose(&list->labels);
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

const float *lungo_image_line_labels(const lungo_image_list *list, const lungo_image_line *line) {
    return (const float *)(const void *)list->labels.bytes + line->labels;
}

lungo_status lungo_image_list_shuffle(lungo_image_list *list, long long seed) {
    uint32_t word = (uint32_t)seed;
    lungo_rng rng;
    if (seed < 0) LUNGO_TRY(lungo_rng_seed_from_system(&word));
    lungo_rng_seed(&rng, word);
    lungo_rng_shuffle(&rng, list->lines, list->count, sizeof *list->lines);
    return LUNGO_OK;
}
