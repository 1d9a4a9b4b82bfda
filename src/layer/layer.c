/* The one wrapper around all layer types: what can be checked for every layer is checked here, from
 * the data in its descriptor, so that the types themselves hold nothing but what is theirs. */
#include "layer/layer.h"

#include <stdlib.h>
#include <string.h>

#include "filler/filler.h"
#include "layer/op.h"

/* ---- opening ---- */

static lungo_status check_count(const char *verb, const char *noun, const int limits[2], int got) {
    int least = limits[0], most = limits[1];
    if (got >= least && (most < 0 || got <= most)) return LUNGO_OK;
    const char *plural = (most < 0 ? least : most) == 1 ? "" : "s";
    if (least == most)
        return lungo_fail(LUNGO_ERR_CONFIG, "layer %s %d %s%s, got %d", verb, least, noun, plural,
                          got);
    if (most < 0)
        return lungo_fail(LUNGO_ERR_CONFIG, "layer %s at least %d %s%s, got %d", verb, least, noun,
                          plural, got);
    return lungo_fail(LUNGO_ERR_CONFIG, "layer %s %d to %d %s%s, got %d", verb, least, most, noun,
                      plural, got);
}

static lungo_status check_counts(const lungo_layer *layer) {
    const lungo_layer_type *type = layer->type;
    LUNGO_TRY(check_count("takes", "bottom", type->bottoms, layer->bottom_count));
    LUNGO_TRY(check_count("makes", "top", type->tops, layer->top_count));
    if ((type->flags & LUNGO_TOPS_EQUAL_BOTTOMS) && layer->top_count != layer->bottom_count)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "layer makes one top of each bottom: expected %d tops, got %d",
                          layer->bottom_count, layer->top_count);
    return LUNGO_OK;
}

static lungo_status check_required(const ProtobufCFieldDescriptor *field) {
    const ProtobufCMessageDescriptor *message = field->descriptor;
    for (unsigned i = 0; i < message->n_fields; i++)
        if (message->fields[i].label == PROTOBUF_C_LABEL_REQUIRED)
            return lungo_fail(LUNGO_ERR_CONFIG, "layer needs %s { %s: ... }, got none", field->name,
                              message->fields[i].name);
    return LUNGO_OK;
}

/* A message of defaults in place of an absent one. */
static lungo_status default_message(lungo_layer *layer, Caffe__LayerParameter *settings,
                                    const char *name) {
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(settings->base.descriptor, name);
    if (!field || field->type != PROTOBUF_C_TYPE_MESSAGE)
        return lungo_fail(LUNGO_ERR_USAGE, "layer type %s: LayerParameter has no message '%s'",
                          layer->type->name, name);
    ProtobufCMessage **place = (ProtobufCMessage **)((char *)settings + field->offset);
    if (*place) return LUNGO_OK;
    LUNGO_TRY(check_required(field));
    const ProtobufCMessageDescriptor *type = field->descriptor;
    *place = lungo_arena_alloc(layer->host->arena, type->sizeof_message);
    if (!*place) return lungo_fail_memory(name, type->sizeof_message);
    type->message_init(*place);
    return LUNGO_OK;
}

static lungo_status make_settings(lungo_layer *layer, const Caffe__LayerParameter *given) {
    Caffe__LayerParameter *settings = lungo_arena_alloc(layer->host->arena, sizeof *settings);
    if (!settings) return lungo_fail_memory("a layer's settings", sizeof *settings);
    *settings = *given;
    size_t most = sizeof layer->type->params / sizeof layer->type->params[0];
    for (size_t i = 0; i < most && layer->type->params[i]; i++)
        LUNGO_TRY(default_message(layer, settings, layer->type->params[i]));
    layer->param = settings;
    return LUNGO_OK;
}

lungo_status lungo_layer_open(lungo_layer *layer, const Caffe__LayerParameter *given) {
    LUNGO_TRY(make_settings(layer, given));
    layer->state = lungo_arena_alloc(layer->host->arena, layer->type->state_size);
    if (!layer->state) return lungo_fail_memory("a layer's state", layer->type->state_size);
    return layer->type->open ? layer->type->open(layer) : LUNGO_OK;
}

