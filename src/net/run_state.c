#include "net/run_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "layer/blob_shape.h"
#include "layer/op.h"
#include "net/passes.h"

/* ---- which layers and parameters ---- */

static bool has_state(const lungo_layer *layer) {
    return layer->type->save && layer->type->load;
}

static size_t count_states(const lungo_net *net) {
    size_t count = 0;
    for (int i = 0; i < net->layer_count; i++)
        count += has_state(net->layers[i]);
    return count;
}

/* BatchNorm in a test net moves the train net's statistics unless it normalises by them. */
static bool moves_statistics(const lungo_layer *layer) {
    lungo_op op = lungo_layer_op(layer);
    return op.kind == LUNGO_OP_BATCH_NORM && !op.batch_norm.stored;
}

/* What layers of the train net own is in the weights' file. */
static bool is_kept(const lungo_net *net, const lungo_layer *layer, int j) {
    const lungo_layer_param *param = &layer->params[j];
    if (!net->donor) return false;
    return param->owned || (param->borrowed && param->frozen && moves_statistics(layer));
}

/* The next parameter that is kept, from layer *i and parameter *j on. */
static lungo_layer_param *next_param(const lungo_net *net, int *i, int *j) {
    for (; *i < net->layer_count; ++*i, *j = 0)
        for (; *j < net->layers[*i]->param_count; ++*j)
            if (is_kept(net, net->layers[*i], *j)) return &net->layers[*i]->params[*j];
    return NULL;
}

static size_t count_params(const lungo_net *net) {
    size_t count = 0;
    for (int i = 0, j = 0; next_param(net, &i, &j); j++)
        count++;
    return count;
}

/* ---- saving ---- */

static lungo_status add_list(void *out, lungo_arena *arena, size_t count, size_t size) {
    char **list = lungo_arena_array(arena, count + 1, sizeof *list);
    char *items = lungo_arena_array(arena, count + 1, size);
    if (!list || !items) return lungo_fail_memory("a run's state", count * size);
    for (size_t i = 0; i < count; i++)
        list[i] = items + i * size;
    *(char ***)out = list;
    return LUNGO_OK;
}

static ProtobufCBinaryData binary(lungo_bytes bytes) {
    return (ProtobufCBinaryData){bytes.size, (uint8_t *)bytes.data};
}

static Caffe__SourceIdentity *identify(const lungo_layer *layer, lungo_arena *arena) {
    Caffe__SourceIdentity *out = lungo_arena_alloc(arena, sizeof *out);
    lungo_identity identity = layer->type->identify(layer);
    if (!out) return NULL;
    *out = (Caffe__SourceIdentity)CAFFE__SOURCE_IDENTITY__INIT;
    out->path = (char *)identity.path;
    out->has_count = identity.counted;
    out->count = identity.count;
    out->has_first = out->has_last = true;
    out->first = binary(identity.first);
    out->last = binary(identity.last);
    return out;
}

static lungo_status save_layer(Caffe__LayerRunState *out, const lungo_layer *layer,
                               lungo_arena *arena) {
    lungo_writer writer = {0};
    *out = (Caffe__LayerRunState)CAFFE__LAYER_RUN_STATE__INIT;
    out->name = (char *)layer->name;
    out->type = (char *)layer->type->name;
    lungo_status status = layer->type->save(layer, &writer);
    if (!status && writer.failed) status = lungo_fail_memory("a layer's state", writer.length);
    lungo_bytes state = {NULL, writer.length};
    if (!status) state.data = lungo_arena_copy(arena, lungo_buffer_text(&writer), writer.length);
    lungo_buffer_dispose(&writer);
    out->has_state = true;
    out->state = binary(state);
    if (layer->type->identify) out->source = identify(layer, arena);
    if (!status && (!state.data || (layer->type->identify && !out->source)))
        status = lungo_fail_memory("a layer's state", state.size);
    return status ? lungo_trail("in layer '%s'", layer->name) : LUNGO_OK;
}

static lungo_status save_layers(Caffe__NetRunState *out, const lungo_net *net, lungo_arena *arena) {
    out->n_layer = 0;
    LUNGO_TRY(add_list(&out->layer, arena, count_states(net), sizeof **out->layer));
    for (int i = 0; i < net->layer_count; i++)
        if (has_state(net->layers[i]))
            LUNGO_TRY(save_layer(out->layer[out->n_layer++], net->layers[i], arena));
    return LUNGO_OK;
}

