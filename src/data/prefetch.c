#include "data/prefetch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/thread.h"

enum {
    MOST_SKIPPED = 1000, /* bad records for one batch: more, and something else is wrong */
    WARNINGS = 10        /* one by one; after that, one in so many times so many */
};

typedef enum item_outcome { OPEN, WORKING, GOOD, BAD } item_outcome;

/* A batch on its way: open items are worked on in order. Behind the last one, bad items are open
 * again, in order; when there are none, the batch is sealed. All of it is the mutex's. */
typedef struct batch_slot {
    lungo_batch batch;
    lungo_shape item, label; /* of one item */
    float *values, *labels;  /* the batch's; NULL until the first item gave it its shape */
    item_outcome *outcomes;
    int next;    /* the first item that may be open */
    int working; /* items being worked on */
    int bad, skipped;
    bool sealed;
    int failed; /* the first item that failed; INT_MAX: none */
    lungo_status status;
    char *error; /* its text */
} batch_slot;

typedef struct reader_thread {
    lungo_prefetch *prefetch;
    void *task;
    lungo_thread thread;
} reader_thread;

/* Slots go round: the threads fill that of the batch number `begun`; `returned` is the first that
 * the net has not done with. A thread that takes an item holds `sequence` until the source has said
 * which it is, and before it `mutex`, shortly, to find the item's place. */
struct lungo_prefetch {
    lungo_prefetch_options options;
    pthread_mutex_t sequence, mutex;
    pthread_cond_t room, ready; /* for threads; for the net */
    batch_slot *slots;
    uint64_t begun, returned, skipped;
    bool lent;  /* the net has the batch `returned` */
    bool ended; /* no more items are taken */
    reader_thread *workers;
    int running;
};

struct lungo_place {
    lungo_prefetch *prefetch;
    batch_slot *slot;
    int index;
};

/* ---- places; the mutex is held ---- */

static batch_slot *slot_at(lungo_prefetch *prefetch, uint64_t batch) {
    return &prefetch->slots[batch % (uint64_t)prefetch->options.depth];
}

static void fail_slot(lungo_prefetch *prefetch, batch_slot *slot, int index, lungo_status status) {
    prefetch->ended = true;
    pthread_cond_broadcast(&prefetch->room);
    if (index >= slot->failed) return;
    free(slot->error);
    slot->failed = index;
    slot->status = status;
    slot->error = strdup(lungo_error_text());
}

/* A batch is ready when nobody works on it, and nobody will. */
static void tell_net(lungo_prefetch *prefetch, const batch_slot *slot) {
    if (slot->working == 0 && (slot->sealed || slot->failed < INT_MAX))
        pthread_cond_signal(&prefetch->ready);
}

static void seal(lungo_prefetch *prefetch, batch_slot *slot) {
    lungo_buffer_clear(&slot->batch.state);
    lungo_status status =
        prefetch->options.source->save(prefetch->options.user, &slot->batch.state);
    if (status) fail_slot(prefetch, slot, INT_MAX - 1, status);
    slot->sealed = true;
    prefetch->begun++;
    tell_net(prefetch, slot);
}

static bool find_open_item(batch_slot *slot, int count) {
    while (slot->next < count && slot->outcomes[slot->next] != OPEN &&
           slot->outcomes[slot->next] != BAD)
        slot->next++;
    return slot->next < count;
}

/* With skip_bad a batch's last records are known when the others have been decoded. */
static bool find_place(lungo_place *place) {
    lungo_prefetch *prefetch = place->prefetch;
    while (!prefetch->ended) {
        batch_slot *slot = slot_at(prefetch, prefetch->begun);
        if (prefetch->begun - prefetch->returned == (uint64_t)prefetch->options.depth) {
            pthread_cond_wait(&prefetch->room, &prefetch->mutex);
        } else if (find_open_item(slot, prefetch->options.batch_size)) {
            place->slot = slot;
            place->index = slot->next++;
            return true;
        } else if (prefetch->options.skip_bad && slot->working > 0) {
            pthread_cond_wait(&prefetch->room, &prefetch->mutex);
        } else if (slot->bad > 0) {
            slot->next = 0;
        } else {
            seal(prefetch, slot);
        }
    }
    return false;
}

