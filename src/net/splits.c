/* A Split behind every top that has more than one use.
 *
 * A use is a bottom that takes the top, or a loss_weight other than 0. A bottom takes the blob of
 * the last layer before it that made one of that name, so an in-place layer ends the life of the
 * top it changes. The Split of top t of layer l, which makes blob b, is named "b_l_t_split", its
 * tops "b_l_t_split_0" and so on in the order of use; the loss is the first use, so the weight
 * moves there.
 *
 * Caffe takes all weights from a layer one of whose tops is split; here the others keep theirs. */
#include <string.h>

#include "net/passes.h"
#include "proto/message.h"
#include "lungo/suggest.h"

/* One top of one layer. */
typedef struct top_use {
    const char *blob, *layer;
    size_t top;        /* among the layer's tops */
    size_t count;      /* uses */
    size_t next;       /* the Split's top that the next bottom gets */
    float loss_weight; /* given in the prototxt */
} top_use;

typedef struct split_pass {
    lungo_net_builder *builder;
    Caffe__LayerParameter **layers; /* the new list */
    size_t layer_count;
    top_use *uses; /* of all tops, in order */
    size_t use_count;
    top_use **bottoms; /* of all bottoms, in order: the top each takes */
} split_pass;

static lungo_arena *arena_of(const split_pass *pass) {
    return lungo_document_arena(pass->builder->net->document);
}

static top_use *find_use(const split_pass *pass, const char *blob) {
    for (size_t i = pass->use_count; i-- > 0;)
        if (strcmp(pass->uses[i].blob, blob) == 0) return &pass->uses[i];
    return NULL;
}

static const char *name_at(const void *list, size_t index) {
    return ((const char *const *)list)[index];
}

/* Blobs that are changed in place have a use per layer, but one name. */
static size_t list_names(const split_pass *pass, const char **names) {
    size_t count = 0;
    for (size_t i = 0; i < pass->use_count; i++)
        if (find_use(pass, pass->uses[i].blob) == &pass->uses[i])
            names[count++] = pass->uses[i].blob;
    return count;
}

static lungo_status unknown_bottom(const split_pass *pass, const Caffe__LayerParameter *layer,
                                   size_t index) {
    char hint[LUNGO_SUGGEST_MAX] = "";
    const char **names = lungo_arena_array(arena_of(pass), pass->use_count, sizeof *names);
    if (names) lungo_suggest(hint, layer->bottom[index], name_at, names, list_names(pass, names));
    lungo_fail(LUNGO_ERR_CONFIG, "unknown bottom blob '%s' (layer '%s', bottom index %zu)%s",
               layer->bottom[index], lungo_or_empty(layer->name), index, hint);
    return lungo_net_trail_layer(pass->builder->net, layer);
}

/* ---- counting ---- */

static void count_losses(split_pass *pass, const Caffe__LayerParameter *layer) {
    for (size_t j = 0; j < layer->n_top && j < layer->n_loss_weight; j++) {
        top_use *use = find_use(pass, layer->top[j]);
        use->loss_weight = layer->loss_weight[j];
        if (use->loss_weight == 0) continue;
        use->count++;
        use->next = 1;
    }
}

static lungo_status count_layer(split_pass *pass, const Caffe__LayerParameter *layer,
                                top_use ***next_bottom) {
    for (size_t j = 0; j < layer->n_bottom; j++) {
        top_use *taken = find_use(pass, layer->bottom[j]);
        if (!taken) return unknown_bottom(pass, layer, j);
        taken->count++;
        *(*next_bottom)++ = taken;
    }
    for (size_t j = 0; j < layer->n_top; j++)
        pass->uses[pass->use_count++] =
            (top_use){.blob = layer->top[j], .layer = lungo_or_empty(layer->name), .top = j};
    count_losses(pass, layer);
    return LUNGO_OK;
}

/* ---- changing ---- */

static char *split_name(const split_pass *pass, const top_use *use) {
    return lungo_arena_printf(arena_of(pass), "%s_%s_%zu_split", use->blob, use->layer, use->top);
}

