/* Any bytes as the file of an LMDB: it is refused, or walking through it comes to an end, whatever
 * the pages say; every key and value lies in the file; each key that was passed can be sought. */
#include "fuzz/input.h"
#include "store/database.h"

static size_t sum_of(lungo_bytes bytes) {
    size_t sum = 0;
    for (size_t i = 0; i < bytes.size; i++)
        sum += ((const uint8_t *)bytes.data)[i];
    return sum;
}

static void seek(const char *path, lungo_bytes key) {
    lungo_database *database;
    bool found;
    if (lungo_database_open(&database, LUNGO_LMDB, path)) return;
    if (lungo_database_seek(database, key.data, key.size, &found) == LUNGO_OK && found)
        require(sum_of(lungo_database_key(database)) + sum_of(lungo_database_value(database)) <
                SIZE_MAX);
    for (int i = 0; i < 3; i++)
        if (lungo_database_next(database, &found) || !found) break;
    lungo_database_close(database);
}

static void walk(lungo_database *database, const char *path) {
    bool found;
    size_t count, passed = 0;
    require(lungo_database_count(database, &count) == LUNGO_OK);
    while (lungo_database_next(database, &found) == LUNGO_OK && found) {
        require(++passed <= count);
        lungo_bytes key = lungo_database_key(database);
        require(sum_of(key) + sum_of(lungo_database_value(database)) < SIZE_MAX);
        if (passed % 16 == 1) seek(path, key);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t between[] = "0000001";
    lungo_database *database;
    input_file("data.mdb", data, size);
    const char *path = input_folder();
    if (lungo_database_open(&database, LUNGO_LMDB, path)) return 0;
    walk(database, path);
    seek(path, (lungo_bytes){between, sizeof between - 1});
    lungo_database_close(database);
    return 0;
}