static lungo_status save_value(Caffe__BlobProto **out, const lungo_blob *blob, lungo_arena *arena) {
    Caffe__BlobProto *value = *out = lungo_arena_alloc(arena, sizeof *value);
    Caffe__BlobShape *shape = lungo_arena_alloc(arena, sizeof *shape);
    int64_t *dim = lungo_arena_array(arena, (size_t)blob->shape.axes + 1, sizeof *dim);
    if (!value || !shape || !dim) return lungo_fail_memory("a run's state", sizeof *value);
    *value = (Caffe__BlobProto)CAFFE__BLOB_PROTO__INIT;
    *shape = (Caffe__BlobShape)CAFFE__BLOB_SHAPE__INIT;
    for (int i = 0; i < blob->shape.axes; i++)
        dim[i] = blob->shape.dim[i];
    shape->n_dim = (size_t)blob->shape.axes;
    shape->dim = dim;
    value->shape = shape;
    value->n_data = blob->count;
    value->data = (float *)lungo_data(blob);
    return LUNGO_OK;
}

static lungo_status save_params(Caffe__NetRunState *out, const lungo_net *net, lungo_arena *arena) {
    out->n_param = 0;
    LUNGO_TRY(add_list(&out->param, arena, count_params(net), sizeof **out->param));
    const lungo_layer_param *param;
    for (int i = 0, j = 0; (param = next_param(net, &i, &j)); j++) {
        Caffe__ParamRunState *state = out->param[out->n_param++];
        *state = (Caffe__ParamRunState)CAFFE__PARAM_RUN_STATE__INIT;
        state->layer = (char *)net->layers[i]->name;
        state->has_index = true;
        state->index = j;
        LUNGO_TRY(save_value(&state->value, param->blob, arena));
    }
    return LUNGO_OK;
}

lungo_status lungo_net_save_run(Caffe__NetRunState *out, const lungo_net *net, lungo_arena *arena) {
    *out = (Caffe__NetRunState)CAFFE__NET_RUN_STATE__INIT;
    if (save_layers(out, net, arena) || save_params(out, net, arena))
        return lungo_net_trail(net, NULL);
    return LUNGO_OK;
}

/* ---- checking ---- */

/* "layer 'data' (Data)", or "none". */
typedef struct layer_name {
    char text[160];
} layer_name;

static layer_name name_layer(bool there, const char *name, const char *type) {
    layer_name out = {"none"};
    if (there)
        snprintf(out.text, sizeof out.text, "that of layer '%s' (%s)", lungo_or_empty(name),
                 lungo_or_empty(type));
    return out;
}

static lungo_status refuse_layer(const lungo_layer *layer, const Caffe__LayerRunState *saved) {
    return lungo_fail(
        LUNGO_ERR_DATA, "snapshot of another net: states of layers: expected %s, got %s",
        name_layer(layer, layer ? layer->name : "", layer ? layer->type->name : "").text,
        name_layer(saved, saved ? saved->name : "", saved ? saved->type : "").text);
}

static bool same_bytes(lungo_bytes now, ProtobufCBinaryData then) {
    return now.size == then.len && (now.size == 0 || memcmp(now.data, then.data, now.size) == 0);
}

static int shown(size_t length) {
    return length < 200 ? (int)length : 200;
}

static void warn_if_changed(const lungo_layer *layer, const Caffe__SourceIdentity *then) {
    if (!layer->type->identify || !then) return;
    lungo_identity now = layer->type->identify(layer);
    bool counts = now.counted && then->has_count,
         same = same_bytes(now.first, then->first) && same_bytes(now.last, then->last);
    if (same && (!counts || now.count == then->count)) return;
    lungo_warn("layer '%s' (%s): its data have changed since the snapshot: expected %" PRIu64
               " of them, '%.*s' to '%.*s', in '%s', got %" PRIu64 ", '%.*s' to '%.*s', in '%s'; "
               "reading goes on from the same place, and what follows is not what the run that was "
               "stopped would have read (--resume=caffe begins anew)",
               layer->name, layer->type->name, then->count, shown(then->first.len),
               (const char *)then->first.data, shown(then->last.len), (const char *)then->last.data,
               lungo_or_empty(then->path), now.count, shown(now.first.size),
               (const char *)now.first.data, shown(now.last.size), (const char *)now.last.data,
               lungo_or_empty(now.path));
}

