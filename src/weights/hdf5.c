#include "weights/hdf5.h"

#include <string.h>

#include "base/log.h"
#include "store/hdf5.h"
#include "weights/match.h"

/* ---- names ---- */

static void append_escaped(lungo_buffer *out, const char *name) {
    for (; *name; name++) {
        bool looks_escaped = strncmp(name, "%2F", 3) == 0 || strncmp(name, "%25", 3) == 0;
        if (*name == '/')
            lungo_buffer_puts(out, "%2F");
        else if (looks_escaped)
            lungo_buffer_puts(out, "%25");
        else
            lungo_buffer_append(out, name, 1);
    }
}

static void append_unescaped(lungo_buffer *out, const char *name) {
    while (*name) {
        bool slash = strncmp(name, "%2F", 3) == 0, percent = strncmp(name, "%25", 3) == 0;
        lungo_buffer_append(out, slash ? "/" : percent ? "%" : name, 1);
        name += slash || percent ? 3 : 1;
    }
}

/* Only the first layer with a parameter has it in the file. */
static bool is_sharer(const lungo_net *net, const lungo_layer *layer, int j) {
    const lungo_storage *storage = layer->params[j].blob->data;
    for (int i = 0; i < net->layer_count && net->layers[i] != layer; i++)
        for (int k = 0; k < net->layers[i]->param_count; k++)
            if (net->layers[i]->params[k].blob->data == storage) return true;
    return false;
}

/* ---- loading ---- */

typedef struct stored_layer {
    const char *name, *path;
    lungo_hdf5_entry *entries;
    size_t entry_count, dataset_count;
    struct stored_layer *next;
} stored_layer;

typedef struct model {
    lungo_hdf5 *file;
    lungo_arena arena;
    stored_layer *first, **last;
    size_t group_count;
} model;

static const char *join(model *self, const char *before, const char *name, bool unescape) {
    lungo_buffer text = {0};
    lungo_buffer_printf(&text, "%s%s", before, *before ? "/" : "");
    if (unescape)
        append_unescaped(&text, name);
    else
        lungo_buffer_puts(&text, name);
    const char *joined = text.failed ? NULL : lungo_arena_string(&self->arena, text.bytes);
    lungo_buffer_dispose(&text);
    return joined;
}

static lungo_status add_layer(model *self, const stored_layer *layer) {
    stored_layer *copy = lungo_arena_alloc(&self->arena, sizeof *copy);
    if (!copy) return lungo_fail_memory("a list of layers", sizeof *copy);
    *copy = *layer;
    *self->last = copy;
    self->last = &copy->next;
    return LUNGO_OK;
}

enum { DEEPEST = 8, MOST_GROUPS = 1 << 14 }; /* links may lead round in a circle */

/* A group is a layer if it holds datasets, or nothing; groups in it are layers "its name/theirs".
 */
static lungo_status look_at(model *self, const char *path, const char *name, int depth) {
    stored_layer layer = {.name = name, .path = path};
    size_t groups = 0;
    if (!path || !name) return lungo_fail_memory("a layer's name", 1);
    LUNGO_TRY(lungo_hdf5_list(&layer.entries, &layer.entry_count, &self->arena, self->file, path));
    for (size_t i = 0; i < layer.entry_count; i++) {
        layer.dataset_count += layer.entries[i].is_dataset;
        groups += layer.entries[i].is_group;
    }
    if (depth > 0 && (layer.dataset_count > 0 || groups == 0)) LUNGO_TRY(add_layer(self, &layer));
    self->group_count += groups;
    if (self->group_count > MOST_GROUPS)
        return lungo_fail(LUNGO_ERR_FORMAT, "expected at most %d groups, got more", MOST_GROUPS);
    if (groups > 0 && depth == DEEPEST)
        return lungo_fail(LUNGO_ERR_FORMAT, "group '%s': expected at most %d groups in each other",
                          path, DEEPEST);
    for (size_t i = 0; i < layer.entry_count; i++) {
        const char *child = layer.entries[i].name;
        if (layer.entries[i].is_group)
            LUNGO_TRY(look_at(self, join(self, path, child, false), join(self, name, child, true),
                              depth + 1));
    }
    return LUNGO_OK;
}

/* *out: the path of parameter j's dataset; NULL: the layer has none. */
static lungo_status find_dataset(const char **out, model *self, const stored_layer *stored, int j) {
    const char *name = lungo_arena_printf(&self->arena, "%d", j);
    if (!name) return lungo_fail_memory("a dataset's name", sizeof(int));
    *out = NULL;
    for (size_t i = 0; i < stored->entry_count; i++) {
        if (!stored->entries[i].is_dataset || strcmp(stored->entries[i].name, name)) continue;
        *out = join(self, stored->path, name, false);
        return *out ? LUNGO_OK : lungo_fail_memory("a dataset's name", strlen(stored->path));
    }
    return LUNGO_OK;
}

