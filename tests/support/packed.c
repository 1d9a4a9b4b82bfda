#include "support/packed.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "proto/text.h"
#include "support/suites.h"

uint8_t *lungo_packed(const ProtobufCMessageDescriptor *type, const char *text, size_t *length) {
    lungo_document *document;
    ProtobufCMessage *message = NULL;
    ck_ok(lungo_document_new(&document));
    ck_ok(lungo_text_parse(document, &message, type, text, strlen(text), "packed"));
    *length = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(*length ? *length : 1);
    ck_assert_ptr_nonnull(bytes);
    protobuf_c_message_pack(message, bytes);
    lungo_document_free(document);
    return bytes;
}

void lungo_write_packed(const char *path, const ProtobufCMessageDescriptor *type,
                        const char *text) {
    size_t length;
    uint8_t *bytes = lungo_packed(type, text, &length);
    ck_ok(lungo_file_replace(path, bytes, length));
    free(bytes);
}
