/* Writing and reading the small states that make a resumed run the same run: plain little-endian
 * bytes in an agreed order. A reader that meets the end early fails once and for all. */
#ifndef LUNGO_BASE_STATE_H
#define LUNGO_BASE_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/rng.h"

typedef lungo_buffer lungo_writer;

typedef struct lungo_reader {
    const char *at, *end;
} lungo_reader;

void lungo_write_bytes(lungo_writer *writer, const void *bytes, size_t length);
void lungo_write_u64(lungo_writer *writer, uint64_t value);
void lungo_write_rng(lungo_writer *writer, const lungo_rng *rng);

lungo_status lungo_read_bytes(lungo_reader *reader, void *bytes, size_t length);
/* The bytes where they lie. */
lungo_status lungo_read_in_place(lungo_reader *reader, const char **bytes, size_t length);
lungo_status lungo_read_u64(lungo_reader *reader, uint64_t *value);
lungo_status lungo_read_rng(lungo_reader *reader, lungo_rng *rng);

#endif
