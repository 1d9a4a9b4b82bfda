/* The table of all layer types: finding one by name, and what `lungo layers` shows of them. */
#include "lungo/catalog.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "layer/layer.h"
#include "layer/pages.h"
#include "lungo/suggest.h"
#include "math/gemm.h"
#include "proto/forks.h"
#include "store/database.h"
#include "store/hdf5.h"

#define LAYER(descriptor) extern const lungo_layer_type descriptor;
#include "layer/layers.def"
#undef LAYER

static const lungo_layer_type *const types[] = {
#define LAYER(descriptor) &descriptor,
#include "layer/layers.def"
#undef LAYER
};

enum { TYPES = sizeof types / sizeof *types };

const lungo_layer_type *lungo_layer_type_at(size_t index) {
    return index < TYPES ? types[index] : NULL;
}

static const char *name_at(const void *list, size_t index) {
    return ((const lungo_layer_type *const *)list)[index]->name;
}

static lungo_status unknown_type(const char *name) {
    char hint[LUNGO_SUGGEST_MAX];
    if (lungo_forks_have_layer(hint, name))
        return lungo_fail(LUNGO_ERR_CONFIG, "unknown layer type '%s'%s", name, hint);
    lungo_suggest(hint, name, name_at, types, TYPES);
    lungo_buffer known = {0};
    for (size_t i = 0; i < TYPES; i++)
        lungo_buffer_printf(&known, "%s%s", i ? ", " : "", types[i]->name);
    lungo_status status =
        lungo_fail(LUNGO_ERR_CONFIG, "unknown layer type '%s'%s (known types: %s)", name, hint,
                   lungo_buffer_text(&known));
    lungo_buffer_dispose(&known);
    return status;
}

lungo_status lungo_layer_find_type(const lungo_layer_type **out, const char *name) {
    for (size_t i = 0; i < TYPES; i++)
        if (strcmp(types[i]->name, name) == 0) {
            *out = types[i];
            return LUNGO_OK;
        }
    return unknown_type(name);
}

/* ---- the public catalogue ---- */

size_t lungo_catalog_count(void) {
    return TYPES;
}

static const lungo_page *page_of(const char *type) {
    const lungo_page *page = lungo_pages;
    while (page->type && strcmp(page->type, type))
        page++;
    return page;
}

lungo_catalog_entry lungo_catalog_get(size_t index) {
    lungo_catalog_entry entry = {0};
    if (index >= TYPES) return entry;
    const lungo_layer_type *type = types[index];
    entry.name = type->name;
    entry.family = type->family;
    entry.brief = type->brief;
    memcpy(entry.bottoms, type->bottoms, sizeof entry.bottoms);
    memcpy(entry.tops, type->tops, sizeof entry.tops);
    memcpy(entry.params, type->params, sizeof entry.params);
    entry.in_place = type->flags & LUNGO_IN_PLACE;
    const lungo_page *page = page_of(type->name);
    entry.page = page->text;
    entry.differences = page->differences;
    entry.example = page->example;
    return entry;
}

static const char *const scalar_names[] = {
    [PROTOBUF_C_TYPE_INT32] = "int32",       [PROTOBUF_C_TYPE_SINT32] = "sint32",
    [PROTOBUF_C_TYPE_SFIXED32] = "sfixed32", [PROTOBUF_C_TYPE_INT64] = "int64",
    [PROTOBUF_C_TYPE_SINT64] = "sint64",     [PROTOBUF_C_TYPE_SFIXED64] = "sfixed64",
    [PROTOBUF_C_TYPE_UINT32] = "uint32",     [PROTOBUF_C_TYPE_FIXED32] = "fixed32",
    [PROTOBUF_C_TYPE_UINT64] = "uint64",     [PROTOBUF_C_TYPE_FIXED64] = "fixed64",
    [PROTOBUF_C_TYPE_FLOAT] = "float",       [PROTOBUF_C_TYPE_DOUBLE] = "double",
    [PROTOBUF_C_TYPE_BOOL] = "bool",         [PROTOBUF_C_TYPE_STRING] = "string",
    [PROTOBUF_C_TYPE_BYTES] = "bytes"};

