/* Layers get their bottoms and tops, and are opened one after the other: a layer may look at the
 * shapes of its bottoms when it is set up. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/passes.h"
#include "proto/message.h"

static const char automatic[] = "(automatic)";

/* ---- blobs ---- */

static lungo_wire *find_blob(const lungo_net *net, const char *name) {
    for (int i = net->blob_count; i-- > 0;) {
        lungo_wire *wire = lungo_wire_of(net->blobs[i]);
        if (wire->named && strcmp(wire->blob.name, name) == 0) return wire;
    }
    return NULL;
}

static lungo_status make_room(lungo_net_builder *builder) {
    lungo_net *net = builder->net;
    if (net->blob_count < builder->blob_capacity) return LUNGO_OK;
    size_t capacity = builder->blob_capacity ? 2 * (size_t)builder->blob_capacity : 64;
    lungo_blob **blobs = lungo_arena_array(&net->arena, capacity, sizeof *blobs);
    if (!blobs) return lungo_fail_memory("the list of blobs", capacity * sizeof *blobs);
    if (net->blob_count) memcpy(blobs, net->blobs, (size_t)net->blob_count * sizeof *blobs);
    net->blobs = blobs;
    builder->blob_capacity = (int)capacity;
    return LUNGO_OK;
}

static lungo_status new_blob(lungo_net_builder *builder, lungo_blob **out, const char *name,
                             bool named) {
    lungo_net *net = builder->net;
    LUNGO_TRY(make_room(builder));
    lungo_wire *wire = lungo_arena_alloc(&net->arena, sizeof *wire);
    if (!wire) return lungo_fail_memory("a blob", sizeof *wire);
    LUNGO_TRY(lungo_blob_init(&wire->blob, name));
    wire->named = named;
    wire->free = named;
    net->blobs[net->blob_count++] = &wire->blob;
    *out = &wire->blob;
    return LUNGO_OK;
}

/* ---- wiring ---- */

static lungo_status take_bottom(lungo_net_builder *builder, lungo_layer *layer, const char *name) {
    lungo_wire *wire = find_blob(builder->net, name);
    if (!wire || !wire->free)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "unknown bottom blob '%s' (layer '%s', bottom index %d)", name,
                          layer->name, layer->bottom_count);
    lungo_log_info("net.cpp", 408, "%s <- %s", layer->name, name);
    wire->free = false;
    layer->bottoms[layer->bottom_count++] = &wire->blob;
    return LUNGO_OK;
}

static const lungo_layer *find_maker(const lungo_net *net, const lungo_blob *blob) {
    for (int i = 0; i < net->layer_count; i++)
        for (int j = 0; j < net->layers[i]->top_count; j++)
            if (net->layers[i]->tops[j] == blob) return net->layers[i];
    return NULL;
}

/* The bottom was this blob before a Split came between, because other layers take it too. */
static bool is_behind_split(const lungo_net *net, const lungo_blob *bottom, const char *name) {
    const lungo_layer *maker = find_maker(net, bottom);
    return maker && maker->bottom_count == 1 && strcmp(maker->type->name, "Split") == 0 &&
           strcmp(maker->bottoms[0]->name, name) == 0;
}

static lungo_status made_twice(const lungo_net *net, const lungo_layer *layer,
                               const lungo_wire *made) {
    int index = layer->top_count;
    const char *name = made->blob.name;
    const lungo_layer *maker = find_maker(net, &made->blob);
    const char *advice = "give this top a name of its own";
    if (index < layer->bottom_count && is_behind_split(net, layer->bottoms[index], name))
        advice = "another layer takes it first, so it cannot be changed in place here: move this "
                 "layer up, or give its top a name of its own";
    else if (index < layer->bottom_count)
        advice = "give this top a name of its own, or, to change the blob in place, make it the "
                 "bottom of the same index";
    return lungo_fail(
        LUNGO_ERR_CONFIG,
        "top blob '%s' is made twice: by layer '%s' and by layer '%s' (top index %d); "
        "%s",
        name, maker ? maker->name : "", layer->name, index, advice);
}

/* In place, but when another blob stands on the same memory (a Split, Reshape or Flatten shares it)
 * its readers must not see the change: then the layer gets a top of its own, which takes over the
 * name. Caffe changes the values under the readers. */
static lungo_status change_in_place(lungo_net_builder *builder, lungo_layer *layer, int index) {
    lungo_wire *bottom = lungo_wire_of(layer->bottoms[index]);
    const char *name = bottom->blob.name;
    if (!(layer->type->flags & LUNGO_IN_PLACE))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "layer cannot work in place: top '%s' needs a name of its own", name);
    lungo_log_info("net.cpp", 369, "%s -> %s (in-place)", layer->name, name);
    if (bottom->blob.data->users > 1) {
        bottom->named = false;
        return new_blob(builder, &layer->tops[index], name, true);
    }
    layer->tops[index] = &bottom->blob;
    bottom->free = true;
    return LUNGO_OK;
}

