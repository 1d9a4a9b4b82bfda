/* The printer of prototxt: the same bytes as protobuf's own for the same message. */
#include "proto/text.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/message.h"

enum { INDENT = 2 };

/* As few digits as protobuf thinks enough: those the type always keeps, if they read back. For it a
 * denormal float does not, because strtof reports an underflow; a double is compared alone. */
static void print_float(lungo_buffer *out, float value) {
    char digits[32];
    snprintf(digits, sizeof digits, "%.*g", FLT_DIG, value);
    errno = 0;
    if (strtof(digits, NULL) != value || errno == ERANGE)
        snprintf(digits, sizeof digits, "%.*g", FLT_DIG + 3, value);
    lungo_buffer_puts(out, isnan(value) ? "nan" : digits);
}

static void print_double(lungo_buffer *out, double value) {
    char digits[32];
    snprintf(digits, sizeof digits, "%.*g", DBL_DIG, value);
    if (strtod(digits, NULL) != value) snprintf(digits, sizeof digits, "%.*g", DBL_DIG + 2, value);
    lungo_buffer_puts(out, isnan(value) ? "nan" : digits);
}

static void print_enum(lungo_buffer *out, const ProtobufCEnumDescriptor *type, int number) {
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);
    if (value)
        lungo_buffer_puts(out, value->name);
    else
        lungo_buffer_printf(out, "%d", number);
}

static void print_quoted(lungo_buffer *out, const char *bytes, size_t length) {
    static const char special[] = "\n\r\t\"'\\", letters[] = "nrt\"'\\";
    lungo_buffer_puts(out, "\"");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        const char *found = c ? strchr(special, c) : NULL;
        if (found)
            lungo_buffer_printf(out, "\\%c", letters[found - special]);
        else if (c < ' ' || c > '~')
            lungo_buffer_printf(out, "\\%03o", c);
        else
            lungo_buffer_append(out, &bytes[i], 1);
    }
    lungo_buffer_puts(out, "\"");
}

static void print_string(lungo_buffer *out, const char *string) {
    lungo_buffer bytes = {0};
    lungo_message_string_bytes(&bytes, string);
    print_quoted(out, lungo_buffer_text(&bytes), bytes.length);
    out->failed = out->failed || bytes.failed;
    lungo_buffer_dispose(&bytes);
}

static void print_value(lungo_buffer *out, const ProtobufCFieldDescriptor *field,
                        const void *value) {
    const ProtobufCBinaryData *bytes = value;
    switch (field->type) {
    case PROTOBUF_C_TYPE_FLOAT:
        print_float(out, *(const float *)value);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        print_double(out, *(const double *)value);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        lungo_buffer_puts(out, *(const protobuf_c_boolean *)value ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        print_enum(out, field->descriptor, *(const int *)value);
        break;
    case PROTOBUF_C_TYPE_STRING:
        print_string(out, *(char *const *)value);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        print_quoted(out, (const char *)bytes->data, bytes->len);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        lungo_buffer_printf(out, "%" PRIu32, *(const uint32_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        lungo_buffer_printf(out, "%" PRIu64, *(const uint64_t *)value);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        lungo_buffer_printf(out, "%" PRId64, *(const int64_t *)value);
        break;
    default:
        lungo_buffer_printf(out, "%" PRId32, *(const int32_t *)value);
        break;
    }
}

static void print_message(lungo_buffer *out, const ProtobufCMessage *message, int indent);

static void print_field(lungo_buffer *out, const ProtobufCFieldDescriptor *field, const void *value,
                        int indent) {
    lungo_buffer_printf(out, "%*s%s", indent, "", field->name);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        lungo_buffer_puts(out, " {\n");
        print_message(out, *(ProtobufCMessage *const *)value, indent + INDENT);
        lungo_buffer_printf(out, "%*s}\n", indent, "");
        return;
    }
    lungo_buffer_puts(out, ": ");
    print_value(out, field, value);
    lungo_buffer_puts(out, "\n");
}

/* protobuf-c keeps fields in the order of their numbers, which is the order to print. */
static void print_message(lungo_buffer *out, const ProtobufCMessage *message, int indent) {
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        for (size_t k = 0; k < lungo_message_count(message, field); k++)
            print_field(out, field, lungo_message_value(message, field, k), indent);
    }
}

/* In the C locale, whatever the program's decimal point. */
void lungo_text_print(lungo_buffer *out, const ProtobufCMessage *message) {
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = uselocale(plain);
    print_message(out, message, 0);
    uselocale(before);
    if (plain) freelocale(plain);
}

void lungo_text_print_value(lungo_buffer *out, const ProtobufCFieldDescriptor *field,
                            const void *value) {
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = uselocale(plain);
    print_value(out, field, value);
    uselocale(before);
    if (plain) freelocale(plain);
}
