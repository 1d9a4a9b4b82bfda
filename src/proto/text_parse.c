/* The parser of prototxt: recursive descent over tokens, led by protobuf-c's descriptors.
 *
 *   message := field*
 *   field   := name ':' value | name ':'? message-value     and the same with a list of values when
 *              the field is repeated; then at most one ',' or ';'
 *   list    := '[' ']' | '[' value (',' value)* ']'
 *   message-value := '{' message '}' | '<' message '>'
 *
 * The order of checks is protobuf's, because it decides at which token an error is reported: an
 * unknown field or enum value is found when its name has been passed, so the token behind it is
 * where protobuf points. Recursion needs no limit: no message of the schema contains itself.
 * Numbers are read in the C locale, whatever the program's decimal point. */
#include "proto/text.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "caffe.pb-c.h"
#include "proto/forks.h"
#include "proto/message.h"
#include "lungo/suggest.h"
#include "proto/text_parse.h"

/* A message being read. */
typedef struct open_message {
    const struct open_message *outer; /* the message around it; NULL: none */
    ProtobufCMessage *message;
    lungo_token open; /* its '{' or '<'; of kind END for the outermost message */
    int *lines;       /* where each field of the type was given; 0: not yet */
} open_message;

static const char *field_name(const void *type, size_t index) {
    return ((const ProtobufCMessageDescriptor *)type)->fields[index].name;
}

static lungo_status parse_fields(lungo_parser *parser, open_message *frame);

/* Of a message, or of a field by the place where its value stands. */
static lungo_status set_position(lungo_parser *parser, const void *of, const lungo_token *at) {
    return lungo_document_set_position(
        parser->document, of, (lungo_position){parser->scanner.name, at->line, at->column});
}

static lungo_status open_frame(lungo_parser *parser, open_message *frame,
                               ProtobufCMessage *message) {
    size_t fields = message->descriptor->n_fields;
    frame->message = message;
    frame->lines =
        lungo_arena_array(lungo_document_arena(parser->document), fields, sizeof *frame->lines);
    return frame->lines ? LUNGO_OK : lungo_fail_memory("a list of fields", fields);
}

static void note_missing(lungo_parser *parser, const open_message *frame) {
    const ProtobufCMessageDescriptor *type = frame->message->descriptor;
    for (unsigned i = 0; i < type->n_fields && !parser->missing; i++) {
        if (type->fields[i].label != PROTOBUF_C_LABEL_REQUIRED || frame->lines[i]) continue;
        parser->missing = &type->fields[i];
        parser->missing_from = type;
        parser->missing_at = lungo_document_position(parser->document, frame->message);
    }
}

/* `at`: the field's name, or the '{' of a list's element. */
static lungo_status parse_message_value(lungo_parser *parser, open_message *outer,
                                        const ProtobufCFieldDescriptor *field,
                                        const lungo_token *at) {
    open_message frame = {.outer = outer, .open = parser->scanner.token};
    bool angle = lungo_token_is(&frame.open, "<");
    if (!angle && !lungo_token_is(&frame.open, "{"))
        return lungo_scanner_expected(&parser->scanner, "'{' to open '%s'", field->name);
    ProtobufCMessage *message = lungo_message_add_message(parser->document, outer->message, field);
    if (!message) return lungo_fail_memory(field->name, sizeof *message);
    LUNGO_TRY(set_position(parser, message, at));
    LUNGO_TRY(open_frame(parser, &frame, message));
    LUNGO_TRY(lungo_scanner_next(&parser->scanner));
    LUNGO_TRY(parse_fields(parser, &frame));
    if (!lungo_token_is(&parser->scanner.token, angle ? ">" : "}"))
        return lungo_scanner_expected(&parser->scanner, "'%c' to close the '%c' at %d:%d",
                                      angle ? '>' : '}', angle ? '<' : '{', frame.open.line,
                                      frame.open.column);
    note_missing(parser, &frame);
    return lungo_scanner_next(&parser->scanner);
}

