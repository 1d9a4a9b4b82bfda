/* How a classifier does on the batches of its test net: what it takes for what, and where it is
 * most wrong. */
#ifndef LUNGO_TOOLS_SCORING_H
#define LUNGO_TOOLS_SCORING_H

#include <stdbool.h>

#include "lungo/image.h"
#include "lungo/net.h"

enum { SCORING_WORST = 24 };

/* Where its scores and labels stand: the bottoms of the last SoftmaxWithLoss, else of the last
 * Accuracy, with one label for each item. */
typedef struct classifier {
    const char *layer; /* that takes them */
    const lungo_blob *scores, *labels;
    const lungo_blob *pictures; /* what the data layer makes; NULL: no pictures */
    bool probabilities;         /* the scores are a Softmax's; else softmax makes them so */
    size_t classes;
} classifier;

/* False: there is none. Ask before the net runs. */
bool scoring_find(classifier *out, const lungo_net *net);

typedef struct mistake {
    double loss;
    size_t item; /* counted over all batches */
    size_t label, taken;
    double label_probability, taken_probability;
    lungo_image picture;
} mistake;

typedef struct scoring {
    size_t classes, items, right, in_five; /* items: with a label that is a class */
    size_t left_out;   /* with another one, such as ignore_label; or several scores for a class */
    double loss;       /* the sum of -log of the label's probability */
    size_t *confusion; /* classes x classes: [label][taken for] */
    size_t worst_count;
    mistake worst[SCORING_WORST]; /* the largest loss first */
} scoring;

/* Dispose of it also after a failure. */
lungo_status scoring_run(scoring *out, const classifier *from, lungo_net *net, int batches);
void scoring_dispose(scoring *scores);

#endif
