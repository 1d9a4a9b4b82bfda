#include "support/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(column_table *table) {
    if (table->rows < table->capacity) return true;
    size_t capacity = table->capacity ? 2 * table->capacity : 64;
    char **cells = realloc(table->cells, capacity * (size_t)table->columns * sizeof *cells);
    if (!cells) return false;
    table->cells = cells;
    table->capacity = capacity;
    return true;
}

void columns_add(column_table *table, const char *const *cells) {
    if (table->failed || !make_room(table)) {
        table->failed = true;
        return;
    }
    char **row = &table->cells[table->rows++ * (size_t)table->columns];
    for (int c = 0; c < table->columns; c++) {
        row[c] = strdup(cells[c]);
        table->failed |= !row[c];
    }
}

static void measure(const column_table *table, int widths[MOST_COLUMNS]) {
    memset(widths, 0, MOST_COLUMNS * sizeof *widths);
    for (size_t i = 0; i < table->rows * (size_t)table->columns; i++) {
        int length = (int)strlen(table->cells[i]), *width = &widths[i % (size_t)table->columns];
        if (length > *width) *width = length;
    }
}

void columns_print(const column_table *table) {
    int widths[MOST_COLUMNS];
    if (table->failed) return;
    measure(table, widths);
    for (size_t r = 0; r < table->rows; r++) {
        char **row = &table->cells[r * (size_t)table->columns];
        int last = table->columns;
        while (last > 1 && !*row[last - 1])
            last--;
        for (int c = 0; c < last; c++) {
            int width = c == last - 1 && table->left[c] ? 0 : widths[c];
            printf("%s%*s", c ? "  " : "", table->left[c] ? -width : width, row[c]);
        }
        putchar('\n');
    }
}

void columns_dispose(column_table *table) {
    for (size_t i = 0; i < table->rows * (size_t)table->columns; i++)
        free(table->cells[i]);
    free(table->cells);
}