lungo_status lungo_layer_setup(lungo_layer *layer) {
    const lungo_layer_type *type = layer->type;
    LUNGO_TRY(check_counts(layer));
    if (type->setup) LUNGO_TRY(type->setup(layer));
    if (layer->param->n_param > (size_t)layer->param_count)
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "too many params specified: layer has %d learnable blobs, got %zu param { }",
            layer->param_count, layer->param->n_param);
    return LUNGO_OK;
}

void lungo_layer_release(lungo_layer *layer) {
    if (layer->state && layer->type->release) layer->type->release(layer);
    layer->state = NULL;
    for (int j = 0; j < layer->param_count; j++)
        lungo_blob_dispose(layer->params[j].blob);
    for (int i = 0; i < layer->buffer_count; i++)
        lungo_blob_dispose(layer->buffers[i]);
    layer->param_count = layer->buffer_count = 0;
}

/* ---- what types call ---- */

static lungo_status new_blob(lungo_layer *layer, lungo_blob **out, const char *name) {
    lungo_blob *blob = lungo_arena_alloc(layer->host->arena, sizeof *blob);
    if (!blob || !name) return lungo_fail_memory("a blob", sizeof *blob);
    LUNGO_TRY(lungo_blob_init(blob, name));
    *out = blob;
    return LUNGO_OK;
}

/* The prototxt's j-th param { }, or defaults field by field. */
static void resolve_spec(lungo_layer_param *param, const Caffe__LayerParameter *settings, int j) {
    static const Caffe__ParamSpec defaults = CAFFE__PARAM_SPEC__INIT;
    const Caffe__ParamSpec *spec = (size_t)j < settings->n_param ? settings->param[j] : &defaults;
    param->share_name = spec->name;
    param->permissive = spec->share_mode == CAFFE__PARAM_SPEC__DIM_CHECK_MODE__PERMISSIVE;
    param->has_lr_mult = spec->has_lr_mult;
    param->has_decay_mult = spec->has_decay_mult;
    param->lr_mult = spec->lr_mult;
    param->decay_mult = spec->decay_mult;
}

lungo_status lungo_layer_add_param(lungo_layer *layer, const lungo_shape *shape,
                                   const Caffe__FillerParameter *filler) {
    int j = layer->param_count;
    if (j == LUNGO_MAX_PARAMS)
        return lungo_fail(LUNGO_ERR_UNSUPPORTED, "layer: expected at most %d learnable blobs",
                          LUNGO_MAX_PARAMS);
    LUNGO_TRY(lungo_filler_check(filler, shape));
    lungo_layer_param *param = &layer->params[j];
    *param = (lungo_layer_param){.filler = filler, .owned = true};
    resolve_spec(param, layer->param, j);
    LUNGO_TRY(new_blob(layer, &param->blob,
                       lungo_arena_printf(layer->host->arena, "%s param %d", layer->name, j)));
    layer->param_count++;
    return lungo_blob_reshape(param->blob, shape);
}

lungo_status lungo_layer_freeze_param(lungo_layer *layer, int j) {
    lungo_layer_param *param = &layer->params[j];
    if ((size_t)j < layer->param->n_param && param->lr_mult != 0)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "param %d is not learned by gradients: expected lr_mult 0, got %g", j,
                          param->lr_mult);
    param->frozen = true;
    param->has_lr_mult = true;
    param->lr_mult = 0;
    return LUNGO_OK;
}

lungo_status lungo_layer_add_buffer(lungo_layer *layer, lungo_blob **out, const char *name) {
    if (layer->buffer_count == LUNGO_MAX_BUFFERS)
        return lungo_fail(LUNGO_ERR_UNSUPPORTED, "layer: expected at most %d buffers",
                          LUNGO_MAX_BUFFERS);
    LUNGO_TRY(new_blob(layer, out, name));
    layer->buffers[layer->buffer_count++] = *out;
    return LUNGO_OK;
}

void lungo_layer_need_scratch(lungo_layer *layer, size_t floats) {
    if (layer->host->scratch_needed < floats) layer->host->scratch_needed = floats;
}

float *lungo_layer_scratch(const lungo_layer *layer) {
    return layer->host->scratch;
}

const float *lungo_param(const lungo_layer *layer, int j) {
    return lungo_data(layer->params[j].blob);
}

