/* The public writer of databases: records of Datum into a store. */
#include <stdlib.h>

#include "data/datum.h"
#include "data/decoder.h"
#include "store/database.h"

struct lungo_db_writer {
    lungo_database_writer *store;
    lungo_buffer record;
    lungo_decoder decoder;
};

lungo_status lungo_db_writer_open(lungo_db_writer **out, const char *backend, const char *path) {
    lungo_backend kind;
    LUNGO_TRY(lungo_backend_find(&kind, backend));
    lungo_db_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return lungo_fail_memory("a writer of databases", sizeof *writer);
    lungo_status status = lungo_database_create(&writer->store, kind, path);
    if (status) {
        free(writer);
        return status;
    }
    *out = writer;
    return LUNGO_OK;
}

lungo_status lungo_db_writer_put(lungo_db_writer *writer, const void *key, size_t key_size,
                                 const lungo_datum *datum) {
    lungo_buffer_clear(&writer->record);
    LUNGO_TRY(lungo_datum_encode(&writer->record, datum));
    return lungo_database_put(writer->store, key, key_size, writer->record.bytes,
                              writer->record.length);
}

lungo_status lungo_db_writer_put_image(lungo_db_writer *writer, const void *key, size_t key_size,
                                       const lungo_image *image, int label) {
    lungo_datum datum = {.label = label, .has_label = true, .has_encoded = true};
    LUNGO_TRY(lungo_decoder_lay_out(&writer->decoder, &datum, image));
    return lungo_db_writer_put(writer, key, key_size, &datum);
}

lungo_status lungo_db_writer_commit(lungo_db_writer *writer) {
    return lungo_database_commit(writer->store);
}

static void free_writer(lungo_db_writer *writer) {
    lungo_buffer_dispose(&writer->record);
    lungo_decoder_dispose(&writer->decoder);
    free(writer);
}

lungo_status lungo_db_writer_close(lungo_db_writer *writer) {
    lungo_status status = lungo_database_finish(writer->store);
    free_writer(writer);
    return status;
}

void lungo_db_writer_abandon(lungo_db_writer *writer) {
    if (!writer) return;
    lungo_database_abandon(writer->store);
    free_writer(writer);
}
