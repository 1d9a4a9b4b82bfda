/* What layers have in common that read batches of images ahead: settings, the transform and its
 * seed, tops that stand on the memory of the batch at hand, the reader's state for a resumed run.
 */
#ifndef LUNGO_LAYERS_DATA_FEED_H
#define LUNGO_LAYERS_DATA_FEED_H

#include "data/prefetch.h"
#include "data/transform.h"
#include "layer/layer.h"

typedef struct lungo_feed {
    lungo_transform transform;
    lungo_prefetch *prefetch;
    int batch_size;
    bool skip_bad;
    lungo_shape item;      /* C, H, W of the batch on the tops */
    lungo_shape label;     /* of one item's: a scalar, or (L) */
    lungo_writer consumed; /* the reader's state behind that batch */
} lungo_feed;

/* The settings batch_size and source of the message `param` (whose name is for errors), and those
 * of data_param that are everybody's: prefetch, reader_threads, skip_bad_records. */
lungo_status lungo_feed_check(lungo_feed *feed, const lungo_layer *layer, const char *param,
                              uint32_t batch_size, const char *source);

/* Seeding as Caffe does it: the transform once at the beginning of a layer's set-up and again,
 * which alone counts, at its end; then a word for the thread. */
void lungo_feed_seed_first(lungo_feed *feed, const lungo_layer *layer);
void lungo_feed_seed(lungo_feed *feed, const lungo_layer *layer);

/* Writes the state, from which the source begins, and starts it. `source` gets the layer as its
 * user. Records that must be decoded are worth a thread for every core, others are not; the user's
 * reader_threads comes first. */
lungo_status lungo_feed_start(lungo_feed *feed, lungo_layer *layer, const lungo_source *source,
                              bool decoding);
void lungo_feed_stop(lungo_feed *feed);

/* For a source's put: a record, transformed, with its label; or with `labels`, when not NULL. */
lungo_status lungo_feed_put(const lungo_feed *feed, lungo_place *place, lungo_transform_words words,
                            const lungo_datum *datum, const float *labels);

void lungo_feed_dispose(lungo_feed *feed);

/* For descriptors, of layers whose state begins with the feed. */
lungo_status lungo_feed_reshape(lungo_layer *layer);
lungo_status lungo_feed_forward(lungo_layer *layer);
lungo_status lungo_feed_save(const lungo_layer *layer, lungo_writer *writer);

#endif
