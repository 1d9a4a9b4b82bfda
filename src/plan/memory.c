#include "plan/memory.h"

#include <stdlib.h>

enum { ROW_MAJOR, BLOCKED, LAYOUTS };

/* ---- may values share ---- */

static bool is_source(const lungo_layer *layer) {
    return layer->bottom_count == 0;
}

static bool runs_twice(const lungo_layer *layer) {
    lungo_op op = lungo_layer_op(layer);
    if (layer->phase != LUNGO_TEST || layer->needs_backward) return false;
    if (op.kind == LUNGO_OP_BATCH_NORM) return op.batch_norm.stored;
    return is_source(layer) || (!layer->type->save && !(layer->type->flags & LUNGO_ONCE));
}

/* A source's or a parameter's. */
static bool are_given(const lungo_net *net, const lungo_storage *values) {
    for (int i = 0; i < net->layer_count; i++) {
        const lungo_layer *layer = net->layers[i];
        for (int j = 0; j < layer->param_count; j++)
            if (layer->params[j].blob->data == values) return true;
        for (int j = 0; j < layer->top_count && is_source(layer); j++)
            if (layer->tops[j]->data == values) return true;
    }
    return false;
}

static bool writes_given_values(const lungo_net *net, const lungo_layer *layer) {
    for (int i = 0; i < layer->top_count; i++)
        if (lungo_is_in_place(layer, i) && are_given(net, layer->tops[i]->data)) return true;
    return false;
}

static bool may_share_values(const lungo_net *net) {
    for (int i = 0; i < net->layer_count; i++)
        if (!runs_twice(net->layers[i]) || writes_given_values(net, net->layers[i])) return false;
    return true;
}

/* ---- may gradients share ---- */

/* In place it only changes what others have written, and an alias leaves it alone. */
static bool layer_writes(const lungo_layer *layer, const lungo_storage *gradient) {
    bool writes = false;
    for (int i = 0; i < layer->bottom_count && layer->needs_backward; i++)
        writes |= layer->bottom_wanted[i] && layer->bottoms[i]->diff == gradient;
    for (int i = 0; i < layer->top_count; i++)
        writes &= layer->tops[i]->diff != gradient;
    return writes;
}

static bool is_of_param(const lungo_layer *layer, const lungo_storage *gradient) {
    for (int j = 0; j < layer->param_count; j++)
        if (layer->params[j].blob->diff == gradient) return true;
    return false;
}

/* Seeded, set by the caller, or zeros for ever: no layer writes it. Or a parameter's. */
static bool is_given(const lungo_net *net, const lungo_storage *gradient) {
    bool written = false;
    for (int i = 0; i < net->layer_count; i++) {
        written |= layer_writes(net->layers[i], gradient);
        if (is_of_param(net->layers[i], gradient)) return true;
    }
    return !written;
}

static bool changes_given_gradient(const lungo_net *net, const lungo_layer *layer) {
    for (int i = 0; i < layer->top_count && layer->needs_backward; i++)
        if (lungo_is_in_place(layer, i) && layer->bottom_wanted[i] &&
            is_given(net, layer->tops[i]->diff))
            return true;
    return false;
}

static bool may_share_gradients(const lungo_net *net) {
    bool any = false;
    for (int i = 0; i < net->layer_count; i++) {
        any |= net->layers[i]->needs_backward;
        if (changes_given_gradient(net, net->layers[i])) return false;
    }
    return any;
}

bool lungo_memory_may_share(const lungo_net *net) {
    if (net->no_memory) return false;
    return net->gradients ? may_share_gradients(net) : may_share_values(net);
}

/* ---- who lives when ---- */

static lungo_tenant *find(const lungo_memory *memory, const lungo_storage *storage) {
    for (int t = 0; t < memory->tenant_count; t++)
        if (memory->tenants[t].storage == storage) return &memory->tenants[t];
    return NULL;
}