static lungo_status check_layers(const lungo_net *net, const Caffe__NetRunState *saved) {
    size_t next = 0;
    for (int i = 0; i < net->layer_count; i++) {
        const lungo_layer *layer = net->layers[i];
        if (!has_state(layer)) continue;
        const Caffe__LayerRunState *state = next < saved->n_layer ? saved->layer[next++] : NULL;
        if (!state || strcmp(lungo_or_empty(state->name), layer->name) != 0 ||
            strcmp(lungo_or_empty(state->type), layer->type->name) != 0)
            return refuse_layer(layer, state);
        warn_if_changed(layer, state->source);
    }
    return next == saved->n_layer ? LUNGO_OK : refuse_layer(NULL, saved->layer[next]);
}

static lungo_status check_value(const lungo_layer *layer, int j,
                                const Caffe__ParamRunState *saved) {
    const lungo_blob *blob = layer->params[j].blob;
    lungo_shape shape = {0};
    bool named = saved && saved->index == j && !strcmp(lungo_or_empty(saved->layer), layer->name);
    if (!named || !saved->value)
        return lungo_fail(LUNGO_ERR_DATA,
                          "snapshot of another net: expected values of param %d of layer '%s', "
                          "got %s",
                          j, layer->name, named || !saved ? "none" : "those of another");
    LUNGO_TRY(lungo_shape_read(&shape, saved->value->shape));
    if (!lungo_shape_equal(&shape, &blob->shape) || saved->value->n_data != blob->count)
        return lungo_fail(LUNGO_ERR_DATA,
                          "snapshot of another net: param %d of layer '%s': expected shape %s, got "
                          "%s with %zu values",
                          j, layer->name, lungo_shape_text(&blob->shape).text,
                          lungo_shape_text(&shape).text, saved->value->n_data);
    return LUNGO_OK;
}

static lungo_status check_params(const lungo_net *net, const Caffe__NetRunState *saved) {
    size_t next = 0;
    for (int i = 0, j = 0; next_param(net, &i, &j); j++) {
        const Caffe__ParamRunState *param = next < saved->n_param ? saved->param[next++] : NULL;
        LUNGO_TRY(check_value(net->layers[i], j, param));
    }
    if (next == saved->n_param) return LUNGO_OK;
    return lungo_fail(
        LUNGO_ERR_DATA,
        "snapshot of another net: expected values of %zu parameters that the weights' "
        "file does not hold, got %zu",
        next, saved->n_param);
}

lungo_status lungo_net_check_run(const lungo_net *net, const Caffe__NetRunState *saved) {
    if (check_layers(net, saved) || check_params(net, saved)) return lungo_net_trail(net, NULL);
    return LUNGO_OK;
}

/* ---- loading ---- */

static lungo_status load_layer(lungo_layer *layer, const Caffe__LayerRunState *saved) {
    const char *bytes = saved->state.data ? (const char *)saved->state.data : "";
    lungo_reader reader = {bytes, bytes + saved->state.len};
    LUNGO_TRY(layer->type->load(layer, &reader));
    if (reader.at == reader.end) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT, "saved state: expected %zu bytes, got %zu",
                      (size_t)(reader.at - bytes), saved->state.len);
}

lungo_status lungo_net_load_layers(lungo_net *net, const Caffe__NetRunState *saved) {
    size_t next = 0;
    for (int i = 0; i < net->layer_count; i++)
        if (has_state(net->layers[i]) && load_layer(net->layers[i], saved->layer[next++])) {
            lungo_trail("while its state is restored");
            return lungo_net_trail(net, net->layers[i]);
        }
    return LUNGO_OK;
}

void lungo_net_load_params(lungo_net *net, const Caffe__NetRunState *saved) {
    lungo_layer_param *param;
    size_t next = 0;
    for (int i = 0, j = 0; (param = next_param(net, &i, &j)); j++, next++)
        if (param->blob->count > 0)
            memcpy(lungo_data_overwrite(param->blob), saved->param[next]->value->data,
                   param->blob->count * sizeof(float));
}
