#include "base/state.h"

#include <string.h>

void lungo_write_bytes(lungo_writer *writer, const void *bytes, size_t length) {
    lungo_buffer_append(writer, bytes, length);
}

void lungo_write_u64(lungo_writer *writer, uint64_t value) {
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    lungo_buffer_append(writer, bytes, sizeof bytes);
}

void lungo_write_rng(lungo_writer *writer, const lungo_rng *rng) {
    lungo_write_u64(writer, (uint64_t)rng->next);
    for (int i = 0; i < LUNGO_RNG_WORDS; i++)
        lungo_write_u64(writer, rng->state[i]);
}

lungo_status lungo_read_in_place(lungo_reader *reader, const char **bytes, size_t length) {
    if ((size_t)(reader->end - reader->at) < length)
        return lungo_fail(LUNGO_ERR_FORMAT, "saved state: expected %zu more bytes, got %zu", length,
                          (size_t)(reader->end - reader->at));
    *bytes = reader->at;
    reader->at += length;
    return LUNGO_OK;
}

lungo_status lungo_read_bytes(lungo_reader *reader, void *bytes, size_t length) {
    const char *there;
    LUNGO_TRY(lungo_read_in_place(reader, &there, length));
    memcpy(bytes, there, length);
    return LUNGO_OK;
}

lungo_status lungo_read_u64(lungo_reader *reader, uint64_t *value) {
    unsigned char bytes[8];
    LUNGO_TRY(lungo_read_bytes(reader, bytes, sizeof bytes));
    *value = 0;
    for (int i = 0; i < 8; i++)
        *value |= (uint64_t)bytes[i] << (8 * i);
    return LUNGO_OK;
}

lungo_status lungo_read_rng(lungo_reader *reader, lungo_rng *rng) {
    uint64_t word;
    LUNGO_TRY(lungo_read_u64(reader, &word));
    if (word > LUNGO_RNG_WORDS)
        return lungo_fail(LUNGO_ERR_FORMAT, "saved generator: expected a place up to %d, got %llu",
                          LUNGO_RNG_WORDS, (unsigned long long)word);
    rng->next = (int)word;
    for (int i = 0; i < LUNGO_RNG_WORDS; i++) {
        LUNGO_TRY(lungo_read_u64(reader, &word));
        rng->state[i] = (uint32_t)word;
    }
    return LUNGO_OK;
}
