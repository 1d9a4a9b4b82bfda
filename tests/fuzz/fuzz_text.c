/* Any bytes as prototxt: either an error that names its place, or a message that survives being
 * printed and parsed again, and being copied. Both where unknown fields are errors and where they
 * are passed over. */
#include <string.h>

#include "fuzz/input.h"
#include "caffe.pb-c.h"
#include "proto/message.h"
#include "proto/text.h"

static void check_message(lungo_document *document, const ProtobufCMessage *message) {
    lungo_buffer printed = {0}, again = {0};
    ProtobufCMessage *back, *copy;
    lungo_text_print(&printed, message);
    require(!printed.failed);
    require(lungo_text_parse(document, &back, message->descriptor, lungo_buffer_text(&printed),
                             printed.length, "printed") == LUNGO_OK);
    lungo_text_print(&again, back);
    require(strcmp(lungo_buffer_text(&printed), lungo_buffer_text(&again)) == 0);
    require(lungo_message_copy(document, &copy, message, document) == LUNGO_OK);
    require(lungo_message_equal(copy, message));
    lungo_buffer_dispose(&printed);
    lungo_buffer_dispose(&again);
}

static void check_as(const ProtobufCMessageDescriptor *type, bool lenient, const uint8_t *data,
                     size_t size) {
    lungo_document *document;
    ProtobufCMessage *message = NULL;
    require(lungo_document_new(&document) == LUNGO_OK);
    lungo_document_skip_unknown(document, lenient);
    if (lungo_text_parse(document, &message, type, (const char *)data, size, "fuzz") == LUNGO_OK)
        check_message(document, message);
    else
        require(strncmp(lungo_error_text(), "lungo: fuzz:", strlen("lungo: fuzz:")) == 0);
    lungo_document_free(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    for (int lenient = 0; lenient < 2; lenient++) {
        check_as(&caffe__net_parameter__descriptor, lenient, data, size);
        check_as(&caffe__solver_parameter__descriptor, lenient, data, size);
    }
    return 0;
}
