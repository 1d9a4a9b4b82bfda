#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "base/clock.h"
#include "base/thread.h"
#include "support/suites.h"

typedef struct observation {
    int policy;
    sigset_t blocked;
} observation;

static void *observe(void *argument) {
    observation *seen = argument;
    struct sched_param parameters;
    lungo_thread_lower_priority();
    pthread_getschedparam(pthread_self(), &seen->policy, &parameters);
    pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
    return NULL;
}

/* Signals stay with the thread that started it, whose own mask is as before. */
START_TEST(a_reader_takes_no_signals_and_gives_way) {
    observation seen = {0};
    lungo_thread thread;
    ck_ok(lungo_thread_start(&thread, observe, &seen));
    lungo_thread_join(&thread);
    ck_assert_int_eq(sigismember(&seen.blocked, SIGINT), 1);
    ck_assert_int_eq(sigismember(&seen.blocked, SIGHUP), 1);
#ifdef SCHED_IDLE
    ck_assert_int_eq(seen.policy, SCHED_IDLE);
#endif
    sigset_t own;
    pthread_sigmask(SIG_SETMASK, NULL, &own);
    ck_assert_int_eq(sigismember(&own, SIGINT), 0);
}
END_TEST

START_TEST(the_clock_never_goes_back) {
    double before = lungo_clock_seconds();
    for (int i = 0; i < 10000; i++) {
        double now = lungo_clock_seconds();
        ck_assert(now >= before);
        before = now;
    }
}
END_TEST

Suite *lungo_suite_thread(void);
Suite *lungo_suite_thread(void) {
    return lungo_suite_of("thread", (const TTest *const[]){a_reader_takes_no_signals_and_gives_way,
                                                           the_clock_never_goes_back, NULL});
}
