/* The schema against Caffe's own: every row of golden/schema.tsv has its field or enum value in the
 * generated descriptors, and the descriptors hold nothing else but Lungo's extensions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "caffe.pb-c.h"
#include "support/suites.h"

enum { MAX_DESCRIPTORS = 200, COLUMNS = 9, FIRST_EXTENSION = 1000 };

enum { KIND, OWNER, NAME, NUMBER, LABEL, TYPE, TYPE_NAME, DEFAULT, PACKED };

static const ProtobufCMessageDescriptor *messages[MAX_DESCRIPTORS];
static const ProtobufCEnumDescriptor *enums[MAX_DESCRIPTORS];
static size_t message_count, enum_count;

/* Of Caffe's own messages only the layers of old have numbers so high. */
static bool is_extension(const ProtobufCMessageDescriptor *message,
                         const ProtobufCFieldDescriptor *field) {
    return message != &caffe__v0_layer_parameter__descriptor &&
           message != &caffe__v1_layer_parameter__descriptor && field->id >= FIRST_EXTENSION;
}

static void collect_enum(const ProtobufCEnumDescriptor *descriptor) {
    for (size_t i = 0; i < enum_count; i++)
        if (enums[i] == descriptor) return;
    ck_assert_uint_lt(enum_count, MAX_DESCRIPTORS);
    enums[enum_count++] = descriptor;
}

static void collect_message(const ProtobufCMessageDescriptor *descriptor) {
    for (size_t i = 0; i < message_count; i++)
        if (messages[i] == descriptor) return;
    ck_assert_uint_lt(message_count, MAX_DESCRIPTORS);
    messages[message_count++] = descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (is_extension(descriptor, field)) continue;
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) collect_message(field->descriptor);
        if (field->type == PROTOBUF_C_TYPE_ENUM) collect_enum(field->descriptor);
    }
}

static void collect_all(void) {
    message_count = enum_count = 0;
    collect_message(&caffe__solver_parameter__descriptor);
    collect_message(&caffe__solver_state__descriptor);
    collect_message(&caffe__blob_proto_vector__descriptor);
    collect_message(&caffe__datum__descriptor);
}

static const char *local_name(const char *full_name) {
    return full_name + strlen("caffe.");
}

static const ProtobufCMessageDescriptor *find_message(const char *name) {
    for (size_t i = 0; i < message_count; i++)
        if (strcmp(local_name(messages[i]->name), name) == 0) return messages[i];
    ck_abort_msg("message %s is missing", name);
    return NULL;
}

static const ProtobufCEnumDescriptor *find_enum(const char *name) {
    for (size_t i = 0; i < enum_count; i++)
        if (strcmp(local_name(enums[i]->name), name) == 0) return enums[i];
    ck_abort_msg("enum %s is missing", name);
    return NULL;
}

static const char *type_name(const ProtobufCFieldDescriptor *field) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
        return "int32";
    case PROTOBUF_C_TYPE_INT64:
        return "int64";
    case PROTOBUF_C_TYPE_UINT32:
        return "uint32";
    case PROTOBUF_C_TYPE_FLOAT:
        return "float";
    case PROTOBUF_C_TYPE_DOUBLE:
        return "double";
    case PROTOBUF_C_TYPE_BOOL:
        return "bool";
    case PROTOBUF_C_TYPE_ENUM:
        return "enum";
    case PROTOBUF_C_TYPE_STRING:
        return "string";
    case PROTOBUF_C_TYPE_BYTES:
        return "bytes";
    case PROTOBUF_C_TYPE_MESSAGE:
        return "message";
    default:
        return "a type that Caffe does not use";
    }
}

static const char *label_name(const ProtobufCFieldDescriptor *field) {
    static const char *const names[] = {[PROTOBUF_C_LABEL_REQUIRED] = "required",
                                        [PROTOBUF_C_LABEL_OPTIONAL] = "optional",
                                        [PROTOBUF_C_LABEL_REPEATED] = "repeated"};
    return names[field->label];
}

static const char *referred_name(const ProtobufCFieldDescriptor *field) {
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return local_name(((const ProtobufCMessageDescriptor *)field->descriptor)->name);
    if (field->type == PROTOBUF_C_TYPE_ENUM)
        return local_name(((const ProtobufCEnumDescriptor *)field->descriptor)->name);
    return "";
}

