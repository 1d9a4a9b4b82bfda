/* What can be folded: from each layer with weights the way goes along the net, as long as there is
 * one reader alone, through layers that a map of channels stands for. Automatic Splits end it: they
 * stand where there are several readers. */
#include <string.h>

#include "layer/op.h"
#include "proto/message.h"
#include "weights/fold.h"

enum { WEIGHTS, BIAS };         /* parameters of a layer that is folded into */
enum { MEAN, VARIANCE, COUNT }; /* of BatchNorm */

static lungo_status say(lungo_folded *folded, const char **why, const char *text) {
    *why = text;
    return text ? LUNGO_OK : lungo_fail_memory("a reason", sizeof folded->arena);
}

#define SAY(why, ...) say(folded, why, lungo_arena_printf(&folded->arena, __VA_ARGS__))

/* ---- layers that are folded into ---- */

static lungo_affine_weights filters_of(const lungo_convolution *conv, size_t count) {
    size_t filters = (size_t)conv->filters;
    return (lungo_affine_weights){filters, 1, 1, count / filters};
}

static lungo_affine_weights transposed_filters_of(const lungo_convolution *conv, size_t count) {
    size_t rows = (size_t)conv->filters, groups = (size_t)conv->groups;
    size_t per_row = (size_t)conv->window.channels / groups;
    return (lungo_affine_weights){rows, rows / groups, per_row, count / (rows * per_row)};
}

lungo_affine_weights lungo_fold_weights_of(const lungo_layer *layer) {
    lungo_op op = lungo_layer_op(layer);
    size_t count = layer->param_count > 0 ? layer->params[WEIGHTS].blob->count : 0;
    if (op.kind == LUNGO_OP_CONVOLUTION) return filters_of(&op.convolution, count);
    if (op.kind == LUNGO_OP_DECONVOLUTION) return transposed_filters_of(&op.convolution, count);
    if (op.kind != LUNGO_OP_INNER_PRODUCT) return (lungo_affine_weights){0};
    size_t k = op.inner_product.k, m = op.inner_product.m;
    if (op.inner_product.stored == LUNGO_PLAIN) return (lungo_affine_weights){m, 1, 1, k};
    return (lungo_affine_weights){k, k, m, 1};
}

static size_t channels_of(const lungo_affine_weights *weights) {
    /* Asked for where there are rows alone. NOLINTNEXTLINE(*) */
    return weights->rows / weights->rows_per_group * weights->per_row;
}

/* Its top as the channels lie in it. */
static lungo_broadcast places_of(const lungo_layer *layer, size_t channels) {
    lungo_op op = lungo_layer_op(layer);
    size_t outer = op.kind == LUNGO_OP_INNER_PRODUCT ? op.inner_product.n : op.convolution.images;
    size_t part = outer * channels;
    return (lungo_broadcast){outer, channels, part ? layer->tops[0]->count / part : 0};
}

static const lungo_layer *sharer_of(const lungo_net *net, const lungo_layer *layer) {
    for (int i = 0; i < net->layer_count; i++)
        for (int j = 0; j < net->layers[i]->param_count; j++)
            for (int k = 0; k < layer->param_count && net->layers[i] != layer; k++)
                if (net->layers[i]->params[j].blob->data == layer->params[k].blob->data)
                    return net->layers[i];
    return NULL;
}

/* *why NULL: it can be. */
static lungo_status look_at_target(lungo_folded *folded, const lungo_layer *layer,
                                   const char **why) {
    const lungo_layer *sharer = sharer_of(folded->net, layer);
    *why = NULL;
    if (layer->top_count > 1)
        return SAY(why, "'%s' before it has %d tops", layer->name, layer->top_count);
    if (sharer)
        return SAY(why, "'%s' before it shares its weights with '%s'", layer->name, sharer->name);
    return LUNGO_OK;
}

/* ---- layers that are folded ---- */

static bool is_map(const lungo_op *op) {
    return op->kind == LUNGO_OP_BATCH_NORM || op->kind == LUNGO_OP_SCALE ||
           op->kind == LUNGO_OP_BIAS;
}

static bool same_places(const lungo_broadcast *a, const lungo_broadcast *b) {
    return a->outer == b->outer && a->length == b->length && a->inner == b->inner;
}

static lungo_broadcast map_places(const lungo_op *op) {
    const lungo_batch_norm *norm = &op->batch_norm.shape;
    if (op->kind != LUNGO_OP_BATCH_NORM) return op->scale;
    return (lungo_broadcast){norm->images, norm->channels, norm->pixels};
}

static const float *param_of(const lungo_layer *layer, int j) {
    return layer->param_count > j ? lungo_param(layer, j) : NULL;
}

