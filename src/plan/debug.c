#include "plan/debug.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"

typedef struct norm_sums {
    double l1, squares;
} norm_sums;

static void add_norms(norm_sums *norms, const float *values, size_t count) {
    for (size_t i = 0; values && i < count; i++) {
        norms->l1 += fabs((double)values[i]);
        norms->squares += (double)values[i] * values[i];
    }
}

static double mean_of(const float *values, size_t count) {
    norm_sums sums = {0, 0};
    add_norms(&sums, values, count);
    return sums.l1 / (double)count;
}

/* Gradients that nobody has written since they were cleared count as zeros. */
static const float *settled_diff(lungo_blob *blob) {
    lungo_blob_settle_diff(blob);
    return lungo_diff(blob);
}

void lungo_debug_forward(const lungo_layer *layer) {
    for (int i = 0; i < layer->top_count; i++)
        lungo_log_info("net.cpp", 593, "    [Forward] Layer %s, top blob %s data: %g", layer->name,
                       layer->tops[i]->name,
                       mean_of(lungo_data(layer->tops[i]), layer->tops[i]->count));
    for (int j = 0; j < layer->param_count; j++) {
        const lungo_layer_param *param = &layer->params[j];
        char index[16];
        snprintf(index, sizeof index, "%d", j);
        const char *name = param->share_name && param->share_name[0] ? param->share_name : index;
        lungo_log_info("net.cpp", 605, "    [Forward] Layer %s, param blob %s data: %g",
                       layer->name, name, mean_of(lungo_data(param->blob), param->blob->count));
    }
}

void lungo_debug_backward(const lungo_layer *layer) {
    for (int i = 0; i < layer->bottom_count; i++)
        if (layer->bottom_wanted[i])
            lungo_log_info("net.cpp", 621, "    [Backward] Layer %s, bottom blob %s diff: %g",
                           layer->name, layer->bottoms[i]->name,
                           mean_of(lungo_diff(layer->bottoms[i]), layer->bottoms[i]->count));
    for (int j = 0; j < layer->param_count; j++)
        if (layer->params[j].asked)
            lungo_log_info(
                "net.cpp", 632, "    [Backward] Layer %s, param blob %d diff: %g", layer->name, j,
                mean_of(settled_diff(layer->params[j].blob), layer->params[j].blob->count));
}

void lungo_debug_params(const lungo_net *net) {
    norm_sums data = {0, 0}, diff = {0, 0};
    for (int i = 0; i < net->param_count; i++) {
        lungo_blob *blob = net->params[i].blob;
        add_norms(&data, lungo_data(blob), blob->count);
        add_norms(&diff, settled_diff(blob), blob->count);
    }
    lungo_log_error("net.cpp", 721,
                    "    [Backward] All net params (data, diff): L1 norm = (%g, %g); L2 norm = "
                    "(%g, %g)",
                    data.l1, diff.l1, sqrt(data.squares), sqrt(diff.squares));
}
