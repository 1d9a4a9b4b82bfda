#include "base/thread.h"

#include <sched.h>
#include <signal.h>
#include <string.h>

lungo_status lungo_thread_start(lungo_thread *thread, void *(*function)(void *), void *argument) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* a new thread inherits the mask */
    int error = pthread_create(&thread->handle, NULL, function, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!error) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_MEMORY, "cannot start a thread: %s", strerror(error));
}

void lungo_thread_join(lungo_thread *thread) {
    pthread_join(thread->handle, NULL);
}

/* One busy reader beside OpenMP threads that wait for each other at every barrier slows them many
 * times over. A refusal leaves things as they are, which is only slower. */
void lungo_thread_lower_priority(void) {
#ifdef SCHED_IDLE
    pthread_setschedparam(pthread_self(), SCHED_IDLE, &(struct sched_param){0});
#endif
}
