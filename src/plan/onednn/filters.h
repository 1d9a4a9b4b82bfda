/* Convolution and Deconvolution by oneDNN's direct convolutions; see layers/vision/filters.h for
 * the image side and the map side of both.
 *
 *                    forward          backward
 *   to_map           Convolution      dx of Deconvolution
 *   to_image         Deconvolution    dx of Convolution
 *   to_weights       -                dW of both
 *
 *   choice.c         which primitives, in which layouts
 *   filters.c        opens and runs them
 *   convolution.c, deconvolution.c   the units
 *
 * Weights stay row-major where solver and files see them; what the primitives want is made of them
 * once per update. oneDNN overwrites gradients, so sums go through scratch.
 *
 * In bf16, primitives read weights, images and maps in bfloat16 and write floats; one that oneDNN
 * has in float alone reads floats. For src/plan/onednn alone. */
#ifndef LUNGO_PLAN_ONEDNN_FILTERS_H
#define LUNGO_PLAN_ONEDNN_FILTERS_H

#include "plan/fold.h"
#include "plan/onednn/onednn.h"

enum { LUNGO_FILTERS_WEIGHTS, LUNGO_FILTERS_BIAS }; /* parameters */

typedef struct lungo_filters {
    bool transposed, image_blocked, map_blocked;
    dnnl_memory_desc_t plain_weights;
    lungo_primitive to_map, to_image, to_weights;
    lungo_primitive unpack; /* the gradient that to_weights makes, row-major; perhaps not made */
    lungo_packed_weights for_map, for_image;
    size_t weight_count, gradient_floats; /* of W; of its gradient as to_weights makes it */
    size_t room;                          /* floats of scratch that primitives want */
    lungo_narrowed image, map;            /* what primitives read in bfloat16 */
    lungo_fold fold;
} lungo_filters;

bool lungo_filters_have_bias(const lungo_unit *unit);
/* Computed by to_map itself. */
bool lungo_filters_add_bias(const lungo_unit *unit);
bool lungo_filters_want_bottoms(const lungo_unit *unit);
/* Of those that to_weights makes: the bias of a Deconvolution is not one. */
bool lungo_filters_want_params(const lungo_unit *unit);

/* choice.c: all primitives that the unit needs, and the layouts of both sides; or nothing. */
lungo_status lungo_filters_choose(const lungo_unit *unit, bool *found);
/* Multiply-adds that are done, lanes of padding included, for one that counts. */
double lungo_filters_waste(const lungo_unit *unit);

/* open and close of both units. */
lungo_status lungo_filters_open(lungo_unit *unit);
void lungo_filters_close(lungo_unit *unit);

/* To be called first in a forward and in a backward. */
void lungo_filters_begin(lungo_unit *unit);

/* Scratch behind that of the primitives. */
float *lungo_filters_rest(lungo_unit *unit);

/* Both sides in the layouts that were chosen. */
lungo_status lungo_filters_to_map(lungo_unit *unit, const float *image, float *map);
lungo_status lungo_filters_to_image(lungo_unit *unit, const float *map, float *image);
/* The gradients of the parameters, from bottom i; from 0 on, in order. */
lungo_status lungo_filters_to_params(lungo_unit *unit, int i);

#endif