static char *split_blob_name(const split_pass *pass, const top_use *use, size_t k) {
    return lungo_arena_printf(arena_of(pass), "%s_%s_%zu_split_%zu", use->blob, use->layer,
                              use->top, k);
}

static lungo_status rename_bottoms(split_pass *pass, Caffe__LayerParameter *layer,
                                   top_use ***next_bottom) {
    for (size_t j = 0; j < layer->n_bottom; j++) {
        top_use *taken = *(*next_bottom)++;
        if (taken->count < 2) continue;
        layer->bottom[j] = split_blob_name(pass, taken, taken->next++);
        if (!layer->bottom[j]) return lungo_fail_memory("a blob's name", 0);
    }
    return LUNGO_OK;
}

static lungo_status fill_split(split_pass *pass, Caffe__LayerParameter *split, const top_use *use) {
    lungo_arena *arena = arena_of(pass);
    split->name = split_name(pass, use);
    split->type = lungo_arena_string(arena, "Split");
    split->bottom = lungo_arena_array(arena, 1, sizeof *split->bottom);
    split->top = lungo_arena_array(arena, use->count, sizeof *split->top);
    split->loss_weight = lungo_arena_array(arena, use->count, sizeof *split->loss_weight);
    if (!split->name || !split->type || !split->bottom || !split->top || !split->loss_weight)
        return lungo_fail_memory("a Split layer", 0);
    split->n_bottom = 1;
    split->bottom[0] = (char *)use->blob;
    split->n_top = use->count;
    for (size_t k = 0; k < use->count; k++)
        if (!(split->top[k] = split_blob_name(pass, use, k)))
            return lungo_fail_memory("a blob's name", 0);
    split->n_loss_weight = use->loss_weight != 0 ? use->count : 0;
    split->loss_weight[0] = use->loss_weight;
    return LUNGO_OK;
}

static lungo_status add_splits(split_pass *pass, Caffe__LayerParameter *layer, top_use **next_use) {
    pass->layers[pass->layer_count++] = layer;
    for (size_t j = 0; j < layer->n_top; j++) {
        top_use *use = (*next_use)++;
        if (use->count < 2) continue;
        Caffe__LayerParameter *split = (Caffe__LayerParameter *)lungo_message_new(
            pass->builder->net->document, &caffe__layer_parameter__descriptor);
        if (!split) return lungo_fail_memory("a Split layer", sizeof *split);
        LUNGO_TRY(fill_split(pass, split, use));
        if (use->loss_weight != 0) layer->loss_weight[j] = 0;
        pass->layers[pass->layer_count++] = split;
    }
    return LUNGO_OK;
}

lungo_status lungo_net_insert_splits(lungo_net_builder *builder) {
    Caffe__NetParameter *param = builder->param;
    split_pass pass = {.builder = builder};
    lungo_arena *arena = arena_of(&pass);
    size_t tops = 0, bottoms = 0;
    for (size_t i = 0; i < param->n_layer; i++) {
        tops += param->layer[i]->n_top;
        bottoms += param->layer[i]->n_bottom;
    }
    pass.layers = lungo_arena_array(arena, param->n_layer + tops, sizeof *pass.layers);
    pass.uses = lungo_arena_array(arena, tops, sizeof *pass.uses);
    pass.bottoms = lungo_arena_array(arena, bottoms, sizeof *pass.bottoms);
    if (!pass.layers || !pass.uses || !pass.bottoms)
        return lungo_fail_memory("the list of layers", tops * sizeof *pass.uses);

    top_use **next_bottom = pass.bottoms, *next_use = pass.uses;
    for (size_t i = 0; i < param->n_layer; i++)
        LUNGO_TRY(count_layer(&pass, param->layer[i], &next_bottom));
    next_bottom = pass.bottoms;
    for (size_t i = 0; i < param->n_layer; i++) {
        LUNGO_TRY(rename_bottoms(&pass, param->layer[i], &next_bottom));
        LUNGO_TRY(add_splits(&pass, param->layer[i], &next_use));
    }
    param->layer = pass.layers;
    param->n_layer = pass.layer_count;
    return LUNGO_OK;
}
