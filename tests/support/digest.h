/* SHA-256, as golden tables name pictures and records by it. */
#ifndef LUNGO_TESTS_SUPPORT_DIGEST_H
#define LUNGO_TESTS_SUPPORT_DIGEST_H

#include <stddef.h>

typedef struct digest {
    char text[65]; /* 64 hexadecimal digits */
} digest;

digest digest_of(const void *bytes, size_t size);

#endif
