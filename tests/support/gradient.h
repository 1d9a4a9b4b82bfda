/* Gradients of a layer or net against central finite differences.
 *
 * The objective is  sum_i r_i * top_i  over all values of the net's outputs, with random r; losses
 * count with their loss_weight. Its derivative by every value of every input that gets a gradient,
 * and of every parameter that does, is compared one by one. Backward runs twice without clearing,
 * so that parameter gradients are seen with beta 0 (old values void) and 1 (added up).
 */
#ifndef LUNGO_TESTS_SUPPORT_GRADIENT_H
#define LUNGO_TESTS_SUPPORT_GRADIENT_H

#include <stdint.h>

#include "lungo/net.h"

/* How an input blob is filled: uniform in [low, high), rounded down when `whole`: such labels and
 * indices have no derivative and are not compared. */
typedef struct lungo_gradient_input {
    const char *blob;
    float low, high;
    int whole;
} lungo_gradient_input;

typedef struct lungo_gradient_check {
    const char *net; /* prototxt; give it Input layers and force_backward: true */
    lungo_phase phase;
    lungo_gradient_input inputs[8]; /* those not listed: uniform in [-1, 1) */
    float step, tolerance;          /* 0: 1e-2 and 1e-2 (relative to the larger gradient or 1) */
    float kink, kink_range;         /* values within kink_range of +-kink are not compared */
    uint32_t seed;                  /* 0: 1701 */
} lungo_gradient_check;

/* Fails the Check test with layer, blob, index and both numbers at the first disagreement. */
void lungo_check_gradient(const lungo_gradient_check *check);

#endif