static bool take_place(lungo_place *place) {
    lungo_prefetch *prefetch = place->prefetch;
    pthread_mutex_lock(&prefetch->mutex);
    bool found = find_place(place);
    if (found) {
        item_outcome *outcome = &place->slot->outcomes[place->index];
        place->slot->bad -= *outcome == BAD;
        *outcome = WORKING;
        place->slot->working++;
    }
    pthread_mutex_unlock(&prefetch->mutex);
    return found;
}

static lungo_status shape_batch(batch_slot *slot, int count, const lungo_shape *item,
                                const lungo_shape *label) {
    lungo_batch *batch = &slot->batch;
    lungo_shape data = {item->axes + 1, {count}}, labels = {label->axes + 1, {count}};
    memcpy(data.dim + 1, item->dim, (size_t)item->axes * sizeof item->dim[0]);
    memcpy(labels.dim + 1, label->dim, (size_t)label->axes * sizeof label->dim[0]);
    LUNGO_TRY(lungo_blob_reshape(&batch->data, &data));
    LUNGO_TRY(lungo_blob_reshape(&batch->label, &labels));
    LUNGO_TRY(lungo_blob_allocate_data(&batch->data));
    LUNGO_TRY(lungo_blob_allocate_data(&batch->label));
    slot->item = *item;
    slot->label = *label;
    slot->values = lungo_data_overwrite(&batch->data);
    slot->labels = lungo_data_overwrite(&batch->label);
    return LUNGO_OK;
}

/* Whether the item is the first of its batch that is not bad. */
static bool leads(const lungo_place *place) {
    for (int i = 0; i < place->index; i++)
        if (place->slot->outcomes[i] != BAD) return false;
    return true;
}

static lungo_status agree_on_shape(lungo_place *place, const lungo_shape *item,
                                   const lungo_shape *label) {
    lungo_prefetch *prefetch = place->prefetch;
    batch_slot *slot = place->slot;
    while (!slot->values && slot->failed > place->index && !leads(place))
        pthread_cond_wait(&prefetch->room, &prefetch->mutex);
    if (!slot->values && slot->failed < place->index)
        return lungo_fail(LUNGO_ERR_DATA, "an item before this one failed");
    if (!slot->values) {
        LUNGO_TRY(shape_batch(slot, prefetch->options.batch_size, item, label));
        pthread_cond_broadcast(&prefetch->room);
    }
    if (lungo_shape_equal(&slot->item, item) && lungo_shape_equal(&slot->label, label))
        return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_DATA,
                      "items of one batch must have one shape: expected that of the first, %s, got "
                      "%s; resize the images or use batch_size: 1",
                      lungo_shape_text(&slot->item).text, lungo_shape_text(item).text);
}

lungo_status lungo_place_claim(lungo_place *place, const lungo_shape *item,
                               const lungo_shape *label, float **values, float **labels) {
    lungo_prefetch *prefetch = place->prefetch;
    pthread_mutex_lock(&prefetch->mutex);
    lungo_status status = agree_on_shape(place, item, label);
    pthread_mutex_unlock(&prefetch->mutex);
    LUNGO_TRY(status);
    *values = place->slot->values + (size_t)place->index * lungo_shape_count(item);
    *labels = place->slot->labels + (size_t)place->index * lungo_shape_count(label);
    return LUNGO_OK;
}

/* ---- the threads ---- */

/* A build that cannot read a format, or no memory, is not the record's fault. */
static bool is_damage(lungo_status status) {
    return status == LUNGO_ERR_FORMAT || status == LUNGO_ERR_DATA || status == LUNGO_ERR_FILE;
}

