/* A table for people: rows of texts, each column as wide as its widest. */
#ifndef LUNGO_TOOLS_SUPPORT_COLUMNS_H
#define LUNGO_TOOLS_SUPPORT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

enum { MOST_COLUMNS = 10 };

/* Zeroed at first, but for what its columns are. */
typedef struct column_table {
    int columns;
    bool left[MOST_COLUMNS]; /* texts; else numbers, with their ends in line */
    char **cells;            /* row by row */
    size_t rows, capacity;
    bool failed; /* out of memory: the table is not whole */
} column_table;

/* A row of `columns` texts, which are copied. */
void columns_add(column_table *table, const char *const *cells);

/* On stdout. */
void columns_print(const column_table *table);
void columns_dispose(column_table *table);

#endif
