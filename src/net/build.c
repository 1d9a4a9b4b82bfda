/* Building a net: the passes in their order, read from top to bottom. The log is Caffe's. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/passes.h"
#include "proto/message.h"
#include "proto/text.h"

/* ---- before the passes ---- */

static lungo_status copy_definition(lungo_net_builder *builder, const Caffe__NetParameter *given,
                                    const lungo_document *document,
                                    const lungo_net_options *options) {
    lungo_net *net = builder->net;
    LUNGO_TRY(lungo_document_new(&net->document));
    LUNGO_TRY(lungo_message_copy(net->document, &builder->param, &given->base, document));
    Caffe__NetParameter *param = builder->param;
    if (!param->state) LUNGO_TRY(lungo_net_set_state(net->document, param, options));
    net->param = param;
    net->name = lungo_or_empty(param->name);
    net->phase = param->state->phase == CAFFE__PHASE__TRAIN ? LUNGO_TRAIN : LUNGO_TEST;
    net->debug_info = param->debug_info;
    return LUNGO_OK;
}

static lungo_status prepare_host(lungo_net *net, const lungo_net_build_options *options) {
    int count = options->open.worker_count, rank = options->open.worker_rank;
    if (count < 0 || rank < 0 || (rank > 0 && rank >= count))
        return lungo_fail(LUNGO_ERR_USAGE,
                          "worker_rank: expected 0 or more, below worker_count, got %d of %d", rank,
                          count);
    net->host.worker_count = count;
    net->host.worker_rank = rank;
    net->no_gradients = options->open.forward_only;
    net->host.skip_bad_records = options->open.skip_bad_records;
    net->host.arena = &net->arena;
    net->host.rng = options->rng ? options->rng : &net->own_rng;
    if (options->rng) return LUNGO_OK;
    uint32_t seed = (uint32_t)options->open.seed;
    if (options->open.seed < 0) LUNGO_TRY(lungo_rng_seed_from_system(&seed));
    lungo_rng_seed(&net->own_rng, seed);
    return LUNGO_OK;
}

/* ---- the passes ---- */

static void log_definition(const Caffe__NetParameter *param) {
    lungo_buffer text = {0};
    lungo_text_print(&text, &param->base);
    size_t length = text.length;
    while (length > 0 && text.bytes[length - 1] == '\n')
        length--;
    lungo_log_info("net.cpp", 53, "Initializing net from parameters: \n%.*s", (int)length,
                   lungo_buffer_text(&text));
    lungo_buffer_dispose(&text);
}

static lungo_status add_layer(lungo_net_builder *builder, int index) {
    LUNGO_TRY(lungo_net_wire_layer(builder, index));
    LUNGO_TRY(lungo_net_set_up_layer(builder, index));
    LUNGO_TRY(lungo_net_share_params(builder, index));
    lungo_net_mark_learning(builder, index);
    return LUNGO_OK;
}

static lungo_status add_layers(lungo_net_builder *builder) {
    lungo_net *net = builder->net;
    size_t count = builder->param->n_layer;
    net->layers = lungo_arena_array(&net->arena, count, sizeof *net->layers);
    if (!net->layers) return lungo_fail_memory("the list of layers", count * sizeof *net->layers);
    for (size_t i = 0; i < count; i++)
        if (add_layer(builder, (int)i)) return lungo_net_trail_layer(net, builder->param->layer[i]);
    return LUNGO_OK;
}

static lungo_status start_layers(lungo_net_builder *builder) {
    lungo_net *net = builder->net;
    for (int i = 0; i < net->layer_count; i++)
        if (lungo_layer_start(net->layers[i]))
            return lungo_net_trail_layer(net, builder->param->layer[i]);
    return LUNGO_OK;
}

static lungo_status check_size(const lungo_net *net, const Caffe__NetParameter *param) {
    size_t tops = 0;
    for (size_t i = 0; i < param->n_layer; i++)
        tops += param->layer[i]->n_top;
    if (param->n_layer > net->limits.layers)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "expected at most %zu layers, got %zu" LUNGO_BY_LIMIT("layers"),
                          net->limits.layers, param->n_layer);
    if (tops <= net->limits.tops) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "expected at most %zu tops of all layers, got %zu" LUNGO_BY_LIMIT("tops"),
                      net->limits.tops, tops);
}

static lungo_status check_needs(lungo_net_builder *builder,
                                const lungo_net_build_options *options) {
    lungo_memory_budget own = {0};
    if (options->budget) return lungo_net_check_needs(builder, options->budget);
    own = lungo_memory_budget_of(options->open.max_memory);
    return lungo_net_check_needs(builder, &own);
}

static lungo_status run_passes(lungo_net_builder *builder, const lungo_net_build_options *options) {
    LUNGO_TRY(lungo_net_filter(builder));
    LUNGO_TRY(check_size(builder->net, builder->param));
    log_definition(builder->param);
    LUNGO_TRY(lungo_net_insert_splits(builder));
    LUNGO_TRY(check_size(builder->net, builder->param));
    LUNGO_TRY(add_layers(builder));
    lungo_net_prune_backward(builder);
    LUNGO_TRY(lungo_net_find_ends(builder));
    LUNGO_TRY(lungo_net_list_params(builder));
    if (!builder->net->no_memory) {
        LUNGO_TRY(check_needs(builder, options));
        LUNGO_TRY(lungo_net_allocate(builder));
        LUNGO_TRY(start_layers(builder));
    }
    lungo_log_info("net.cpp", 257, "Network initialization done.");
    return LUNGO_OK;
}

static lungo_status build(lungo_net_builder *builder, const Caffe__NetParameter *param,
                          const lungo_document *document, const lungo_net_build_options *options) {
    LUNGO_TRY(copy_definition(builder, param, document, &options->open));
    lungo_status status = prepare_host(builder->net, options);
    if (!status) status = run_passes(builder, options);
    return status ? lungo_net_trail(builder->net, NULL) : LUNGO_OK;
}

lungo_status lungo_net_build(lungo_net **out, const Caffe__NetParameter *param,
                             const lungo_document *document,
                             const lungo_net_build_options *options) {
    lungo_net *net = calloc(1, sizeof *net);
    if (!net) return lungo_fail_memory("a net", sizeof *net);
    net->no_memory = options->no_memory;
    net->failed_at = options->failed_at;
    net->limits = lungo_limits_in_force(&options->open.limits);
    lungo_net_builder builder = {.net = net, .donor = options->open.donor};
    net->donor = options->open.donor;
    lungo_status status = build(&builder, param, document, options);
    if (status) {
        lungo_net_dispose(net);
        return status;
    }
    net->failed_at = NULL;
    *out = net;
    return LUNGO_OK;
}
