#include "weights/fold.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "proto/message.h"
#include "proto/text.h"
#include "proto/upgrade.h"
#include "weights/load.h"

/* ---- opening ---- */

static lungo_status read_definition(lungo_folded *folded) {
    ProtobufCMessage *message;
    LUNGO_TRY(lungo_text_read(folded->document, &message, &caffe__net_parameter__descriptor,
                              folded->model));
    folded->param = (Caffe__NetParameter *)message;
    return lungo_upgrade_net(folded->document, folded->param, folded->model);
}

/* `param` as it stands now, in the state of the first call. */
static lungo_status open_net(lungo_net **out, const lungo_folded *folded) {
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT};
    Caffe__NetParameter *copy;
    options.open.seed = 1;
    options.open.limits = *lungo_document_limits(folded->document);
    LUNGO_TRY(lungo_message_copy(folded->document, &copy, &folded->param->base, folded->document));
    copy->state = folded->state;
    return lungo_net_build(out, copy, folded->document, &options);
}

static lungo_status make_state(lungo_folded *folded, const lungo_net_options *given) {
    lungo_net_options options = *given;
    Caffe__NetParameter *copy;
    options.phase = LUNGO_TEST;
    LUNGO_TRY(lungo_message_copy(folded->document, &copy, &folded->param->base, NULL));
    LUNGO_TRY(lungo_net_set_state(folded->document, copy, &options));
    folded->state = copy->state;
    return LUNGO_OK;
}

/* Those of the net are those of the definition in TEST, in order, and Splits between them. */
static lungo_status list_layers(lungo_folded *folded) {
    Caffe__NetParameter *param = folded->param;
    int next = 0;
    folded->layers = lungo_arena_array(&folded->arena, param->n_layer, sizeof *folded->layers);
    if (!folded->layers) return lungo_fail_memory("a list of layers", param->n_layer);
    for (; folded->count < param->n_layer; folded->count++) {
        lungo_fold_layer *layer = &folded->layers[folded->count];
        layer->param = param->layer[folded->count];
        if (!lungo_net_includes(folded->state, layer->param)) {
            layer->gone = true;
            layer->why = "it belongs to another phase, level or stage";
            continue;
        }
        const char *name = layer->param->name ? layer->param->name : "";
        while (strcmp(folded->net->layers[next]->name, name))
            next++;
        layer->index = next;
        layer->layer = folded->net->layers[next++];
    }
    return LUNGO_OK;
}

static void drop_gone(const lungo_folded *folded) {
    Caffe__NetParameter *param = folded->param;
    param->n_layer = 0;
    for (size_t i = 0; i < folded->count; i++)
        if (!folded->layers[i].gone) param->layer[param->n_layer++] = folded->layers[i].param;
}

static lungo_status open_folded(lungo_folded *folded, const char *model, const char *weights,
                                const lungo_net_options *options) {
    folded->model = lungo_arena_string(&folded->arena, model);
    folded->weights = lungo_arena_string(&folded->arena, weights);
    if (!folded->model || !folded->weights) return lungo_fail_memory("a file's name", 0);
    LUNGO_TRY(lungo_document_new(&folded->document));
    lungo_document_skip_unknown(folded->document, options->unknown_fields == LUNGO_UNKNOWN_WARN);
    lungo_document_set_limits(folded->document, &options->limits);
    LUNGO_TRY(read_definition(folded));
    LUNGO_TRY(make_state(folded, options));
    LUNGO_TRY(open_net(&folded->net, folded));
    LUNGO_TRY(lungo_weights_load_whole(folded->net, weights));
    LUNGO_TRY(list_layers(folded));
    LUNGO_TRY(lungo_fold_find(folded));
    drop_gone(folded);
    return LUNGO_OK;
}

lungo_status lungo_folded_open(lungo_folded **out, const char *model, const char *weights,
                               const lungo_net_options *options) {
    static const lungo_net_options defaults = LUNGO_NET_OPTIONS_INIT;
    lungo_folded *folded = calloc(1, sizeof *folded);
    if (!folded) return lungo_fail_memory("a folded net", sizeof *folded);
    lungo_status status = open_folded(folded, model, weights, options ? options : &defaults);
    if (status)
        lungo_folded_free(folded);
    else
        *out = folded;
    return status;
}

