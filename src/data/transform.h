/* From a record to the values of a top: mean, scale, crop and mirror, as transform_param says.
 *
 *   y = (x - mean) * scale     mean: of the same place in mean_file, or of the channel, or 0
 *
 * The crop (crop_size, a square, or crop_h x crop_w) is at a random place in TRAIN and central in
 * TEST (rounded down); a mirror is a fair coin in both. Words are drawn per record in record order
 * (mirror, row, column), apart from the rest, which only reads the transform: several threads may
 * do that.
 */
#ifndef LUNGO_DATA_TRANSFORM_H
#define LUNGO_DATA_TRANSFORM_H

#include "base/rng.h"
#include "blob/shape.h"
#include "caffe.pb-c.h"
#include "lungo/data.h"
#include "lungo/net.h"

typedef struct lungo_transform {
    const Caffe__TransformationParameter *param;
    lungo_phase phase;
    lungo_rng rng;               /* its own, seeded once by the layer */
    float *mean;                 /* of mean_file; NULL: none */
    int mean_dim[3];             /* channels, height, width of it */
    int crop_height, crop_width; /* 0: records are not cropped */
} lungo_transform;

/* Random words for one record, drawn in record order; those that no setting asks for stay 0. */
typedef struct lungo_transform_words {
    uint32_t mirror, row, column;
} lungo_transform_words;

typedef struct lungo_transform_choice {
    bool mirror;
    int row, column; /* of the crop's corner */
} lungo_transform_choice;

/* Checks the settings and reads the mean file. `param` must outlive it. */
lungo_status lungo_transform_init(lungo_transform *transform,
                                  const Caffe__TransformationParameter *param, lungo_phase phase);
void lungo_transform_dispose(lungo_transform *transform);

/* Whether choices are drawn at all, as Caffe decides it when it seeds the generator. */
bool lungo_transform_draws(const lungo_transform *transform);

/* channels x height x width that a record becomes; an error when it does not fit the settings. */
lungo_status lungo_transform_shape(const lungo_transform *transform, const lungo_datum *datum,
                                   lungo_shape *shape);

lungo_transform_words lungo_transform_draw(lungo_transform *transform);

/* Of a record for which lungo_transform_shape succeeded. */
lungo_transform_choice lungo_transform_choose(const lungo_transform *transform,
                                              lungo_transform_words words,
                                              const lungo_datum *datum);
void lungo_transform_apply(const lungo_transform *transform, lungo_transform_choice choice,
                           const lungo_datum *datum, float *values);

#endif
