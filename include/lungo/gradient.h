/* Backward against forward: what each layer says its gradients are, and what central differences of
 * its own forward say.
 *
 * A layer is looked at by itself, on what the layers before it made. Its objective is the sum of
 * all values of its tops, each times a random number in [-1, 1) (tops of losses: times their
 * loss_weight). It is derived by values of its bottoms and parameters, where it has gradients. */
#ifndef LUNGO_GRADIENT_H
#define LUNGO_GRADIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "lungo/net.h"
#include "lungo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lungo_gradient_options {
    const char *layer; /* NULL: all; else its name */
    float step;        /* h of (f(x + h) - f(x - h)) / 2h */
    float tolerance; /* the largest error that is taken for right; decides what counts as a kink */
    size_t samples;  /* values of each blob, one in each of so many equal parts; 0: all */
} lungo_gradient_options;

#define LUNGO_GRADIENT_OPTIONS_INIT                                                                \
    { NULL, 1e-2f, 1e-2f, 20 }

/* What was found for one bottom or parameter of a layer. An error is |difference - backward| over
 * the largest of: both, a tenth of the blob's largest gradient, and what float rounding can blur.
 * At a kink (ReLU at 0, a maximum that moves) the differences to the left and to the right are not
 * the same, and a gradient between them is right. */
typedef struct lungo_gradient_row {
    const char *layer, *type;
    bool is_param;
    const char *bottom; /* its name; NULL for a parameter */
    size_t index;       /* among the layer's bottoms or parameters */
    size_t count, checked, kinks;
    float error; /* the worst of those that are no kinks */
    size_t at;   /* where, and the two numbers there */
    double difference, backward;
} lungo_gradient_row;

/* Opens the net with force_backward; Input blobs get random numbers in [-1, 1), labels 0. In TRAIN
 * layers that draw (Dropout) draw the same each time. options, engine: LUNGO_ENGINE_DEFAULT stands
 * for blas, layer by layer. `row` is called for each blob as it is done. gradient NULL: all
 * defaults. */
typedef void lungo_gradient_function(void *user, const lungo_gradient_row *row);
lungo_status lungo_gradient_check(const char *path, const lungo_net_options *options,
                                  const lungo_gradient_options *gradient,
                                  lungo_gradient_function *row, void *user);

#ifdef __cplusplus
}
#endif
#endif
