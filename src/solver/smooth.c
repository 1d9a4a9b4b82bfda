/* While fewer than average_loss losses are there, their running mean; then each new one takes the
 * place of the oldest. In float and in this order of operations, as Caffe computes it. */
#include "solver/smooth.h"

#include <stdbool.h>
#include <stdlib.h>

static lungo_status make_room(lungo_smoothed_loss *smoothed, int average_loss, long needed) {
    int room = needed < average_loss ? (int)needed : average_loss;
    if (room <= smoothed->room) return LUNGO_OK;
    float *losses = reallocarray(smoothed->losses, (size_t)room, sizeof *losses);
    if (!losses) return lungo_fail_memory("average_loss losses", (size_t)room * sizeof *losses);
    smoothed->losses = losses;
    smoothed->room = room;
    return LUNGO_OK;
}

lungo_status lungo_smoothed_loss_start(lungo_smoothed_loss *smoothed, int average_loss,
                                       long expected) {
    LUNGO_TRY(make_room(smoothed, average_loss, expected));
    smoothed->length = average_loss;
    smoothed->count = smoothed->next = 0;
    smoothed->value = 0;
    return LUNGO_OK;
}

lungo_status lungo_smoothed_loss_go_on(lungo_smoothed_loss *smoothed, long expected) {
    return make_room(smoothed, smoothed->length, smoothed->count + expected);
}

lungo_status lungo_smoothed_loss_restore(lungo_smoothed_loss *smoothed, int average_loss,
                                         const float *losses, size_t count, float value) {
    if (count > (size_t)average_loss)
        return lungo_fail(LUNGO_ERR_FORMAT, "saved losses: expected at most %d, got %zu",
                          average_loss, count);
    LUNGO_TRY(lungo_smoothed_loss_start(smoothed, average_loss, (long)count));
    for (size_t i = 0; i < count; i++)
        smoothed->losses[i] = losses[i];
    smoothed->count = (int)count;
    smoothed->next = smoothed->count % average_loss; /* NOLINT(*): it is 1 or more */
    smoothed->value = value;
    return LUNGO_OK;
}

float lungo_smoothed_loss_at(const lungo_smoothed_loss *smoothed, int i) {
    bool full = smoothed->count == smoothed->length;
    return smoothed->losses[full ? (smoothed->next + i) % smoothed->length : i];
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
