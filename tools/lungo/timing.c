#include "timing.h"

#include <time.h>

double timing_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

lungo_status timing_pass(lungo_net *net, layer_time *times, layer_time *total) {
    size_t count = lungo_net_step_count(net);
    double begin = timing_now();
    for (size_t i = 0; i < count; i++) {
        lungo_step_info step = lungo_net_step(net, i);
        double start = timing_now();
        lungo_status status = lungo_net_forward_range(net, step.first, step.last, NULL);
        if (status) return status;
        times[step.first].forward += timing_now() - start;
    }
    double middle = timing_now();
    for (size_t i = count; i-- > 0;) {
        lungo_step_info step = lungo_net_step(net, i);
        double start = timing_now();
        lungo_status status = lungo_net_backward_range(net, step.first, step.last);
        if (status) return status;
        times[step.first].backward += timing_now() - start;
    }
    total->forward += middle - begin;
    total->backward += timing_now() - middle;
    return LUNGO_OK;
}