static void warn_of_bad_record(lungo_prefetch *prefetch) {
    uint64_t count = ++prefetch->skipped;
    if (count <= WARNINGS || count % (WARNINGS * WARNINGS) == 0)
        lungo_warn("layer '%s': skipped a bad record, %llu by now: %s", prefetch->options.name,
                   (unsigned long long)count, lungo_error_text());
}

static lungo_status mark_bad(lungo_place *place) {
    batch_slot *slot = place->slot;
    slot->outcomes[place->index] = BAD;
    slot->bad++;
    warn_of_bad_record(place->prefetch);
    pthread_cond_broadcast(&place->prefetch->room);
    if (++slot->skipped <= MOST_SKIPPED) return LUNGO_OK;
    return lungo_trail("after %d other bad records for one batch", MOST_SKIPPED);
}

static void leave_place(lungo_place *place, lungo_status status, bool damaged) {
    lungo_prefetch *prefetch = place->prefetch;
    batch_slot *slot = place->slot;
    pthread_mutex_lock(&prefetch->mutex);
    slot->working--;
    slot->outcomes[place->index] = GOOD;
    if (status && damaged && prefetch->options.skip_bad && mark_bad(place) == LUNGO_OK)
        status = LUNGO_OK;
    if (status) fail_slot(prefetch, slot, place->index, status);
    if (slot->working == 0) pthread_cond_broadcast(&prefetch->room);
    tell_net(prefetch, slot);
    pthread_mutex_unlock(&prefetch->mutex);
}

static void work_on(reader_thread *self, lungo_place *place) {
    const lungo_prefetch_options *options = &self->prefetch->options;
    lungo_status status = options->source->decode(options->user, self->task);
    bool damaged = is_damage(status);
    if (!status) status = options->source->put(options->user, self->task, place);
    leave_place(place, status, damaged);
}

/* After a failure nothing more is taken: what would follow is not what should follow. */
static bool take_item(reader_thread *self, lungo_place *place) {
    lungo_prefetch *prefetch = self->prefetch;
    const lungo_prefetch_options *options = &prefetch->options;
    pthread_mutex_lock(&prefetch->sequence);
    bool found = take_place(place);
    if (found) {
        lungo_status status = options->source->next(options->user, self->task, place->index);
        if (status) leave_place(place, status, false);
        found = status == LUNGO_OK;
    }
    pthread_mutex_unlock(&prefetch->sequence);
    return found;
}

static void *read_ahead(void *argument) {
    reader_thread *self = argument;
    lungo_place place = {.prefetch = self->prefetch};
    lungo_thread_lower_priority();
    while (take_item(self, &place))
        work_on(self, &place);
    return NULL;
}

/* ---- the net's side ---- */

static void return_batch(lungo_prefetch *prefetch) {
    batch_slot *slot = slot_at(prefetch, prefetch->returned++);
    slot->values = slot->labels = NULL;
    slot->next = slot->skipped = 0;
    slot->sealed = false;
    memset(slot->outcomes, 0, (size_t)prefetch->options.batch_size * sizeof *slot->outcomes);
    prefetch->lent = false;
    pthread_cond_broadcast(&prefetch->room);
}

static const batch_slot *wait_for_batch(lungo_prefetch *prefetch) {
    batch_slot *slot = slot_at(prefetch, prefetch->returned);
    while (slot->working > 0 || (!slot->sealed && slot->failed == INT_MAX))
        pthread_cond_wait(&prefetch->ready, &prefetch->mutex);
    return slot;
}

lungo_status lungo_prefetch_next(lungo_prefetch *prefetch, const lungo_batch **out) {
    pthread_mutex_lock(&prefetch->mutex);
    if (prefetch->lent) return_batch(prefetch);
    const batch_slot *slot = wait_for_batch(prefetch);
    prefetch->lent = slot->failed == INT_MAX;
    pthread_mutex_unlock(&prefetch->mutex);
    if (slot->failed < INT_MAX)
        return lungo_fail_again(slot->status, slot->error ? slot->error : "lungo: out of memory");
    *out = &slot->batch;
    return LUNGO_OK;
}

