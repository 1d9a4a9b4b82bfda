/* A hash table with open places, doubled when it is half full. */
#include "support/tally.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

static tally_entry *find(tally_entry *entries, size_t capacity, const int key[TALLY_NUMBERS]) {
    uint64_t hash = 0;
    for (int i = 0; i < TALLY_NUMBERS; i++)
        hash = (hash ^ (uint32_t)key[i]) * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 32) & (capacity - 1);
    while (entries[at].count && memcmp(entries[at].key, key, sizeof entries[at].key))
        at = (at + 1) & (capacity - 1);
    return &entries[at];
}

static bool make_room(tally_table *tally) {
    if (tally->used < tally->capacity / 2) return true;
    size_t capacity = tally->capacity ? 2 * tally->capacity : FIRST_CAPACITY;
    tally_entry *entries = calloc(capacity, sizeof *entries);
    if (!entries) return false;
    for (size_t i = 0; i < tally->capacity; i++)
        if (tally->entries[i].count)
            *find(entries, capacity, tally->entries[i].key) = tally->entries[i];
    free(tally->entries);
    tally->entries = entries;
    tally->capacity = capacity;
    return true;
}

bool tally_add(tally_table *tally, const int key[TALLY_NUMBERS]) {
    if (!make_room(tally)) return false;
    tally_entry *entry = find(tally->entries, tally->capacity, key);
    memcpy(entry->key, key, sizeof entry->key);
    tally->used += entry->count++ == 0;
    return true;
}

/* Free places come last. */
static int compare(const void *left, const void *right) {
    const tally_entry *a = left, *b = right;
    if (!a->count || !b->count) return !a->count - !b->count;
    for (int i = 0; i < TALLY_NUMBERS; i++)
        if (a->key[i] != b->key[i]) return a->key[i] < b->key[i] ? -1 : 1;
    return 0;
}

void tally_sort(tally_table *tally) {
    if (tally->capacity) qsort(tally->entries, tally->capacity, sizeof *tally->entries, compare);
}

void tally_dispose(tally_table *tally) {
    free(tally->entries);
    *tally = (tally_table){0};
}
