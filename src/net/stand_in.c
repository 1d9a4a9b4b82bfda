/* Nets that are looked at where their data are not: an Input in the place of each layer whose file
 * is missing, of the shapes that it would give. */
#include <string.h>

#include "base/file.h"
#include "net/passes.h"
#include "proto/message.h"

enum { USUAL_CHANNELS = 3, USUAL_SIZE = 224 };

/* The messages of a layer that may name a file it reads. */
static const struct {
    const char *type, *message, *field; /* type NULL: of any */
} files[] = {
    {"Data", "data_param", "source"},
    {"ImageData", "image_data_param", "source"},
    {"WindowData", "window_data_param", "source"},
    {"HDF5Data", "hdf5_data_param", "source"},
    {"InfogainLoss", "infogain_loss_param", "source"},
    {NULL, "transform_param", "mean_file"},
};
enum { FILES = sizeof files / sizeof *files };

static const ProtobufCMessage *message_of(const Caffe__LayerParameter *layer, const char *name) {
    const ProtobufCFieldDescriptor *field = lungo_message_field(&layer->base, name);
    void *const *place = field ? lungo_message_value(&layer->base, field, 0) : NULL;
    return place ? *place : NULL;
}

bool lungo_net_missing_file(lungo_missing_file *out, const Caffe__LayerParameter *layer) {
    for (int i = 0; i < FILES; i++) {
        if (files[i].type && strcmp(files[i].type, lungo_or_empty(layer->type))) continue;
        const ProtobufCMessage *message = message_of(layer, files[i].message);
        if (!message) continue;
        const ProtobufCFieldDescriptor *field = lungo_message_field(message, files[i].field);
        const char *path = *(char **)lungo_message_value(message, field, 0);
        if (!path || !*path || lungo_file_exists(path) || lungo_file_is_folder(path)) continue;
        *out = (lungo_missing_file){message, files[i].field, path};
        return true;
    }
    return false;
}

/* ---- shapes ---- */

typedef struct data_shape {
    unsigned batch, channels, height, width; /* 0: not given */
} data_shape;

static void read_transform(data_shape *shape, const Caffe__TransformationParameter *transform) {
    if (!transform) return;
    unsigned height = transform->crop_size ? transform->crop_size : transform->crop_h;
    unsigned width = transform->crop_size ? transform->crop_size : transform->crop_w;
    if (height) shape->height = height;
    if (width) shape->width = width;
    if (transform->n_mean_value > 1) shape->channels = (unsigned)transform->n_mean_value;
    if (transform->force_gray) shape->channels = 1;
}

/* False: the type is none of those that have pictures. */
static bool read_settings(data_shape *shape, const Caffe__LayerParameter *layer) {
    const Caffe__ImageDataParameter *image = layer->image_data_param;
    if (strcmp(layer->type, "Data") == 0 && layer->data_param)
        *shape = (data_shape){.batch = layer->data_param->batch_size};
    else if (strcmp(layer->type, "ImageData") == 0 && image)
        *shape = (data_shape){image->batch_size, image->is_color ? 3 : 1, image->new_height,
                              image->new_width};
    else if (strcmp(layer->type, "WindowData") == 0 && layer->window_data_param)
        *shape = (data_shape){.batch = layer->window_data_param->batch_size, .channels = 3};
    else
        return false;
    read_transform(shape, layer->transform_param);
    return true;
}

/* ---- layers ---- */

static lungo_status add_shape(lungo_document *document, ProtobufCMessage *input, const int64_t *dim,
                              size_t axes) {
    ProtobufCMessage *shape =
        lungo_message_add_message(document, input, lungo_message_field(input, "shape"));
    if (!shape) return lungo_fail_memory("a shape", axes);
    int64_t *place = lungo_message_extend(document, shape, lungo_message_field(shape, "dim"), axes);
    if (!place) return lungo_fail_memory("a shape", axes);
    memcpy(place, dim, axes * sizeof *dim);
    return LUNGO_OK;
}

static lungo_status become_input(lungo_document *document, Caffe__LayerParameter *layer,
                                 const data_shape *shape) {
    ProtobufCMessage *input = lungo_message_ensure(
        document, &layer->base, lungo_message_field(&layer->base, "input_param"));
    layer->type = lungo_arena_string(lungo_document_arena(document), "Input");
    if (!input || !layer->type) return lungo_fail_memory("an Input layer", sizeof *layer);
    int64_t dim[] = {shape->batch ? shape->batch : 1, shape->channels, shape->height, shape->width};
    for (size_t i = 0; i < layer->n_top; i++)
        LUNGO_TRY(add_shape(document, input, dim, i == 0 ? 4 : 1));
    return LUNGO_OK;
}

static void forget_mean(Caffe__LayerParameter *layer) {
    Caffe__TransformationParameter *transform = layer->transform_param;
    if (transform)
        lungo_message_clear(&transform->base, lungo_message_field(&transform->base, "mean_file"));
}

static lungo_status stand_in_for(lungo_document *document, Caffe__LayerParameter *layer,
                                 bool *guessed) {
    lungo_missing_file missing;
    data_shape shape;
    if (!lungo_net_missing_file(&missing, layer)) return LUNGO_OK;
    forget_mean(layer);
    if (!lungo_net_missing_file(&missing, layer) || !read_settings(&shape, layer)) return LUNGO_OK;
    *guessed |= !shape.height || !shape.width;
    if (!shape.channels) shape.channels = USUAL_CHANNELS;
    if (!shape.height) shape.height = USUAL_SIZE;
    if (!shape.width) shape.width = USUAL_SIZE;
    return become_input(document, layer, &shape);
}

lungo_status lungo_net_silence_files(lungo_document *document, Caffe__NetParameter *param) {
    for (size_t i = 0; i < param->n_layer; i++) {
        if (strcmp(lungo_or_empty(param->layer[i]->type), "HDF5Output")) continue;
        param->layer[i]->type = lungo_arena_string(lungo_document_arena(document), "Silence");
        if (!param->layer[i]->type) return lungo_fail_memory("a layer's type", strlen("Silence"));
    }
    return LUNGO_OK;
}

lungo_status lungo_net_stand_in(lungo_document *document, Caffe__NetParameter *param,
                                bool *guessed) {
    *guessed = false;
    LUNGO_TRY(lungo_net_silence_files(document, param));
    for (size_t i = 0; i < param->n_layer; i++)
        LUNGO_TRY(stand_in_for(document, param->layer[i], guessed));
    return LUNGO_OK;
}
