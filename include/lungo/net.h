/* Nets: open one from a prototxt, set its inputs, run it, read its outputs. */
#ifndef LUNGO_NET_H
#define LUNGO_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lungo/blob.h"
#include "lungo/limits.h"
#include "lungo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lungo_net lungo_net;

typedef enum lungo_phase { LUNGO_TRAIN = 0, LUNGO_TEST = 1 } lungo_phase;

/* How a net computes. All give the same numbers but for rounding; the order is that of speed. */
typedef enum lungo_engine {
    LUNGO_ENGINE_DEFAULT,   /* for each layer the fastest that is built in */
    LUNGO_ENGINE_REFERENCE, /* loops as the formulas are written, on one thread: the judge */
    LUNGO_ENGINE_BLAS,      /* layer by layer, matrix products by OpenBLAS */
    LUNGO_ENGINE_ONEDNN     /* several layers in a step, by oneDNN where it has the code for it */
} lungo_engine;

/* "reference", "blas", "onednn"; "" stands for the default. Unknown: an error. */
lungo_status lungo_engine_parse(lungo_engine *out, const char *name);

/* What becomes of a field in a prototxt that Caffe's schema does not have. The forks of Caffe added
 * many; the errors and warnings say which fork has it and what to do. */
typedef enum lungo_unknown_fields {
    LUNGO_UNKNOWN_ERROR, /* as Caffe: reading ends there */
    LUNGO_UNKNOWN_WARN /* it is passed over, whatever it holds, with a warning that names its place;
                            so is an unknown value of `engine` that is known to be a fork's */
} lungo_unknown_fields;

/* "error" or "warn". Otherwise: an error. */
lungo_status lungo_unknown_fields_parse(lungo_unknown_fields *out, const char *name);

/* In what convolutions, deconvolutions and inner products read values: forward and backward. They
 * sum in float; and weights, gradients and all other layers are float in any case. */
typedef enum lungo_precision {
    LUNGO_PRECISION_FLOAT,
    LUNGO_PRECISION_BF16 /* bfloat16, 8 bits of precision: wants oneDNN and a processor with
                            avx512_bf16, else opening a net is an error */
} lungo_precision;

/* "float", "bf16"; "" stands for float. Unknown: an error. */
lungo_status lungo_precision_parse(lungo_precision *out, const char *name);

/* What a net is opened with; begin with LUNGO_NET_OPTIONS_INIT. */
typedef struct lungo_net_options {
    lungo_phase phase;         /* which include/exclude rules are met; layers inherit it */
    int level;                 /* for min_level and max_level */
    const char *const *stages; /* for stage and not_stage */
    size_t stage_count;
    int64_t seed;     /* of the random numbers; negative: taken from the system */
    lungo_net *donor; /* layers of the same name use this net's parameters; must outlive */
    lungo_engine engine;
    bool log_plan; /* logs which layers make up each step, and what computes it */
    /* Of several nets that train on the same data, this one reads the records whose number leaves
     * worker_rank when divided by worker_count (0 counts as 1): Data, ImageData and HDF5Data, in
     * TRAIN. With shuffle they need the same seed. WindowData draws from all. */
    int worker_count, worker_rank;
    bool skip_bad_records; /* as data_param.skip_bad_records, for every layer */
    lungo_unknown_fields unknown_fields;
    lungo_precision precision;
    /* Bytes. What the net needs is counted before any of it is allocated, and a net that needs more
     * is refused with LUNGO_ERR_MEMORY. 0: 90 % of what the system and control groups leave. */
    size_t max_memory;
    bool shapes_only; /* to be looked at: no memory is allocated, no file written, and files of data
                         may be missing. It cannot run, and its blobs have no values */
    bool forward_only;   /* computes no gradients, though it has a loss: takes less memory */
    lungo_limits limits; /* of what the definition may ask for */
} lungo_net_options;