static lungo_status add_top(lungo_net_builder *builder, lungo_layer *layer, const char *name) {
    int index = layer->top_count;
    if (index < layer->bottom_count && strcmp(layer->bottoms[index]->name, name) == 0) {
        LUNGO_TRY(change_in_place(builder, layer, index));
    } else {
        const lungo_wire *made = find_blob(builder->net, name);
        if (made) return made_twice(builder->net, layer, made);
        lungo_log_info("net.cpp", 382, "%s -> %s", layer->name, name);
        LUNGO_TRY(new_blob(builder, &layer->tops[index], name, true));
    }
    layer->top_count++;
    return LUNGO_OK;
}

static lungo_status add_automatic_tops(lungo_net_builder *builder, lungo_layer *layer, int wanted) {
    for (; layer->top_count < wanted; layer->top_count++) {
        lungo_log_info("net.cpp", 382, "%s -> %s", layer->name, automatic);
        LUNGO_TRY(new_blob(builder, &layer->tops[layer->top_count], automatic, false));
    }
    return LUNGO_OK;
}

static lungo_status wire_up(lungo_net_builder *builder, lungo_layer *layer,
                            const lungo_layer_type *type, const Caffe__LayerParameter *given) {
    for (size_t i = 0; i < given->n_bottom; i++)
        LUNGO_TRY(take_bottom(builder, layer, given->bottom[i]));
    for (size_t i = 0; i < given->n_top; i++)
        LUNGO_TRY(add_top(builder, layer, given->top[i]));
    if (type->flags & LUNGO_AUTO_TOPS) return add_automatic_tops(builder, layer, type->tops[0]);
    return LUNGO_OK;
}

static lungo_status new_layer(lungo_net *net, lungo_layer **out, const lungo_layer_type *type,
                              const Caffe__LayerParameter *given) {
    size_t tops = given->n_top + (size_t)type->tops[0], bottoms = given->n_bottom;
    lungo_layer *layer = lungo_arena_alloc(&net->arena, sizeof *layer);
    if (!layer) return lungo_fail_memory("a layer", sizeof *layer);
    *layer = (lungo_layer){
        .type = type,
        .name = lungo_or_empty(given->name),
        .phase = given->phase == CAFFE__PHASE__TRAIN ? LUNGO_TRAIN : LUNGO_TEST,
        .host = &net->host,
        .bottoms = lungo_arena_array(&net->arena, bottoms, sizeof *layer->bottoms),
        .tops = lungo_arena_array(&net->arena, tops, sizeof *layer->tops),
        .loss_weights = lungo_arena_array(&net->arena, tops, sizeof *layer->loss_weights),
        .bottom_wanted = lungo_arena_array(&net->arena, bottoms, sizeof *layer->bottom_wanted)};
    if (!layer->bottoms || !layer->tops || !layer->loss_weights || !layer->bottom_wanted)
        return lungo_fail_memory("a layer", (bottoms + tops) * sizeof(void *));
    net->layers[net->layer_count++] = layer;
    *out = layer;
    return LUNGO_OK;
}

lungo_status lungo_net_wire_layer(lungo_net_builder *builder, int index) {
    lungo_net *net = builder->net;
    Caffe__LayerParameter *given = builder->param->layer[index];
    if (!given->has_phase) {
        given->has_phase = true;
        given->phase = net->phase == LUNGO_TRAIN ? CAFFE__PHASE__TRAIN : CAFFE__PHASE__TEST;
    }
    if (given->n_propagate_down > 0 && given->n_propagate_down != given->n_bottom)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "propagate_down: expected none or one per bottom (%zu), got %zu",
                          given->n_bottom, given->n_propagate_down);
    const char *name = lungo_or_empty(given->name);
    const lungo_layer_type *type;
    lungo_log_info("layer_factory.hpp", 77, "Creating layer %s", name);
    LUNGO_TRY(lungo_layer_find_type(&type, lungo_or_empty(given->type)));
    lungo_layer *layer;
    LUNGO_TRY(new_layer(net, &layer, type, given));
    LUNGO_TRY(lungo_layer_open(layer, given));
    lungo_log_info("net.cpp", 86, "Creating Layer %s", name);
    return wire_up(builder, layer, type, given);
}

/* ---- opening ---- */

/* Weights that the prototxt leaves out are written into it: a loss counts once with its first top.
 */