/* Floats bit for bit: a default that the generated C rounds differently would change a net. */
static bool same_default(const ProtobufCFieldDescriptor *field, const char *expected) {
    const void *value = field->default_value;
    float number = strtof(expected, NULL);
    switch (field->type) {
    case PROTOBUF_C_TYPE_FLOAT:
        return memcmp(value, &number, sizeof number) == 0;
    case PROTOBUF_C_TYPE_INT32:
        return *(const int32_t *)value == strtol(expected, NULL, 10);
    case PROTOBUF_C_TYPE_INT64:
        return *(const int64_t *)value == strtoll(expected, NULL, 10);
    case PROTOBUF_C_TYPE_UINT32:
        return *(const uint32_t *)value == strtoul(expected, NULL, 10);
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)value == (strcmp(expected, "true") == 0);
    case PROTOBUF_C_TYPE_STRING:
        return strcmp(value, expected) == 0;
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumValue *named =
            protobuf_c_enum_descriptor_get_value_by_name(field->descriptor, expected);
        return named && named->value == *(const int *)value;
    }
    default:
        return false;
    }
}

static void check_field(char **row) {
    const ProtobufCMessageDescriptor *message = find_message(row[OWNER]);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message, row[NAME]);
    ck_assert_msg(field != NULL, "%s.%s is missing", row[OWNER], row[NAME]);
    ck_assert_uint_eq(field->id, strtoul(row[NUMBER], NULL, 10));
    ck_assert_str_eq(label_name(field), row[LABEL]);
    ck_assert_str_eq(type_name(field), row[TYPE]);
    ck_assert_str_eq(referred_name(field), row[TYPE_NAME]);
    ck_assert_str_eq(field->flags & PROTOBUF_C_FIELD_FLAG_PACKED ? "packed" : "-", row[PACKED]);
    bool has_default = strcmp(row[DEFAULT], "-") != 0;
    ck_assert_msg(has_default == (field->default_value != NULL), "%s.%s: default expected: %s",
                  row[OWNER], row[NAME], row[DEFAULT]);
    if (has_default)
        ck_assert_msg(same_default(field, row[DEFAULT]), "%s.%s: default is not %s", row[OWNER],
                      row[NAME], row[DEFAULT]);
}

static void check_enum_value(char **row) {
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value_by_name(find_enum(row[OWNER]), row[NAME]);
    ck_assert_msg(value != NULL, "%s.%s is missing", row[OWNER], row[NAME]);
    ck_assert_int_eq(value->value, strtol(row[NUMBER], NULL, 10));
}

/* Splits the line in place; columns that are not there are "". */
static void split(char **row, char *line) {
    static char nothing[] = "";
    for (int column = 0; column < COLUMNS; column++) {
        row[column] = line ? line : nothing;
        char *tab = line ? strchr(line, '\t') : NULL;
        if (tab) *tab = '\0';
        line = tab ? tab + 1 : NULL;
    }
}

static size_t fields_of_caffe(void) {
    size_t count = 0;
    for (size_t i = 0; i < message_count; i++)
        for (unsigned k = 0; k < messages[i]->n_fields; k++)
            count += !is_extension(messages[i], &messages[i]->fields[k]);
    return count;
}

static size_t enum_values_of_caffe(void) {
    size_t count = 0;
    for (size_t i = 0; i < enum_count; i++)
        count += enums[i]->n_values;
    return count;
}

START_TEST(it_is_caffes_and_nothing_else) {
    collect_all();
    char *text, *row[COLUMNS];
    size_t length, fields = 0, values = 0;
    ck_ok(lungo_file_read(&text, &length, LUNGO_SOURCE_DIR "/tests/golden/schema.tsv"));
    char *next = strchr(text, '\n') + 1;
    for (char *line; (line = strsep(&next, "\n")) != NULL && *line;) {
        split(row, line);
        bool is_field = strcmp(row[KIND], "field") == 0;
        *(is_field ? &fields : &values) += 1;
        if (is_field)
            check_field(row);
        else
            check_enum_value(row);
    }
    ck_assert_uint_gt(fields, 400);
    ck_assert_uint_eq(fields, fields_of_caffe());
    ck_assert_uint_eq(values, enum_values_of_caffe());
    free(text);
}
END_TEST

