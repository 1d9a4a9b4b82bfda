#include "support/progress.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 20, LONGEST = 1024 };
static const double least_pause = 0.1; /* seconds between two drawings */

static bool on;
static size_t total, skipped;
static double started, drawn_at;
static atomic_bool drawn; /* the line stands there */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool can_erase(void) {
    const char *terminal = getenv("TERM");
    return isatty(STDERR_FILENO) && !(terminal && strcmp(terminal, "dumb") == 0);
}

bool progress_start(size_t count) {
    on = count > 0 && can_erase();
    total = count;
    skipped = 0;
    started = now();
    drawn_at = 0;
    return on;
}

void progress_skip(size_t done) {
    skipped = done;
    started = now();
}

const char *progress_erase(void) {
    return atomic_exchange(&drawn, false) ? "\r\033[K" : "";
}

/* ---- the line ---- */

/* One column less than there are: in the last one some terminals go on to the next line. */
static size_t room(void) {
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    size_t columns = known ? size.ws_col : 80;
    return columns < LONGEST ? columns - 1 : LONGEST - 1;
}

/* "0:40", "2:05:09". */
static void print_time(char *text, size_t size, double seconds) {
    long long all = (long long)(seconds + 0.5);
    if (all >= 3600)
        snprintf(text, size, "%lld:%02lld:%02lld", all / 3600, all / 60 % 60, all % 60);
    else
        snprintf(text, size, "%lld:%02lld", all / 60, all % 60);
}

/* "  812/s  0:40 left", "  2.5/s  ..."; nothing while there is no rate. */
static void print_pace(char *text, size_t size, size_t done, double passed) {
    char left[32];
    double rate = done > skipped ? (double)(done - skipped) / passed : 0;
    *text = '\0';
    if (!(rate > 0)) return;
    print_time(left, sizeof left, (double)(total - done) / rate);
    snprintf(text, size, rate < 9.95 ? "  %.2g/s  %s left" : "  %.0f/s  %s left", rate, left);
}

static void print_bar(char bar[BAR + 4], double share) {
    memset(bar, '-', BAR + 1);
    bar[0] = '[';
    memset(bar + 1, '#', (size_t)(share * BAR));
    memcpy(bar + BAR + 1, "] ", 3);
}

/* Names in fields may hold anything. */
static void remove_controls(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127) *text = '?';
}

/* Whole fields, as far as they fit. */
static void shorten(char *text, size_t most) {
    if (strlen(text) <= most) return;
    size_t end = most;
    while (end > 0 && strncmp(text + end, "  ", 2) != 0)
        end--;
    text[end > 0 ? end : most] = '\0';
}

static void print_line(char line[LONGEST], size_t done, double passed, const char *fields) {
    char bar[BAR + 4], body[LONGEST - BAR - 4], pace[80];
    double share = (double)done / (double)total;
    print_bar(bar, share);
    print_pace(pace, sizeof pace, done, passed);
    snprintf(body, sizeof body, "%3d %%  %zu/%zu%s%s", (int)(share * 100), done, total, pace,
             fields);
    bool has_bar = strlen(bar) + strlen(body) <= room();
    snprintf(line, LONGEST, "%s%s", has_bar ? bar : "", body);
    remove_controls(line);
    shorten(line, room());
}

bool progress_is_due(void) {
    if (!on) return false;
    double time = now();
    bool stands = atomic_load(&drawn);
    return time > started && (!stands || time - drawn_at >= least_pause);
}

void progress_draw(size_t done, const char *fields) {
    char line[LONGEST];
    if (!on || done == 0 || done > total) return;
    drawn_at = now();
    print_line(line, done, drawn_at - started, fields);
    flockfile(stderr);
    fprintf(stderr, "\r\033[K%s", line);
    fflush(stderr);
    atomic_store(&drawn, true);
    funlockfile(stderr);
}

void progress_show(size_t done) {
    if (progress_is_due()) progress_draw(done, "");
}

void progress_stop(void) {
    on = false;
    fputs(progress_erase(), stderr);
}