#define LUNGO_NET_OPTIONS_INIT                                                                     \
    {                                                                                              \
        LUNGO_TEST, 0, NULL, 0, -1, NULL, LUNGO_ENGINE_DEFAULT, false, 0, 0, false,                \
            LUNGO_UNKNOWN_ERROR, LUNGO_PRECISION_FLOAT, 0, false, false, LUNGO_LIMITS_INIT         \
    }

/* From a file, or from text (`name` stands for the file in errors). V0 and V1 nets are upgraded.
 * options NULL: all defaults. The caller frees *out. */
lungo_status lungo_net_open(lungo_net **out, const char *path, const lungo_net_options *options);
lungo_status lungo_net_open_text(lungo_net **out, const char *text, const char *name,
                                 const lungo_net_options *options);
void lungo_net_free(lungo_net *net);

/* One pass over all layers. *loss is the weighted sum of the losses; `loss` may be NULL. */
lungo_status lungo_net_forward(lungo_net *net, float *loss);

/* Gradients of all parameters and wanted blobs, after a forward. Parameter gradients add to what
 * is there; lungo_net_clear_gradients() makes the next pass start from zero. */
lungo_status lungo_net_backward(lungo_net *net);
void lungo_net_clear_gradients(lungo_net *net);

/* Layers first .. last (both included, by index), for timing and partial passes.
 * backward_range runs from the later to the earlier layer. */
lungo_status lungo_net_forward_range(lungo_net *net, size_t first, size_t last, float *loss);
lungo_status lungo_net_backward_range(lungo_net *net, size_t first, size_t last);

/* The items that a MemoryData layer takes its batches from, in order, beginning again behind the
 * last: `count` (a multiple of its batch_size) of channels x height x width floats, and a label
 * each. The arrays stay the caller's, and must stay, until the next call or the end of the net.
 * layer NULL: the net's first MemoryData layer. */
lungo_status lungo_memory_data_set(lungo_net *net, const char *layer, const float *data,
                                   const float *labels, size_t count);

/* Layers are computed in steps of one or more; see lungo_engine. A range that ends within a step
 * computes the layers it holds one by one. Backward goes the way that forward went: after a forward
 * of a whole step, a range of some of its layers is an error. */
typedef struct lungo_step_info {
    size_t first, last; /* layers, by index */
} lungo_step_info;

size_t lungo_net_step_count(const lungo_net *net);
lungo_step_info lungo_net_step(const lungo_net *net, size_t index);

/* Weights are laid out as convolutions want them, or in bfloat16, whenever they have changed: the
 * milliseconds that this took the last time, for all steps together. */
double lungo_net_packing(const lungo_net *net);

/* A new shape for an input blob takes effect in the whole net with lungo_net_reshape(), or with
 * the next forward. */
lungo_status lungo_blob_reshape(lungo_blob *blob, const lungo_shape *shape);
lungo_status lungo_net_reshape(lungo_net *net);

/* Copies parameters by layer name from a .caffemodel, or from weights in HDF5. Layers the file
 * lacks keep what they have; a layer whose shapes differ is an error that names both, and then
 * nothing at all is changed. */
lungo_status lungo_net_load_weights(lungo_net *net, const char *path);

/* Writes all layers and parameters as a .caffemodel that Caffe reads, or in HDF5 if the path ends
 * in ".h5"; with their gradients too when `with_gradients`. The file appears whole or not at all.
 */
lungo_status lungo_net_save_weights(const lungo_net *net, const char *path, bool with_gradients);

/* ---- what it is made of; everything borrowed from the net ---- */
const char *lungo_net_name(const lungo_net *net);
lungo_phase lungo_net_phase(const lungo_net *net);

