/* What the losses share: labels, and what a sum over items is divided by. */
#ifndef LUNGO_LAYERS_LOSS_LOSS_H
#define LUNGO_LAYERS_LOSS_LOSS_H

#include "layer/layer.h"

typedef Caffe__LossParameter__NormalizationMode lungo_normalization;

/* The mode that loss_param asks for: `normalization`, else the older `normalize` (true: VALID,
 * false: BATCH_SIZE), else `fallback`. */
lungo_normalization lungo_loss_normalization(const Caffe__LossParameter *param,
                                             lungo_normalization fallback);

/* What to divide by, at least 1: `outer` is the number of items, `all` that of terms (items times
 * positions), `valid` that of the terms whose label is not ignored. */
float lungo_loss_divisor(lungo_normalization mode, size_t outer, size_t all, size_t valid);

/* A label is cut to an integer as a C cast does, so 2.7 is 2 and -0.5 is 0; what an int cannot
 * hold is INT_MIN. */
int lungo_label_int(float value);

static inline bool lungo_label_ignored(const Caffe__LossParameter *param, float value) {
    return param->has_ignore_label && lungo_label_int(value) == param->ignore_label;
}

/* Class scores along an axis, and a label for every item and position:
 * scores (outer, classes, inner), labels (outer, inner) in any shape of that count. */
typedef struct lungo_classes {
    size_t outer, classes, inner;
} lungo_classes;

/* From the shapes of bottoms 0 and 1; the label count must fit. */
lungo_status lungo_classes_of(const lungo_layer *layer, int axis, lungo_classes *out);

/* The same where every value of an item is the score of a class: scores (items, classes). */
lungo_status lungo_classes_of_items(const lungo_layer *layer, lungo_classes *out);

/* The class of label `index`. Not one of the classes: an error that names item and label. */
lungo_status lungo_classes_label(const lungo_layer *layer, const lungo_classes *classes,
                                 size_t index, int *label);

/* In reshape: bottoms 0 and 1 have as many items, top 0 is a scalar. */
lungo_status lungo_loss_reshape(lungo_layer *layer);

#endif
