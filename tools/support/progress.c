#include "support/progress.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 20 };
static const double least_pause = 0.1; /* seconds between two drawings */

static bool on;
static size_t total;
static double started, drawn_at;
static atomic_bool drawn; /* the line stands there */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

bool progress_start(size_t count) {
    on = count > 0 && isatty(STDERR_FILENO);
    total = count;
    started = now();
    drawn_at = 0;
    return on;
}

const char *progress_erase(void) {
    return atomic_exchange(&drawn, false) ? "\r\033[K" : "";
}

/* "0:40", "2:05:09". */
static void print_time(char *text, size_t room, double seconds) {
    long long all = (long long)(seconds + 0.5);
    if (all >= 3600)
        snprintf(text, room, "%lld:%02lld:%02lld", all / 3600, all / 60 % 60, all % 60);
    else
        snprintf(text, room, "%lld:%02lld", all / 60, all % 60);
}

static void draw(size_t done, double passed) {
    char bar[BAR + 1] = "", left[32];
    double share = (double)done / (double)total, rate = (double)done / passed;
    memset(bar, '-', BAR);
    memset(bar, '#', (size_t)(share * BAR));
    print_time(left, sizeof left, (double)(total - done) / rate);
    fprintf(stderr, "\r\033[K[%s] %3d %%  %zu/%zu  %.0f/s  %s left", bar, (int)(share * 100), done,
            total, rate, left);
    fflush(stderr);
    atomic_store(&drawn, true);
}

void progress_show(size_t done) {
    double time = on ? now() : 0;
    if (!on || done == 0 || done > total || time - drawn_at < least_pause || time <= started)
        return;
    drawn_at = time;
    draw(done, time - started);
}

void progress_stop(void) {
    on = false;
    fputs(progress_erase(), stderr);
}