static void use(lungo_memory *memory, lungo_storage *storage, const lungo_blob *blob, int step) {
    lungo_tenant *tenant = find(memory, storage);
    if (!tenant) {
        tenant = &memory->tenants[memory->tenant_count++];
        *tenant = (lungo_tenant){.storage = lungo_storage_share(storage),
                                 .name = blob->name,
                                 .gradient = storage == blob->diff,
                                 .first = step,
                                 .slabs = {-1, -1}};
    }
    tenant->last = step;
}

static void use_blobs(lungo_memory *memory, lungo_blob *const *blobs, int count, int step) {
    for (int i = 0; i < count; i++) {
        use(memory, blobs[i]->data, blobs[i], step);
        if (blobs[i]->diff->values) use(memory, blobs[i]->diff, blobs[i], step);
    }
}

static void use_step(lungo_memory *memory, const lungo_net *net, const lungo_step *step, int k) {
    for (int i = step->first; i <= step->last; i++) {
        const lungo_layer *layer = net->layers[i];
        use_blobs(memory, layer->bottoms, layer->bottom_count, k);
        use_blobs(memory, layer->tops, layer->top_count, k);
    }
    if (!step->between.data) return;
    use(memory, step->between.data, &step->between, k);
    find(memory, step->between.data)->between = true;
}

static void keep_blob(const lungo_memory *memory, const lungo_blob *blob) {
    lungo_tenant *values = find(memory, blob->data), *gradient = find(memory, blob->diff);
    if (values) values->kept = true;
    if (gradient) gradient->kept = true;
}

/* Where there are gradients, all values are kept. */
static void keep_ends(lungo_memory *memory, const lungo_net *net) {
    for (int t = 0; t < memory->tenant_count; t++) {
        lungo_tenant *tenant = &memory->tenants[t];
        if (tenant->gradient)
            tenant->given = is_given(net, tenant->storage);
        else
            tenant->given = net->gradients || are_given(net, tenant->storage);
        tenant->kept = tenant->given || tenant->storage->pinned;
    }
    for (int i = 0; i < net->input_count; i++)
        keep_blob(memory, net->inputs[i]);
    for (int i = 0; i < net->output_count; i++)
        keep_blob(memory, net->outputs[i]);
}

static lungo_status list_tenants(lungo_memory *memory, const lungo_net *net,
                                 const lungo_step *steps, int count) {
    size_t most = 2 * (size_t)net->blob_count + (size_t)count;
    memory->tenants = calloc(most + 1, sizeof *memory->tenants);
    memory->slabs = calloc(LAYOUTS * most + 1, sizeof *memory->slabs);
    if (!memory->tenants || !memory->slabs)
        return lungo_fail_memory("a plan of memory", most * sizeof *memory->tenants);
    for (int k = 0; k < count; k++)
        use_step(memory, net, &steps[k], k);
    keep_ends(memory, net);
    return LUNGO_OK;
}

/* ---- slabs ---- */

static size_t floats_of(const lungo_storage *storage, int layout) {
    return layout == BLOCKED ? lungo_blocked_count(&storage->layout) : storage->needed;
}

/* Ties go to the older one, so that a net is always planned alike. */
static lungo_tenant *largest_without(const lungo_memory *memory, int layout) {
    lungo_tenant *largest = NULL;
    size_t most = 0;
    for (int t = 0; t < memory->tenant_count; t++) {
        lungo_tenant *tenant = &memory->tenants[t];
        size_t floats = floats_of(tenant->storage, layout);
        if (tenant->kept || tenant->slabs[layout] >= 0 || floats <= most) continue;
        most = floats;
        largest = tenant;
    }
    return largest;
}

static bool is_free(const lungo_memory *memory, int slab, int layout, const lungo_tenant *tenant) {
    for (int t = 0; t < memory->tenant_count; t++) {
        const lungo_tenant *other = &memory->tenants[t];
        if (other->slabs[layout] == slab && other->first <= tenant->last &&
            tenant->first <= other->last)
            return false;
    }
    return true;
}