static void follow(const lungo_affine *map, const lungo_layer *layer, const lungo_op *op) {
    if (op->kind == LUNGO_OP_BATCH_NORM)
        lungo_affine_normalise(map, lungo_param(layer, MEAN), lungo_param(layer, VARIANCE),
                               lungo_param(layer, COUNT)[0], op->batch_norm.eps);
    else if (op->kind == LUNGO_OP_SCALE)
        lungo_affine_scale(map, lungo_param(layer, 0), param_of(layer, 1));
    else
        lungo_affine_scale(map, NULL, lungo_param(layer, 0));
}

static lungo_status begin_map(lungo_folded *folded, lungo_fold_layer *target, lungo_affine *map) {
    lungo_affine_weights weights = lungo_fold_weights_of(target->layer);
    map->channels = channels_of(&weights);
    map->factor = lungo_arena_array(&folded->arena, map->channels, sizeof(float));
    map->shift = lungo_arena_array(&folded->arena, map->channels, sizeof(float));
    if (!map->factor || !map->shift) return lungo_fail_memory("a folded bias", map->channels);
    lungo_affine_begin(map, param_of(target->layer, BIAS));
    const lungo_affine *before = &target->map;
    if (!before->factor) return LUNGO_OK;
    memcpy(map->factor, before->factor, map->channels * sizeof(float));
    memcpy(map->shift, before->shift, map->channels * sizeof(float));
    return LUNGO_OK;
}

static lungo_status fold_into(lungo_folded *folded, lungo_fold_layer *target,
                              lungo_fold_layer *layer, const lungo_op *op) {
    lungo_affine map;
    LUNGO_TRY(begin_map(folded, target, &map));
    lungo_broadcast places = places_of(target->layer, map.channels), own = map_places(op);
    if (op->kind == LUNGO_OP_BATCH_NORM && !op->batch_norm.stored)
        return SAY(&layer->why, "its statistics are those of the batch (use_global_stats: false)");
    if (!same_places(&places, &own))
        return SAY(&layer->why, "its %zu values do not lie along the %zu channels of '%s'",
                   own.length, map.channels, target->layer->name);
    follow(&map, layer->layer, op);
    if (!lungo_affine_is_finite(&map))
        return SAY(&layer->why, "the weights of '%s' would not be finite", target->layer->name);
    target->map = map;
    layer->gone = true;
    layer->into = target->layer->name;
    return LUNGO_OK;
}

/* ---- names ---- */

/* A blob's name is made once, and what changes it in place keeps it: the same name is the same
 * blob. */
static void rename_blob(lungo_folded *folded, const char *from, char *to) {
    for (size_t i = 0; i < folded->count; i++) {
        Caffe__LayerParameter *param = folded->layers[i].param;
        for (size_t j = 0; j < param->n_bottom; j++)
            if (strcmp(param->bottom[j], from) == 0) param->bottom[j] = to;
        for (size_t j = 0; j < param->n_top; j++)
            if (strcmp(param->top[j], from) == 0) param->top[j] = to;
    }
}

/* What made its bottom makes its top instead. */
static void pass_over(lungo_folded *folded, const lungo_fold_layer *layer) {
    const Caffe__LayerParameter *param = layer->param;
    if (strcmp(param->bottom[0], param->top[0]))
        rename_blob(folded, param->bottom[0], param->top[0]);
}

/* ---- along the net ---- */

static bool reads(const lungo_layer *layer, const lungo_blob *blob) {
    for (int i = 0; i < layer->bottom_count; i++)
        if (layer->bottoms[i] == blob) return true;
    return false;
}

/* The next in the net that reads its top, of those in the definition; NULL: none, or a Split. */
static lungo_fold_layer *reader_of(const lungo_folded *folded, const lungo_fold_layer *layer) {
    const lungo_net *net = folded->net;
    int at = layer->index + 1;
    while (at < net->layer_count && !reads(net->layers[at], layer->layer->tops[0]))
        at++;
    for (size_t i = 0; i < folded->count && at < net->layer_count; i++)
        if (folded->layers[i].layer == net->layers[at]) return &folded->layers[i];
    return NULL;
}

static lungo_status remove_identity(lungo_folded *folded, lungo_fold_layer *layer) {
    pass_over(folded, layer);
    layer->gone = true;
    return SAY(&layer->why, "it does nothing in TEST");
}

