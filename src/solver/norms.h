/* L2 norms of each parameter in one update: what clipping, the guard and the watch file look at.
 *
 * Parameters are summed in pieces, and the pieces' sums added in order: the same norms for any
 * number of threads. update.c takes those of its own pass on its way, while a piece is in cache. */
#ifndef LUNGO_SOLVER_NORMS_H
#define LUNGO_SOLVER_NORMS_H

#include "math/parallel.h"
#include "net/net.h"

/* Floats of a piece; and from how many floats on a parameter is spread over the threads. */
enum { LUNGO_PIECE = 1024, LUNGO_PARALLEL_FROM = 4 * LUNGO_WORTH_THREADS };

typedef struct lungo_param_norms {
    double gradient; /* as lungo_norms_of_gradients leaves it: the sum over the passes so far;
                        after the update: clipped and divided by iter_size, without decay */
    double weights;  /* before the update */
    double decay;    /* of what decay adds to the gradient (L2, L1) or takes beside the rule */
    double update;   /* of what is subtracted from the weights */
} lungo_param_norms;

typedef struct lungo_piece_sums {
    double weights, decay, update; /* of squares */
} lungo_piece_sums;

typedef struct lungo_norms {
    bool wanted;               /* by the guard or the watch file: update.c takes all of them */
    lungo_param_norms *params; /* one for each of net->params */
    lungo_piece_sums *pieces;  /* of one parameter at a time: room for the largest */
} lungo_norms;

lungo_status lungo_norms_init(lungo_norms *norms, const lungo_net *net);
void lungo_norms_dispose(lungo_norms *norms);

/* How much of the parameter an update changes; infinite where the weights were 0. */
static inline double lungo_update_ratio(const lungo_param_norms *norms) {
    return norms->update == 0 ? 0 : norms->update / norms->weights;
}

/* For those who write them down: "weight_norm", "gradient_norm", "decay_norm", "update_ratio". */
enum { LUNGO_NORMS = 4 };
extern const char *const lungo_norm_names[LUNGO_NORMS];
double lungo_norm(const lungo_param_norms *norms, int index);

static inline size_t lungo_pieces(size_t count) {
    return (count + LUNGO_PIECE - 1) / LUNGO_PIECE;
}

static inline size_t lungo_piece_count(size_t count, size_t piece) {
    size_t left = count - piece * LUNGO_PIECE;
    return left < LUNGO_PIECE ? left : LUNGO_PIECE;
}

/* One pass over all gradients. */
void lungo_norms_of_gradients(lungo_norms *norms, const lungo_net *net);

/* All but the gradient's, from the sums of the parameter's pieces. */
void lungo_norms_add_up(lungo_norms *norms, const lungo_net *net, int param);

#endif
