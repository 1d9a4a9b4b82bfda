/* Threads for the readers of data, the only ones that Lungo starts itself. */
#ifndef LUNGO_BASE_THREAD_H
#define LUNGO_BASE_THREAD_H

#include <pthread.h>

#include "base/error.h"

typedef struct lungo_thread {
    pthread_t handle;
} lungo_thread;

/* Runs function(argument) in a thread that takes no signals: they stay with the program's own. */
lungo_status lungo_thread_start(lungo_thread *thread, void *(*function)(void *), void *argument);

/* Waits for its end. */
void lungo_thread_join(lungo_thread *thread);

/* The calling thread gives way to every other one, where the system knows such a class. */
void lungo_thread_lower_priority(void);

#endif
