/* oneDNN's C interface in the few words that units need. For src/plan/onednn alone.
 *
 * A primitive is made in two strokes, so that what oneDNN offers can be looked at and refused:
 * choose finds an implementation, ready makes it and the memory objects of its arguments. Those
 * have no memory of their own: bind says before a run where each argument lies. Primitives, and the
 * scratch they want, are made when a plan is; running one allocates nothing of ours. */
#ifndef LUNGO_PLAN_ONEDNN_ONEDNN_H
#define LUNGO_PLAN_ONEDNN_ONEDNN_H

#include <oneapi/dnnl/dnnl.h>

#include "plan/units.h"

enum { LUNGO_PRIMITIVE_ARGUMENTS = 6 };

typedef struct lungo_primitive {
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t made;
    dnnl_exec_arg_t arguments[LUNGO_PRIMITIVE_ARGUMENTS];
    int argument_count;
    size_t scratch; /* floats */
} lungo_primitive;

/* What oneDNN would compute `op` with. *found is false when it has nothing, or its reference code
 * alone. `hint`: the forward primitive of a backward one, else NULL. */
lungo_status lungo_primitive_choose(lungo_primitive *out, const void *op,
                                    const_dnnl_primitive_attr_t attributes,
                                    const lungo_primitive *hint, bool *found);
/* From one layout to another. */
lungo_status lungo_primitive_choose_reorder(lungo_primitive *out, const dnnl_memory_desc_t *from,
                                            const dnnl_memory_desc_t *to);

/* `ids`: DNNL_ARG_SRC and the like, ended by 0. */
lungo_status lungo_primitive_ready(lungo_primitive *primitive, const int *ids);
void lungo_primitive_dispose(lungo_primitive *primitive);

/* "jit:avx512_core" */
const char *lungo_primitive_info(const lungo_primitive *primitive);
const dnnl_memory_desc_t *lungo_primitive_layout(const lungo_primitive *primitive, int id);
size_t lungo_layout_floats(const dnnl_memory_desc_t *layout);

void lungo_primitive_bind(lungo_primitive *primitive, int id, const float *values);
/* `scratch`: 64-byte aligned, primitive->scratch floats. */
lungo_status lungo_primitive_run(lungo_primitive *primitive, float *scratch);

enum { LUNGO_ARG_ADDED = DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1 };

/* What a primitive does with its result, in this order. */
typedef struct lungo_after {
    bool adds_up;                    /* adds what stood there */
    const dnnl_memory_desc_t *added; /* adds another array of this layout, the argument
                                        LUNGO_ARG_ADDED; NULL: none. Not together with adds_up */
    const float *relu_slope;         /* through a ReLU of that slope; NULL: none */
} lungo_after;

/* To be freed with dnnl_primitive_attr_destroy. `after` NULL: nothing. */
lungo_status lungo_onednn_attributes(dnnl_primitive_attr_t *out, const lungo_after *after);

/* LUNGO_OK, or the error that the status stands for. */
lungo_status lungo_onednn_check(dnnl_status_t status, const char *what);

/* Floats from here on lie on a boundary of 64 bytes if those before do. */
size_t lungo_onednn_aligned(size_t floats);

/* Images of one to three spatial axes, row-major or blocked. */
lungo_status lungo_onednn_images(dnnl_memory_desc_t *out, const lungo_shape *shape, bool blocked);
/* A row-major array. */
lungo_status lungo_onednn_plain(dnnl_memory_desc_t *out, int axes, const dnnl_dims_t dims);

/* The same layout of bfloat16s. */
dnnl_memory_desc_t lungo_onednn_bf16(dnnl_memory_desc_t layout);

/* Whether the primitive takes bfloat16s for this argument. */
bool lungo_primitive_takes_bf16(const lungo_primitive *primitive, int id);

/* A float array in bfloat16, made of it in scratch when a step runs. */
typedef struct lungo_narrowed {
    lungo_primitive reorder;
    size_t floats;   /* of scratch that it takes; 0: nobody wants it */
    const float *of; /* whose values it holds; NULL: none's. A step begins with NULL */
} lungo_narrowed;

lungo_status lungo_narrowed_open(lungo_narrowed *narrowed, const dnnl_memory_desc_t *layout);
/* `copy`: where in scratch; `scratch`: the reorder's. */
lungo_status lungo_narrowed_make(lungo_narrowed *narrowed, const float *values, float *copy,
                                 float *scratch);
void lungo_narrowed_dispose(lungo_narrowed *narrowed);

/* A weight array in a layout that a primitive wants, remade when the weights have changed. */
typedef struct lungo_packed_weights {
    lungo_primitive reorder; /* not made: row-major will do */
    float *values;
    uint64_t version;
    double seconds; /* that making it took the last time */
} lungo_packed_weights;

/* `always`: makes a copy even if row-major will do, for weights that are not a blob's. */
lungo_status lungo_packed_weights_open(lungo_packed_weights *packed,
                                       const dnnl_memory_desc_t *plain,
                                       const dnnl_memory_desc_t *wanted, bool always);
/* Of row-major values, or of a blob's when they have changed; the scratch is for the reorder. */
lungo_status lungo_packed_weights_make(lungo_packed_weights *packed, const float *values,
                                       float *scratch);
lungo_status lungo_packed_weights_get(lungo_packed_weights *packed, const lungo_blob *weights,
                                      float *scratch, const float **out);
void lungo_packed_weights_dispose(lungo_packed_weights *packed);

#endif
