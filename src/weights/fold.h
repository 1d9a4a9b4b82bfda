/* Inside of include/lungo/fold.h.
 *
 *   fold.c        opens the net, says what became of its layers, writes the new one
 *   fold_find.c   finds what can be folded or removed, and the map that each weight gets
 */
#ifndef LUNGO_WEIGHTS_FOLD_H
#define LUNGO_WEIGHTS_FOLD_H

#include "kernels/affine.h"
#include "lungo/fold.h"
#include "net/net.h"

/* A layer of the definition as given. */
typedef struct lungo_fold_layer {
    Caffe__LayerParameter *param; /* as it will be written */
    lungo_layer *layer;           /* in the net; NULL: not in TEST */
    int index;                    /* there */
    bool gone;                    /* it will not be written */
    const char *into, *why;       /* NULL: not said */
    lungo_affine map;             /* of one that others are folded into; factor NULL: none is */
} lungo_fold_layer;

struct lungo_folded {
    lungo_arena arena;
    lungo_document *document;
    Caffe__NetParameter *param; /* as it will be written */
    Caffe__NetState *state;     /* in which layers count */
    lungo_net *net;             /* as given, with its weights */
    size_t count;
    lungo_fold_layer *layers;
    const char *model, *weights; /* files */
};

/* The weights of a Convolution, Deconvolution or InnerProduct; rows 0: it is none of them. */
lungo_affine_weights lungo_fold_weights_of(const lungo_layer *layer);

lungo_status lungo_fold_find(lungo_folded *folded);

#endif
