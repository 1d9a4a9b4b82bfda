/* FIPS 180-4. The constants are the first 32 bits after the point of the cube (square) roots of the
 * first 64 (8) primes, computed here. */
#include "support/digest.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t cubes[64], squares[8];

static uint32_t after_point(long double root) {
    return (uint32_t)((root - floorl(root)) * 0x1p32L);
}

static void find_constants(void) {
    for (int n = 2, found = 0; found < 64; n++) {
        int divisor = 2;
        while (n % divisor)
            divisor++;
        if (divisor < n) continue;
        if (found < 8) squares[found] = after_point(sqrtl(n));
        cubes[found++] = after_point(cbrtl(n));
    }
}

static uint32_t turn(uint32_t word, int bits) {
    return word >> bits | word << (32 - bits);
}

static void take_block(uint32_t hash[8], const unsigned char *block) {
    uint32_t w[64], h[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
               (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(h, hash, sizeof h);
    for (int i = 0; i < 64; i++) {
        uint32_t first = h[7] + (turn(h[4], 6) ^ turn(h[4], 11) ^ turn(h[4], 25)) +
                         ((h[4] & h[5]) ^ (~h[4] & h[6])) + cubes[i] + w[i];
        uint32_t second = (turn(h[0], 2) ^ turn(h[0], 13) ^ turn(h[0], 22)) +
                          ((h[0] & h[1]) ^ (h[0] & h[2]) ^ (h[1] & h[2]));
        memmove(h + 1, h, 7 * sizeof *h);
        h[4] += first;
        h[0] = first + second;
    }
    for (int i = 0; i < 8; i++)
        hash[i] += h[i];
}

digest digest_of(const void *bytes, size_t size) {
    digest result;
    uint32_t hash[8];
    unsigned char last[128] = {0};
    if (!cubes[0]) find_constants();
    memcpy(hash, squares, sizeof hash);
    size_t whole = size / 64 * 64, rest = size - whole, length = rest < 56 ? 64 : 128;
    for (size_t at = 0; at < whole; at += 64)
        take_block(hash, (const unsigned char *)bytes + at);
    memcpy(last, (const unsigned char *)bytes + whole, rest);
    last[rest] = 0x80;
    for (int i = 0; i < 8; i++)
        last[length - 1 - (size_t)i] = (unsigned char)((uint64_t)size * 8 >> (8 * i));
    for (size_t at = 0; at < length; at += 64)
        take_block(hash, last + at);
    for (int i = 0; i < 8; i++)
        snprintf(result.text + 8 * i, 9, "%08x", hash[i]);
    return result;
}
