/* Checksums and seals of files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "support/solvers.h"
#include "support/suites.h"

/* The values that the authors of XXH3 give. */
START_TEST(checksums_are_those_of_xxh3) {
    lungo_checksum sum, again;
    lungo_test_file("empty", "");
    ck_ok(lungo_checksum_of(&sum, "empty"));
    ck_assert_uint_eq(sum.size, 0);
    ck_assert_uint_eq(sum.hash, 0x2d06800538d394c2);
    ck_assert_str_eq(lungo_checksum_print(&sum).text, "0 bytes of checksum 2d06800538d394c2");
    ck_assert(lungo_checksum_parse(&again, "0 bytes of checksum 2d06800538d394c2"));
    ck_assert(lungo_checksum_equal(&sum, &again));
    ck_assert(!lungo_checksum_parse(&again, "0 bytes of checksum 2d06800538d394c2 "));
    ck_assert(!lungo_checksum_parse(&again, "bytes"));
    ck_fails(lungo_checksum_of(&sum, "absent"), LUNGO_ERR_FILE, "cannot open 'absent'");
}
END_TEST

/* From RFC 3720, but for the first two, which everybody gives. */
START_TEST(crc32c_is_castagnolis) {
    unsigned char bytes[32];
    ck_assert_uint_eq(lungo_crc32c("", 0), 0);
    ck_assert_uint_eq(lungo_crc32c("123456789", 9), 0xe3069283);
    memset(bytes, 0, sizeof bytes);
    ck_assert_uint_eq(lungo_crc32c(bytes, sizeof bytes), 0x8a9136aa);
    for (unsigned char i = 0; i < 32; i++)
        bytes[i] = i;
    ck_assert_uint_eq(lungo_crc32c(bytes, sizeof bytes), 0x46dd794e);
}
END_TEST

static void write_sealed(const char *path, const char *content, size_t length) {
    lungo_file_writer *file;
    ck_ok(lungo_file_writer_open(&file, path));
    ck_ok(lungo_file_writer_write(file, content, length));
    ck_ok(lungo_seal(file));
    ck_ok(lungo_file_writer_commit(file));
}

/* Larger than what is read at a time. */
START_TEST(a_seal_tells_a_damaged_file) {
    enum { LENGTH = 200000 };
    char *bytes = calloc(LENGTH, 1);
    size_t length;
    bool sealed;
    write_sealed("a", bytes, LENGTH);
    free(bytes);
    ck_ok(lungo_seal_check(&sealed, "a"));
    ck_assert(sealed);
    ck_ok(lungo_file_read(&bytes, &length, "a"));
    ck_assert_uint_eq(length, LENGTH + LUNGO_SEAL_SIZE);
    bytes[LENGTH - 1] = 1;
    ck_ok(lungo_file_replace("a", bytes, length));
    ck_fails(lungo_seal_check(&sealed, "a"), LUNGO_ERR_FORMAT,
             "'a' was damaged after it was written: expected 200000 bytes of checksum ");
    ck_ok(lungo_file_replace("a", bytes, length - 1));
    ck_ok(lungo_seal_check(&sealed, "a"));
    ck_assert(!sealed);
    free(bytes);
}
END_TEST

START_TEST(a_file_without_a_seal_has_none) {
    bool sealed = true;
    lungo_test_file("a", "");
    ck_ok(lungo_seal_check(&sealed, "a"));
    ck_assert(!sealed);
    ck_fails(lungo_seal_check(&sealed, "absent"), LUNGO_ERR_FILE, "cannot open 'absent'");
}
END_TEST

Suite *lungo_suite_checksum(void);
Suite *lungo_suite_checksum(void) {
    const TTest *const tests[] = {checksums_are_those_of_xxh3, crc32c_is_castagnolis,
                                  a_seal_tells_a_damaged_file, a_file_without_a_seal_has_none,
                                  NULL};
    return lungo_test_folder_suite("checksum", tests);
}
