#include "support/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static size_t count_of(const char *text, char wanted) {
    size_t count = 0;
    for (; *text; text++)
        count += *text == wanted;
    return count;
}

static bool read_header(table *numbers, char *line) {
    char *rest;
    for (char *name = strtok_r(line, "\t", &rest); name; name = strtok_r(NULL, "\t", &rest))
        numbers->names[numbers->columns++] = name;
    return numbers->columns > 0;
}

static bool read_row(table *numbers, char *line) {
    double *row = numbers->values + numbers->rows++ * numbers->columns;
    for (size_t i = 0; i < numbers->columns; i++) {
        char *end;
        row[i] = strtod(line, &end);
        if (end == line || *end != (i + 1 < numbers->columns ? '\t' : '\0')) return false;
        line = end + 1;
    }
    return true;
}

bool table_read(table *out, const char *path) {
    size_t length;
    char *rest;
    *out = (table){0};
    if (lungo_file_read(&out->text, &length, path)) return false;
    size_t lines = count_of(out->text, '\n') + 1, cells = count_of(out->text, '\t') + lines;
    char *line = strtok_r(out->text, "\n", &rest);
    out->names = calloc(cells, sizeof *out->names);
    bool good = out->names && line && read_header(out, line);
    if (good) out->values = calloc(lines * out->columns, sizeof *out->values);
    good = good && out->values;
    while (good && (line = strtok_r(NULL, "\n", &rest)))
        good = read_row(out, line);
    if (!good) table_dispose(out);
    return good;
}

void table_dispose(table *numbers) {
    free(numbers->text);
    free(numbers->names);
    free(numbers->values);
    *numbers = (table){0};
}

double table_at(const table *numbers, size_t row, size_t column) {
    return numbers->values[row * numbers->columns + column];
}
