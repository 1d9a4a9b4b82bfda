#include "weights/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "proto/upgrade.h"
#include "weights/kind.h"

typedef struct model_layer {
    const char *name, *type;
    size_t blob_count;
    lungo_wire *blobs;
} model_layer;

struct lungo_model {
    lungo_arena arena;
    lungo_file_reader *file; /* that was opened; NULL: the bytes are the caller's */
    const char *name;
    size_t layer_count;
    model_layer *layers;
    bool old[LUNGO_UPGRADE_STEPS]; /* forms that Caffe would upgrade */
};

/* ---- one layer ---- */

/* The fields of a layer in each version of the schema. 0: it has none. */
typedef struct layer_fields {
    uint32_t name, type, blobs, params, nested;
} layer_fields;

static const layer_fields v2_fields = {.name = 1, .type = 2, .blobs = 7, .params = 6};
static const layer_fields v1_fields = {.name = 4, .type = 5, .blobs = 6, .nested = 1};
static const layer_fields v0_fields = {.name = 1, .type = 2, .blobs = 50};

typedef struct seen_layer {
    const layer_fields *fields;
    lungo_wire message, nested;
    size_t blobs, params;
    int v1_type;
} seen_layer;

static lungo_status copy_text(lungo_model *model, const char **out, lungo_wire bytes) {
    size_t length = lungo_wire_left(&bytes);
    char *text = lungo_arena_alloc(&model->arena, length + 1);
    if (!text) return lungo_fail_memory("a name", length);
    *out = text;
    return lungo_wire_read(&bytes, text, length);
}

static lungo_status look_at(lungo_model *model, model_layer *layer, seen_layer *seen,
                            const lungo_wire_field *field) {
    const layer_fields *fields = seen->fields;
    if (field->type == LUNGO_WIRE_VARINT && field->number == fields->type)
        seen->v1_type = (int)field->value;
    if (field->type != LUNGO_WIRE_BYTES) return LUNGO_OK;
    if (field->number == fields->name) return copy_text(model, &layer->name, field->bytes);
    if (field->number == fields->type) return copy_text(model, &layer->type, field->bytes);
    if (field->number == fields->nested) seen->nested = field->bytes;
    seen->blobs += field->number == fields->blobs;
    seen->params += field->number == fields->params;
    return LUNGO_OK;
}

static lungo_status list_blobs(lungo_model *model, model_layer *layer, const seen_layer *seen) {
    lungo_wire message = seen->message;
    layer->blobs = lungo_arena_array(&model->arena, seen->blobs, sizeof *layer->blobs);
    if (!layer->blobs) return lungo_fail_memory("a list of blobs", seen->blobs);
    while (layer->blob_count < seen->blobs) {
        lungo_wire_field field;
        LUNGO_TRY(lungo_wire_next(&message, &field));
        if (field.number == seen->fields->blobs && field.type == LUNGO_WIRE_BYTES)
            layer->blobs[layer->blob_count++] = field.bytes;
    }
    return LUNGO_OK;
}

/* Old V1 data layers have settings that belong in transform_param. */
static lungo_status find_transform_fields(lungo_model *model, const seen_layer *seen) {
    uint32_t source = lungo_upgrade_transform_source(seen->v1_type);
    lungo_wire message = seen->message;
    while (source && lungo_wire_more(&message)) {
        lungo_wire_field outer, inner;
        LUNGO_TRY(lungo_wire_next(&message, &outer));
        if (outer.number != source || outer.type != LUNGO_WIRE_BYTES) continue;
        while (lungo_wire_more(&outer.bytes)) {
            LUNGO_TRY(lungo_wire_next(&outer.bytes, &inner));
            if (lungo_upgrade_is_transform_field(seen->v1_type, inner.number))
                model->old[LUNGO_UPGRADE_TRANSFORM] = true;
        }
    }
    return LUNGO_OK;
}

static lungo_status read_layer(lungo_model *model, model_layer *layer, lungo_wire message,
                               const layer_fields *fields) {
    seen_layer seen = {.fields = fields, .message = message};
    *layer = (model_layer){.name = "", .type = ""};
    while (lungo_wire_more(&message)) {
        lungo_wire_field field;
        LUNGO_TRY(lungo_wire_next(&message, &field));
        LUNGO_TRY(look_at(model, layer, &seen, &field));
    }
    if (seen.nested.name) {
        model->old[LUNGO_UPGRADE_V0] = true;
        return read_layer(model, layer, seen.nested, &v0_fields);
    }
    const char *current = fields == &v1_fields   ? lungo_upgrade_v1_type(seen.v1_type)
                          : fields == &v0_fields ? lungo_upgrade_v0_type(layer->type)
                                                 : NULL;
    if (current) layer->type = current;
    if (strcmp(layer->type, "BatchNorm") == 0 && seen.params == 3)
        model->old[LUNGO_UPGRADE_BATCH_NORM] = true;
    if (fields == &v1_fields) LUNGO_TRY(find_transform_fields(model, &seen));
    return list_blobs(model, layer, &seen);
}

/* ---- the file ---- */

enum { NET_LAYERS = 2, NET_INPUT = 3, NET_LAYER = 100 };

static const layer_fields *layer_fields_of(const lungo_wire_field *field) {
    if (field->type != LUNGO_WIRE_BYTES) return NULL;
    if (field->number == NET_LAYER) return &v2_fields;
    return field->number == NET_LAYERS ? &v1_fields : NULL;
}

