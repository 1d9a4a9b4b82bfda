/* The public side of upgrades: a file of text or of protobuf's wire format, and what is written
 * of it. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "proto/definition.h"
#include "proto/text.h"
#include "proto/upgrade.h"
#include "proto/wire_decode.h"

static bool is_solver(const lungo_definition *definition) {
    return definition->kind == LUNGO_DEFINITION_SOLVER_TEXT;
}

static lungo_status read_binary(lungo_definition *definition,
                                const ProtobufCMessageDescriptor *type, const char *path) {
    char *bytes;
    size_t length;
    LUNGO_TRY(lungo_file_read(&bytes, &length, path));
    lungo_status status =
        lungo_wire_decode(definition->document, &definition->message, type, bytes, length, path);
    free(bytes);
    return status;
}

static lungo_status read_message(lungo_definition *definition, const char *path,
                                 const lungo_definition_options *options) {
    const ProtobufCMessageDescriptor *type = is_solver(definition)
                                                 ? &caffe__solver_parameter__descriptor
                                                 : &caffe__net_parameter__descriptor;
    LUNGO_TRY(lungo_document_new(&definition->document));
    lungo_document_skip_unknown(definition->document, options->skip_unknown);
    lungo_document_set_limits(definition->document, &options->limits);
    definition->name = lungo_arena_string(lungo_document_arena(definition->document), path);
    if (!definition->name) return lungo_fail_memory("a file's name", strlen(path));
    if (definition->kind == LUNGO_DEFINITION_NET_BINARY) return read_binary(definition, type, path);
    return lungo_text_read(definition->document, &definition->message, type, path);
}

lungo_status lungo_definition_read(lungo_definition **out, lungo_definition_kind kind,
                                   const char *path, const lungo_definition_options *options) {
    static const lungo_definition_options defaults = LUNGO_DEFINITION_OPTIONS_INIT;
    lungo_definition *definition = calloc(1, sizeof *definition);
    if (!definition) return lungo_fail_memory("a definition", sizeof *definition);
    definition->kind = kind;
    lungo_status status = read_message(definition, path, options ? options : &defaults);
    if (status)
        lungo_definition_free(definition);
    else
        *out = definition;
    return status;
}

void lungo_definition_free(lungo_definition *definition) {
    if (!definition) return;
    lungo_document_free(definition->document);
    free(definition);
}

bool lungo_definition_is_old(const lungo_definition *definition) {
    if (is_solver(definition))
        return ((const Caffe__SolverParameter *)definition->message)->has_solver_type;
    return lungo_upgrade_net_is_due((const Caffe__NetParameter *)definition->message);
}

lungo_status lungo_definition_upgrade(lungo_definition *definition, bool *complete) {
    bool ignored;
    if (!complete) complete = &ignored;
    *complete = true;
    if (!is_solver(definition))
        return lungo_upgrade_net_noting(definition->document,
                                        (Caffe__NetParameter *)definition->message,
                                        definition->name, complete);
    return lungo_upgrade_solver_type(
        definition->document, (Caffe__SolverParameter *)definition->message, definition->name);
}

static lungo_status write_text(const ProtobufCMessage *message, const char *path) {
    lungo_buffer text = {0};
    lungo_text_print(&text, message);
    lungo_status status = text.failed ? lungo_fail_memory("a definition", text.length)
                                      : lungo_file_replace(path, text.bytes, text.length);
    lungo_buffer_dispose(&text);
    return status;
}

static lungo_status write_binary(const ProtobufCMessage *message, const char *path) {
    size_t size = protobuf_c_message_get_packed_size(message);
    if (size > INT_MAX)
        return lungo_fail(LUNGO_ERR_MEMORY,
                          "expected less than 2 GiB, which is the most that a .caffemodel can "
                          "hold, got %zu bytes",
                          size);
    uint8_t *bytes = malloc(size ? size : 1);
    if (!bytes) return lungo_fail_memory("a definition", size);
    protobuf_c_message_pack(message, bytes);
    lungo_status status = lungo_file_replace(path, bytes, size);
    free(bytes);
    return status;
}

lungo_status lungo_definition_write(const lungo_definition *definition, const char *path) {
    bool binary = definition->kind == LUNGO_DEFINITION_NET_BINARY;
    return binary ? write_binary(definition->message, path) : write_text(definition->message, path);
}
