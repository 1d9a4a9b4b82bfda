/* What a net will need, before any of it is allocated: its parameters, each with its gradient and
 * what the solver's rule remembers of it, and the blobs between the layers, with their gradients.
 * Where several blobs stand on one storage it counts once. What may later share memory
 * (plan/memory.h) counts as the most that one layer needs of it at a time, so that no net is
 * refused that would run: gradients of blobs, and in a net without gradients the blobs. Left out is
 * what engines keep for themselves, and batches that are read ahead. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "net/passes.h"

enum { SHOWN = 3 }; /* layers in the error */

typedef struct need {
    const lungo_storage *storage;
    int layer;
    size_t bytes;
} need;

typedef struct needs {
    need *list;
    size_t count;
    size_t
        *layers; /* bytes of each layer: of its parameters, and of blobs that it is first to use */
    size_t params, blobs;
    bool gradients;
} needs;

static size_t plus(size_t a, size_t b) {
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

/* ---- counting ---- */

enum { PARAM = -1 }; /* in place of a layer: it lies in the net's block of parameters */

static void add(needs *all, const lungo_storage *storage, int layer) {
    bool counted = storage->values || layer == PARAM;
    size_t bytes = counted ? 0 : storage->needed * sizeof(float);
    all->list[all->count++] = (need){storage, layer, bytes};
}

static void add_layer(needs *all, const lungo_layer *layer, int index) {
    for (int i = 0; i < layer->top_count; i++)
        add(all, layer->tops[i]->data, index);
    for (int i = 0; i < layer->buffer_count; i++)
        add(all, layer->buffers[i]->data, index);
}

static size_t most_uses(const lungo_net *net) {
    size_t count = 1 + (size_t)net->param_count;
    for (int i = 0; i < net->layer_count; i++) {
        const lungo_layer *layer = net->layers[i];
        count += (size_t)layer->top_count + (size_t)layer->buffer_count;
    }
    return count;
}

static int by_storage(const void *left, const void *right) {
    const need *a = left, *b = right;
    uintptr_t x = (uintptr_t)a->storage, y = (uintptr_t)b->storage;
    return x != y ? (x > y) - (x < y) : a->layer - b->layer;
}

static void count_blobs(needs *all, const lungo_net *net) {
    for (int i = 0; i < net->param_count; i++)
        add(all, net->params[i].blob->data, PARAM);
    for (int i = 0; i < net->layer_count; i++)
        add_layer(all, net->layers[i], i);
    qsort(all->list, all->count, sizeof *all->list, by_storage);
    for (size_t k = 0; k < all->count; k++) {
        const need *one = &all->list[k];
        if ((k > 0 && one->storage == one[-1].storage) || one->bytes == 0) continue;
        all->layers[one->layer] = plus(all->layers[one->layer], one->bytes);
        all->blobs = plus(all->blobs, one->bytes);
    }
    all->blobs = plus(all->blobs, net->host.scratch_needed * sizeof(float));
}

/* Floats of the layer's tops; or of the gradients that its backward reads and writes. */
static size_t floats_around(const lungo_layer *layer, bool gradients) {
    size_t floats = 0;
    if (gradients && !layer->needs_backward) return 0;
    for (int i = 0; i < layer->top_count; i++)
        if (!lungo_is_in_place(layer, i)) floats = plus(floats, layer->tops[i]->count);
    for (int i = 0; gradients && i < layer->bottom_count; i++)
        if (layer->bottom_wanted[i]) floats = plus(floats, layer->bottoms[i]->count);
    return floats;
}

/* The most of them in bytes. Tops that stand on other blobs are counted with those. */
static size_t most_at_a_time(const lungo_net *net, bool gradients) {
    size_t most = 0;
    for (int i = 0; i < net->layer_count; i++) {
        size_t floats = floats_around(net->layers[i], gradients);
        bool aliases = net->layers[i]->type->flags & LUNGO_ALIASES;
        if (!aliases && most < floats) most = floats;
    }
    return most > SIZE_MAX / sizeof(float) ? SIZE_MAX : most * sizeof(float);
}

static void count_params(needs *all, const lungo_net *net, int histories) {
    size_t copies = 1 + (all->gradients ? 1 : 0) + (size_t)histories;
    for (int i = 0; i < net->param_count; i++) {
        const lungo_learnable *param = &net->params[i];
        size_t bytes = copies * param->blob->count * sizeof(float);
        all->layers[param->layer] = plus(all->layers[param->layer], bytes);
        all->params = plus(all->params, bytes);
    }
}

/* ---- refusing ---- */

typedef struct size_string {
    char text[32];
} size_string;

static size_string size_text(size_t bytes) {
    static const char *const units[] = {"KB", "MB", "GB", "TB", "PB", "EB"};
    size_string out;
    double value = (double)bytes / 1024;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    snprintf(out.text, sizeof out.text, "%.4g %s", value, units[unit]);
    return out;
}

/* The larger ones first; each is named once. */
void lungo_net_trail_largest(const lungo_net *net, size_t *layers) {
    for (int k = 0; k < SHOWN; k++) {
        int largest = -1;
        for (int i = 0; i < net->layer_count; i++)
            if (layers[i] > 0 && (largest < 0 || layers[i] > layers[largest])) largest = i;
        if (largest < 0) return;
        lungo_trail("%s of it", size_text(layers[largest]).text);
        lungo_net_trail_layer(net, net->param->layer[largest]);
        layers[largest] = 0;
    }
}

static lungo_status refuse(const lungo_net *net, needs *all, const lungo_memory_budget *budget,
                           size_t total) {
    const char *origin = budget->given ? "max_memory" : "90 % of what is available";
    lungo_fail(LUNGO_ERR_MEMORY,
               "the net needs %s of memory, %s for parameters and %s for blobs: expected at most "
               "%s (%s); a smaller batch needs less, max_memory allows more",
               size_text(total).text, size_text(all->params).text, size_text(all->blobs).text,
               size_text(budget->limit).text, origin);
    if (budget->taken)
        lungo_trail("beside %s of the solver's other nets", size_text(budget->taken).text);
    lungo_net_trail_largest(net, all->layers);
    return lungo_error_code();
}

static lungo_status check(lungo_net *net, needs *all, lungo_memory_budget *budget) {
    all->gradients = lungo_net_has_gradients(net);
    count_blobs(all, net);
    count_params(all, net, budget->histories);
    size_t shared = most_at_a_time(net, all->gradients);
    all->blobs = all->gradients ? plus(all->blobs, shared) : shared;
    size_t total = plus(all->params, all->blobs);
    size_t left = budget->limit > budget->taken ? budget->limit - budget->taken : 0;
    if (total > left) return refuse(net, all, budget, total);
    budget->taken = plus(budget->taken, total);
    return LUNGO_OK;
}

/* ---- one blob ---- */

static lungo_status check_values(const lungo_net *net, const lungo_blob *blob, const char *what) {
    if (blob->count <= net->limits.values) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_MEMORY,
                      "%s '%s' of shape %s: expected at most %zu values, got "
                      "%zu" LUNGO_BY_LIMIT("values"),
                      what, blob->name ? blob->name : "", lungo_shape_text(&blob->shape).text,
                      net->limits.values, blob->count);
}

lungo_status lungo_net_check_values(const lungo_net *net, const lungo_layer *layer) {
    for (int i = 0; i < layer->top_count; i++)
        LUNGO_TRY(check_values(net, layer->tops[i], "top"));
    for (int i = 0; i < layer->param_count; i++)
        LUNGO_TRY(check_values(net, layer->params[i].blob, "parameter"));
    return LUNGO_OK;
}

lungo_memory_budget lungo_memory_budget_of(size_t max_memory) {
    size_t available = max_memory ? 0 : lungo_memory_available();
    return (lungo_memory_budget){.limit = max_memory ? max_memory : available / 10 * 9,
                                 .given = max_memory != 0};
}

lungo_status lungo_net_check_needs(lungo_net_builder *builder, lungo_memory_budget *budget) {
    lungo_net *net = builder->net;
    needs all = {.list = calloc(most_uses(net), sizeof *all.list),
                 .layers = calloc((size_t)net->layer_count + 1, sizeof *all.layers)};
    lungo_status status = all.list && all.layers
                              ? check(net, &all, budget)
                              : lungo_fail_memory("a list of blobs", most_uses(net));
    free(all.list);
    free(all.layers);
    return status;
}