static void write_type(lungo_catalog_field *out, const ProtobufCFieldDescriptor *field) {
    const char *label = field->label == PROTOBUF_C_LABEL_REPEATED   ? "repeated "
                        : field->label == PROTOBUF_C_LABEL_REQUIRED ? "required "
                                                                    : "";
    const char *kind = "", *name;
    if (field->type == PROTOBUF_C_TYPE_ENUM) {
        kind = "enum ";
        name = ((const ProtobufCEnumDescriptor *)field->descriptor)->short_name;
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        name = ((const ProtobufCMessageDescriptor *)field->descriptor)->short_name;
    } else {
        name = scalar_names[field->type];
    }
    snprintf(out->type, sizeof out->type, "%s%s%s", label, kind, name);
}

static void write_values(lungo_catalog_field *out, const ProtobufCFieldDescriptor *field) {
    if (field->type != PROTOBUF_C_TYPE_ENUM) return;
    const ProtobufCEnumDescriptor *type = field->descriptor;
    size_t length = 0, room = sizeof out->values;
    for (unsigned i = 0; i < type->n_values && length < room; i++)
        length += (size_t)snprintf(out->values + length, room - length, "%s%s", i ? ", " : "",
                                   type->values[i].name);
}

static void write_default(lungo_catalog_field *out, const ProtobufCFieldDescriptor *field) {
    const void *value = field->default_value;
    if (!value) return;
    size_t room = sizeof out->fallback;
    switch (field->type) {
    case PROTOBUF_C_TYPE_FLOAT:
        snprintf(out->fallback, room, "%g", *(const float *)value);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        snprintf(out->fallback, room, "%s", *(const protobuf_c_boolean *)value ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_STRING:
        snprintf(out->fallback, room, "\"%s\"", (const char *)value);
        break;
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumValue *named =
            protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *)value);
        snprintf(out->fallback, room, "%s", named ? named->name : "");
        break;
    }
    case PROTOBUF_C_TYPE_UINT32:
        snprintf(out->fallback, room, "%u", *(const uint32_t *)value);
        break;
    default: /* the layers' messages have no defaults of other types but int32 */
        snprintf(out->fallback, room, "%d", *(const int32_t *)value);
    }
}

static const char *note_of(const char *message, const char *field) {
    size_t length = strlen(message);
    for (const lungo_field_note *note = lungo_field_notes; note->field; note++)
        if (!strncmp(note->field, message, length) && note->field[length] == '.' &&
            !strcmp(note->field + length + 1, field))
            return note->note;
    return "";
}

int lungo_catalog_field_get(lungo_catalog_field *out, const char *param, size_t index) {
    const ProtobufCFieldDescriptor *message =
        protobuf_c_message_descriptor_get_field_by_name(&caffe__layer_parameter__descriptor, param);
    if (!message || message->type != PROTOBUF_C_TYPE_MESSAGE) return 0;
    const ProtobufCMessageDescriptor *type = message->descriptor;
    if (index >= type->n_fields) return 0;
    const ProtobufCFieldDescriptor *field = &type->fields[index];
    *out = (lungo_catalog_field){.note = note_of(type->short_name, field->name)};
    snprintf(out->name, sizeof out->name, "%s", field->name);
    write_type(out, field);
    write_values(out, field);
    write_default(out, field);
    return 1;
}

/* ---- stores, BLAS ---- */

lungo_catalog_store lungo_catalog_store_get(size_t index) {
    lungo_catalog_store store = {lungo_backend_title(index), 0};
    if (store.name) {
        store.available = lungo_backend_check(index) == LUNGO_OK;
    } else if (!lungo_backend_title(index - 1)) {
        return store;
    } else {
        store.name = "HDF5";
        store.available = lungo_hdf5_check() == LUNGO_OK;
    }
    return store;
}

const char *lungo_catalog_blas(void) {
    return lungo_blas_name();
}
