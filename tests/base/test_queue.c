#include <stdint.h>

#include "base/queue.h"
#include "base/thread.h"
#include "support/suites.h"

START_TEST(first_in_first_out_around_the_ring) {
    lungo_queue *queue;
    ck_ok(lungo_queue_new(&queue, 3));
    int items[10];
    void *got;
    ck_assert(!lungo_queue_try_pop(queue, &got));
    for (int i = 0; i + 1 < 10; i++) {
        ck_assert(lungo_queue_push(queue, &items[i]));
        if (i == 0) continue;
        ck_assert(lungo_queue_pop(queue, &got));
        ck_assert_ptr_eq(got, &items[i - 1]);
    }
    ck_assert(lungo_queue_try_pop(queue, &got));
    ck_assert_ptr_eq(got, &items[8]);
    ck_assert(!lungo_queue_try_pop(queue, &got));
    lungo_queue_free(queue);
}
END_TEST

START_TEST(closed_gives_what_it_has_and_takes_no_more) {
    lungo_queue *queue;
    ck_ok(lungo_queue_new(&queue, 2));
    int a, b;
    void *got;
    ck_assert(lungo_queue_push(queue, &a));
    lungo_queue_close(queue);
    ck_assert(!lungo_queue_push(queue, &b));
    ck_assert(lungo_queue_pop(queue, &got));
    ck_assert_ptr_eq(got, &a);
    ck_assert(!lungo_queue_pop(queue, &got));
    ck_assert(!lungo_queue_try_pop(queue, &got));
    lungo_queue_free(queue);
}
END_TEST

START_TEST(capacities_that_cannot_be) {
    lungo_queue *queue;
    ck_fails(lungo_queue_new(&queue, 0), LUNGO_ERR_USAGE, "at least 1, got 0");
    ck_fails(lungo_queue_new(&queue, SIZE_MAX / 4), LUNGO_ERR_MEMORY, "a queue");
    lungo_queue_free(NULL);
}
END_TEST

/* ---- between threads ---- */

enum { ITEMS = 5000, PRODUCERS = 3 };

typedef struct producer {
    lungo_queue *queue;
    uintptr_t first, pushed; /* pushes first .. first + ITEMS - 1, as far as it is let */
    lungo_thread thread;
} producer;

static void *produce(void *argument) {
    producer *self = argument;
    lungo_thread_lower_priority();
    while (self->pushed < ITEMS &&
           lungo_queue_push(self->queue, (void *)(self->first + self->pushed)))
        self->pushed++;
    return NULL;
}

static void start(producer *producers, lungo_queue *queue) {
    for (uintptr_t p = 0; p < PRODUCERS; p++) {
        producers[p] = (producer){.queue = queue, .first = 1 + p * ITEMS};
        ck_ok(lungo_thread_start(&producers[p].thread, produce, &producers[p]));
    }
}

static void join(producer *producers) {
    for (int p = 0; p < PRODUCERS; p++)
        lungo_thread_join(&producers[p].thread);
}

/* All items arrive, and those of one producer in its order. */
START_TEST(nothing_is_lost_between_threads) {
    lungo_queue *queue;
    ck_ok(lungo_queue_new(&queue, 4));
    producer producers[PRODUCERS];
    start(producers, queue);
    uintptr_t next[PRODUCERS] = {0};
    for (int i = 0; i < PRODUCERS * ITEMS; i++) {
        void *item;
        ck_assert(lungo_queue_pop(queue, &item));
        uintptr_t index = (uintptr_t)item - 1;
        ck_assert_uint_eq(index % ITEMS, next[index / ITEMS]++);
    }
    join(producers);
    lungo_queue_free(queue);
}
END_TEST

/* Producers that wait at a full queue end when it is closed; what they pushed can still be had. */
START_TEST(closing_ends_those_who_wait) {
    lungo_queue *queue;
    ck_ok(lungo_queue_new(&queue, 2));
    producer producers[PRODUCERS];
    start(producers, queue);
    void *item;
    ck_assert(lungo_queue_pop(queue, &item));
    lungo_queue_close(queue);
    join(producers);
    uintptr_t pushed = 0, popped = 1;
    for (int p = 0; p < PRODUCERS; p++)
        pushed += producers[p].pushed;
    while (lungo_queue_pop(queue, &item))
        popped++;
    ck_assert_uint_eq(popped, pushed);
    lungo_queue_free(queue);
}
END_TEST

/* A consumer that waits at an empty queue ends, too. */
static void *consume(void *argument) {
    void *item;
    while (lungo_queue_pop(argument, &item)) {
    }
    return NULL;
}

START_TEST(closing_ends_a_waiting_consumer) {
    lungo_queue *queue;
    ck_ok(lungo_queue_new(&queue, 2));
    lungo_thread thread;
    ck_ok(lungo_thread_start(&thread, consume, queue));
    int item;
    ck_assert(lungo_queue_push(queue, &item));
    lungo_queue_close(queue);
    lungo_thread_join(&thread);
    lungo_queue_free(queue);
}
END_TEST

Suite *lungo_suite_queue(void);
Suite *lungo_suite_queue(void) {
    return lungo_suite_of(
        "queue", (const TTest *const[]){
                     first_in_first_out_around_the_ring, closed_gives_what_it_has_and_takes_no_more,
                     capacities_that_cannot_be, nothing_is_lost_between_threads,
                     closing_ends_those_who_wait, closing_ends_a_waiting_consumer, NULL});
}
