/* Batches read ahead by a thread, so that training does not wait for data.
 *
 * A batch carries, besides its values, the state of its reader just behind it: a run that is saved
 * after consuming it goes on from there, however far the thread has read ahead.
 */
#ifndef LUNGO_DATA_PREFETCH_H
#define LUNGO_DATA_PREFETCH_H

#include "base/state.h"
#include "blob/blob.h"
#include "data/transform.h"

typedef struct lungo_batch {
    lungo_blob data, label;
    lungo_writer state;  /* of the reader, behind this batch */
    lungo_status status; /* what filling it came to */
    char *error;         /* its text, when it failed */
} lungo_batch;

/* Gives a batch the shape count x item, and memory. */
lungo_status lungo_batch_shape(lungo_batch *batch, int count, const lungo_shape *item);

/* Item `index` of `count`: the record, transformed, and its label. The first one gives the batch
 * its shape, which all others must have. */
lungo_status lungo_batch_put(lungo_batch *batch, int index, int count,
                             const lungo_transform *transform, lungo_transform_words words,
                             const lungo_datum *datum);

/* Fills one batch (shapes, values, state); runs in the reader's thread, one call at a time. */
typedef lungo_status lungo_batch_function(void *user, lungo_batch *batch);

typedef struct lungo_prefetch lungo_prefetch;

/* Reads up to `depth` batches ahead, from now on. */
lungo_status lungo_prefetch_start(lungo_prefetch **out, size_t depth, lungo_batch_function *fill,
                                  void *user);

/* The next batch, in order; it stays valid until the next call. A failure of the reader is raised
 * here, in its place, and again by every later call. */
lungo_status lungo_prefetch_next(lungo_prefetch *prefetch, const lungo_batch **out);

/* Ends the thread and frees everything; NULL is fine. */
void lungo_prefetch_stop(lungo_prefetch *prefetch);

#endif
