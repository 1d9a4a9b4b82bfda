/* Steps and their units: what a plan is made of. For src/plan alone.
 *
 * A step covers one or more consecutive layers. It can always run them one by one ("apart"), which
 * is all that engine blas does. Another engine gives it units that compute the same at a stroke:
 * usually one; two for a convolution and the BatchNorm that changes its top in place, for which the
 * first unit writes into a blob of the plan's own, so that its values outlive the second. Where no
 * gradient is wanted and the statistics are stored, one unit does both: fold.h.
 *
 * In a net that infers, a step may leave blobs out: what layers joined to a convolution have
 * between them. Once such a blob is asked for by name, the step runs apart.
 *
 *   lower.c       which layers make a step, and which unit computes them
 *   blocked/      units over the kernels that know blocked layouts
 *   onednn/       units over oneDNN
 *   reference/    units over plain loops
 */
#ifndef LUNGO_PLAN_STEP_H
#define LUNGO_PLAN_STEP_H

#include "layer/op.h"
#include "net/net.h"
#include "plan/plan.h"

typedef struct lungo_unit lungo_unit;
typedef struct lungo_unit_type lungo_unit_type;

/* How one kind of op is computed by one engine. */
struct lungo_unit_type {
    const char *name;  /* for the log: "onednn convolution" */
    size_t state_size; /* private to it; may be 0 */
    bool takes_relu;   /* a ReLU in place behind it may be part of it */
    bool takes_norm;   /* a BatchNorm in place behind it may follow in the same step */
    bool folds;        /* a BatchNorm by stored statistics, or a Scale, may be part of it: fold.h;
                          and in a net that infers a sum of two, and tops of their own */
    /* Makes the unit ready to run for the shapes of now, or refuses (lungo_unit_refuse); fails only
     * when something is wrong, such as memory being out. Names its implementation in `info`. */
    lungo_status (*open)(lungo_unit *);
    lungo_status (*forward)(lungo_unit *);
    lungo_status (*backward)(lungo_unit *); /* gradients as layer.h has them, of all its layers */
    void (*close)(lungo_unit *);            /* after a failed open, too; may be NULL */
    const lungo_unit_type *otherwise;       /* tried when this one refuses, and takes what this one
                                               does; NULL: none */
};

struct lungo_unit {
    const lungo_unit_type *first_choice, *type; /* `type` is what it has become */
    lungo_op op;
    lungo_layer *layer; /* the first it covers, which has the op */
    /* Those behind it that it computes along; NULL: none. `norm` is what a convolution folds. */
    lungo_layer *norm, *scale, *sum, *relu;
    lungo_blob **bottoms, **tops; /* the layer's but for blobs between units, and blobs left out */
    lungo_blob *added;            /* the other bottom of `sum` */
    void *state;                  /* zeroed before open */
    lungo_precision precision;
    bool if_faster; /* no engine was asked for: to refuse what the layer itself does as fast */
    double packing; /* seconds that laying its weights out for its primitives took the last time */
    bool refused;
    char info[112]; /* what computes it; or why it refused */
};

enum { LUNGO_MAX_UNITS = 2 };

typedef struct lungo_step {
    int first, last;   /* layers, by index in the net */
    size_t **reshapes; /* per layer and bottom: the blob's, when it was last followed */
    int unit_count;    /* 0: always apart */
    lungo_unit units[LUNGO_MAX_UNITS];
    lungo_blob between; /* from the first unit to the second */
    lungo_blob *between_tops[1];
    bool apart;    /* how the last forward ran it */
    char why[112]; /* it has no unit though its op has; "" */
} lungo_step;

/* The units of an engine by op, NULL where the layer itself does the work; or an error when the
 * build or the processor lacks the engine or the precision. */
typedef const lungo_unit_type *const lungo_unit_table[LUNGO_OP_KINDS];
lungo_status lungo_engine_units(lungo_engine engine, lungo_precision precision,
                                const lungo_unit_table **out);

/* lower.c: the step that begins with layer `first`: how many layers it takes, its units opened. */
lungo_status lungo_step_make(lungo_step *step, lungo_net *net, const lungo_unit_table *units,
                             int first);
/* The first of the layers first .. last of the step whose bottoms have been reshaped since they
 * were followed, though it be to the old shape: layouts do not outlive that. -1: none. */
int lungo_step_changed(const lungo_step *step, const lungo_net *net, int first, int last);
/* Reshapes its layers and opens its units anew, if anything has changed. */
lungo_status lungo_step_follow_shapes(lungo_step *step, lungo_net *net);
void lungo_step_dispose(lungo_step *step);

/* log.c: the table that --log-plan shows. */
void lungo_plan_log(const lungo_net *net, const lungo_step *steps, int count);

/* log.c: of the same names; 0: out of memory. */
uint64_t lungo_steps_hash(const lungo_net *net, const lungo_step *steps, int count);

/* ---- for units ---- */

/* Leaves the layer to compute itself. Returns LUNGO_OK. */
__attribute__((format(printf, 2, 3))) lungo_status lungo_unit_refuse(lungo_unit *unit,
                                                                     const char *format, ...);

/* Floats a vector register holds: the lanes of blocked layouts. */
size_t lungo_plan_lanes(void);

/* From now on the values are kept blocked, too, and so is their gradient. *done is false when
 * another blob on the same storage has them blocked in another shape. */
lungo_status lungo_blob_block(lungo_blob *blob, bool *done);

/* The values, or the gradient, in one of the two layouts. */
float *lungo_blob_data_in(lungo_blob *blob, bool blocked, lungo_access access);
float *lungo_blob_diff_in(lungo_blob *blob, bool blocked, lungo_access access);

/* Floats in that layout, padding included. */
size_t lungo_blob_count_in(const lungo_blob *blob, bool blocked);

/* Masks the gradient of the unit's top by its ReLU, in place, where backward needs that. */
void lungo_unit_mask_relu(lungo_unit *unit, bool blocked);

#endif
