/* A bounded queue of pointers between threads: first in, first out; full, it makes the pusher wait;
 * empty, the popper. Closing wakes all who wait and ends it: no more pushes, pops until it is
 * empty. */
#ifndef LUNGO_BASE_QUEUE_H
#define LUNGO_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct lungo_queue lungo_queue;

/* Holds up to `capacity` items, at least 1. */
lungo_status lungo_queue_new(lungo_queue **out, size_t capacity);

/* No thread may be in a call of this queue any more. What is still queued is the caller's. */
void lungo_queue_free(lungo_queue *queue);

/* False when the queue is closed: the item was not taken. */
bool lungo_queue_push(lungo_queue *queue, void *item);

/* False when the queue is closed and empty; try_pop also when it is empty just now. */
bool lungo_queue_pop(lungo_queue *queue, void **item);
bool lungo_queue_try_pop(lungo_queue *queue, void **item);

void lungo_queue_close(lungo_queue *queue);

#endif
