/* Going on from the newest good snapshot of the prefix.
 *
 * Snapshots that are damaged or lack a file are passed over with a warning. One that is whole and
 * does not fit the net is an error: training that begins anew would in time write over it. Of those
 * without checksums (Caffe's) one cannot tell: they are passed over, but then nothing begins anew.
 */
#include "snapshot/pair.h"
#include "solver/solver.h"

typedef enum outcome_kind { TAKEN, DAMAGED, UNFIT } outcome_kind;

static outcome_kind try_one(lungo_solver *solver, const char *state, bool *sealed) {
    if (lungo_pair_check(sealed, state)) return DAMAGED;
    return lungo_solver_restore(solver, state) ? UNFIT : TAKEN;
}

static lungo_status try_all(lungo_solver *solver, const lungo_pair_list *list, bool *taken) {
    const char *unfit = NULL, *prefix = solver->param->snapshot_prefix;
    for (size_t i = 0; i < list->count; i++) {
        bool sealed;
        const char *state = list->entries[i].state;
        outcome_kind outcome = try_one(solver, state, &sealed);
        *taken = outcome == TAKEN;
        if (*taken) {
            lungo_note("Resuming from %s, the newest good snapshot of prefix '%s'", state, prefix);
            return LUNGO_OK;
        }
        if (outcome == UNFIT && sealed)
            return lungo_trail("%s is whole but not of this net or solver: take another "
                               "snapshot_prefix, or move its files away",
                               state);
        if (outcome == UNFIT) unfit = state;
        lungo_warn("%s\n  snapshot %s is passed over", lungo_error_text(), state);
    }
    if (!unfit) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_DATA,
                      "no snapshot of prefix '%s' can be resumed from, but %s is there and may be "
                      "of another net: take another snapshot_prefix, or move its files away",
                      prefix, unfit);
}

lungo_status lungo_solver_restore_newest(lungo_solver *solver, bool *taken) {
    lungo_pair_list list;
    const char *prefix = solver->param->snapshot_prefix;
    *taken = false;
    LUNGO_TRY(lungo_pair_list_read(&list, prefix));
    lungo_status status = try_all(solver, &list, taken);
    lungo_pair_list_dispose(&list);
    if (!status && !*taken)
        lungo_note("No good snapshot of prefix '%s': training starts afresh", prefix);
    return status;
}

lungo_status lungo_solver_newest_weights(char **out, const lungo_solver *solver) {
    lungo_pair_list list;
    *out = NULL;
    LUNGO_TRY(lungo_pair_list_read(&list, solver->param->snapshot_prefix));
    const char *state = lungo_pair_list_newest(&list);
    lungo_status status = state ? lungo_pair_model_of(out, state) : LUNGO_OK;
    lungo_pair_list_dispose(&list);
    return status;
}