static lungo_status parse_value(lungo_parser *parser, open_message *frame,
                                const ProtobufCFieldDescriptor *field, const lungo_token *at) {
    LUNGO_TRY(lungo_document_check(parser->document));
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return parse_message_value(parser, frame, field, at);
    void *place = lungo_message_add(parser->document, frame->message, field);
    if (!place) return lungo_fail_memory(field->name, lungo_message_count(frame->message, field));
    return lungo_parser_value(parser, field, place);
}

/* The '[' has been taken. */
static lungo_status parse_list(lungo_parser *parser, open_message *frame,
                               const ProtobufCFieldDescriptor *field) {
    bool closed;
    LUNGO_TRY(lungo_scanner_take(&parser->scanner, "]", &closed));
    while (!closed) {
        lungo_token at = parser->scanner.token;
        LUNGO_TRY(parse_value(parser, frame, field, &at));
        LUNGO_TRY(lungo_scanner_take(&parser->scanner, "]", &closed));
        if (closed) break;
        if (!lungo_token_is(&parser->scanner.token, ","))
            return lungo_scanner_expected(&parser->scanner, "',' or ']' in the list of '%s'",
                                          field->name);
        LUNGO_TRY(lungo_scanner_next(&parser->scanner));
    }
    return LUNGO_OK;
}

/* Extensions and Any are of no use in Caffe's schema: the name is read to say so at its end. */
static lungo_status parse_extension(lungo_parser *parser) {
    lungo_token first = parser->scanner.token;
    bool more = true;
    while (more) {
        if (parser->scanner.token.kind != LUNGO_TOKEN_IDENTIFIER)
            return lungo_scanner_expected(&parser->scanner, "the name of an extension");
        LUNGO_TRY(lungo_scanner_next(&parser->scanner));
        LUNGO_TRY(lungo_scanner_take(&parser->scanner, ".", &more));
    }
    if (!lungo_token_is(&parser->scanner.token, "]"))
        return lungo_scanner_expected(&parser->scanner, "']'");
    LUNGO_TRY(lungo_scanner_next(&parser->scanner));
    return lungo_scanner_fail_here(&parser->scanner,
                                   "unknown extension '[%s...]': Caffe's messages have none",
                                   lungo_token_word(&first).text);
}

static lungo_status fail_no_name(const lungo_parser *parser, const open_message *frame) {
    /* The text's end ends the outermost message, which nothing opened: NOLINTBEGIN(*) */
    if (parser->scanner.token.kind == LUNGO_TOKEN_END)
        return lungo_scanner_fail_here(
            &parser->scanner, "expected '%c', got end of file: the '%c' at %d:%d is not closed",
            *frame->open.text == '<' ? '>' : '}', *frame->open.text, frame->open.line,
            frame->open.column);
    /* NOLINTEND(*) */
    return lungo_scanner_expected(&parser->scanner, "the name of a field of %s",
                                  frame->message->descriptor->short_name);
}

/* A field of a message further out stands here when a bracket was forgotten. */
static lungo_status fail_not_closed(const lungo_parser *parser, const open_message *frame,
                                    const open_message *owner, const char *name) {
    return lungo_scanner_fail_here(
        &parser->scanner, "unknown field '%s' in %s; %s has one: is the '%c' at %d:%d not closed?",
        name, frame->message->descriptor->short_name, owner->message->descriptor->short_name,
        *frame->open.text, frame->open.line, frame->open.column);
}

static bool knows(const ProtobufCMessageDescriptor *type, const char *name) {
    return protobuf_c_message_descriptor_get_field_by_name(type, name) != NULL;
}

/* "; a field of elu_param, lrn_param" when sub-messages know the name, else "". */
static void find_inside(char hint[LUNGO_SUGGEST_MAX], const ProtobufCMessageDescriptor *type,
                        const char *name) {
    size_t used = 0;
    hint[0] = '\0';
    for (unsigned i = 0; i < type->n_fields && used < LUNGO_SUGGEST_MAX; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || !knows(field->descriptor, name)) continue;
        used += (size_t)snprintf(hint + used, LUNGO_SUGGEST_MAX - used, "%s%s",
                                 used ? ", " : "; a field of ", field->name);
    }
}

