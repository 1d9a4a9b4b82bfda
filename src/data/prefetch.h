/* Batches read ahead by threads, so that training does not wait for data.
 *
 * A source says in record order what the next item is (`next`: which record, which random words),
 * to one thread at a time; the work on it (`decode` and `put`) is done by that thread beside those
 * that work on other items. So batches do not depend on the number of threads.
 *
 * A batch carries, besides its values, the state of its source just behind it: a run that is saved
 * after consuming it goes on from there, however far the threads have read ahead.
 */
#ifndef LUNGO_DATA_PREFETCH_H
#define LUNGO_DATA_PREFETCH_H

#include "base/state.h"
#include "blob/blob.h"

typedef struct lungo_batch {
    lungo_blob data, label;
    lungo_writer state; /* of the source, behind this batch */
} lungo_batch;

/* One item's place in a batch that is being made. */
typedef struct lungo_place lungo_place;

typedef struct lungo_source {
    /* A task is one thread's memory from next to put, and kept for its next items; zeroed at first.
     */
    size_t task_size;
    void (*release)(void *task);
    /* The record for the item `index` of a batch; one call at a time, never beside save. */
    lungo_status (*next)(void *user, void *task, int index);
    /* What fails for a record that is damaged. */
    lungo_status (*decode)(void *user, void *task);
    /* Asks for the item's place (below) and fills it. */
    lungo_status (*put)(void *user, void *task, lungo_place *place);
    lungo_status (*save)(void *user, lungo_writer *state);
} lungo_source;

/* Where item and label go. The first item of a batch gives it its shapes, which the others must
 * have. */
lungo_status lungo_place_claim(lungo_place *place, const lungo_shape *item,
                               const lungo_shape *label, float **values, float **labels);

typedef struct lungo_prefetch_options {
    const lungo_source *source;
    void *user;
    int batch_size;
    int depth;     /* batches read ahead */
    int threads;   /* 1 or more */
    bool skip_bad; /* a record that cannot be decoded is warned of, and its place in the batch goes
                      to the first record behind those of the batch */
    const char *name; /* of the layer, for warnings */
} lungo_prefetch_options;

typedef struct lungo_prefetch lungo_prefetch;

/* Reads ahead from now on. What the options point to must outlive it. */
lungo_status lungo_prefetch_start(lungo_prefetch **out, const lungo_prefetch_options *options);

/* The next batch, in order; it stays valid until the next call. A failure is raised here, in its
 * place (that of the first record that failed), and again by every later call. */
lungo_status lungo_prefetch_next(lungo_prefetch *prefetch, const lungo_batch **out);

/* Ends the threads and frees everything; NULL is fine. */
void lungo_prefetch_stop(lungo_prefetch *prefetch);

#endif