static lungo_status count_layers(lungo_model *model, lungo_wire net, size_t *count) {
    *count = 0;
    while (lungo_wire_more(&net)) {
        lungo_wire_field field;
        LUNGO_TRY(lungo_wire_next(&net, &field));
        *count += layer_fields_of(&field) != NULL;
        if (field.number == NET_LAYERS) model->old[LUNGO_UPGRADE_V1] = true;
        if (field.number == NET_INPUT) model->old[LUNGO_UPGRADE_INPUT] = true;
    }
    return LUNGO_OK;
}

static lungo_status read_layers(lungo_model *model, lungo_wire net) {
    size_t count;
    LUNGO_TRY(count_layers(model, net, &count));
    model->layers = lungo_arena_array(&model->arena, count, sizeof *model->layers);
    if (!model->layers) return lungo_fail_memory("a list of layers", count);
    while (model->layer_count < count) {
        lungo_wire_field field;
        LUNGO_TRY(lungo_wire_next(&net, &field));
        const layer_fields *fields = layer_fields_of(&field);
        if (!fields) continue;
        model_layer *layer = &model->layers[model->layer_count++];
        if (read_layer(model, layer, field.bytes, fields))
            return lungo_trail("in layer %zu '%s'", model->layer_count - 1, layer->name);
    }
    return LUNGO_OK;
}

enum { SAMPLE = 512 }; /* what a file's kind is told from */

static lungo_status check_kind(lungo_wire net, const char *name) {
    char sample[SAMPLE];
    size_t length = lungo_wire_left(&net) < SAMPLE ? lungo_wire_left(&net) : SAMPLE;
    LUNGO_TRY(lungo_wire_read(&net, sample, length));
    return lungo_weights_check_kind(sample, length, name);
}

static lungo_status read_model(lungo_model *model, lungo_wire net, const char *name) {
    LUNGO_TRY(check_kind(net, name));
    net.name = model->name = lungo_arena_string(&model->arena, name);
    if (!model->name) return lungo_fail_memory("a file's name", strlen(name) + 1);
    LUNGO_TRY(read_layers(model, net));
    if (model->layer_count > 0) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT, "%s: expected a .caffemodel, got a file without layers",
                      name);
}

static void log_old_forms(const lungo_model *model) {
    for (int step = 0; step < LUNGO_UPGRADE_STEPS; step++) {
        if (!model->old[step]) continue;
        lungo_upgrade_log_begin((lungo_upgrade_step)step, model->name);
        lungo_upgrade_log_end((lungo_upgrade_step)step, true);
    }
}

/* Takes the file over, also on failure. */
static lungo_status open_model(lungo_model **out, lungo_file_reader *file, lungo_wire net) {
    lungo_model *model = calloc(1, sizeof *model);
    if (!model) {
        lungo_file_reader_close(file);
        return lungo_fail_memory("a model", sizeof *model);
    }
    model->file = file;
    lungo_status status = read_model(model, net, net.name);
    if (status) {
        lungo_model_free(model);
        return status;
    }
    log_old_forms(model);
    *out = model;
    return LUNGO_OK;
}

lungo_status lungo_model_over(lungo_model **out, const void *bytes, size_t length,
                              const char *name) {
    return open_model(out, NULL, lungo_wire_over(bytes, length, name));
}

lungo_status lungo_model_open(lungo_model **out, const char *path) {
    lungo_file_reader *file;
    LUNGO_TRY(lungo_file_reader_open(&file, path));
    return open_model(out, file, lungo_wire_over_file(file, path));
}

void lungo_model_free(lungo_model *model) {
    if (!model) return;
    lungo_arena_dispose(&model->arena);
    lungo_file_reader_close(model->file);
    free(model);
}

size_t lungo_model_layer_count(const lungo_model *model) {
    return model->layer_count;
}

lungo_model_layer_info lungo_model_layer(const lungo_model *model, size_t layer) {
    if (layer >= model->layer_count) return (lungo_model_layer_info){0};
    const model_layer *found = &model->layers[layer];
    return (lungo_model_layer_info){found->name, found->type, found->blob_count};
}

lungo_status lungo_model_blob(lungo_stored_blob *out, const lungo_model *model, size_t layer,
                              size_t index) {
    size_t count = lungo_model_layer(model, layer).blob_count;
    if (index >= count)
        return lungo_fail(LUNGO_ERR_USAGE, "blob %zu of layer %zu: expected one of %zu", index,
                          layer, count);
    if (lungo_stored_blob_open(out, model->layers[layer].blobs[index]))
        return lungo_trail("in blob %zu of layer '%s', %s", index, model->layers[layer].name,
                           model->name);
    return LUNGO_OK;
}

lungo_status lungo_model_blob_shape(lungo_shape *shape, size_t *count, const lungo_model *model,
                                    size_t layer, size_t index) {
    lungo_stored_blob stored;
    LUNGO_TRY(lungo_model_blob(&stored, model, layer, index));
    *shape = stored.shape;
    *count = stored.count;
    return LUNGO_OK;
}

lungo_status lungo_model_blob_values(float *values, size_t count, const lungo_model *model,
                                     size_t layer, size_t index) {
    lungo_stored_blob stored;
    LUNGO_TRY(lungo_model_blob(&stored, model, layer, index));
    if (count != stored.count)
        return lungo_fail(LUNGO_ERR_USAGE, "values of a blob: expected room for %zu, got %zu",
                          stored.count, count);
    return lungo_stored_blob_data(&stored, values);
}