/* The slabs of a layout are those from `first` on. */
static void give_slab(lungo_memory *memory, int first, int layout, lungo_tenant *tenant) {
    int slab = first;
    while (slab < memory->slab_count && !is_free(memory, slab, layout, tenant))
        slab++;
    if (slab == memory->slab_count)
        memory->slabs[memory->slab_count++].floats = floats_of(tenant->storage, layout);
    tenant->slabs[layout] = slab;
}

static lungo_status make_slabs(lungo_memory *memory) {
    for (int layout = 0; layout < LAYOUTS; layout++) {
        int first = memory->slab_count;
        for (lungo_tenant *next; (next = largest_without(memory, layout));)
            give_slab(memory, first, layout, next);
    }
    for (int i = 0; i < memory->slab_count; i++) {
        lungo_slab *slab = &memory->slabs[i];
        slab->values = lungo_new_floats(slab->floats);
        if (!slab->values) return lungo_fail_memory("blobs", slab->floats * sizeof(float));
    }
    return LUNGO_OK;
}

static float *values_of(const lungo_memory *memory, int slab) {
    return slab < 0 ? NULL : memory->slabs[slab].values;
}

static void move_in(const lungo_memory *memory) {
    for (int t = 0; t < memory->tenant_count; t++) {
        const lungo_tenant *tenant = &memory->tenants[t];
        if (tenant->slabs[ROW_MAJOR] < 0) continue;
        lungo_storage_lend_both(tenant->storage, values_of(memory, tenant->slabs[ROW_MAJOR]),
                                values_of(memory, tenant->slabs[BLOCKED]));
    }
}

void lungo_memory_dispose(lungo_memory *memory) {
    for (int t = 0; t < memory->tenant_count; t++)
        lungo_storage_leave(memory->tenants[t].storage);
    for (int i = 0; i < memory->slab_count; i++)
        lungo_free_floats(memory->slabs[i].values);
    free(memory->tenants);
    free(memory->slabs);
    *memory = (lungo_memory){0};
}

lungo_status lungo_memory_share(lungo_memory *memory, lungo_net *net, const lungo_step *steps,
                                int count) {
    lungo_memory made = {0};
    lungo_status status = list_tenants(&made, net, steps, count);
    if (!status) status = make_slabs(&made);
    if (status) {
        lungo_memory_dispose(&made);
        return status;
    }
    move_in(&made);
    lungo_memory_dispose(memory);
    *memory = made;
    return LUNGO_OK;
}

/* ---- moving out ---- */

bool lungo_memory_outgrown(const lungo_memory *memory) {
    for (int t = 0; t < memory->tenant_count; t++) {
        const lungo_storage *storage = memory->tenants[t].storage;
        if (memory->tenants[t].slabs[ROW_MAJOR] >= 0 &&
            (!storage->lent || (storage->blocked && !storage->blocked_lent)))
            return true;
    }
    return false;
}

lungo_status lungo_memory_keep(lungo_memory *memory, lungo_storage *storage, bool *moved) {
    lungo_tenant *tenant = find(memory, storage);
    *moved = tenant && (tenant->fresh || !tenant->kept);
    if (!tenant || tenant->kept) return LUNGO_OK;
    LUNGO_TRY(lungo_storage_own(storage, tenant->name));
    tenant->kept = tenant->fresh = true;
    tenant->slabs[ROW_MAJOR] = tenant->slabs[BLOCKED] = -1;
    return LUNGO_OK;
}

lungo_status lungo_memory_keep_all(lungo_memory *memory) {
    bool moved;
    for (int t = 0; t < memory->tenant_count; t++)
        LUNGO_TRY(lungo_memory_keep(memory, memory->tenants[t].storage, &moved));
    return LUNGO_OK;
}

