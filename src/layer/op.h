/* What a layer computes, as data: its kind and the geometry of its kernel. A type's describe fills
 * this in, after reshape, for whoever computes the same in another way: plan/. */
#ifndef LUNGO_LAYER_OP_H
#define LUNGO_LAYER_OP_H

#include "kernels/batch_norm.h"
#include "kernels/broadcast.h"
#include "kernels/convolution.h"
#include "kernels/lrn.h"
#include "kernels/pooling.h"
#include "layer/layer.h"
#include "math/gemm.h"

typedef enum lungo_op_kind {
    LUNGO_OP_OTHER, /* nothing that is known here */
    LUNGO_OP_CONVOLUTION,
    LUNGO_OP_DECONVOLUTION,
    LUNGO_OP_INNER_PRODUCT,
    LUNGO_OP_POOLING,
    LUNGO_OP_LRN,
    LUNGO_OP_BATCH_NORM,
    LUNGO_OP_SCALE, /* by learned parameters */
    LUNGO_OP_BIAS,  /* the same */
    LUNGO_OP_RELU,
    LUNGO_OP_SUM, /* of all bottoms */
    LUNGO_OP_CONCAT,
    LUNGO_OP_SPLIT,
    LUNGO_OP_IDENTITY, /* the top has the values of the bottom */
    LUNGO_OP_KINDS
} lungo_op_kind;

struct lungo_op {
    lungo_op_kind kind;
    union {
        lungo_convolution convolution; /* and of Deconvolution: see layers/vision/filters.h */
        struct {
            size_t n, k, m;
            lungo_operand stored; /* PLAIN: weights (m, k); TRANSPOSED: (k, m) */
        } inner_product;
        struct {
            lungo_pooling window;
            bool max;
        } pooling;
        lungo_lrn lrn;
        struct {
            lungo_batch_norm shape;
            bool stored; /* normalises by the stored statistics, which it leaves alone */
            float eps, keep;
        } batch_norm;
        lungo_broadcast scale; /* and of Bias */
        float relu_slope;
        const float *sum_factors; /* one per bottom; NULL: all 1 */
        int concat_axis;
    };
};

/* Multiply-adds of one forward pass; see lungo_layer_info in include/lungo/net.h. */
unsigned long long lungo_layer_macs(const lungo_layer *layer);

/* LUNGO_OP_OTHER where the type does not say. */
lungo_op lungo_layer_op(const lungo_layer *layer);

#endif
