/* Layers: one constant descriptor per type, and the object that a net makes of it.
 *
 * A layer type is one .c file under layers/<family>/ with a lungo_layer_type at its foot, listed in
 * layers.def. Its functions see only the lungo_layer and never the net. Checks, and messages that
 * need numbers, live in setup and reshape; forward and backward are arithmetic.
 *
 * Gradients: backward overwrites the diff of bottom i iff lungo_wants_bottom(layer, i), and writes
 * the gradient of parameter j iff lungo_wants_param(layer, j), as  grad = beta * grad + new  with
 * beta = lungo_grad_beta(layer, j): 0 for the first writer of an update (the old values are void,
 * perhaps not numbers), 1 for later passes and for layers that share the parameter. With several
 * bottoms a layer uses beta for the first contribution it makes and 1 for the others.
 * The diffs of tops hold what the layers above wrote, loss weights included.
 */
#ifndef LUNGO_LAYER_LAYER_H
#define LUNGO_LAYER_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/state.h"
#include "blob/blob.h"
#include "caffe.pb-c.h"
#include "lungo/net.h"
#include "store/database.h"

typedef struct lungo_layer lungo_layer;
typedef struct lungo_op lungo_op; /* what a layer computes, as data: op.h */

enum lungo_layer_flags {
    LUNGO_IN_PLACE = 1 << 0,  /* top i may be bottom i */
    LUNGO_LOSS = 1 << 1,      /* top 0 has loss_weight 1 unless the prototxt says otherwise */
    LUNGO_AUTO_TOPS = 1 << 2, /* tops the prototxt leaves out are made, unnamed */
    LUNGO_TOPS_EQUAL_BOTTOMS = 1 << 3, /* as many tops as bottoms */
    LUNGO_ALIASES = 1 << 4, /* a top may stand on its bottom's (or a parameter's) storage */
    LUNGO_SOURCE = 1 << 5,  /* its tops come from outside the net: no forward gives them twice */
    LUNGO_ONCE = 1 << 6     /* a forward does more than make tops: running it again would differ */
};

/* By which a snapshot tells whether data has changed. Borrowed from the layer. */
typedef struct lungo_identity {
    const char *path;
    bool counted; /* `count` is known */
    uint64_t count;
    lungo_bytes first, last; /* key, or name of a file */
} lungo_identity;

typedef struct lungo_layer_type {
    const char *name, *brief; /* "InnerProduct", and one sentence shown by `lungo layers` */
    const char *family;       /* the folder: "common" */
    const char *params[4];    /* LayerParameter fields it reads, NULL-terminated */
    size_t state_size;        /* private state, zeroed before setup */
    int bottoms[2], tops[2];  /* least and most; -1 = any */
    unsigned flags;
    uint32_t no_backward; /* bit i: bottom i never gets a gradient, not even if forced (labels) */
    lungo_status (*open)(lungo_layer *);    /* before bottoms and tops are known: opens files */
    lungo_status (*setup)(lungo_layer *);   /* settings; declares parameters; draws nothing */
    lungo_status (*start)(lungo_layer *);   /* once, in layer order, when memory exists: draws */
    lungo_status (*reshape)(lungo_layer *); /* pure function of bottom shapes: sizes the tops */
    lungo_status (*forward)(lungo_layer *);
    lungo_status (*backward)(lungo_layer *);           /* NULL: no gradient can pass */
    void (*describe)(const lungo_layer *, lungo_op *); /* after reshape: for plan/, see op.h */
    lungo_status (*save)(const lungo_layer *, lungo_writer *); /* what a resumed run needs */
    lungo_status (*load)(lungo_layer *, lungo_reader *);
    lungo_identity (*identify)(const lungo_layer *); /* of the data that it reads */
    void (*release)(lungo_layer *);                  /* what `state` owns outside the arena */
} lungo_layer_type;

/* What whoever opens layers lends to all of them. Outlives them. */
typedef struct lungo_layer_host {
    lungo_arena *arena; /* for what lives as long as the layer */
    lungo_rng *rng;     /* the one generator of the solver (or of a net opened alone) */
    float *scratch; /* shared by all layers, void between their calls; see lungo_layer_scratch */
    size_t scratch_needed, scratch_capacity;
    int worker_count, worker_rank; /* of those that share the training data; count 0 counts as 1 */
    bool skip_bad_records;         /* as data_param.skip_bad_records, for every layer */
} lungo_layer_host;

/* A learnable blob as one layer sees it. The prototxt's ParamSpec is resolved into the fields. */
typedef struct lungo_layer_param {
    lungo_blob *blob;                     /* this layer's shape; storage may be another layer's */
    const Caffe__FillerParameter *filler; /* NULL: zeros */
    const char *share_name;               /* NULL or "": not shared */
    bool permissive;                      /* sharers need equal counts only */
    bool has_lr_mult, has_decay_mult;     /* given, not default */
    float lr_mult, decay_mult;
    bool frozen;   /* by lungo_layer_freeze_param */
    bool owned;    /* set by the net: no earlier layer or donor holds it */
    bool borrowed; /* set by the net: a donor holds it */
    bool asked;    /* set by the net: the prototxt leaves its gradient on */
    bool wanted;   /* set by the net: asked, not frozen, not borrowed */
} lungo_layer_param;

