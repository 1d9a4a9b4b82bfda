/* Opening, running and freeing a net: the verbs of include/lungo/net.h. */
#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "plan/debug.h"
#include "plan/memory.h"
#include "plan/plan.h"
#include "proto/text.h"
#include "proto/upgrade.h"

/* ---- opening ---- */

static lungo_status stand_in(lungo_document *document, Caffe__NetParameter *param) {
    bool guessed;
    LUNGO_TRY(lungo_net_stand_in(document, param, &guessed));
    if (guessed)
        lungo_warn("data are missing, and nothing says the size of their pictures: 3x224x224 "
                   "stands for it");
    return LUNGO_OK;
}

static lungo_status open_message(lungo_net **out, lungo_document *document,
                                 ProtobufCMessage *message, const char *name,
                                 const lungo_net_options *options) {
    static const lungo_net_options defaults = LUNGO_NET_OPTIONS_INIT;
    Caffe__NetParameter *param = (Caffe__NetParameter *)message;
    lungo_net_build_options build = {.open = options ? *options : defaults};
    LUNGO_TRY(lungo_upgrade_net(document, param, name));
    LUNGO_TRY(lungo_net_set_state(document, param, &build.open));
    build.no_memory = build.open.shapes_only;
    if (build.no_memory) LUNGO_TRY(stand_in(document, param));
    return lungo_plan_open_net(out, param, document, &build);
}

/* `path`, or `text` whose name is `path`. */
static lungo_status read_net(lungo_document *document, ProtobufCMessage **message, const char *text,
                             const char *path, const lungo_net_options *options) {
    const ProtobufCMessageDescriptor *type = &caffe__net_parameter__descriptor;
    lungo_document_skip_unknown(document, options && options->unknown_fields == LUNGO_UNKNOWN_WARN);
    lungo_document_set_limits(document, options ? &options->limits : NULL);
    return text ? lungo_text_parse(document, message, type, text, strlen(text), path)
                : lungo_text_read(document, message, type, path);
}

static lungo_status open_net(lungo_net **out, const char *text, const char *path,
                             const lungo_net_options *options) {
    lungo_document *document;
    ProtobufCMessage *message;
    LUNGO_TRY(lungo_document_new(&document));
    lungo_status status = read_net(document, &message, text, path, options);
    if (!status) status = open_message(out, document, message, path, options);
    lungo_document_free(document);
    return status;
}

lungo_status lungo_unknown_fields_parse(lungo_unknown_fields *out, const char *name) {
    bool warn = strcmp(name, "warn") == 0;
    if (!warn && strcmp(name, "error"))
        return lungo_fail(LUNGO_ERR_CONFIG, "unknown-fields: expected error or warn, got '%s'",
                          name);
    *out = warn ? LUNGO_UNKNOWN_WARN : LUNGO_UNKNOWN_ERROR;
    return LUNGO_OK;
}

lungo_status lungo_net_open(lungo_net **out, const char *path, const lungo_net_options *options) {
    return open_net(out, NULL, path, options);
}

lungo_status lungo_net_open_text(lungo_net **out, const char *text, const char *name,
                                 const lungo_net_options *options) {
    return open_net(out, text, name, options);
}

void lungo_net_free(lungo_net *net) {
    if (!net) return;
    lungo_plan_free(net->plan);
    lungo_net_dispose(net);
}

/* ---- running ---- */

static int as_index(size_t index) {
    return index > INT_MAX ? INT_MAX : (int)index;
}

lungo_status lungo_net_forward(lungo_net *net, float *loss) {
    if (net->layer_count > 0) return lungo_plan_forward(net, 0, net->layer_count - 1, loss);
    if (loss) *loss = 0;
    return LUNGO_OK;
}

lungo_status lungo_net_forward_range(lungo_net *net, size_t first, size_t last, float *loss) {
    return lungo_plan_forward(net, as_index(first), as_index(last), loss);
}

lungo_status lungo_net_backward(lungo_net *net) {
    if (net->layer_count == 0) return LUNGO_OK;
    LUNGO_TRY(lungo_plan_backward(net, 0, net->layer_count - 1));
    if (net->debug_info) lungo_debug_params(net);
    return LUNGO_OK;
}

lungo_status lungo_net_backward_range(lungo_net *net, size_t first, size_t last) {
    return lungo_plan_backward(net, as_index(first), as_index(last));
}

size_t lungo_net_step_count(const lungo_net *net) {
    return (size_t)lungo_plan_step_count(net->plan);
}

lungo_step_info lungo_net_step(const lungo_net *net, size_t index) {
    if (index >= lungo_net_step_count(net)) return (lungo_step_info){0, 0};
    return lungo_plan_step(net->plan, (int)index);
}

double lungo_net_packing(const lungo_net *net) {
    return 1000 * lungo_plan_packing(net->plan);
}

void lungo_net_clear_gradients(lungo_net *net) {
    for (int i = 0; i < net->param_count; i++)
        lungo_blob_clear_diff(net->params[i].blob);
}

lungo_status lungo_net_reshape(lungo_net *net) {
    return lungo_net_reshape_layers(net);
}

/* ---- blobs that the caller may look at from now on ---- */

static lungo_blob *kept(const lungo_net *net, lungo_blob *blob) {
    return blob && !lungo_plan_keep(net->plan, blob) ? blob : NULL;
}

lungo_blob *lungo_net_blob(const lungo_net *net, const char *name) {
    return kept(net, lungo_net_find_blob(net, name));
}

lungo_blob *lungo_net_layer_bottom(const lungo_net *net, size_t layer, size_t index) {
    if (layer >= (size_t)net->layer_count) return NULL;
    const lungo_layer *found = net->layers[layer];
    return index < (size_t)found->bottom_count ? kept(net, found->bottoms[index]) : NULL;
}

lungo_blob *lungo_net_layer_top(const lungo_net *net, size_t layer, size_t index) {
    if (layer >= (size_t)net->layer_count) return NULL;
    const lungo_layer *found = net->layers[layer];
    return index < (size_t)found->top_count ? kept(net, found->tops[index]) : NULL;
}

/* ---- memory ---- */

size_t lungo_net_memory_count(const lungo_net *net) {
    return lungo_memory_count(lungo_plan_memory(net->plan));
}

lungo_memory_info lungo_net_memory(const lungo_net *net, size_t index) {
    return lungo_memory_entry(lungo_plan_memory(net->plan), index);
}

size_t lungo_net_memory_taken(const lungo_net *net) {
    return lungo_memory_taken(lungo_plan_memory(net->plan));
}

size_t lungo_net_memory_unshared(const lungo_net *net) {
    return lungo_memory_unshared(lungo_plan_memory(net->plan));
}
