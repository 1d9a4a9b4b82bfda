/* Positions stand in a hash table from a message's address to its place: protobuf-c's structs have
 * no room for them, and most messages (those read from weights) have none. */
#include "proto/document.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64, PER_BYTE = 4 };

typedef struct entry {
    const void *message; /* NULL: a free place */
    lungo_position position;
} entry;

typedef struct file_name {
    struct file_name *next;
    const char *text;
} file_name;

struct lungo_document {
    lungo_arena arena;
    file_name *files;
    entry *entries;
    size_t count, capacity; /* capacity: a power of two, or 0 */
    bool skips_unknown;
    lungo_limits limits;
    size_t most;      /* bytes that it may take */
    const char *name; /* of the file that is read into it */
};

lungo_status lungo_document_new(lungo_document **out) {
    lungo_document *document = calloc(1, sizeof *document);
    if (!document) return lungo_fail_memory("a document", sizeof *document);
    lungo_document_set_limits(document, NULL);
    lungo_document_expect(document, 0, "a definition");
    *out = document;
    return LUNGO_OK;
}

void lungo_document_free(lungo_document *document) {
    if (!document) return;
    lungo_arena_dispose(&document->arena);
    free(document->entries);
    free(document);
}

lungo_arena *lungo_document_arena(lungo_document *document) {
    return &document->arena;
}

void lungo_document_skip_unknown(lungo_document *document, bool skip) {
    document->skips_unknown = skip;
}

bool lungo_document_skips_unknown(const lungo_document *document) {
    return document->skips_unknown;
}

void lungo_document_set_limits(lungo_document *document, const lungo_limits *limits) {
    document->limits = lungo_limits_in_force(limits);
}

const lungo_limits *lungo_document_limits(const lungo_document *document) {
    return &document->limits;
}

size_t lungo_document_size(const lungo_document *document) {
    return document->arena.bytes + document->capacity * sizeof *document->entries;
}

static size_t plus(size_t a, size_t b) {
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

void lungo_document_expect(lungo_document *document, size_t bytes, const char *name) {
    size_t given = bytes > SIZE_MAX / PER_BYTE ? SIZE_MAX : PER_BYTE * bytes;
    document->most = plus(lungo_document_size(document), plus(given, document->limits.definition));
    document->name = name;
}

lungo_status lungo_document_check(const lungo_document *document) {
    if (lungo_document_size(document) <= document->most) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_MEMORY,
                      "%s: expected a definition that takes at most %zu bytes of memory once read, "
                      "got more" LUNGO_BY_LIMIT("definition"),
                      document->name, document->most);
}

/* The place of the message, or the free one where it would stand. Needs a table that is not full.
 */
static entry *find(entry *entries, size_t capacity, const void *message) {
    uint64_t hash = ((uint64_t)(uintptr_t)message >> 4) * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 32) & (capacity - 1);
    while (entries[at].message && entries[at].message != message)
        at = (at + 1) & (capacity - 1);
    return &entries[at];
}

static lungo_status make_room(lungo_document *document) {
    if (document->count < document->capacity / 2) return LUNGO_OK;
    size_t capacity = document->capacity ? 2 * document->capacity : FIRST_CAPACITY;
    entry *entries = calloc(capacity, sizeof *entries);
    if (!entries)
        return lungo_fail_memory("a table of positions",
                                 (unsigned long long)capacity * sizeof *entries);
    for (size_t i = 0; i < document->capacity; i++)
        if (document->entries[i].message)
            *find(entries, capacity, document->entries[i].message) = document->entries[i];
    free(document->entries);
    document->entries = entries;
    document->capacity = capacity;
    return LUNGO_OK;
}

/* One copy of each file's name, however many messages stand in it. */
static const char *keep_file_name(lungo_document *document, const char *name) {
    for (const file_name *file = document->files; file; file = file->next)
        if (file->text == name || strcmp(file->text, name) == 0) return file->text;
    file_name *file = lungo_arena_alloc(&document->arena, sizeof *file);
    const char *text = lungo_arena_string(&document->arena, name);
    if (!file || !text) return NULL;
    *file = (file_name){document->files, text};
    document->files = file;
    return text;
}

lungo_position lungo_document_position(const lungo_document *document, const void *message) {
    if (document->capacity == 0 || !message) return (lungo_position){0};
    return find(document->entries, document->capacity, message)->position;
}

lungo_status lungo_document_set_position(lungo_document *document, const void *message,
                                         lungo_position position) {
    LUNGO_TRY(make_room(document));
    if (position.file) {
        const char *name = keep_file_name(document, position.file);
        if (!name) return lungo_fail_memory("a file name", strlen(position.file) + 1);
        position.file = name;
    }
    entry *place = find(document->entries, document->capacity, message);
    document->count += place->message == NULL;
    *place = (entry){message, position};
    return LUNGO_OK;
}
