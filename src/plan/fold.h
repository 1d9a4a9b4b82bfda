/* BatchNorm by stored statistics and Scale, folded into the convolution that they follow in place,
 * anew whenever parameters change: kernels/affine.h. For src/plan alone. */
#ifndef LUNGO_PLAN_FOLD_H
#define LUNGO_PLAN_FOLD_H

#include "kernels/affine.h"
#include "plan/step.h"

enum { LUNGO_FOLD_SOURCES = 7 }; /* W, b; mean, variance, factor; gamma, beta */

typedef struct lungo_fold {
    float *vectors;                        /* of `map`; NULL: nothing is folded */
    lungo_affine map;                      /* its shift is b' */
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