static lungo_status open_slots(lungo_prefetch *prefetch) {
    size_t depth = (size_t)prefetch->options.depth, count = (size_t)prefetch->options.batch_size;
    prefetch->slots = calloc(depth, sizeof *prefetch->slots);
    if (!prefetch->slots)
        return lungo_fail_memory("prefetched batches", depth * sizeof *prefetch->slots);
    for (size_t i = 0; i < depth; i++) {
        batch_slot *slot = &prefetch->slots[i];
        slot->failed = INT_MAX;
        slot->outcomes = calloc(count, sizeof *slot->outcomes);
        if (!slot->outcomes) return lungo_fail_memory("a batch", count * sizeof *slot->outcomes);
        LUNGO_TRY(lungo_blob_init(&slot->batch.data, "data"));
        LUNGO_TRY(lungo_blob_init(&slot->batch.label, "label"));
    }
    return LUNGO_OK;
}

static lungo_status start_workers(lungo_prefetch *prefetch) {
    size_t threads = (size_t)prefetch->options.threads;
    prefetch->workers = calloc(threads, sizeof *prefetch->workers);
    if (!prefetch->workers) return lungo_fail_memory("reader threads", threads);
    for (size_t i = 0; i < threads; i++) {
        reader_thread *worker = &prefetch->workers[i];
        worker->prefetch = prefetch;
        worker->task = calloc(1, prefetch->options.source->task_size);
        if (!worker->task)
            return lungo_fail_memory("a reader's task", prefetch->options.source->task_size);
    }
    for (; prefetch->running < prefetch->options.threads; prefetch->running++) {
        reader_thread *worker = &prefetch->workers[prefetch->running];
        LUNGO_TRY(lungo_thread_start(&worker->thread, read_ahead, worker));
    }
    return LUNGO_OK;
}

lungo_status lungo_prefetch_start(lungo_prefetch **out, const lungo_prefetch_options *options) {
    lungo_prefetch *prefetch = calloc(1, sizeof *prefetch);
    if (!prefetch) return lungo_fail_memory("prefetched batches", sizeof *prefetch);
    prefetch->options = *options;
    pthread_mutex_init(&prefetch->sequence, NULL);
    pthread_mutex_init(&prefetch->mutex, NULL);
    pthread_cond_init(&prefetch->room, NULL);
    pthread_cond_init(&prefetch->ready, NULL);
    lungo_status status = open_slots(prefetch);
    if (!status) status = start_workers(prefetch);
    if (status)
        lungo_prefetch_stop(prefetch);
    else
        *out = prefetch;
    return status;
}

static void join_workers(lungo_prefetch *prefetch) {
    pthread_mutex_lock(&prefetch->mutex);
    prefetch->ended = true;
    pthread_cond_broadcast(&prefetch->room);
    pthread_mutex_unlock(&prefetch->mutex);
    for (int i = 0; i < prefetch->running; i++)
        lungo_thread_join(&prefetch->workers[i].thread);
    for (int i = 0; prefetch->workers && i < prefetch->options.threads; i++) {
        if (prefetch->workers[i].task) prefetch->options.source->release(prefetch->workers[i].task);
        free(prefetch->workers[i].task);
    }
    free(prefetch->workers);
}

static void dispose_slot(batch_slot *slot) {
    lungo_blob_dispose(&slot->batch.data);
    lungo_blob_dispose(&slot->batch.label);
    lungo_buffer_dispose(&slot->batch.state);
    free(slot->outcomes);
    free(slot->error);
}

void lungo_prefetch_stop(lungo_prefetch *prefetch) {
    if (!prefetch) return;
    join_workers(prefetch);
    for (int i = 0; prefetch->slots && i < prefetch->options.depth; i++)
        dispose_slot(&prefetch->slots[i]);
    free(prefetch->slots);
    pthread_cond_destroy(&prefetch->ready);
    pthread_cond_destroy(&prefetch->room);
    pthread_mutex_destroy(&prefetch->mutex);
    pthread_mutex_destroy(&prefetch->sequence);
    free(prefetch);
}
