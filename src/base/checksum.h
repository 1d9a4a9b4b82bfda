/* What tells one file from another, and a whole file from a damaged one: its size and XXH3 (64
 * bits) of its bytes. It guards against accidents, not against forgers. */
#ifndef LUNGO_BASE_CHECKSUM_H
#define LUNGO_BASE_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/file.h"

typedef struct lungo_checksum {
    uint64_t size, hash;
} lungo_checksum;

/* Of a whole file. */
lungo_status lungo_checksum_of(lungo_checksum *out, const char *path);

static inline bool lungo_checksum_equal(const lungo_checksum *a, const lungo_checksum *b) {
    return a->size == b->size && a->hash == b->hash;
}

/* "1234 bytes of checksum 0123456789abcdef", for errors and for HDF5, and back; false: it is
 * something else. */
typedef struct lungo_checksum_text {
    char text[64];
} lungo_checksum_text;
lungo_checksum_text lungo_checksum_print(const lungo_checksum *sum);
bool lungo_checksum_parse(lungo_checksum *out, const char *text);

/* CRC-32C (Castagnoli), for formats that want it of a few bytes: it is short, not fast. */
uint32_t lungo_crc32c(const void *bytes, size_t length);

/* ---- seals ----
 *
 * A sealed file ends with the checksum of all that stands before: 15 bytes, which are field 1002 of
 * a SolverState (a tag, a length, "XXH3", the hash in little-endian order), and which libhdf5,
 * whose files say where they end, never looks at. */
enum { LUNGO_SEAL_SIZE = 15 };

/* Ends a file that is being written. */
lungo_status lungo_seal(lungo_file_writer *file);

/* Fails when the seal says that the file was damaged; *sealed: whether there is one. */
lungo_status lungo_seal_check(bool *sealed, const char *path);
/* The same of a file that was read. */
lungo_status lungo_seal_check_bytes(bool *sealed, const void *bytes, size_t length,
                                    const char *path);

#endif