static lungo_status check_layer(model *self, const stored_layer *stored, const lungo_net *net,
                                const lungo_layer *layer) {
    if (stored->dataset_count > (size_t)layer->param_count)
        return lungo_weights_refuse_count(layer, stored->dataset_count);
    for (int j = 0; j < layer->param_count; j++) {
        lungo_shape shape;
        const char *dataset;
        LUNGO_TRY(find_dataset(&dataset, self, stored, j));
        if (!dataset && !is_sharer(net, layer, j))
            return lungo_weights_refuse_count(layer, stored->dataset_count);
        LUNGO_TRY(lungo_weights_check_memory(layer, j));
        if (!dataset) continue;
        LUNGO_TRY(lungo_hdf5_shape(&shape, self->file, dataset));
        if (!lungo_shape_equal(&shape, &layer->params[j].blob->shape))
            return lungo_weights_refuse_shape(layer, j, &shape);
    }
    return LUNGO_OK;
}

static lungo_status check_all(model *self, const lungo_net *net) {
    for (const stored_layer *stored = self->first; stored; stored = stored->next) {
        const lungo_layer *layer = lungo_weights_find_layer(net, stored->name);
        if (!layer)
            lungo_log_info("net.cpp", 801, "Ignoring source layer %s", stored->name);
        else if (check_layer(self, stored, net, layer))
            return lungo_net_trail(net, layer);
    }
    return LUNGO_OK;
}

static lungo_status copy_all(model *self, const lungo_net *net) {
    for (const stored_layer *stored = self->first; stored; stored = stored->next) {
        lungo_layer *layer = lungo_weights_find_layer(net, stored->name);
        for (int j = 0; layer && j < layer->param_count; j++) {
            lungo_blob *blob = layer->params[j].blob;
            const char *dataset;
            LUNGO_TRY(find_dataset(&dataset, self, stored, j));
            if (dataset)
                LUNGO_TRY(
                    lungo_hdf5_read(self->file, dataset, lungo_data_overwrite(blob), blob->count));
        }
    }
    return LUNGO_OK;
}

static bool has_layer(const void *self, const char *name) {
    const stored_layer *stored = ((const model *)self)->first;
    while (stored && strcmp(stored->name, name))
        stored = stored->next;
    return stored != NULL;
}

lungo_status lungo_weights_load_hdf5(lungo_net *net, const char *path, bool whole) {
    model self = {.last = &self.first};
    LUNGO_TRY(lungo_hdf5_open(&self.file, path));
    lungo_status status = look_at(&self, "/data", "", 0);
    if (!status) status = check_all(&self, net);
    if (!status && whole) status = lungo_weights_check_whole(net, has_layer, &self);
    if (!status) status = copy_all(&self, net);
    lungo_arena_dispose(&self.arena);
    lungo_hdf5_close(self.file);
    return status;
}

/* ---- saving ---- */

static lungo_status write_layer(lungo_hdf5_writer *file, const lungo_net *net,
                                const lungo_layer *layer, const char *group, bool gradients) {
    LUNGO_TRY(lungo_hdf5_write_group(file, group));
    for (int j = 0; j < layer->param_count; j++) {
        lungo_blob *blob = layer->params[j].blob;
        lungo_buffer dataset = {0};
        if (!gradients && is_sharer(net, layer, j)) continue;
        if (gradients) lungo_blob_settle_diff(blob);
        lungo_buffer_printf(&dataset, "%s/%d", group, j);
        lungo_status status =
            dataset.failed ? lungo_fail_memory("a dataset's name", dataset.length)
                           : lungo_hdf5_write(file, dataset.bytes, &blob->shape,
                                              gradients ? lungo_diff(blob) : lungo_data(blob));
        lungo_buffer_dispose(&dataset);
        if (status) return status;
    }
    return LUNGO_OK;
}

static lungo_status write_layers(lungo_hdf5_writer *file, const lungo_net *net, const char *root,
                                 bool gradients) {
    LUNGO_TRY(lungo_hdf5_write_group(file, root));
    lungo_buffer group = {0};
    lungo_status status = LUNGO_OK;
    for (int i = 0; !status && i < net->layer_count; i++) {
        lungo_buffer_clear(&group);
        lungo_buffer_printf(&group, "%s/", root);
        append_escaped(&group, net->layers[i]->name);
        status = group.failed ? lungo_fail_memory("a group's name", group.length)
                              : write_layer(file, net, net->layers[i], group.bytes, gradients);
        if (status) status = lungo_net_trail(net, net->layers[i]);
    }
    lungo_buffer_dispose(&group);
    return status;
}

lungo_status lungo_weights_save_hdf5(const lungo_net *net, const char *path, bool with_gradients) {
    lungo_hdf5_writer *file;
    LUNGO_TRY(lungo_hdf5_create(&file, path));
    lungo_status status = write_layers(file, net, "/data", false);
    if (!status && with_gradients) status = write_layers(file, net, "/diff", true);
    if (!status) return lungo_hdf5_commit(file);
    lungo_hdf5_abandon(file);
    return status;
}
