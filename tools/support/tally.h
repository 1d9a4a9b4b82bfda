/* How often each of many keys came. */
#ifndef LUNGO_TOOLS_SUPPORT_TALLY_H
#define LUNGO_TOOLS_SUPPORT_TALLY_H

#include <stdbool.h>
#include <stddef.h>

enum { TALLY_NUMBERS = 4 };

typedef struct tally_entry {
    int key[TALLY_NUMBERS];
    size_t count; /* 0: a free place */
} tally_entry;

/* Zeroed at first. */
typedef struct tally_table {
    tally_entry *entries;
    size_t used, capacity;
} tally_table;

/* False: out of memory. */
bool tally_add(tally_table *tally, const int key[TALLY_NUMBERS]);

/* The entries by key, at the front of the array; nothing can be added any more. */
void tally_sort(tally_table *tally);
void tally_dispose(tally_table *tally);

#endif
