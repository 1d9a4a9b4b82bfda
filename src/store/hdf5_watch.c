#include "store/hdf5_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"

/* ---- what the system says of a child ---- */

typedef struct proc_text {
    char text[8192]; /* "" when there is none */
} proc_text;

static void read_proc(proc_text *out, pid_t child, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)child, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : read(file, out->text, sizeof out->text - 1);
    out->text[got > 0 ? got : 0] = '\0';
    if (file >= 0) close(file);
}

/* What stands behind a name in /proc/PID/status; "" when there is none. */
static const char *find_entry(const proc_text *status, const char *name) {
    const char *at = strstr(status->text, name);
    return at ? at + strlen(name) : "";
}

/* The call that a sleeping process is in; where that is kept secret, the worst is thought of it.
 * File systems that are programs let those who read from them sleep, too. */
static bool waits_for_lock(pid_t child) {
    proc_text call;
    char *end;
    read_proc(&call, child, "syscall");
    long number = strtol(call.text, &end, 10);
    return end == call.text || number == SYS_futex;
}

typedef struct look {
    bool idle;      /* it does nothing, and waits for no file */
    long long naps; /* how often it has gone to sleep */
} look;

static look look_at(pid_t child) {
    proc_text status;
    read_proc(&status, child, "status");
    char state = *find_entry(&status, "\nState:\t"); /* R runs, D waits for a disk, Z has ended */
    return (look){.idle = state == 'T' || state == 'Z' || (state == 'S' && waits_for_lock(child)),
                  .naps = atoll(find_entry(&status, "\nvoluntary_ctxt_switches:"))};
}

/* ---- waiting ---- */

/* Whether anything came before `deadline`, whatever signals came meanwhile. */
static bool poll_until(int socket, double deadline) {
    struct pollfd one = {socket, POLLIN, 0};
    int got;
    do {
        double left = deadline - lungo_clock_seconds();
        got = poll(&one, 1, left > 0 ? (int)(1e3 * left) + 1 : 0);
    } while (got < 0 && errno == EINTR);
    return got != 0; /* a failure shows when it is read */
}

bool lungo_hdf5_wait(int socket, pid_t child, int patience) {
    look last = {0};
    while (!poll_until(socket, lungo_clock_seconds() + patience * 1e-3)) {
        look now = look_at(child);
        if (now.idle && last.idle && now.naps == last.naps) return false;
        last = now;
    }
    return true;
}
