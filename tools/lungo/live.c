#include "live.h"

#include <stdio.h>
#include <unistd.h>

#include "support/progress.h"

/* The last test of net 0. */
static struct {
    const char *name; /* borrowed from the net; NULL: none yet */
    float value;
} test;

static int first; /* the iteration number after the first update */

/* Of what the process takes, in bytes; 0: the system does not say. */
static double resident_memory(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return 0;
    if (fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void print_fields(char *text, size_t size, const lungo_solver *solver) {
    char tested[128] = "", memory[32] = "";
    double bytes = resident_memory();
    if (test.name) snprintf(tested, sizeof tested, "  test %s %.4g", test.name, test.value);
    if (bytes >= 1e9)
        snprintf(memory, sizeof memory, "  %.1f GB", bytes / 1e9);
    else if (bytes > 0)
        snprintf(memory, sizeof memory, "  %.0f MB", bytes / 1e6);
    snprintf(text, size, "  loss %.4g  lr %.3g%s%s", lungo_solver_smoothed_loss(solver),
             lungo_solver_rate(solver), tested, memory);
}

static lungo_status show_iteration(void *user, lungo_solver *solver) {
    (void)user;
    char fields[256];
    int iter = lungo_solver_iter(solver);
    if (iter == first) progress_skip((size_t)iter); /* what came before was a test, perhaps */
    if (!progress_is_due()) return LUNGO_OK;
    print_fields(fields, sizeof fields, solver);
    progress_draw((size_t)iter, fields);
    return LUNGO_OK;
}

/* An accuracy or the like tells more than a loss: the first output of one value that is part of no
 * loss, or else the first of all. */
static lungo_status note_test(void *user, lungo_solver *solver, size_t index, const float *means) {
    (void)user;
    bool found = false;
    const lungo_net *net = lungo_solver_test_net(solver, index);
    for (size_t j = 0; index == 0 && j < lungo_net_output_count(net) && !found; j++) {
        const lungo_blob *output = lungo_net_output(net, j);
        size_t count = lungo_blob_count(output);
        found = count == 1 && lungo_net_output_loss_weight(net, j) == 0;
        if (found || (j == 0 && count > 0)) {
            test.name = lungo_blob_name(output);
            test.value = *means;
        }
        means += count;
    }
    return LUNGO_OK;
}

void live_start(lungo_solver *solver) {
    int iter = lungo_solver_iter(solver), last = lungo_solver_max_iter(solver);
    if (last <= iter || !progress_start((size_t)last)) return;
    first = iter + 1;
    lungo_solver_on_iteration(solver, show_iteration, NULL);
    lungo_solver_on_test(solver, note_test, NULL);
}

void live_stop(void) {
    progress_stop();
}