enum { LUNGO_MAX_PARAMS = 16, LUNGO_MAX_BUFFERS = 8 };

struct lungo_layer {
    const lungo_layer_type *type;
    const char *name;
    lungo_phase phase;
    /* The settings. Messages named in type->params are never NULL: absent ones read as defaults. */
    const Caffe__LayerParameter *param;
    lungo_layer_host *host;

    int bottom_count, top_count, param_count, buffer_count;
    lungo_blob **bottoms, **tops;
    lungo_layer_param params[LUNGO_MAX_PARAMS];
    lungo_blob *buffers[LUNGO_MAX_BUFFERS];
    void *state;

    /* Decided by the net. */
    float *loss_weights; /* per top; 0: not part of the loss */
    bool *bottom_wanted; /* per bottom: backward writes its diff */
    bool needs_backward;
};

/* ---- for layer types ---- */

/* In setup: declares parameter param_count (weights first, then bias). It is filled before start.
 */
lungo_status lungo_layer_add_param(lungo_layer *layer, const lungo_shape *shape,
                                   const Caffe__FillerParameter *filler);
/* In setup, after add_param: parameter j is not learned by gradients (BatchNorm's statistics).
 * A lr_mult other than 0 in the prototxt is an error. */
lungo_status lungo_layer_freeze_param(lungo_layer *layer, int j);

/* In setup: a private blob that keeps its values from forward to backward (masks, copies of
 * inputs). Give it its shape in reshape with lungo_blob_reshape. Only its data is allocated. */
lungo_status lungo_layer_add_buffer(lungo_layer *layer, lungo_blob **out, const char *name);

/* In reshape: at least `floats` of shared scratch will be at lungo_layer_scratch() in forward and
 * backward, with void contents at every call. */
void lungo_layer_need_scratch(lungo_layer *layer, size_t floats);
float *lungo_layer_scratch(const lungo_layer *layer);

static inline bool lungo_wants_bottom(const lungo_layer *layer, int i) {
    return layer->bottom_wanted[i];
}

static inline bool lungo_wants_param(const lungo_layer *layer, int j) {
    return layer->params[j].wanted;
}

/* Parameters: values, gradient, and the beta that the gradient is to be multiplied with. */
const float *lungo_param(const lungo_layer *layer, int j);
float *lungo_param_update(const lungo_layer *layer, int j);
float *lungo_param_diff(const lungo_layer *layer, int j);
float lungo_grad_beta(const lungo_layer *layer, int j);

/* In reshape: top i gets the shape of bottom i. The whole reshape of most element-wise layers. */
lungo_status lungo_layer_reshape_like_bottom(lungo_layer *layer);

/* Top i is bottom i: the same blob. */
static inline bool lungo_is_in_place(const lungo_layer *layer, int i) {
    return i < layer->bottom_count && i < layer->top_count && layer->tops[i] == layer->bottoms[i];
}

/* Whether this worker takes the record that `passed` others go before: in TRAIN, as in Caffe, every
 * worker_count-th one; in TEST all. */
static inline bool lungo_is_own_record(const lungo_layer *layer, uint64_t passed) {
    const lungo_layer_host *host = layer->host;
    return layer->phase == LUNGO_TEST || host->worker_count <= 1 ||
           passed % (uint64_t)host->worker_count == (uint64_t)host->worker_rank;
}

/* ---- for nets: they name the layer, and where it stands, in the error of a call that fails ----
 */

/* The descriptor of a type; unknown: an error with the known types and the nearest one. */
lungo_status lungo_layer_find_type(const lungo_layer_type **out, const char *name);

/* All types in alphabetical order, capitals first; NULL beyond the last. */
const lungo_layer_type *lungo_layer_type_at(size_t index);

/* Gives `layer`, zeroed but for type, name, phase and host, its settings and its state; then, once
 * it has its bottoms and tops, sets it up. `given` is kept. After a failure, too,
 * lungo_layer_release has to follow. */
lungo_status lungo_layer_open(lungo_layer *layer, const Caffe__LayerParameter *given);
lungo_status lungo_layer_setup(lungo_layer *layer);
lungo_status lungo_layer_reshape_tops(lungo_layer *layer);
/* Whether layers of this type have a gradient for bottom i at all. */
bool lungo_layer_passes(const lungo_layer_type *type, int i);
/* Fills the parameters it owns, draws for those it does not, then calls start. */
lungo_status lungo_layer_start(lungo_layer *layer);
lungo_status lungo_layer_forward(lungo_layer *layer);
lungo_status lungo_layer_backward(lungo_layer *layer);
void lungo_layer_release(lungo_layer *layer);

#endif