float *lungo_param_update(const lungo_layer *layer, int j) {
    return lungo_data_update(layer->params[j].blob);
}

float *lungo_param_diff(const lungo_layer *layer, int j) {
    /* Void where lungo_grad_beta is 0: nothing is settled. */
    return lungo_storage_values(layer->params[j].blob->diff, LUNGO_UPDATE);
}

float lungo_grad_beta(const lungo_layer *layer, int j) {
    return layer->params[j].blob->diff->stale ? 0.0f : 1.0f;
}

lungo_status lungo_layer_reshape_like_bottom(lungo_layer *layer) {
    for (int i = 0; i < layer->top_count; i++)
        LUNGO_TRY(lungo_blob_reshape(layer->tops[i], &layer->bottoms[i]->shape));
    return LUNGO_OK;
}

/* ---- running ---- */

/* Caffe fills the blobs of sharers too before it lets them share: the draws count. */
static lungo_status draw_in_vain(lungo_layer *layer, const lungo_layer_param *param) {
    float *values = lungo_new_floats(param->blob->count);
    if (!values) return lungo_fail_memory(param->blob->name, param->blob->count * sizeof(float));
    lungo_status status =
        lungo_filler_fill(param->filler, &param->blob->shape, values, layer->host->rng);
    lungo_free_floats(values);
    return status;
}

static lungo_status fill_params(lungo_layer *layer) {
    for (int j = 0; j < layer->param_count; j++) {
        const lungo_layer_param *param = &layer->params[j];
        if (param->owned)
            LUNGO_TRY(lungo_filler_fill(param->filler, &param->blob->shape,
                                        lungo_data_overwrite(param->blob), layer->host->rng));
        else
            LUNGO_TRY(draw_in_vain(layer, param));
    }
    return LUNGO_OK;
}

/* Values that stand in the definition itself, as `blobs { }`: then nothing is drawn. */
static lungo_status take_given_blobs(lungo_layer *layer) {
    const Caffe__LayerParameter *given = layer->param;
    if (given->n_blobs != (size_t)layer->param_count)
        return lungo_fail(LUNGO_ERR_CONFIG, "blobs: expected one per learnable blob (%d), got %zu",
                          layer->param_count, given->n_blobs);
    for (int j = 0; j < layer->param_count; j++) {
        const Caffe__BlobProto *values = given->blobs[j];
        lungo_blob *blob = layer->params[j].blob;
        if (values->n_data != blob->count)
            return lungo_fail(LUNGO_ERR_CONFIG, "blobs: expected %zu values for param %d, got %zu",
                              blob->count, j, values->n_data);
        if (layer->params[j].owned && blob->count)
            memcpy(lungo_data_overwrite(blob), values->data, blob->count * sizeof(float));
    }
    return LUNGO_OK;
}

lungo_status lungo_layer_start(lungo_layer *layer) {
    LUNGO_TRY(layer->param->n_blobs > 0 ? take_given_blobs(layer) : fill_params(layer));
    return layer->type->start ? layer->type->start(layer) : LUNGO_OK;
}

lungo_status lungo_layer_reshape_tops(lungo_layer *layer) {
    return layer->type->reshape ? layer->type->reshape(layer) : LUNGO_OK;
}

lungo_status lungo_layer_forward(lungo_layer *layer) {
    return layer->type->forward ? layer->type->forward(layer) : LUNGO_OK;
}

lungo_op lungo_layer_op(const lungo_layer *layer) {
    lungo_op op = {.kind = LUNGO_OP_OTHER};
    if (layer->type->describe) layer->type->describe(layer, &op);
    return op;
}

bool lungo_layer_passes(const lungo_layer_type *type, int i) {
    return type->backward && (i >= 32 || !(type->no_backward >> i & 1));
}

lungo_status lungo_layer_backward(lungo_layer *layer) {
    for (int i = 0; i < layer->bottom_count; i++)
        if (layer->bottom_wanted[i] && !lungo_layer_passes(layer->type, i))
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "layer has no gradient for bottom '%s' (bottom index %d), but what "
                              "makes it learns; `propagate_down: false` there stops the gradient",
                              layer->bottoms[i]->name, i);
    return layer->type->backward ? layer->type->backward(layer) : LUNGO_OK;
}
