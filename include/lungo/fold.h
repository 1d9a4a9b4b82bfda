/* A trained net made smaller and faster for inference: BatchNorm (by its stored statistics), Scale
 * and Bias become part of the weights of the Convolution, Deconvolution or InnerProduct before
 * them, and layers that do nothing in TEST are taken out. The outputs stay as they are, but for
 * rounding.
 *
 *   lungo_folded *folded;
 *   lungo_folded_open(&folded, "deploy.prototxt", "net.caffemodel", NULL);
 *   lungo_folded_save(folded, "folded.prototxt", "folded.caffemodel");
 *   lungo_folded_free(folded);
 *
 * y = gamma (W x + b - mean) / sqrt(variance + eps) + beta = W' x + b' is the whole of it; Jacob et
 * al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
 * Inference", section 3.2 (2018). */
#ifndef LUNGO_FOLD_H
#define LUNGO_FOLD_H

#include <stddef.h>

#include "lungo/net.h"
#include "lungo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lungo_folded lungo_folded;

/* Opens the net in TEST, loads all its weights, and finds what can be folded. A layer that the
 * weights lack is an error. Of the options, level, stages, unknown_fields and limits count; NULL:
 * all defaults. The caller frees *out. */
lungo_status lungo_folded_open(lungo_folded **out, const char *model, const char *weights,
                               const lungo_net_options *options);
void lungo_folded_free(lungo_folded *folded);

typedef enum lungo_fold_fate {
    LUNGO_FOLD_INTO,    /* part of the weights of layer `into` */
    LUNGO_FOLD_REMOVED, /* it is gone: `why` it changes nothing */
    LUNGO_FOLD_LEFT     /* it stays: `why` */
} lungo_fold_fate;

typedef struct lungo_folded_layer {
    const char *name, *type;
    lungo_fold_fate fate;
    const char *into, *why; /* "" where there is none */
} lungo_folded_layer;

/* The layers that are folded or removed, and those of the types BatchNorm, Scale, Bias and Dropout
 * that stay; in the order of the net. */
size_t lungo_folded_count(const lungo_folded *folded);
lungo_folded_layer lungo_folded_get(const lungo_folded *folded, size_t index);

/* Writes the new definition, with all other settings as they are, and its weights (in HDF5 if that
 * name ends in ".h5"). The names of outputs stay. The files that it was made from are not
 * overwritten: that is an error. */
lungo_status lungo_folded_save(const lungo_folded *folded, const char *model, const char *weights);

#ifdef __cplusplus
}
#endif
#endif