/* The file of a net where that of a solver is wanted, or the other way round. */
static bool find_elsewhere(char hint[LUNGO_SUGGEST_MAX], const open_message *frame,
                           const char *name) {
    static const struct {
        const ProtobufCMessageDescriptor *wanted, *got;
        const char *advice;
    } mixed[] = {{&caffe__solver_parameter__descriptor, &caffe__net_parameter__descriptor,
                  "; nets have one: a solver names the file of its net in `net`"},
                 {&caffe__net_parameter__descriptor, &caffe__solver_parameter__descriptor,
                  "; solvers have one: give the file that its `net` names"}};
    for (size_t i = 0; i < sizeof mixed / sizeof mixed[0]; i++) {
        if (frame->outer || frame->message->descriptor != mixed[i].wanted) continue;
        if (!knows(mixed[i].got, name)) continue;
        snprintf(hint, LUNGO_SUGGEST_MAX, "%s", mixed[i].advice);
        return true;
    }
    return false;
}

static lungo_status fail_unknown_field(const lungo_parser *parser, const open_message *frame,
                                       const char *name) {
    const ProtobufCMessageDescriptor *type = frame->message->descriptor;
    char hint[LUNGO_SUGGEST_MAX];
    lungo_fork_field known = lungo_forks_have_field(hint, type->short_name, name);
    if (known)
        return lungo_scanner_fail_here(&parser->scanner, "unknown field '%s' in %s%s%s", name,
                                       type->short_name, hint,
                                       known == LUNGO_FORK_FIELD ? LUNGO_PASS_OVER : "");
    for (const open_message *outer = frame->outer; outer; outer = outer->outer)
        if (knows(outer->message->descriptor, name))
            return fail_not_closed(parser, frame, outer, name);
    if (!find_elsewhere(hint, frame, name)) find_inside(hint, type, name);
    if (!*hint) lungo_suggest(hint, name, field_name, type, type->n_fields);
    return lungo_scanner_fail_here(&parser->scanner, "unknown field '%s' in %s%s", name,
                                   type->short_name, hint);
}

/* Takes the name of a field that may stand here. *out is NULL when it was an unknown field, which
 * has been passed over. */
static lungo_status parse_name(lungo_parser *parser, const open_message *frame,
                               const ProtobufCFieldDescriptor **out) {
    const ProtobufCMessageDescriptor *type = frame->message->descriptor;
    lungo_token name = parser->scanner.token;
    if (name.kind != LUNGO_TOKEN_IDENTIFIER) return fail_no_name(parser, frame);
    LUNGO_TRY(lungo_scanner_next(&parser->scanner));
    const ProtobufCFieldDescriptor *field =
        name.length < sizeof(lungo_word)
            ? protobuf_c_message_descriptor_get_field_by_name(type, lungo_token_word(&name).text)
            : NULL;
    *out = field;
    if (!field && lungo_document_skips_unknown(parser->document))
        return lungo_parser_skip(parser, type->short_name, &name);
    if (!field) return fail_unknown_field(parser, frame, lungo_token_word(&name).text);
    int *line = &frame->lines[field - type->fields];
    if (*line && field->label != PROTOBUF_C_LABEL_REPEATED)
        return lungo_scanner_fail_here(&parser->scanner,
                                       "'%s' is given twice in one %s, first in line %d",
                                       field->name, type->short_name, *line);
    bool again = *line != 0;
    *line = name.line;
    if (again || field->type == PROTOBUF_C_TYPE_MESSAGE) return LUNGO_OK;
    return set_position(parser, lungo_message_place(frame->message, field), &name);
}

