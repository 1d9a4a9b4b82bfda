/* While fewer than average_loss losses are there, their running mean; then each new one takes the
 * place of the oldest. In float and in this order of operations, as Caffe computes it. */
#include "solver/smooth.h"

#include <stdlib.h>

lungo_status lungo_smoothed_loss_start(lungo_smoothed_loss *smoothed, int average_loss,
                                       long expected) {
    int room = expected < average_loss ? (int)expected : average_loss;
    if (room > smoothed->room) {
        float *losses = calloc((size_t)room, sizeof *losses);
        if (!losses) return lungo_fail_memory("average_loss losses", (size_t)room * sizeof *losses);
        free(smoothed->losses);
        smoothed->losses = losses;
        smoothed->room = room;
    }
    smoothed->length = average_loss;
    smoothed->count = smoothed->next = 0;
    smoothed->value = 0;
    return LUNGO_OK;
}

void lungo_smoothed_loss_add(lungo_smoothed_loss *smoothed, float loss) {
    if (smoothed->count < smoothed->length) {
        int before = smoothed->count++;
        smoothed->value = (smoothed->value * (float)before + loss) / (float)smoothed->count;
    } else {
        float oldest = smoothed->losses[smoothed->next];
        smoothed->value += (loss - oldest) / (float)smoothed->length;
    }
    smoothed->losses[smoothed->next] = loss;
    smoothed->next = (smoothed->next + 1) % smoothed->length;
}

void lungo_smoothed_loss_dispose(lungo_smoothed_loss *smoothed) {
    free(smoothed->losses);
    *smoothed = (lungo_smoothed_loss){0};
}
