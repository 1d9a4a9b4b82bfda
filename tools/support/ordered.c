#include "support/ordered.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/glog.h"

enum { SLOTS_PER_THREAD = 4, MOST_THREADS = 256 };

typedef struct ordered_state {
    const ordered_work *work;
    pthread_mutex_t lock;
    pthread_cond_t room, ready;
    size_t begun, taken; /* items; item i is in slot i % slots */
    bool stopped;
    size_t slots;
    char *memory; /* of the slots */
    bool *done;   /* of each slot: worked on, not yet taken */
} ordered_state;

static void *slot_of(const ordered_state *state, size_t item) {
    return state->memory + item % state->slots * state->work->slot_size;
}

/* The next item to work on, once its slot is free. */
static bool begin_item(ordered_state *state, size_t *item) {
    pthread_mutex_lock(&state->lock);
    while (!state->stopped && state->begun < state->work->count &&
           state->begun - state->taken >= state->slots)
        pthread_cond_wait(&state->room, &state->lock);
    bool more = !state->stopped && state->begun < state->work->count;
    if (more) *item = state->begun++;
    pthread_mutex_unlock(&state->lock);
    return more;
}

static void *run_worker(void *argument) {
    ordered_state *state = argument;
    size_t item;
    while (begin_item(state, &item)) {
        state->work->work(state->work->user, slot_of(state, item), item);
        pthread_mutex_lock(&state->lock);
        state->done[item % state->slots] = true;
        pthread_cond_signal(&state->ready);
        pthread_mutex_unlock(&state->lock);
    }
    return NULL;
}

static bool take_item(ordered_state *state, size_t item) {
    pthread_mutex_lock(&state->lock);
    while (!state->done[item % state->slots])
        pthread_cond_wait(&state->ready, &state->lock);
    pthread_mutex_unlock(&state->lock);
    bool go_on = state->work->take(state->work->user, slot_of(state, item), item);
    pthread_mutex_lock(&state->lock);
    state->done[item % state->slots] = false;
    state->taken++;
    state->stopped = !go_on;
    pthread_cond_broadcast(&state->room);
    pthread_mutex_unlock(&state->lock);
    return go_on;
}

static void stop(ordered_state *state) {
    pthread_mutex_lock(&state->lock);
    state->stopped = true;
    pthread_cond_broadcast(&state->room);
    pthread_mutex_unlock(&state->lock);
}

/* One thread is enough to go on with. */
static int start_workers(ordered_state *state, pthread_t *workers, int wanted) {
    int count = 0, error = 0;
    while (count < wanted && !(error = pthread_create(&workers[count], NULL, run_worker, state)))
        count++;
    if (count == 0) glog_complain("cannot start a thread: %s", strerror(error));
    return count;
}

static bool run(ordered_state *state, int wanted) {
    pthread_t workers[MOST_THREADS];
    int count = start_workers(state, workers, wanted);
    bool going = count > 0;
    for (size_t item = 0; going && item < state->work->count; item++)
        going = take_item(state, item);
    stop(state);
    for (int i = 0; i < count; i++)
        pthread_join(workers[i], NULL);
    return going;
}

static int choose_threads(int wanted) {
    long threads = wanted > 0 ? wanted : sysconf(_SC_NPROCESSORS_ONLN);
    return threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : (int)threads;
}

bool ordered_run(const ordered_work *work) {
    int threads = choose_threads(work->threads);
    ordered_state state = {.work = work,
                           .lock = PTHREAD_MUTEX_INITIALIZER,
                           .room = PTHREAD_COND_INITIALIZER,
                           .ready = PTHREAD_COND_INITIALIZER,
                           .slots = (size_t)threads * SLOTS_PER_THREAD};
    state.memory = calloc(state.slots, work->slot_size);
    state.done = calloc(state.slots, sizeof *state.done);
    bool done = state.memory && state.done;
    if (done)
        done = run(&state, threads);
    else
        glog_complain("out of memory");
    for (size_t i = 0; state.memory && i < state.slots; i++)
        work->release(slot_of(&state, i));
    free(state.memory);
    free(state.done);
    return done;
}
