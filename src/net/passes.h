/* The passes that make a net of its definition, in the order of build.c. For src/net alone. */
#ifndef LUNGO_NET_PASSES_H
#define LUNGO_NET_PASSES_H

#include "net/net.h"

/* A blob of a net, and what the passes know of it. net->blobs point to the first member. */
typedef struct lungo_wire {
    lungo_blob blob;
    bool named;          /* false: automatic, or its name has gone to another blob     */
    bool free;           /* no layer has taken it yet; at the end: an output           */
    bool needs_backward; /* something that makes it learns                             */
    bool under_loss;     /* a loss depends on it                                       */
    bool skipped;        /* a layer that takes it gives it no gradient                 */
} lungo_wire;

static inline lungo_wire *lungo_wire_of(lungo_blob *blob) {
    return (lungo_wire *)blob;
}

typedef struct lungo_net_builder {
    lungo_net *net;
    Caffe__NetParameter *param; /* net->param, while it may be changed      */
    const lungo_net *donor;
    int blob_capacity; /* of net->blobs                            */
    size_t floats;     /* in all tops so far, for the log          */
} lungo_net_builder;

/* filter.c: drops the layers whose include and exclude rules do not fit the net's state. */
lungo_status lungo_net_filter(lungo_net_builder *builder);

/* splits.c: puts a Split behind every top that has several uses. */
lungo_status lungo_net_insert_splits(lungo_net_builder *builder);

/* wiring.c: opens layer `index`, makes its tops and takes its bottoms; then sets it up, which gives
 * its tops their shapes. */
lungo_status lungo_net_wire_layer(lungo_net_builder *builder, int index);
lungo_status lungo_net_set_up_layer(lungo_net_builder *builder, int index);

/* wiring.c: inputs and outputs. */
lungo_status lungo_net_find_ends(lungo_net_builder *builder);

/* share.c: which of the layer's parameters are an earlier layer's, or the donor's. */
lungo_status lungo_net_share_params(lungo_net_builder *builder, int index);

/* backward.c: gradients that can flow, layer by layer from the first; then those that need to,
 * from the last. */
void lungo_net_mark_learning(lungo_net_builder *builder, int index);
void lungo_net_prune_backward(lungo_net_builder *builder);

/* needs.c: refuses a net that needs more memory than its budget leaves. */
lungo_status lungo_net_check_needs(lungo_net_builder *builder, lungo_memory_budget *budget);

/* memory.c: the list of parameters the net owns; then their block, blobs, scratch. */
lungo_status lungo_net_list_params(lungo_net_builder *builder);
bool lungo_net_has_gradients(const lungo_net *net);
lungo_status lungo_net_allocate(lungo_net_builder *builder);

/* needs.c: refuses blobs of more values than the limit. */
lungo_status lungo_net_check_values(const lungo_net *net, const lungo_layer *layer);

/* trail.c: "  in layer 'ip1' (InnerProduct), lenet.prototxt:37" on the error under way. */
lungo_status lungo_net_trail_layer(const lungo_net *net, const Caffe__LayerParameter *layer);

/* The string, or "" for an absent one. */
static inline const char *lungo_or_empty(const char *string) {
    return string ? string : "";
}

#endif
