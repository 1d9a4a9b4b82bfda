/* Tab-separated tables of numbers with a header line, as the golden folders have them. */
#ifndef LUNGO_TESTS_SUPPORT_TABLE_H
#define LUNGO_TESTS_SUPPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct table {
    char *text; /* what the names point into */
    size_t columns, rows;
    const char **names;
    double *values; /* rows x columns */
} table;

/* False: not readable, or a line has another number of columns than the header. */
bool table_read(table *out, const char *path);
void table_dispose(table *numbers);

double table_at(const table *numbers, size_t row, size_t column);

#endif
