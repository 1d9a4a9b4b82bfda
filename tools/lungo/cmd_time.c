/* lungo time --model=NET [--iterations=N] [--phase=TRAIN|TEST] [--memory]: milliseconds per layer
 * and pass; with --memory the memory that blobs take, too.
 * Layers that are computed in one step have their time in the line of the first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "support/glog.h"
#include "support/sizes.h"
#include "timing.h"

static lungo_status warm_up(lungo_net *net) {
    float loss;
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 351, "Performing Forward");
    lungo_status status = lungo_net_forward(net, &loss);
    if (status) return status;
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 356, "Initial loss: %g", loss);
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 357, "Performing Backward");
    return lungo_net_backward(net);
}

static void print_layers(const lungo_net *net, const layer_time *times, int passes) {
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 397, "Average time per layer: ");
    for (size_t i = 0; i < lungo_net_layer_count(net); i++) {
        const char *name = lungo_net_layer(net, i).name;
        glog_line(LUNGO_LOG_INFO, "caffe.cpp", 400, "%10s\tforward: %g ms.", name,
                  times[i].forward / passes);
        glog_line(LUNGO_LOG_INFO, "caffe.cpp", 403, "%10s\tbackward: %g ms.", name,
                  times[i].backward / passes);
    }
}

static lungo_status benchmark(lungo_net *net, layer_time *times, int passes) {
    layer_time total = {0, 0};
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 365, "*** Benchmark begins ***");
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 366, "Testing for %d iterations.", passes);
    double begin = timing_now();
    for (int pass = 0; pass < passes; pass++) {
        double start = timing_now();
        lungo_status status = timing_pass(net, times, &total);
        if (status) return status;
        glog_line(LUNGO_LOG_INFO, "caffe.cpp", 394, "Iteration: %d forward-backward time: %g ms.",
                  pass + 1, timing_now() - start);
    }
    double all = timing_now() - begin;
    print_layers(net, times, passes);
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 408, "Average Forward pass: %g ms.",
              total.forward / passes);
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 410, "Average Backward pass: %g ms.",
              total.backward / passes);
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 412, "Average Forward-Backward: %g ms.", all / passes);
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 414, "Total Time: %g ms.", all);
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 415, "*** Benchmark ends ***");
    return LUNGO_OK;
}

/* One more pass, behind a change of all weights such as an update makes; where any are laid out. */
static lungo_status time_packing(lungo_net *net) {
    if (lungo_net_packing(net) == 0) return LUNGO_OK;
    for (size_t i = 0; i < lungo_net_param_count(net); i++)
        lungo_data_update(lungo_net_param(net, i).blob);
    lungo_status status = lungo_net_forward(net, NULL);
    if (!status) status = lungo_net_backward(net);
    if (!status)
        glog_line(LUNGO_LOG_INFO, "lungo.c", __LINE__,
                  "Laying out weights anew after an update: %g ms.", lungo_net_packing(net));
    return status;
}

/* ---- memory ---- */

static double mebibytes(size_t bytes) {
    return (double)bytes / (1 << 20);
}

static void print_entry(const lungo_net *net, size_t index) {
    lungo_memory_info entry = lungo_net_memory(net, index);
    char slab[16] = "own";
    if (entry.slab >= 0) snprintf(slab, sizeof slab, "%d", entry.slab);
    glog_line(LUNGO_LOG_INFO, "lungo.c", __LINE__, "%-36s %-8s %12zu  %-9s  %s", entry.blob,
              entry.gradient ? "gradient" : "values", entry.bytes,
              entry.blocked ? "blocked" : "row-major", slab);
}

static void print_memory(const lungo_net *net) {
    size_t count = lungo_net_memory_count(net), taken = lungo_net_memory_taken(net);
    size_t unshared = lungo_net_memory_unshared(net);
    if (count == 0)
        glog_line(LUNGO_LOG_INFO, "lungo.c", __LINE__, "Memory: each blob has its own");
    else
        glog_line(LUNGO_LOG_INFO, "lungo.c", __LINE__, "%-36s %-8s %12s  %-9s  %s", "blob", "of",
                  "bytes", "layout", "slab");
    for (size_t i = 0; i < count; i++)
        print_entry(net, i);
    if (count > 0)
        glog_line(LUNGO_LOG_INFO, "lungo.c", __LINE__,
                  "Memory of blobs: %.2f MiB, %.1f %% of the %.2f MiB of one buffer per blob",
                  mebibytes(taken), unshared ? 100.0 * (double)taken / (double)unshared : 0.0,
                  mebibytes(unshared));
    glog_line(LUNGO_LOG_INFO, "lungo.c", __LINE__, "Peak memory of the process: %.2f MiB",
              mebibytes(sizes_of_process_peak()));
}

int cmd_time(const command_flags *flags) {
    if (!*flags->model) return glog_complain("time: expected --model=FILE, a network to time");
    if (*flags->phase && strcmp(flags->phase, "TRAIN") && strcmp(flags->phase, "TEST"))
        return glog_complain("--phase: expected TRAIN or TEST, got '%s'", flags->phase);
    if (flags->iterations < 1)
        return glog_complain("time: expected --iterations of 1 or more, got %d", flags->iterations);
    say_cpu(flags, 343);
    lungo_phase phase = strcmp(flags->phase, "TEST") ? LUNGO_TRAIN : LUNGO_TEST;
    lungo_net *net = open_model(flags, phase, false);
    if (!net) return 1;
    layer_time *times = calloc(lungo_net_layer_count(net) + 1, sizeof *times);
    lungo_status status = LUNGO_ERR_MEMORY;
    if (!times) {
        glog_complain("out of memory");
    } else if ((status = warm_up(net)) || (status = benchmark(net, times, flags->iterations)) ||
               (status = time_packing(net))) {
        glog_report_error();
    } else if (flags->memory) {
        print_memory(net);
    }
    free(times);
    lungo_net_free(net);
    return status != LUNGO_OK;
}