/* To a storage that says its arrays are lent, `own` gives new ones. */
static lungo_status put_one_aside(const lungo_tenant *tenant, lungo_storage *aside) {
    lungo_storage *storage = tenant->storage;
    *aside = *storage;
    storage->lent = true;
    storage->blocked_lent = storage->blocked != NULL;
    lungo_status status = lungo_storage_own(storage, tenant->name);
    if (!status) return LUNGO_OK;
    *storage = *aside;
    *aside = (lungo_storage){0};
    return status;
}

lungo_status lungo_memory_put_aside(lungo_memory *memory, lungo_storage *aside) {
    for (int t = 0; t < memory->tenant_count; t++) {
        const lungo_tenant *tenant = &memory->tenants[t];
        if (tenant->kept && !tenant->given && !tenant->fresh)
            LUNGO_TRY(put_one_aside(tenant, &aside[t]));
    }
    return LUNGO_OK;
}

/* What has grown meanwhile stays: its old values have another shape. */
static void put_one_back(lungo_storage *storage, const lungo_storage *aside) {
    uint64_t version = storage->version + 1;
    bool fits =
        storage->needed <= aside->capacity && lungo_blocked_equal(&storage->layout, &aside->layout);
    lungo_storage void_one = fits ? *storage : *aside;
    if (fits) *storage = *aside;
    storage->version = version;
    lungo_free_floats(void_one.values);
    lungo_free_floats(void_one.blocked);
}

void lungo_memory_put_back(lungo_memory *memory, const lungo_storage *aside, bool made) {
    for (int t = 0; t < memory->tenant_count; t++) {
        lungo_tenant *tenant = &memory->tenants[t];
        if (aside[t].users > 0) put_one_back(tenant->storage, &aside[t]);
        tenant->fresh &= !made;
    }
}

/* ---- the table ---- */

static bool is_used(const lungo_storage *storage, int layout) {
    return layout == BLOCKED ? storage->blocked_used : storage->values_used;
}

size_t lungo_memory_count(const lungo_memory *memory) {
    size_t count = 0;
    for (int t = 0; t < memory->tenant_count; t++)
        for (int layout = 0; layout < LAYOUTS; layout++)
            count += is_used(memory->tenants[t].storage, layout);
    return count;
}

lungo_memory_info lungo_memory_entry(const lungo_memory *memory, size_t index) {
    for (int t = 0; t < memory->tenant_count; t++) {
        const lungo_tenant *tenant = &memory->tenants[t];
        for (int layout = 0; layout < LAYOUTS; layout++) {
            if (!is_used(tenant->storage, layout) || index-- > 0) continue;
            return (lungo_memory_info){.blob = tenant->name,
                                       .bytes = floats_of(tenant->storage, layout) * sizeof(float),
                                       .blocked = layout == BLOCKED,
                                       .gradient = tenant->gradient,
                                       .slab = tenant->slabs[layout]};
        }
    }
    return (lungo_memory_info){0};
}

/* The largest of the slab's tenants that is used; slab -1: all of them together. */
static size_t floats_used(const lungo_memory *memory, int slab) {
    size_t sum = 0, most = 0;
    for (int t = 0; t < memory->tenant_count; t++) {
        const lungo_tenant *tenant = &memory->tenants[t];
        for (int layout = 0; layout < LAYOUTS; layout++) {
            if (tenant->slabs[layout] != slab || !is_used(tenant->storage, layout)) continue;
            size_t floats = floats_of(tenant->storage, layout);
            sum += floats;
            if (most < floats) most = floats;
        }
    }
    return slab < 0 ? sum : most;
}

size_t lungo_memory_taken(const lungo_memory *memory) {
    size_t floats = 0;
    for (int slab = -1; slab < memory->slab_count; slab++)
        floats += floats_used(memory, slab);
    return floats * sizeof(float);
}

size_t lungo_memory_unshared(const lungo_memory *memory) {
    size_t floats = 0;
    for (int t = 0; t < memory->tenant_count; t++)
        if (!memory->tenants[t].between) floats += memory->tenants[t].storage->needed;
    return floats * sizeof(float);
}
