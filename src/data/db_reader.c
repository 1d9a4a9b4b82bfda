/* The public reader of databases: records of Datum from a store. */
#include <stdlib.h>

#include "data/datum.h"
#include "store/database.h"

struct lungo_db_reader {
    lungo_backend backend;
    lungo_database *store;
    lungo_buffer floats;
};

lungo_status lungo_db_reader_open(lungo_db_reader **out, const char *backend, const char *path) {
    lungo_backend kind;
    LUNGO_TRY(backend ? lungo_backend_find(&kind, backend) : lungo_backend_detect(&kind, path));
    lungo_db_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return lungo_fail_memory("a reader of databases", sizeof *reader);
    reader->backend = kind;
    lungo_status status = lungo_database_open(&reader->store, kind, path);
    if (status)
        free(reader);
    else
        *out = reader;
    return status;
}

void lungo_db_reader_close(lungo_db_reader *reader) {
    if (!reader) return;
    lungo_database_close(reader->store);
    lungo_buffer_dispose(&reader->floats);
    free(reader);
}

const char *lungo_db_reader_backend(const lungo_db_reader *reader) {
    return lungo_backend_title((size_t)reader->backend);
}

lungo_status lungo_db_reader_count(lungo_db_reader *reader, size_t *count) {
    return lungo_database_count(reader->store, count);
}

lungo_status lungo_db_reader_next(lungo_db_reader *reader, bool *found) {
    return lungo_database_next(reader->store, found);
}

const void *lungo_db_reader_key(const lungo_db_reader *reader, size_t *size) {
    lungo_bytes key = lungo_database_key(reader->store);
    *size = key.size;
    return key.data;
}

lungo_status lungo_db_reader_datum(lungo_db_reader *reader, lungo_datum *datum) {
    lungo_bytes value = lungo_database_value(reader->store);
    return lungo_datum_decode(datum, &reader->floats, value.data, value.size);
}
