/* The preprocessing of data layers stood in their own messages before there was transform_param. */
#include <string.h>

#include "base/log.h"
#include "proto/message.h"
#include "proto/upgrade.h"
#include "proto/upgrade_layers.h"

static const struct {
    Caffe__V1LayerParameter__LayerType type;
    const char *param;
    bool reads_scale; /* the layer itself still obeys `scale` */
} sources[] = {
    {CAFFE__V1_LAYER_PARAMETER__LAYER_TYPE__DATA, "data_param", false},
    {CAFFE__V1_LAYER_PARAMETER__LAYER_TYPE__IMAGE_DATA, "image_data_param", false},
    {CAFFE__V1_LAYER_PARAMETER__LAYER_TYPE__WINDOW_DATA, "window_data_param", true},
};

static const char *const fields[] = {"scale", "mean_file", "crop_size", "mirror"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static ProtobufCMessage *submessage(const ProtobufCMessage *message, const char *name) {
    return *(ProtobufCMessage **)lungo_message_value(message, lungo_message_field(message, name),
                                                     0);
}

/* The first of the four fields that is present, from `first` on; COUNT(fields): none. */
static size_t next_present(const ProtobufCMessage *param, size_t first) {
    while (first < COUNT(fields) && param &&
           !lungo_message_has(param, lungo_message_field(param, fields[first])))
        first++;
    return param ? first : COUNT(fields);
}

bool lungo_upgrade_has_transform_fields(const Caffe__NetParameter *net) {
    for (size_t i = 0; i < net->n_layers; i++)
        for (size_t k = 0; k < COUNT(sources); k++)
            if (net->layers[i]->type == sources[k].type &&
                next_present(submessage(&net->layers[i]->base, sources[k].param), 0) <
                    COUNT(fields))
                return true;
    return false;
}

static const ProtobufCFieldDescriptor *find_source(int v1_type) {
    for (size_t k = 0; k < COUNT(sources); k++)
        if (v1_type == (int)sources[k].type)
            return protobuf_c_message_descriptor_get_field_by_name(
                &caffe__v1_layer_parameter__descriptor, sources[k].param);
    return NULL;
}

uint32_t lungo_upgrade_transform_source(int v1_type) {
    const ProtobufCFieldDescriptor *source = find_source(v1_type);
    return source ? source->id : 0;
}

bool lungo_upgrade_is_transform_field(int v1_type, uint32_t inner) {
    const ProtobufCFieldDescriptor *source = find_source(v1_type);
    for (size_t i = 0; source && i < COUNT(fields); i++)
        if (protobuf_c_message_descriptor_get_field_by_name(source->descriptor, fields[i])->id ==
            inner)
            return true;
    return false;
}

/* Both messages are there afterwards, filled or not: so has Caffe. */
static lungo_status move_fields(lungo_document *document, Caffe__V1LayerParameter *layer,
                                const char *name) {
    ProtobufCMessage *message = &layer->base;
    ProtobufCMessage *param =
        lungo_message_ensure(document, message, lungo_message_field(message, name));
    ProtobufCMessage *transform =
        lungo_message_ensure(document, message, lungo_message_field(message, "transform_param"));
    if (!param || !transform)
        return lungo_fail_memory("transform_param", sizeof(Caffe__TransformationParameter));
    for (size_t i = next_present(param, 0); i < COUNT(fields); i = next_present(param, i + 1)) {
        const ProtobufCFieldDescriptor *from = lungo_message_field(param, fields[i]);
        LUNGO_TRY(lungo_message_merge_field(
            document, transform, lungo_message_field(transform, fields[i]), param, from, NULL));
        lungo_message_clear(param, from);
    }
    return LUNGO_OK;
}

lungo_status lungo_upgrade_transform_fields(lungo_document *document, Caffe__NetParameter *net) {
    for (size_t i = 0; i < net->n_layers; i++)
        for (size_t k = 0; k < COUNT(sources); k++)
            if (net->layers[i]->type == sources[k].type)
                LUNGO_TRY(move_fields(document, net->layers[i], sources[k].param));
    return LUNGO_OK;
}

static void warn_of_layer(const lungo_document *document, const Caffe__LayerParameter *layer,
                          size_t source) {
    const ProtobufCMessage *param = submessage(&layer->base, sources[source].param);
    lungo_position position = lungo_document_position(document, layer);
    size_t first = sources[source].reads_scale ? 1 : 0;
    for (size_t i = next_present(param, first); i < COUNT(fields); i = next_present(param, i + 1))
        lungo_warn("layer '%s' (%s:%d): %s in %s is ignored, as by Caffe: write it in "
                   "transform_param",
                   layer->name ? layer->name : "", position.file ? position.file : "?",
                   position.line, fields[i], sources[source].param);
}

void lungo_upgrade_warn_of_transform_fields(const lungo_document *document,
                                            const Caffe__NetParameter *net) {
    for (size_t i = 0; i < net->n_layer; i++)
        for (size_t k = 0; k < COUNT(sources); k++)
            if (net->layer[i]->type &&
                strcmp(net->layer[i]->type, lungo_upgrade_v1_type((int)sources[k].type)) == 0)
                warn_of_layer(document, net->layer[i], k);
}
