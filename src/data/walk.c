#include "data/walk.h"

#include <stdlib.h>
#include <string.h>

lungo_status lungo_walk_begin(lungo_walk *walk, lungo_database *database) {
    bool found;
    *walk = (lungo_walk){.database = database};
    return lungo_database_first(database, &found);
}

void lungo_walk_dispose(lungo_walk *walk) {
    lungo_database_close(walk->database);
    lungo_order_dispose(&walk->order);
    lungo_buffer_dispose(&walk->keys);
    free(walk->ends);
}

/* ---- by key ---- */

static lungo_bytes key_at(const lungo_walk *walk, size_t index) {
    size_t start = index ? walk->ends[index - 1] : 0;
    return (lungo_bytes){walk->keys.bytes + start, walk->ends[index] - start};
}

static bool is_at(const lungo_walk *walk, lungo_bytes key) {
    lungo_bytes at = lungo_database_key(walk->database);
    return at.size == key.size && !memcmp(at.data, key.data, key.size);
}

static lungo_status go_to(lungo_walk *walk, lungo_bytes key) {
    bool found;
    LUNGO_TRY(lungo_database_seek(walk->database, key.data, key.size, &found));
    if (found && is_at(walk, key)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_DATA, "'%s' has changed: expected the record '%.*s', got none",
                      lungo_database_path(walk->database), key.size < 600 ? (int)key.size : 600,
                      (const char *)key.data);
}

static lungo_status list_keys(lungo_walk *walk, size_t count) {
    bool found;
    LUNGO_TRY(lungo_database_first(walk->database, &found));
    for (size_t i = 0; i < count && found; i++) {
        lungo_bytes key = lungo_database_key(walk->database);
        lungo_buffer_append(&walk->keys, key.data, key.size);
        walk->ends[i] = walk->keys.length;
        LUNGO_TRY(lungo_database_next(walk->database, &found));
    }
    return walk->keys.failed ? lungo_fail_memory("a database's keys", walk->keys.length) : LUNGO_OK;
}

lungo_status lungo_walk_shuffle(lungo_walk *walk, uint32_t seed) {
    size_t count;
    LUNGO_TRY(lungo_database_count(walk->database, &count));
    LUNGO_TRY(lungo_order_init(&walk->order, count));
    walk->ends = calloc(count, sizeof *walk->ends);
    if (!walk->ends) return lungo_fail_memory("a database's keys", count * sizeof *walk->ends);
    LUNGO_TRY(list_keys(walk, count));
    LUNGO_TRY(lungo_order_shuffle(&walk->order, seed));
    return go_to(walk, key_at(walk, lungo_order_item(&walk->order)));
}

/* ---- from record to record ---- */

static lungo_status advance_by_key(lungo_walk *walk) {
    lungo_order_advance(&walk->order);
    walk->restarts += walk->order.next == 0;
    return go_to(walk, key_at(walk, lungo_order_item(&walk->order)));
}

lungo_status lungo_walk_advance(lungo_walk *walk) {
    bool found;
    walk->passed++;
    if (walk->ends) return advance_by_key(walk);
    LUNGO_TRY(lungo_database_next(walk->database, &found));
    if (found) return LUNGO_OK;
    walk->restarts++;
    return lungo_database_first(walk->database, &found);
}

/* ---- resuming: restarts, records read so far, the next one's key; shuffled, the order ---- */

void lungo_walk_save(const lungo_walk *walk, lungo_writer *writer) {
    lungo_bytes key = lungo_database_key(walk->database);
    lungo_write_u64(writer, walk->restarts);
    lungo_write_u64(writer, walk->passed);
    lungo_write_u64(writer, key.size);
    lungo_write_bytes(writer, key.data, key.size);
    if (walk->ends) lungo_order_save(&walk->order, writer);
}

lungo_status lungo_walk_load(lungo_walk *walk, lungo_reader *reader) {
    const char *bytes;
    uint64_t size;
    LUNGO_TRY(lungo_read_u64(reader, &walk->restarts));
    LUNGO_TRY(lungo_read_u64(reader, &walk->passed));
    LUNGO_TRY(lungo_read_u64(reader, &size));
    LUNGO_TRY(lungo_read_in_place(reader, &bytes, (size_t)size));
    if (!walk->ends) return go_to(walk, (lungo_bytes){bytes, (size_t)size});
    LUNGO_TRY(lungo_order_load(&walk->order, reader));
    return go_to(walk, key_at(walk, lungo_order_item(&walk->order)));
}
