#include "support/states.h"

#include <stdlib.h>

#include "snapshot/state.h"
#include "support/suites.h"

void lungo_test_rewrite_state(const char *from, const char *to) {
    lungo_saved_state *saved;
    lungo_history histories[32];
    ck_ok(lungo_saved_state_open(&saved, from));
    ck_assert_uint_le(saved->history_count, 32);
    for (size_t i = 0; i < saved->history_count; i++) {
        const lungo_shape *shape = &saved->histories[i].shape;
        histories[i] = (lungo_history){.layer = "l",
                                       .shape = shape,
                                       .values = calloc(lungo_shape_count(shape), sizeof(float))};
    }
    lungo_run_state state = {.iter = saved->iter,
                             .current_step = saved->current_step,
                             .learned_net = saved->learned_net,
                             .history_count = saved->history_count,
                             .histories = histories};
    ck_ok(lungo_saved_state_check(saved, &state));
    ck_ok(lungo_saved_state_copy(saved, &state));
    ck_ok(lungo_run_state_write(&state, to));
    for (size_t i = 0; i < saved->history_count; i++)
        free(histories[i].values);
    lungo_saved_state_free(saved);
}