/* Memory of blobs: inside a net they share memory when it is not needed at the same time: their
 * values in a net that computes no gradients, their gradients in one that does (it keeps values for
 * backward). Inputs, outputs and what data layers make have memory of their own, and so has, from
 * then on, each blob that is asked for by lungo_net_blob, lungo_net_layer_bottom or
 * lungo_net_layer_top. Ask before the first forward. A blob that is asked for later gets its values
 * by running the layers (not the data layers) again, on the inputs and parameters of now; its
 * gradient by running backward again, which leaves gradients of parameters as they are. A range of
 * layers that does not begin where the last one ended does the same for all blobs, and ends the
 * sharing. Nets without gradients whose layers cannot run twice (HDF5Output, LSTM, RNN, BatchNorm
 * that updates its statistics, in place on an input) share nothing. */

/* NULL when no layer makes or takes a blob of this name (or no memory for its values is left). */
lungo_blob *lungo_net_blob(const lungo_net *net, const char *name);

/* Inputs are the tops of Input layers; outputs the blobs nobody takes, in alphabetical order. */
size_t lungo_net_input_count(const lungo_net *net);
lungo_blob *lungo_net_input(const lungo_net *net, size_t index);
size_t lungo_net_output_count(const lungo_net *net);
lungo_blob *lungo_net_output(const lungo_net *net, size_t index);

/* The weight of an output in the loss; 0: it is not part of it. */
float lungo_net_output_loss_weight(const lungo_net *net, size_t index);

typedef struct lungo_layer_info {
    const char *name, *type;
    const char *file; /* where the prototxt has it; NULL and 0 for automatic Splits */
    int line;
    size_t bottom_count, top_count, param_count;
    bool needs_backward;
    unsigned long long macs; /* multiply-adds of one forward pass in matrix products and windows: of
                                Convolution, Deconvolution, InnerProduct, LSTM and RNN (else 0).
                                Biases are not counted, padding is */
    size_t activations;      /* values of its tops, those left out that stand on its bottoms' */
} lungo_layer_info;

size_t lungo_net_layer_count(const lungo_net *net);
lungo_layer_info lungo_net_layer(const lungo_net *net, size_t index);
lungo_blob *lungo_net_layer_bottom(const lungo_net *net, size_t layer, size_t index);
lungo_blob *lungo_net_layer_top(const lungo_net *net, size_t layer, size_t index);
lungo_blob *lungo_net_layer_param(const lungo_net *net, size_t layer, size_t index);

/* The window of a Convolution, Deconvolution or Pooling, axis by axis. */
typedef struct lungo_window_info {
    int axes; /* 0: the layer has none */
    int kernel[LUNGO_MAX_AXES], stride[LUNGO_MAX_AXES], pad[LUNGO_MAX_AXES];
    int dilation[LUNGO_MAX_AXES], groups;
} lungo_window_info;

lungo_window_info lungo_net_layer_window(const lungo_net *net, size_t layer);

/* The memory that blobs (the plan's own included) take: one entry for each array of values that the
 * passes so far have touched. Entries with the same slab share it; it is as large as the largest.
 * A net that shares no memory, or has not run yet, has none. */
typedef struct lungo_memory_info {
    const char *blob;
    size_t bytes;
    bool blocked;  /* laid out for vector registers; false: row-major */
    bool gradient; /* false: values */
    int slab;      /* negative: memory of its own */
} lungo_memory_info;

size_t lungo_net_memory_count(const lungo_net *net);
lungo_memory_info lungo_net_memory(const lungo_net *net, size_t index);

/* Bytes that they take together, and with one row-major buffer per blob. */
size_t lungo_net_memory_taken(const lungo_net *net);
size_t lungo_net_memory_unshared(const lungo_net *net);

/* The parameters a solver updates, each once, at its owner, in net order. */
typedef struct lungo_param_info {
    const char *layer; /* the owner's name */
    size_t index;      /* among the owner's parameters */
    lungo_blob *blob;
    float lr_mult, decay_mult;
} lungo_param_info;

size_t lungo_net_param_count(const lungo_net *net);
lungo_param_info lungo_net_param(const lungo_net *net, size_t index);

#ifdef __cplusplus
}
#endif
#endif
