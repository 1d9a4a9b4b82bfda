/* Scalar values of prototxt, by the type of their field. What protobuf takes is taken: inf and nan
 * in any case, hex and octal for integers only, enums by name or number, neighbouring strings
 * joined. */
#include "proto/text_parse.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "proto/forks.h"
#include "proto/message.h"
#include "lungo/suggest.h"

static const char *value_name(const void *type, size_t index) {
    return ((const ProtobufCEnumDescriptor *)type)->values[index].name;
}

static lungo_status read_unsigned(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                                  uint64_t max, uint64_t *out) {
    if (parser->scanner.token.kind != LUNGO_TOKEN_INTEGER)
        return lungo_scanner_expected(&parser->scanner, "an integer for '%s'", field->name);
    if (!lungo_token_integer(&parser->scanner.token, max, out))
        return lungo_scanner_fail_here(
            &parser->scanner, "%s is out of range for '%s': expected at most %" PRIu64,
            lungo_token_show(&parser->scanner.token).text, field->name, max);
    return lungo_scanner_next(&parser->scanner);
}

/* Two's complement: one more below zero than above. */
static lungo_status read_signed(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                                int64_t max, int64_t *out) {
    bool negative;
    uint64_t value = 0;
    LUNGO_TRY(lungo_scanner_take(&parser->scanner, "-", &negative));
    LUNGO_TRY(read_unsigned(parser, field, (uint64_t)max + negative, &value));
    *out = (int64_t)(negative ? 0 - value : value);
    return LUNGO_OK;
}

static lungo_status read_int32(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                               void *to) {
    int64_t value = 0;
    LUNGO_TRY(read_signed(parser, field, INT32_MAX, &value));
    *(int32_t *)to = (int32_t)value;
    return LUNGO_OK;
}

static lungo_status read_int64(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                               void *to) {
    return read_signed(parser, field, INT64_MAX, to);
}

static lungo_status read_uint32(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                                void *to) {
    uint64_t value = 0;
    LUNGO_TRY(read_unsigned(parser, field, UINT32_MAX, &value));
    *(uint32_t *)to = (uint32_t)value;
    return LUNGO_OK;
}

static lungo_status read_uint64(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                                void *to) {
    return read_unsigned(parser, field, UINT64_MAX, to);
}

/* The token's text as a number; integers beyond 64 bits are taken this way too. */
static lungo_status number_of(lungo_parser *parser, double *out) {
    uint64_t integer;
    if (parser->scanner.token.kind == LUNGO_TOKEN_INTEGER &&
        lungo_token_integer(&parser->scanner.token, UINT64_MAX, &integer)) {
        *out = (double)integer;
        return LUNGO_OK;
    }
    lungo_buffer_clear(&parser->scratch);
    lungo_buffer_append(&parser->scratch, parser->scanner.token.text, parser->scanner.token.length);
    if (parser->scratch.failed) return lungo_fail_memory("a number", parser->scanner.token.length);
    *out = strtod(lungo_buffer_text(&parser->scratch), NULL);
    return LUNGO_OK;
}

