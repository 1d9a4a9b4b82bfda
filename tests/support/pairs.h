/* Pairs of equal nets, of which one shares memory between its blobs and the other does not. */
#ifndef LUNGO_TESTS_SUPPORT_PAIRS_H
#define LUNGO_TESTS_SUPPORT_PAIRS_H

#include "net/net.h"
#include "support/nets.h"

#define CONV(name, bottom, top, outputs)                                                           \
    LAYER1(name, "Convolution", bottom, top,                                                       \
           "convolution_param { num_output: " outputs " kernel_size: 3 pad: 1 "                    \
           "weight_filler { type: 'gaussian' std: 0.2 } "                                          \
           "bias_filler { type: 'gaussian' std: 0.2 } }")
#define RELU(name, blob) LAYER1(name, "ReLU", blob, blob, "")
#define IMAGES           INPUT("x", "dim: 2 dim: 16 dim: 7 dim: 6")
#define SUM2(a, b, top)                                                                            \
    "layer { name: '" top "' type: 'Eltwise' bottom: '" a "' bottom: '" b "' top: '" top "' }\n"
#define CHAIN CONV("a", "x", "a", "20") RELU("ar", "a") CONV("b", "a", "b", "24")

/* Small nets, each to be run by each of some engines. */
enum { LUNGO_PAIR_NETS = 8, LUNGO_PAIR_ENGINES = 3 };
extern const char *const lungo_pair_nets[LUNGO_PAIR_NETS];

typedef struct lungo_pair {
    lungo_net *shared, *apart; /* apart: each blob has its own memory */
} lungo_pair;

/* Net index / LUNGO_PAIR_ENGINES by engine index % LUNGO_PAIR_ENGINES; forced: with gradients. */
lungo_pair lungo_open_pair(int index);
lungo_pair lungo_open_forced_pair(int index);
void lungo_free_pair(lungo_pair *both);

/* One of models/, of one image, its inner products narrow; `trains`: in TRAIN, with gradients. */
lungo_net *lungo_open_model(const char *path, lungo_engine engine, bool trains);

void lungo_keep_all(lungo_net *net);
void lungo_fill_inputs(lungo_net *net);

/* Fills what is shared with NaN: it holds nothing that a later pass could use. */
void lungo_poison(const lungo_net *net);
bool lungo_shares(const lungo_net *net);

/* Bit for bit; values of the default engine within rounding, as a layer that joins a convolution
 * adds up in another order, and does not join where the blob between is asked for. */
void lungo_compare_values(const lungo_pair *both, const lungo_blob *got, const lungo_blob *want);
void lungo_compare_gradients(const lungo_blob *got, const lungo_blob *want);
void lungo_compare_all_gradients(lungo_pair *both); /* of parameters and inputs */

/* Forward; and backward, too, from any gradient of the outputs. Results are compared. */
void lungo_run_pair(lungo_pair *both);
void lungo_train_pair(lungo_pair *both);

#endif
