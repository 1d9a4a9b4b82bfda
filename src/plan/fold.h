/* BatchNorm by stored statistics and Scale, folded into the convolution that they follow in place:
 *
 *   y = gamma (W x + b - mean) / sqrt(variance + eps) + beta = W' x + b'
 *   factor = gamma / sqrt(variance + eps)   W' = factor W   b' = factor (b - mean) + beta
 *
 * For src/plan alone. */
#ifndef LUNGO_PLAN_FOLD_H
#define LUNGO_PLAN_FOLD_H

#include "plan/step.h"

enum { LUNGO_FOLD_SOURCES = 7 }; /* W, b; mean, variance, factor; gamma, beta */

typedef struct lungo_fold {
    float *vectors;                        /* the three that follow; NULL: nothing is folded */
    float *bias;                           /* b', per filter */
    float *mean, *factor;                  /* per filter */
    uint64_t versions[LUNGO_FOLD_SOURCES]; /* of the parameters that all this is made of */
    bool finite;                           /* W' and b' are */
} lungo_fold;

bool lungo_unit_folds(const lungo_unit *unit);

lungo_status lungo_fold_open(lungo_fold *fold, const lungo_unit *unit);
void lungo_fold_dispose(lungo_fold *fold);

/* Whether parameters have changed since the last call. If so, finds out if they are finite, makes
 * b', and W' in `weights`, as long as W; where nothing is folded, `weights` may be NULL. */
bool lungo_fold_follow(lungo_fold *fold, const lungo_unit *unit, float *weights);

#endif