void lungo_folded_free(lungo_folded *folded) {
    if (!folded) return;
    lungo_net_dispose(folded->net);
    lungo_document_free(folded->document);
    lungo_arena_dispose(&folded->arena);
    free(folded);
}

/* ---- what became of its layers ---- */

static bool is_told(const lungo_fold_layer *layer) {
    return layer->into || layer->why;
}

size_t lungo_folded_count(const lungo_folded *folded) {
    size_t count = 0;
    for (size_t i = 0; i < folded->count; i++)
        count += is_told(&folded->layers[i]);
    return count;
}

lungo_folded_layer lungo_folded_get(const lungo_folded *folded, size_t index) {
    size_t i = 0;
    while (i < folded->count && (!is_told(&folded->layers[i]) || index-- > 0))
        i++;
    if (i == folded->count) return (lungo_folded_layer){0};
    const lungo_fold_layer *layer = &folded->layers[i];
    lungo_fold_fate fate = layer->into   ? LUNGO_FOLD_INTO
                           : layer->gone ? LUNGO_FOLD_REMOVED
                                         : LUNGO_FOLD_LEFT;
    return (lungo_folded_layer){layer->param->name ? layer->param->name : "",
                                layer->param->type ? layer->param->type : "", fate,
                                layer->into ? layer->into : "", layer->why ? layer->why : ""};
}

/* ---- the new net ---- */

static void set_params(lungo_layer *to, const lungo_fold_layer *from) {
    const lungo_layer *layer = from->layer;
    for (int j = 0; j < to->param_count && !from->map.factor; j++)
        memcpy(lungo_data_overwrite(to->params[j].blob), lungo_param(layer, j),
               to->params[j].blob->count * sizeof(float));
    if (!from->map.factor) return;
    lungo_affine_weights weights = lungo_fold_weights_of(layer);
    lungo_affine_fold(&from->map, &weights, lungo_param(layer, 0),
                      lungo_data_overwrite(to->params[0].blob));
    memcpy(lungo_data_overwrite(to->params[1].blob), from->map.shift,
           from->map.channels * sizeof(float));
}

static void set_all_params(lungo_net *net, const lungo_folded *folded) {
    int next = 0;
    for (size_t i = 0; i < folded->count; i++) {
        const lungo_fold_layer *layer = &folded->layers[i];
        if (layer->gone) continue;
        while (strcmp(net->layers[next]->name, layer->layer->name))
            next++;
        set_params(net->layers[next++], layer);
    }
}

/* ---- writing ---- */

static bool is_same_file(const char *a, const char *b) {
    struct stat first, second;
    if (strcmp(a, b) == 0) return true;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

static lungo_status check_names(const lungo_folded *folded, const char *model,
                                const char *weights) {
    const char *const given[] = {folded->model, folded->weights}, *const names[] = {model, weights};
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            if (is_same_file(names[i], given[j]))
                return lungo_fail(LUNGO_ERR_USAGE,
                                  "expected a new file, got '%s', which the net is made from",
                                  names[i]);
    if (is_same_file(model, weights))
        return lungo_fail(LUNGO_ERR_USAGE, "expected two files, got '%s' twice", model);
    return LUNGO_OK;
}

static lungo_status write_definition(lungo_file_writer *file, const Caffe__NetParameter *param) {
    lungo_buffer text = {0};
    lungo_text_print(&text, &param->base);
    lungo_status status = text.failed ? lungo_fail_memory("a definition", text.length)
                                      : lungo_file_writer_write(file, text.bytes, text.length);
    lungo_buffer_dispose(&text);
    return status;
}

/* Both are written before one of them appears. */
static lungo_status write_files(const lungo_folded *folded, const lungo_net *net, const char *model,
                                const char *weights) {
    lungo_file_writer *file;
    LUNGO_TRY(lungo_file_writer_open(&file, model));
    lungo_status status = write_definition(file, folded->param);
    if (!status) status = lungo_net_save_weights(net, weights, false);
    if (!status) return lungo_file_writer_commit(file);
    lungo_file_writer_abandon(file);
    return status;
}

lungo_status lungo_folded_save(const lungo_folded *folded, const char *model, const char *weights) {
    lungo_net *net;
    LUNGO_TRY(check_names(folded, model, weights));
    LUNGO_TRY(open_net(&net, folded));
    set_all_params(net, folded);
    lungo_status status = write_files(folded, net, model, weights);
    lungo_net_dispose(net);
    return status;
}
