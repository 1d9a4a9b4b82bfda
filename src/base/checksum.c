#include "base/checksum.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { PIECE = 64 * 1024, SEAL_HEAD = 7 };

static const char seal_head[SEAL_HEAD] = "\xd2\x3e\x0c"
                                         "XXH3";

/* ---- reading ---- */

/* The hash of the first `size` bytes, or of all that are there if they are fewer. */
static lungo_status hash_start(lungo_checksum *out, uint64_t size, FILE *file, const char *path) {
    char bytes[PIECE];
    XXH3_state_t *hash = XXH3_createState();
    *out = (lungo_checksum){0};
    if (!hash) return lungo_fail_memory("a checksum", 1024);
    XXH3_64bits_reset(hash);
    while (out->size < size) {
        size_t wanted = size - out->size < PIECE ? (size_t)(size - out->size) : PIECE;
        size_t got = fread(bytes, 1, wanted, file);
        XXH3_64bits_update(hash, bytes, got);
        out->size += got;
        if (got < wanted) break;
    }
    out->hash = XXH3_64bits_digest(hash);
    XXH3_freeState(hash);
    return ferror(file) ? lungo_fail_errno("read", path) : LUNGO_OK;
}

static lungo_status open_file(FILE **out, const char *path) {
    *out = fopen(path, "rbe");
    return *out ? LUNGO_OK : lungo_fail_errno("open", path);
}

lungo_status lungo_checksum_of(lungo_checksum *out, const char *path) {
    FILE *file;
    LUNGO_TRY(open_file(&file, path));
    lungo_status status = hash_start(out, UINT64_MAX, file, path);
    fclose(file);
    return status;
}

/* Bit by bit; 0x82f63b78 is the polynomial, the lowest power first. */
uint32_t lungo_crc32c(const void *bytes, size_t length) {
    uint32_t sum = 0xffffffff;
    for (const unsigned char *at = bytes, *end = at + length; at < end; at++) {
        sum ^= *at;
        for (int i = 0; i < 8; i++)
            sum = sum >> 1 ^ (sum & 1 ? 0x82f63b78 : 0);
    }
    return ~sum;
}

/* ---- as text ---- */

lungo_checksum_text lungo_checksum_print(const lungo_checksum *sum) {
    lungo_checksum_text out;
    snprintf(out.text, sizeof out.text, "%" PRIu64 " bytes of checksum %016" PRIx64, sum->size,
             sum->hash);
    return out;
}

bool lungo_checksum_parse(lungo_checksum *out, const char *text) {
    return sscanf(text, "%" SCNu64 " bytes of checksum %16" SCNx64, &out->size, &out->hash) == 2 &&
           strcmp(lungo_checksum_print(out).text, text) == 0;
}

/* ---- seals ---- */

lungo_status lungo_seal(lungo_file_writer *file) {
    lungo_checksum sum;
    unsigned char seal[LUNGO_SEAL_SIZE];
    LUNGO_TRY(lungo_checksum_of(&sum, lungo_file_writer_temporary(file)));
    memcpy(seal, seal_head, SEAL_HEAD);
    for (int i = 0; i < 8; i++)
        seal[SEAL_HEAD + i] = (unsigned char)(sum.hash >> 8 * i);
    return lungo_file_writer_write(file, seal, sizeof seal);
}

static bool take_seal(lungo_checksum *out, const unsigned char *seal, uint64_t size) {
    *out = (lungo_checksum){.size = size};
    for (int i = 0; i < 8; i++)
        out->hash |= (uint64_t)seal[SEAL_HEAD + i] << 8 * i;
    return memcmp(seal, seal_head, SEAL_HEAD) == 0;
}

static lungo_status compare(const lungo_checksum *expected, const lungo_checksum *got,
                            const char *path) {
    if (lungo_checksum_equal(expected, got)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "'%s' was damaged after it was written: expected %s, got %s; take an older "
                      "snapshot or a copy",
                      path, lungo_checksum_print(expected).text, lungo_checksum_print(got).text);
}

lungo_status lungo_seal_check_bytes(bool *sealed, const void *bytes, size_t length,
                                    const char *path) {
    lungo_checksum expected;
    size_t before = length - LUNGO_SEAL_SIZE;
    *sealed = length >= LUNGO_SEAL_SIZE &&
              take_seal(&expected, (const unsigned char *)bytes + before, before);
    if (!*sealed) return LUNGO_OK;
    lungo_checksum got = {.size = before, .hash = XXH3_64bits(bytes, before)};
    return compare(&expected, &got, path);
}

static lungo_status check_file(bool *sealed, FILE *file, const char *path) {
    unsigned char seal[LUNGO_SEAL_SIZE];
    lungo_checksum expected, got;
    *sealed = false;
    if (fseeko(file, 0, SEEK_END)) return lungo_fail_errno("read", path);
    off_t length = ftello(file);
    if (length < LUNGO_SEAL_SIZE) return LUNGO_OK;
    if (fseeko(file, -LUNGO_SEAL_SIZE, SEEK_END) || fread(seal, sizeof seal, 1, file) != 1)
        return lungo_fail_errno("read", path);
    *sealed = take_seal(&expected, seal, (uint64_t)length - LUNGO_SEAL_SIZE);
    if (!*sealed) return LUNGO_OK;
    rewind(file);
    LUNGO_TRY(hash_start(&got, expected.size, file, path));
    return compare(&expected, &got, path);
}

lungo_status lungo_seal_check(bool *sealed, const char *path) {
    FILE *file;
    LUNGO_TRY(open_file(&file, path));
    lungo_status status = check_file(sealed, file, path);
    fclose(file);
    return status;
}