static bool contains(const ProtobufCMessageDescriptor *outer,
                     const ProtobufCMessageDescriptor *type, size_t depth) {
    ck_assert_uint_le(depth, message_count);
    for (unsigned i = 0; i < outer->n_fields; i++) {
        if (outer->fields[i].type != PROTOBUF_C_TYPE_MESSAGE) continue;
        if (outer->fields[i].descriptor == type) return true;
        if (contains(outer->fields[i].descriptor, type, depth + 1)) return true;
    }
    return false;
}

/* Parsing, printing, copying and comparing recurse without a limit of their own. */
START_TEST(no_message_contains_itself) {
    collect_all();
    for (size_t i = 0; i < message_count; i++)
        ck_assert_msg(!contains(messages[i], messages[i], 0), "%s does", messages[i]->name);
}
END_TEST

/* A row: whose field it is, its name and number, and an enum's values in order. */
static const struct extension {
    const ProtobufCMessageDescriptor *message;
    const char *name;
    unsigned number;
    const char *values[4];
} extensions[] = {
    {&caffe__solver_parameter__descriptor,
     "decoupled_decay_scale",
     1000,
     {"LR", "SCHEDULE", "NONE", NULL}},
    {&caffe__solver_parameter__descriptor,
     "decoupled_decay_point",
     1001,
     {"WITH_UPDATE", "AFTER_UPDATE", NULL}},
    {&caffe__solver_parameter__descriptor, "adam_delta", 1002, {"CAFFE", "CORRECTED", NULL}},
    {&caffe__solver_parameter__descriptor, "test_from_start", 1010, {NULL}},
    {&caffe__solver_state__descriptor, "run", 1000, {NULL}},
    {&caffe__solver_state__descriptor, "model", 1001, {NULL}},
    {&caffe__solver_state__descriptor, "seal", 1002, {NULL}},
    {&caffe__solver_state__descriptor, "best", 1003, {NULL}},
    {&caffe__transformation_parameter__descriptor, "crop_h", 1000, {NULL}},
    {&caffe__transformation_parameter__descriptor, "crop_w", 1001, {NULL}},
    {&caffe__data_parameter__descriptor, "reader_threads", 1000, {NULL}},
    {&caffe__data_parameter__descriptor, "skip_bad_records", 1001, {NULL}},
    {&caffe__data_parameter__descriptor, "shuffle", 1002, {NULL}},
    {&caffe__image_data_parameter__descriptor, "label_count", 1000, {NULL}},
    {&caffe__convolution_parameter__descriptor, "hole", 1018, {NULL}},
    {&caffe__convolution_parameter__descriptor, "hole_h", 1019, {NULL}},
    {&caffe__convolution_parameter__descriptor, "hole_w", 1020, {NULL}},
    {&caffe__dropout_parameter__descriptor, "scale_train", 1000, {NULL}},
    {&caffe__pooling_parameter__descriptor, "ceil_mode", 1013, {NULL}},
    {&caffe__pooling_parameter__descriptor, "torch_pooling", 1040, {NULL}},
};

static void check_extension(const struct extension *extension) {
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(extension->message, extension->name);
    ck_assert_msg(field != NULL, "%s is missing", extension->name);
    ck_assert_uint_eq(field->id, extension->number);
    if (!extension->values[0]) return;
    ck_assert_int_eq(*(const int *)field->default_value, 0);
    const ProtobufCEnumDescriptor *type = field->descriptor;
    for (unsigned k = 0; k < type->n_values; k++)
        ck_assert_str_eq(type->values[k].name, extension->values[k]);
    ck_assert_ptr_null(extension->values[type->n_values]);
}

START_TEST(extensions_keep_their_numbers) {
    size_t found = 0, count = sizeof extensions / sizeof *extensions;
    collect_all();
    for (size_t i = 0; i < message_count; i++)
        for (unsigned k = 0; k < messages[i]->n_fields; k++)
            found += is_extension(messages[i], &messages[i]->fields[k]);
    ck_assert_uint_eq(found, count);
    for (size_t i = 0; i < count; i++)
        check_extension(&extensions[i]);
}
END_TEST

Suite *lungo_suite_schema(void);
Suite *lungo_suite_schema(void) {
    return lungo_suite_of("schema", (const TTest *const[]){it_is_caffes_and_nothing_else,
                                                           no_message_contains_itself,
                                                           extensions_keep_their_numbers, NULL});
}
