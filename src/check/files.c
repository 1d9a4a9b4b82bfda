/* Rules about files and about what the build has no use for. */
#include <string.h>

#include "check/rules.h"
#include "proto/message.h"

const char *lungo_check_path_advice(const char *path) {
    return *path == '/' ? "" : ". Paths are relative to the working directory";
}

void lungo_check_missing_file(const lungo_subject *subject) {
    lungo_missing_file missing;
    for (size_t i = 0; i < subject->layer_count; i++) {
        const Caffe__LayerParameter *layer = subject->layers[i];
        if (!lungo_net_missing_file(&missing, layer)) continue;
        lungo_find_field(subject, layer, missing.message, missing.field,
                         "layer '%s' (%s): %s '%s' is not there%s", layer->name ?: "",
                         layer->type ?: "", missing.field, missing.path,
                         lungo_check_path_advice(missing.path));
    }
}

/* The message of the layer that has an engine in it other than the default; NULL: none. */
static const ProtobufCMessage *find_engine(const Caffe__LayerParameter *layer) {
    const ProtobufCMessageDescriptor *type = layer->base.descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type != PROTOBUF_C_TYPE_MESSAGE ||
            !lungo_message_has(&layer->base, &type->fields[i]))
            continue;
        const ProtobufCMessage *message =
            *(ProtobufCMessage **)lungo_message_value(&layer->base, &type->fields[i], 0);
        const ProtobufCFieldDescriptor *engine = lungo_message_field(message, "engine");
        if (engine && lungo_message_has(message, engine) &&
            *(int *)lungo_message_value(message, engine, 0) != 0)
            return message;
    }
    return NULL;
}

/* One is enough: nets that have it have it everywhere. */
void lungo_check_ignored_engine(const lungo_subject *subject) {
    for (size_t i = 0; i < subject->layer_count; i++) {
        const ProtobufCMessage *message = find_engine(subject->layers[i]);
        if (!message) continue;
        lungo_find_field(
            subject, subject->layers[i], message, "engine",
            "engine chooses among Caffe's GPU codes and does nothing here. It can stay; "
            "--engine chooses what computes");
        return;
    }
}
