/* Binary messages for tests, written as prototxt. */
#ifndef LUNGO_TESTS_SUPPORT_PACKED_H
#define LUNGO_TESTS_SUPPORT_PACKED_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

/* The message in protobuf's binary form; the caller frees it. A text that is wrong fails the test.
 */
uint8_t *lungo_packed(const ProtobufCMessageDescriptor *type, const char *text, size_t *length);

/* The same as a file. */
void lungo_write_packed(const char *path, const ProtobufCMessageDescriptor *type, const char *text);

#endif