static lungo_status fold_behind(lungo_folded *folded, lungo_fold_layer *target) {
    const char *why;
    LUNGO_TRY(look_at_target(folded, target->layer, &why));
    lungo_fold_layer *at = target;
    while ((at = reader_of(folded, at))) {
        lungo_op op = lungo_layer_op(at->layer);
        if (op.kind == LUNGO_OP_IDENTITY) {
            LUNGO_TRY(remove_identity(folded, at));
            continue;
        }
        if (!is_map(&op)) return LUNGO_OK;
        if (why)
            at->why = why;
        else
            LUNGO_TRY(fold_into(folded, target, at, &op));
        if (!at->gone) return LUNGO_OK;
        pass_over(folded, at);
    }
    return LUNGO_OK;
}

/* ---- what is left ---- */

/* The layer of the net that makes its bottom, before others change it in place; -1: none. */
static int maker_of(const lungo_net *net, const lungo_fold_layer *layer) {
    const lungo_blob *blob = layer->layer->bottoms[0];
    for (int i = 0; i < layer->index; i++)
        for (int j = 0; j < net->layers[i]->top_count; j++)
            if (net->layers[i]->tops[j] == blob) return i;
    return -1;
}

/* The last of those that stay that makes or changes what it reads. */
static const lungo_layer *layer_before(const lungo_folded *folded, const lungo_fold_layer *layer) {
    for (const lungo_fold_layer *at = layer; at-- > folded->layers;)
        for (size_t j = 0; j < at->param->n_top && !at->gone; j++)
            if (strcmp(at->param->top[j], layer->param->bottom[0]) == 0) return at->layer;
    return NULL;
}

static bool is_split(const lungo_layer *layer) {
    return lungo_layer_op(layer).kind == LUNGO_OP_SPLIT;
}

/* In place, always; else where the net's input or another reader is not touched by a new name. */
static lungo_status look_at_identity(lungo_folded *folded, lungo_fold_layer *layer) {
    const lungo_net *net = folded->net;
    int made = maker_of(net, layer);
    const lungo_layer *maker = made < 0 ? NULL : net->layers[made];
    if (lungo_is_in_place(layer->layer, 0)) return remove_identity(folded, layer);
    if (!maker || maker->bottom_count == 0)
        return SAY(&layer->why, "it reads '%s', an input of the net", layer->param->bottom[0]);
    if (is_split(maker))
        return SAY(&layer->why, "'%s', which it reads, has other readers", layer->param->bottom[0]);
    return remove_identity(folded, layer);
}

static lungo_status say_what_is_before(lungo_folded *folded, lungo_fold_layer *layer) {
    int made = maker_of(folded->net, layer);
    const lungo_layer *before = layer_before(folded, layer);
    if (layer->layer->bottom_count > 1)
        return SAY(&layer->why, "it has %d bottoms", layer->layer->bottom_count);
    if (made >= 0 && is_split(folded->net->layers[made]))
        return SAY(&layer->why, "'%s', which it reads, has other readers", layer->param->bottom[0]);
    if (!before) return SAY(&layer->why, "nothing makes its bottom");
    return SAY(&layer->why, "'%s' before it is of type %s", before->name, before->type->name);
}

static lungo_status look_at_rest(lungo_folded *folded, lungo_fold_layer *layer) {
    static const char *const types[] = {"BatchNorm", "Scale", "Bias", "Dropout"};
    lungo_op op = lungo_layer_op(layer->layer);
    if (op.kind == LUNGO_OP_IDENTITY) return look_at_identity(folded, layer);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i], layer->layer->type->name) == 0)
            return say_what_is_before(folded, layer);
    return LUNGO_OK;
}

/* ---- */

static lungo_status give_bias(lungo_folded *folded, const lungo_fold_layer *layer) {
    const char *name = layer->layer->type->params[0];
    ProtobufCMessage *message = &layer->param->base;
    ProtobufCMessage *settings =
        lungo_message_ensure(folded->document, message, lungo_message_field(message, name));
    if (!settings) return lungo_fail_memory(name, 0);
    lungo_message_clear(settings, lungo_message_field(settings, "bias_term"));
    return LUNGO_OK;
}

lungo_status lungo_fold_find(lungo_folded *folded) {
    for (size_t i = 0; i < folded->count; i++) {
        lungo_fold_layer *layer = &folded->layers[i];
        if (!layer->layer || lungo_fold_weights_of(layer->layer).rows == 0) continue;
        LUNGO_TRY(fold_behind(folded, layer));
        if (layer->map.factor) LUNGO_TRY(give_bias(folded, layer));
    }
    for (size_t i = 0; i < folded->count; i++) {
        lungo_fold_layer *layer = &folded->layers[i];
        if (layer->layer && !layer->gone && !layer->why) LUNGO_TRY(look_at_rest(folded, layer));
    }
    return LUNGO_OK;
}