static lungo_status state_loss_weights(lungo_net *net, Caffe__LayerParameter *given,
                                       lungo_layer *layer) {
    if (given->n_loss_weight == 0 && (layer->type->flags & LUNGO_LOSS)) {
        const ProtobufCFieldDescriptor *field = lungo_message_field(&given->base, "loss_weight");
        for (int i = 0; i < layer->top_count; i++) {
            float *weight = lungo_message_add(net->document, &given->base, field);
            if (!weight) return lungo_fail_memory("a loss weight", sizeof *weight);
            *weight = i == 0 ? 1.0f : 0.0f;
        }
    }
    if (given->n_loss_weight == 0) return LUNGO_OK;
    if (given->n_loss_weight != (size_t)layer->top_count)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "loss_weight: expected none or one per top (%d), got %zu",
                          layer->top_count, given->n_loss_weight);
    memcpy(layer->loss_weights, given->loss_weight, given->n_loss_weight * sizeof(float));
    return LUNGO_OK;
}

static void log_shape(const lungo_blob *blob) {
    lungo_buffer text = {0};
    for (int i = 0; i < blob->shape.axes; i++)
        lungo_buffer_printf(&text, "%d ", blob->shape.dim[i]);
    lungo_log_info("net.cpp", 131, "Top shape: %s(%zu)", lungo_buffer_text(&text), blob->count);
    lungo_buffer_dispose(&text);
}

static void log_tops(lungo_net_builder *builder, const lungo_layer *layer) {
    lungo_log_info("net.cpp", 124, "Setting up %s", layer->name);
    for (int i = 0; i < layer->top_count; i++) {
        log_shape(layer->tops[i]);
        if (layer->loss_weights[i] != 0)
            lungo_log_info("net.cpp", 134, "    with loss weight %g", layer->loss_weights[i]);
        builder->floats += layer->tops[i]->count;
    }
    lungo_log_info("net.cpp", 139, "Memory required for data: %zu",
                   builder->floats * sizeof(float));
}

lungo_status lungo_net_set_up_layer(lungo_net_builder *builder, int index) {
    lungo_layer *layer = builder->net->layers[index];
    Caffe__LayerParameter *given = builder->param->layer[index];
    LUNGO_TRY(lungo_layer_setup(layer));
    LUNGO_TRY(lungo_layer_reshape_tops(layer));
    LUNGO_TRY(lungo_net_check_values(builder->net, layer));
    LUNGO_TRY(state_loss_weights(builder->net, given, layer));
    log_tops(builder, layer);
    return LUNGO_OK;
}

/* ---- inputs and outputs ---- */

static lungo_status find_inputs(lungo_net *net) {
    net->inputs = lungo_arena_array(&net->arena, (size_t)net->blob_count, sizeof *net->inputs);
    if (!net->inputs) return lungo_fail_memory("the list of inputs", 0);
    for (int i = 0; i < net->layer_count; i++) {
        const lungo_layer *layer = net->layers[i];
        if (strcmp(layer->type->name, "Input") != 0) continue;
        for (int j = 0; j < layer->top_count; j++)
            net->inputs[net->input_count++] = layer->tops[j];
    }
    return LUNGO_OK;
}

static int by_name(const void *left, const void *right) {
    const lungo_blob *const *a = left, *const *b = right;
    return strcmp((*a)->name, (*b)->name);
}

/* The weight a blob has as the last top of its name. */
static float loss_weight_of(const lungo_net *net, const lungo_blob *blob) {
    float weight = 0;
    for (int i = 0; i < net->layer_count; i++)
        for (int j = 0; j < net->layers[i]->top_count; j++)
            if (net->layers[i]->tops[j] == blob) weight = net->layers[i]->loss_weights[j];
    return weight;
}

static lungo_status find_outputs(lungo_net *net) {
    size_t count = (size_t)net->blob_count;
    net->outputs = lungo_arena_array(&net->arena, count, sizeof *net->outputs);
    net->output_loss_weights =
        lungo_arena_array(&net->arena, count, sizeof *net->output_loss_weights);
    if (!net->outputs || !net->output_loss_weights)
        return lungo_fail_memory("the list of outputs", count * sizeof *net->outputs);
    for (int i = 0; i < net->blob_count; i++)
        if (lungo_wire_of(net->blobs[i])->free) net->outputs[net->output_count++] = net->blobs[i];
    qsort(net->outputs, (size_t)net->output_count, sizeof *net->outputs, by_name);
    for (int i = 0; i < net->output_count; i++) {
        net->output_loss_weights[i] = loss_weight_of(net, net->outputs[i]);
        lungo_log_info("net.cpp", 244, "This network produces output %s", net->outputs[i]->name);
    }
    return LUNGO_OK;
}

lungo_status lungo_net_find_ends(lungo_net_builder *builder) {
    LUNGO_TRY(find_inputs(builder->net));
    return find_outputs(builder->net);
}
