/* Memory of a net: one block for the parameters it owns and a twin for their gradients, then each
 * layer's tops, gradients that are computed, buffers, and the scratch that all layers share. */
#include <stdlib.h>

#include "net/passes.h"

enum { ALIGNED_FLOATS = 64 / sizeof(float) };

/* ---- parameters ---- */

static int count_owned(const lungo_net *net) {
    int count = 0;
    for (int i = 0; i < net->layer_count; i++)
        for (int j = 0; j < net->layers[i]->param_count; j++)
            count += net->layers[i]->params[j].owned;
    return count;
}

static void add_param(lungo_net *net, int layer, int index) {
    const lungo_layer_param *owned = &net->layers[layer]->params[index];
    net->params[net->param_count++] = (lungo_learnable){.layer = layer,
                                                        .index = index,
                                                        .blob = owned->blob,
                                                        .lr_mult = owned->lr_mult,
                                                        .decay_mult = owned->decay_mult,
                                                        .offset = net->param_floats};
    size_t end = net->param_floats + owned->blob->count;
    net->param_floats = (end + ALIGNED_FLOATS - 1) / ALIGNED_FLOATS * ALIGNED_FLOATS;
}

lungo_status lungo_net_list_params(lungo_net_builder *builder) {
    lungo_net *net = builder->net;
    size_t count = (size_t)count_owned(net);
    net->params = lungo_arena_array(&net->arena, count, sizeof *net->params);
    if (!net->params) return lungo_fail_memory("the list of parameters", count);
    for (int i = 0; i < net->layer_count; i++)
        for (int j = 0; j < net->layers[i]->param_count; j++)
            if (net->layers[i]->params[j].owned) add_param(net, i, j);
    return LUNGO_OK;
}

/* A net to train has gradients even where nothing learns: the solver updates them all alike. */
bool lungo_net_has_gradients(const lungo_net *net) {
    if (net->no_gradients) return false;
    bool any = net->phase == LUNGO_TRAIN || net->host.rng != &net->own_rng;
    for (int i = 0; i < net->layer_count; i++)
        any |= net->layers[i]->needs_backward;
    return any;
}

static lungo_status new_block(float **out, size_t floats, const char *what) {
    *out = lungo_new_floats(floats);
    return *out ? LUNGO_OK : lungo_fail_memory(what, floats * sizeof(float));
}

static lungo_status allocate_params(lungo_net *net) {
    LUNGO_TRY(new_block(&net->values, net->param_floats, "the parameters"));
    if (lungo_net_has_gradients(net))
        LUNGO_TRY(new_block(&net->gradients, net->param_floats, "the parameters' gradients"));
    for (int i = 0; i < net->param_count; i++) {
        const lungo_learnable *param = &net->params[i];
        lungo_storage_lend(param->blob->data, net->values + param->offset);
        if (!net->gradients) continue;
        lungo_storage_lend(param->blob->diff, net->gradients + param->offset);
        lungo_blob_clear_diff(param->blob);
    }
    return LUNGO_OK;
}

/* ---- layers ---- */

lungo_status lungo_net_allocate_scratch(lungo_layer_host *host) {
    if (host->scratch_needed <= host->scratch_capacity) return LUNGO_OK;
    float *scratch = lungo_new_floats(host->scratch_needed);
    if (!scratch) return lungo_fail_memory("scratch", host->scratch_needed * sizeof *scratch);
    lungo_free_floats(host->scratch);
    host->scratch = scratch;
    host->scratch_capacity = host->scratch_needed;
    return LUNGO_OK;
}

static lungo_status allocate_layer(lungo_layer *layer) {
    for (int i = 0; i < layer->top_count; i++) {
        LUNGO_TRY(lungo_blob_allocate_data(layer->tops[i]));
        if (layer->needs_backward) LUNGO_TRY(lungo_blob_allocate_diff(layer->tops[i]));
    }
    for (int i = 0; i < layer->bottom_count && layer->needs_backward; i++)
        if (layer->bottom_wanted[i]) LUNGO_TRY(lungo_blob_allocate_diff(layer->bottoms[i]));
    for (int i = 0; i < layer->buffer_count; i++)
        LUNGO_TRY(lungo_blob_allocate_data(layer->buffers[i]));
    return lungo_net_allocate_scratch(layer->host);
}

lungo_status lungo_net_reshape_layer(lungo_net *net, lungo_layer *layer) {
    lungo_status status = lungo_layer_reshape_tops(layer);
    if (!status) status = lungo_net_check_values(net, layer);
    if (!status) status = allocate_layer(layer);
    return status ? lungo_net_trail(net, layer) : LUNGO_OK;
}

lungo_status lungo_net_reshape_layers(lungo_net *net) {
    for (int i = 0; i < net->layer_count; i++)
        LUNGO_TRY(lungo_net_reshape_layer(net, net->layers[i]));
    return LUNGO_OK;
}

/* Layers are reshaped once more, now that parameters stand where they will stay: tops that share
 * their storage have to follow. */
lungo_status lungo_net_allocate(lungo_net_builder *builder) {
    lungo_net *net = builder->net;
    LUNGO_TRY(allocate_params(net));
    for (int i = 0; i < net->layer_count; i++) {
        lungo_status status = lungo_layer_reshape_tops(net->layers[i]);
        if (!status) status = allocate_layer(net->layers[i]);
        if (status) return lungo_net_trail_layer(net, builder->param->layer[i]);
    }
    return LUNGO_OK;
}

void lungo_net_dispose(lungo_net *net) {
    if (!net) return;
    for (int i = 0; i < net->layer_count; i++)
        lungo_layer_release(net->layers[i]);
    for (int i = 0; i < net->blob_count; i++)
        lungo_blob_dispose(net->blobs[i]);
    lungo_free_floats(net->values);
    lungo_free_floats(net->gradients);
    lungo_free_floats(net->host.scratch);
    lungo_document_free(net->document);
    lungo_arena_dispose(&net->arena);
    free(net);
}
