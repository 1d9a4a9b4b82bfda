#include "data/prefetch.h"

#include <stdlib.h>
#include <string.h>

#include "base/queue.h"
#include "base/thread.h"

/* Batches go round: empty -> the thread fills them -> full -> the net consumes them -> empty. */
struct lungo_prefetch {
    lungo_batch_function *fill;
    void *user;
    size_t depth;
    lungo_batch *batches;
    lungo_queue *empty, *full;
    lungo_batch *current; /* lent to the caller of next */
    lungo_thread thread;
    bool running;
};

/* ---- one batch ---- */

lungo_status lungo_batch_shape(lungo_batch *batch, int count, const lungo_shape *item) {
    lungo_shape data = {item->axes + 1, {count}};
    memcpy(data.dim + 1, item->dim, (size_t)item->axes * sizeof item->dim[0]);
    LUNGO_TRY(lungo_blob_reshape(&batch->data, &data));
    LUNGO_TRY(lungo_blob_reshape(&batch->label, &LUNGO_SHAPE(count)));
    LUNGO_TRY(lungo_blob_allocate_data(&batch->data));
    return lungo_blob_allocate_data(&batch->label);
}

lungo_status lungo_batch_put(lungo_batch *batch, int index, int count,
                             const lungo_transform *transform, lungo_transform_words words,
                             const lungo_datum *datum) {
    lungo_shape item;
    LUNGO_TRY(lungo_transform_shape(transform, datum, &item));
    if (index == 0) LUNGO_TRY(lungo_batch_shape(batch, count, &item));
    size_t size = lungo_shape_count(&item);
    if (memcmp(item.dim, batch->data.shape.dim + 1, (size_t)item.axes * sizeof item.dim[0]))
        return lungo_fail(
            LUNGO_ERR_DATA,
            "items of one batch must have one shape: expected that of the first in %s, "
            "got %s; resize the images or use batch_size: 1",
            lungo_shape_text(&batch->data.shape).text, lungo_shape_text(&item).text);
    lungo_transform_apply(transform, lungo_transform_choose(transform, words, datum), datum,
                          lungo_data_update(&batch->data) + (size_t)index * size);
    lungo_data_update(&batch->label)[index] = (float)datum->label;
    return LUNGO_OK;
}

/* ---- the thread ---- */

static void fill_one(lungo_prefetch *prefetch, lungo_batch *batch) {
    lungo_buffer_clear(&batch->state);
    batch->status = prefetch->fill(prefetch->user, batch);
    if (!batch->status) return;
    free(batch->error);
    batch->error = strdup(lungo_error_text());
}

/* After a failure nothing more is read: what would follow is not what should follow. */
static void *read_ahead(void *argument) {
    lungo_prefetch *prefetch = argument;
    lungo_thread_lower_priority();
    void *item;
    while (lungo_queue_pop(prefetch->empty, &item)) {
        lungo_batch *batch = item;
        fill_one(prefetch, batch);
        if (!lungo_queue_push(prefetch->full, batch) || batch->status) break;
    }
    return NULL;
}

static lungo_status open_all(lungo_prefetch *prefetch) {
    LUNGO_TRY(lungo_queue_new(&prefetch->empty, prefetch->depth));
    LUNGO_TRY(lungo_queue_new(&prefetch->full, prefetch->depth));
    for (size_t i = 0; i < prefetch->depth; i++) {
        LUNGO_TRY(lungo_blob_init(&prefetch->batches[i].data, "data"));
        LUNGO_TRY(lungo_blob_init(&prefetch->batches[i].label, "label"));
        lungo_queue_push(prefetch->empty, &prefetch->batches[i]);
    }
    LUNGO_TRY(lungo_thread_start(&prefetch->thread, read_ahead, prefetch));
    prefetch->running = true;
    return LUNGO_OK;
}

lungo_status lungo_prefetch_start(lungo_prefetch **out, size_t depth, lungo_batch_function *fill,
                                  void *user) {
    lungo_prefetch *prefetch = calloc(1, sizeof *prefetch);
    lungo_batch *batches = calloc(depth, sizeof *batches);
    if (!prefetch || !batches) {
        free(prefetch);
        free(batches);
        return lungo_fail_memory("prefetched batches", depth * sizeof *batches);
    }
    *prefetch = (lungo_prefetch){fill, user, depth, batches, NULL, NULL, NULL, {0}, false};
    lungo_status status = open_all(prefetch);
    if (status)
        lungo_prefetch_stop(prefetch);
    else
        *out = prefetch;
    return status;
}

lungo_status lungo_prefetch_next(lungo_prefetch *prefetch, const lungo_batch **out) {
    lungo_batch *batch = prefetch->current;
    if (!batch || !batch->status) {
        void *item;
        if (batch) lungo_queue_push(prefetch->empty, batch);
        if (!lungo_queue_pop(prefetch->full, &item))
            return lungo_fail(LUNGO_ERR_USAGE, "the data reader has been stopped");
        prefetch->current = batch = item;
    }
    if (batch->status)
        return lungo_fail_again(batch->status, batch->error ? batch->error : "out of memory");
    *out = batch;
    return LUNGO_OK;
}

static void dispose_batch(lungo_batch *batch) {
    lungo_blob_dispose(&batch->data);
    lungo_blob_dispose(&batch->label);
    lungo_buffer_dispose(&batch->state);
    free(batch->error);
}

void lungo_prefetch_stop(lungo_prefetch *prefetch) {
    if (!prefetch) return;
    if (prefetch->empty) lungo_queue_close(prefetch->empty);
    if (prefetch->full) lungo_queue_close(prefetch->full);
    if (prefetch->running) lungo_thread_join(&prefetch->thread);
    lungo_queue_free(prefetch->empty);
    lungo_queue_free(prefetch->full);
    for (size_t i = 0; i < prefetch->depth; i++)
        dispose_batch(&prefetch->batches[i]);
    free(prefetch->batches);
    free(prefetch);
}