static lungo_status parse_field(lungo_parser *parser, open_message *frame) {
    const ProtobufCFieldDescriptor *field = NULL;
    lungo_token name = parser->scanner.token;
    bool taken;
    LUNGO_TRY(lungo_scanner_take(&parser->scanner, "[", &taken));
    if (taken) return parse_extension(parser);
    LUNGO_TRY(parse_name(parser, frame, &field));
    if (!field) return LUNGO_OK;
    LUNGO_TRY(lungo_scanner_take(&parser->scanner, ":", &taken));
    if (!taken && field->type != PROTOBUF_C_TYPE_MESSAGE)
        return lungo_scanner_expected(&parser->scanner, "':' after '%s'", field->name);
    taken = false;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        LUNGO_TRY(lungo_scanner_take(&parser->scanner, "[", &taken));
    if (taken)
        LUNGO_TRY(parse_list(parser, frame, field));
    else
        LUNGO_TRY(parse_value(parser, frame, field, &name));
    LUNGO_TRY(lungo_scanner_take(&parser->scanner, ";", &taken));
    return taken ? LUNGO_OK : lungo_scanner_take(&parser->scanner, ",", &taken);
}

/* Until a closing bracket; the outermost message, until the end. */
static lungo_status parse_fields(lungo_parser *parser, open_message *frame) {
    bool outermost = frame->open.kind == LUNGO_TOKEN_END;
    while (outermost ? parser->scanner.token.kind != LUNGO_TOKEN_END
                     : !lungo_token_is(&parser->scanner.token, "}") &&
                           !lungo_token_is(&parser->scanner.token, ">"))
        LUNGO_TRY(parse_field(parser, frame));
    return LUNGO_OK;
}

static lungo_status parse_text(lungo_parser *parser, ProtobufCMessage **out,
                               const ProtobufCMessageDescriptor *type, const char *text,
                               size_t length, const char *name) {
    LUNGO_TRY(lungo_scanner_start(&parser->scanner, text, length, name));
    parser->scanner.nesting = lungo_document_limits(parser->document)->nesting;
    ProtobufCMessage *message = lungo_message_new(parser->document, type);
    if (!message) return lungo_fail_memory(type->short_name, type->sizeof_message);
    open_message frame = {.open = {.kind = LUNGO_TOKEN_END}};
    LUNGO_TRY(set_position(parser, message, &(lungo_token){.line = 1, .column = 1}));
    LUNGO_TRY(open_frame(parser, &frame, message));
    LUNGO_TRY(parse_fields(parser, &frame));
    note_missing(parser, &frame);
    if (parser->missing)
        return lungo_fail(LUNGO_ERR_PARSE, "%s: required field '%s' of the %s at %d:%d is missing",
                          name, parser->missing->name, parser->missing_from->short_name,
                          parser->missing_at.line, parser->missing_at.column);
    *out = message;
    return LUNGO_OK;
}

static lungo_status check_length(const lungo_document *document, size_t length, const char *name) {
    size_t most = lungo_document_limits(document)->text;
    if (length <= most) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_PARSE,
                      "%s: expected at most %zu bytes of text, got %zu" LUNGO_BY_LIMIT("text"),
                      name, most, length);
}

lungo_status lungo_text_parse(lungo_document *document, ProtobufCMessage **out,
                              const ProtobufCMessageDescriptor *type, const char *text,
                              size_t length, const char *name) {
    lungo_parser parser = {.document = document};
    LUNGO_TRY(check_length(document, length, name));
    lungo_document_expect(document, length, name);
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = uselocale(plain);
    lungo_status status = parse_text(&parser, out, type, text, length, name);
    uselocale(before);
    if (plain) freelocale(plain);
    lungo_buffer_dispose(&parser.scratch);
    return status;
}

lungo_status lungo_text_read(lungo_document *document, ProtobufCMessage **out,
                             const ProtobufCMessageDescriptor *type, const char *path) {
    char *text;
    size_t length;
    size_t most = lungo_document_limits(document)->text;
    LUNGO_TRY(lungo_file_read_at_most(&text, &length, path, most));
    lungo_status status = lungo_text_parse(document, out, type, text, length, path);
    free(text);
    return status;
}
