/* A net: layers and the blobs between them, built by the named passes of build.c.
 *
 *   filter by phase, level, stage -> insert splits -> for each layer: wire, open, share parameters
 *   -> find what needs backward -> inputs and outputs -> allocate -> start
 *
 * A net knows nothing of how it is run: that is plan/.
 */
#ifndef LUNGO_NET_NET_H
#define LUNGO_NET_NET_H

#include "layer/layer.h"
#include "lungo/net.h"
#include "proto/document.h"

/* A learnable parameter, once, at its owner. */
typedef struct lungo_learnable {
    int layer, index; /* the owner: net->layers[layer]->params[index] */
    lungo_blob *blob;
    float lr_mult, decay_mult; /* the owner's, or the first sharer's that states one */
    size_t offset;             /* of its values in net->values and net->gradients, in floats */
} lungo_learnable;

struct lungo_net {
    lungo_arena arena;                /* all structs; blob memory is apart */
    lungo_document *document;         /* the definition and the positions of its messages */
    const Caffe__NetParameter *param; /* filtered, with splits: what runs */
    const char *name;
    lungo_phase phase;
    bool debug_info;       /* the plan logs means of every blob, so runs layer by layer */
    bool engine_if_faster; /* no engine was asked for: each layer has what is fastest for it */
    lungo_precision precision;
    bool apart;          /* the plan runs layer by layer whatever its steps are */
    bool no_memory;      /* built for its shapes alone */
    lungo_limits limits; /* as they hold */
    bool infers; /* computes no gradients, and may run its layers anew: steps may leave blobs out */
    bool
        no_gradients; /* opened forward_only, or with a donor and not forced: backward is refused */

    lungo_layer_host host;
    lungo_rng own_rng; /* host.rng when no solver lends one */

    int layer_count, blob_count;
    lungo_layer **layers;
    lungo_blob **blobs; /* in order of first appearance; in-place tops count once */

    int input_count, output_count;
    lungo_blob **inputs, **outputs;
    float *output_loss_weights;

    /* Learnable parameters lie in one block, each aligned to 64 bytes; gradients in its twin.
     * Parameters that a donor holds are not in here. */
    int param_count;
    lungo_learnable *params;
    size_t param_floats;
    float *values, *gradients;

    const struct lungo_net *donor; /* whose parameters it borrows; NULL: none */

    struct lungo_plan *plan;   /* made and freed by plan/ */
    lungo_position *failed_at; /* while it is built: see lungo_net_build_options */
};

/* Memory that nets may take, in bytes: one budget for all nets of a solver. */
typedef struct lungo_memory_budget {
    size_t limit, taken;
    bool given;    /* the limit is the user's */
    int histories; /* blocks like that of the parameters that the solver's rule keeps */
} lungo_memory_budget;

/* max_memory 0: 90 % of what is available now. */
lungo_memory_budget lungo_memory_budget_of(size_t max_memory);

/* What a net is built with: the public options and what only the solver gives. */
typedef struct lungo_net_build_options {
    lungo_net_options open;
    lungo_rng *rng;              /* lent by the solver; NULL: the net seeds its own */
    lungo_memory_budget *budget; /* the solver's; NULL: one of its own, by open.max_memory */
    bool no_memory;              /* shapes only: nothing is allocated, filled or read beyond a first
                       record; the net cannot be run */
    lungo_position *failed_at;   /* NULL, or where to note, after a failure, line and column of the
                                  layer that cannot be built (its file: NULL) */
} lungo_net_build_options;

/* From a definition that is up to date (proto/upgrade.h). It is copied first: `param` stays as it
 * is, and `document`, which holds its positions (or is NULL), need not outlive the call. The net's
 * state is param->state; only where there is none, the options' phase, level and stages. */
lungo_status lungo_net_build(lungo_net **out, const Caffe__NetParameter *param,
                             const lungo_document *document,
                             const lungo_net_build_options *options);

/* Writes the options' phase, level and stages into the definition's state, as Caffe does for a net
 * that is opened from a file: stages are added to those that the file has. */
lungo_status lungo_net_set_state(lungo_document *document, Caffe__NetParameter *param,
                                 const lungo_net_options *options);

/* Whether a layer belongs to a net in this state, by its include and exclude rules. */
bool lungo_net_includes(const Caffe__NetState *state, const Caffe__LayerParameter *layer);

/* Puts Silence in the place of HDF5Output, so that the net writes no file. */
lungo_status lungo_net_silence_files(lungo_document *document, Caffe__NetParameter *param);

/* The same, and Inputs in the place of layers that would read files which are missing, in a
 * definition that is built for its shapes alone. Their sizes come from the transformation and from
 * the layer's own settings; *guessed: some were not given, and 3 x 224 x 224 stands for them.
 * HDF5Data stays: nothing says its shapes. */
lungo_status lungo_net_stand_in(lungo_document *document, Caffe__NetParameter *param,
                                bool *guessed);

/* The file that the layer cannot do without (`source`, `mean_file`, ...), if it is missing, with
 * the message and the field that name it; false: none is. */
typedef struct lungo_missing_file {
    const ProtobufCMessage *message;
    const char *field, *path;
} lungo_missing_file;
bool lungo_net_missing_file(lungo_missing_file *out, const Caffe__LayerParameter *layer);

/* Frees the net, all but its plan. NULL is fine. */
void lungo_net_dispose(lungo_net *net);

/* The blob of that name; NULL: none. */
lungo_blob *lungo_net_find_blob(const lungo_net *net, const char *name);

/* The layer's shapes from its bottoms', then memory for what has grown. */
lungo_status lungo_net_reshape_layer(lungo_net *net, lungo_layer *layer);

/* As much scratch as the layers have asked for. */
lungo_status lungo_net_allocate_scratch(lungo_layer_host *host);

/* The same for all layers from the inputs on. */
lungo_status lungo_net_reshape_layers(lungo_net *net);

/* "  2.5 GB of it" and its place for each of the largest layers, by bytes, on the error under way.
 * `layers` is spent. */
void lungo_net_trail_largest(const lungo_net *net, size_t *layers);

/* "  in layer 'ip1' (InnerProduct), lenet.prototxt:37" and "  in TRAIN net 'LeNet'" on the error
 * under way; the second alone when `layer` is NULL. */
lungo_status lungo_net_trail(const lungo_net *net, const lungo_layer *layer);

#endif