static bool named_number(const lungo_token *token, double *out) {
    static const struct {
        const char *name;
        double value;
    } names[] = {{"inf", INFINITY}, {"infinity", INFINITY}, {"nan", NAN}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (token->length == strlen(names[i].name) &&
            strncasecmp(token->text, names[i].name, token->length) == 0) {
            *out = names[i].value;
            return true;
        }
    return false;
}

static lungo_status read_double(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                                void *to) {
    bool negative;
    double value = 0;
    LUNGO_TRY(lungo_scanner_take(&parser->scanner, "-", &negative));
    const lungo_token *here = &parser->scanner.token;
    if (here->kind == LUNGO_TOKEN_INTEGER && here->length > 1 && here->text[0] == '0')
        return lungo_scanner_fail_here(&parser->scanner,
                                       "expected a decimal number for '%s', got %s", field->name,
                                       lungo_token_show(here).text);
    if (here->kind == LUNGO_TOKEN_INTEGER || here->kind == LUNGO_TOKEN_FLOAT)
        LUNGO_TRY(number_of(parser, &value));
    else if (here->kind != LUNGO_TOKEN_IDENTIFIER || !named_number(here, &value))
        return lungo_scanner_expected(&parser->scanner, "a number for '%s'", field->name);
    *(double *)to = negative ? -value : value;
    return lungo_scanner_next(&parser->scanner);
}

/* A value up to half a step above the largest float is that float. C's conversion agrees but for
 * the exact half, which it makes infinite. */
static float to_float(double value) {
    static const double half_step_above = 0x1.ffffffp127;
    return fabs(value) == half_step_above ? copysignf(FLT_MAX, (float)value) : (float)value;
}

static lungo_status read_float(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                               void *to) {
    double value = 0;
    LUNGO_TRY(read_double(parser, field, &value));
    *(float *)to = to_float(value);
    return LUNGO_OK;
}

static bool is_one_of(const lungo_token *token, const char *const *words) {
    for (; *words; words++)
        if (lungo_token_is(token, *words)) return true;
    return false;
}

static lungo_status read_bool(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                              void *to) {
    static const char *const yes[] = {"true", "True", "t", NULL};
    static const char *const no[] = {"false", "False", "f", NULL};
    lungo_token word = parser->scanner.token;
    uint64_t number = is_one_of(&word, yes);
    if (word.kind == LUNGO_TOKEN_INTEGER) {
        LUNGO_TRY(read_unsigned(parser, field, 1, &number));
    } else {
        if (word.kind != LUNGO_TOKEN_IDENTIFIER)
            return lungo_scanner_expected(&parser->scanner, "true or false for '%s'", field->name);
        LUNGO_TRY(lungo_scanner_next(&parser->scanner));
        if (!number && !is_one_of(&word, no))
            return lungo_scanner_fail_here(&parser->scanner,
                                           "expected true or false for '%s', got '%s'", field->name,
                                           lungo_token_word(&word).text);
    }
    *(protobuf_c_boolean *)to = number != 0;
    return LUNGO_OK;
}

/* Where unknown fields are passed over, so are values that say only how to compute. */
static lungo_status unknown_value(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                                  const char *name, const lungo_token *at, void *to) {
    const ProtobufCEnumDescriptor *type = field->descriptor;
    const lungo_scanner *scanner = &parser->scanner;
    char hint[LUNGO_SUGGEST_MAX];
    bool ignorable = lungo_forks_value_is_ignorable(field->name, name);
    if (!lungo_forks_have_value(hint, field->name, name))
        lungo_suggest(hint, name, value_name, type, type->n_values);
    if (!ignorable || !lungo_document_skips_unknown(parser->document))
        return lungo_scanner_fail_here(scanner, "unknown value '%s' for '%s'%s%s", name,
                                       field->name, hint, ignorable ? LUNGO_PASS_OVER : "");
    lungo_warn("%s:%d:%d: unknown value '%s' for '%s' is passed over%s", scanner->name, at->line,
               at->column, name, field->name, hint);
    *(int *)to = field->default_value ? *(const int *)field->default_value : type->values[0].value;
    return LUNGO_OK;
}

static lungo_status read_enum(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                              void *to) {
    const ProtobufCEnumDescriptor *type = field->descriptor;
    const ProtobufCEnumValue *value;
    lungo_token at = parser->scanner.token;
    lungo_word word = lungo_token_word(&at);
    if (at.kind == LUNGO_TOKEN_IDENTIFIER) {
        value = parser->scanner.token.length < sizeof word.text
                    ? protobuf_c_enum_descriptor_get_value_by_name(type, word.text)
                    : NULL;
        LUNGO_TRY(lungo_scanner_next(&parser->scanner));
    } else if (parser->scanner.token.kind == LUNGO_TOKEN_INTEGER ||
               lungo_token_is(&parser->scanner.token, "-")) {
        int64_t number;
        LUNGO_TRY(read_signed(parser, field, INT32_MAX, &number));
        value = protobuf_c_enum_descriptor_get_value(type, (int)number);
        snprintf(word.text, sizeof word.text, "%" PRId64, number);
    } else {
        const char *hint =
            parser->scanner.token.kind == LUNGO_TOKEN_STRING ? " without quotes" : "";
        return lungo_scanner_expected(&parser->scanner, "a name%s for '%s', such as %s", hint,
                                      field->name, type->values[0].name);
    }
    if (!value) return unknown_value(parser, field, word.text, &at, to);
    *(int *)to = value->value;
    return LUNGO_OK;
}

/* Neighbouring literals make one string, which is left in `scratch`. */
static lungo_status read_literals(lungo_parser *parser, const ProtobufCFieldDescriptor *field) {
    if (parser->scanner.token.kind != LUNGO_TOKEN_STRING)
        return lungo_scanner_expected(&parser->scanner, "a string in quotes for '%s'", field->name);
    size_t most = lungo_document_limits(parser->document)->string;
    lungo_buffer_clear(&parser->scratch);
    while (parser->scanner.token.kind == LUNGO_TOKEN_STRING) {
        lungo_token_unescape(&parser->scanner.token, &parser->scratch);
        if (parser->scratch.length > most)
            return lungo_scanner_fail_here(&parser->scanner,
                                           "'%s': expected a string of at most %zu bytes, got "
                                           "more" LUNGO_BY_LIMIT("string"),
                                           field->name, most);
        LUNGO_TRY(lungo_scanner_next(&parser->scanner));
    }
    return parser->scratch.failed ? lungo_fail_memory("a string", parser->scratch.length)
                                  : LUNGO_OK;
}

static lungo_status read_string(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                                void *to) {
    LUNGO_TRY(read_literals(parser, field));
    char *string = lungo_message_string(parser->document, lungo_buffer_text(&parser->scratch),
                                        parser->scratch.length);
    if (!string) return lungo_fail_memory("a string", parser->scratch.length);
    *(char **)to = string;
    return LUNGO_OK;
}

static lungo_status read_bytes(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                               void *to) {
    LUNGO_TRY(read_literals(parser, field));
    size_t length = parser->scratch.length;
    char *bytes = lungo_arena_copy(lungo_document_arena(parser->document),
                                   lungo_buffer_text(&parser->scratch), length);
    if (!bytes) return lungo_fail_memory("bytes", length);
    *(ProtobufCBinaryData *)to = (ProtobufCBinaryData){length, (uint8_t *)bytes};
    return LUNGO_OK;
}

typedef lungo_status value_reader(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                                  void *to);

static value_reader *const readers[] = {
    [PROTOBUF_C_TYPE_INT32] = read_int32,    [PROTOBUF_C_TYPE_SINT32] = read_int32,
    [PROTOBUF_C_TYPE_SFIXED32] = read_int32, [PROTOBUF_C_TYPE_INT64] = read_int64,
    [PROTOBUF_C_TYPE_SINT64] = read_int64,   [PROTOBUF_C_TYPE_SFIXED64] = read_int64,
    [PROTOBUF_C_TYPE_UINT32] = read_uint32,  [PROTOBUF_C_TYPE_FIXED32] = read_uint32,
    [PROTOBUF_C_TYPE_UINT64] = read_uint64,  [PROTOBUF_C_TYPE_FIXED64] = read_uint64,
    [PROTOBUF_C_TYPE_FLOAT] = read_float,    [PROTOBUF_C_TYPE_DOUBLE] = read_double,
    [PROTOBUF_C_TYPE_BOOL] = read_bool,      [PROTOBUF_C_TYPE_ENUM] = read_enum,
    [PROTOBUF_C_TYPE_STRING] = read_string,  [PROTOBUF_C_TYPE_BYTES] = read_bytes,
};

bool lungo_token_is_number_name(const lungo_token *token) {
    double ignored;
    return named_number(token, &ignored);
}

lungo_status lungo_parser_value(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                                void *to) {
    return readers[field->type](parser, field, to);
}
