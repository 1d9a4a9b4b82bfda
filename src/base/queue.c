#include "base/queue.h"

#include <pthread.h>
#include <stdlib.h>

struct lungo_queue {
    pthread_mutex_t mutex;
    pthread_cond_t not_full, not_empty;
    bool closed;
    size_t capacity, first, count; /* a ring: items[first], count of them */
    void *items[];
};

lungo_status lungo_queue_new(lungo_queue **out, size_t capacity) {
    if (capacity < 1)
        return lungo_fail(LUNGO_ERR_USAGE, "queue: expected a capacity of at least 1, got 0");
    size_t size, items;
    lungo_queue *queue = NULL;
    if (!__builtin_mul_overflow(capacity, sizeof(void *), &items) &&
        !__builtin_add_overflow(items, sizeof *queue, &size))
        queue = malloc(size);
    if (!queue) return lungo_fail_memory("a queue", capacity * (unsigned long long)sizeof(void *));
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->not_full, NULL);
    pthread_cond_init(&queue->not_empty, NULL);
    queue->closed = false;
    queue->capacity = capacity;
    queue->first = queue->count = 0;
    *out = queue;
    return LUNGO_OK;
}

void lungo_queue_free(lungo_queue *queue) {
    if (!queue) return;
    pthread_cond_destroy(&queue->not_empty);
    pthread_cond_destroy(&queue->not_full);
    pthread_mutex_destroy(&queue->mutex);
    free(queue);
}

bool lungo_queue_push(lungo_queue *queue, void *item) {
    pthread_mutex_lock(&queue->mutex);
    while (!queue->closed && queue->count == queue->capacity)
        pthread_cond_wait(&queue->not_full, &queue->mutex);
    bool taken = !queue->closed;
    if (taken) {
        queue->items[(queue->first + queue->count++) % queue->capacity] = item;
        pthread_cond_signal(&queue->not_empty);
    }
    pthread_mutex_unlock(&queue->mutex);
    return taken;
}

static bool pop(lungo_queue *queue, void **item, bool wait) {
    pthread_mutex_lock(&queue->mutex);
    while (wait && !queue->closed && queue->count == 0)
        pthread_cond_wait(&queue->not_empty, &queue->mutex);
    bool got = queue->count > 0;
    if (got) {
        *item = queue->items[queue->first];
        queue->first = (queue->first + 1) % queue->capacity;
        queue->count--;
        pthread_cond_signal(&queue->not_full);
    }
    pthread_mutex_unlock(&queue->mutex);
    return got;
}

bool lungo_queue_pop(lungo_queue *queue, void **item) {
    return pop(queue, item, true);
}

bool lungo_queue_try_pop(lungo_queue *queue, void **item) {
    return pop(queue, item, false);
}

void lungo_queue_close(lungo_queue *queue) {
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->not_full);
    pthread_cond_broadcast(&queue->not_empty);
    pthread_mutex_unlock(&queue->mutex);
}
