/* Any bytes as a solver state: every history that is accepted has as many values as its shape says,
 * and can be copied. */
#include "fuzz/input.h"
#include "snapshot/state.h"

static void copy(const lungo_saved_state *saved) {
    lungo_history *histories = calloc(saved->history_count + 1, sizeof *histories);
    require(histories != NULL);
    for (size_t i = 0; i < saved->history_count; i++) {
        const lungo_stored_blob *blob = &saved->histories[i];
        require(blob->count == lungo_shape_count(&blob->shape));
        histories[i] = (lungo_history){.layer = "fuzz",
                                       .shape = &blob->shape,
                                       .values = malloc(blob->count * sizeof(float) + 1)};
        require(histories[i].values != NULL);
    }
    lungo_run_state state = {.history_count = saved->history_count, .histories = histories};
    require(lungo_saved_state_check(saved, &state) == LUNGO_OK);
    require(lungo_saved_state_copy(saved, &state) == LUNGO_OK);
    for (size_t i = 0; i < saved->history_count; i++)
        free(histories[i].values);
    free(histories);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lungo_saved_state *saved;
    if (lungo_saved_state_open(&saved, input_file("a.solverstate", data, size))) return 0;
    require(saved->iter >= 0 && saved->current_step >= 0);
    copy(saved);
    lungo_saved_state_free(saved);
    return 0;
}
