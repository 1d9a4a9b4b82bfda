/* keep_snapshots: after each snapshot all pairs PREFIX_iter_N that are older than the newest good
 * ones are removed. Those of later iterations than the solver's, which another run left, are not
 * counted and stay, and so do the best one and files of all other names.
 *
 * A pair is read as a whole to see that it is good, once in a run. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "snapshot/pair.h"
#include "solver/solver.h"

static bool is_known(const lungo_keep *keep, int iter) {
    for (size_t i = 0; i < keep->good_count; i++)
        if (keep->good[i] == iter) return true;
    return false;
}

static bool is_good(const lungo_solver *solver, const lungo_pair_entry *entry) {
    return entry->iter == solver->iter || is_known(&solver->keep, entry->iter) ||
           lungo_pair_check(NULL, entry->state) == LUNGO_OK;
}

/* The state goes last: as long as it is there, it is found and removed with the next ones. */
static lungo_status remove_pair(const lungo_pair *pair) {
    const char *const files[] = {pair->before, pair->model, pair->state};
    for (int i = 0; i < 3; i++)
        if (unlink(files[i]) && errno != ENOENT)
            return lungo_fail_errno("remove the old snapshot's", files[i]);
    lungo_note("Removed snapshot %s", pair->state);
    return lungo_file_sync_folder_of(pair->state);
}

static lungo_status remove_entry(const lungo_solver *solver, const lungo_pair_entry *entry) {
    lungo_pair pair;
    lungo_status status =
        lungo_pair_name(&pair, solver->param->snapshot_prefix, entry->iter, entry->hdf5);
    if (!status) status = remove_pair(&pair);
    lungo_pair_dispose(&pair);
    return status;
}

static lungo_status prune(lungo_solver *solver, const lungo_pair_list *list) {
    lungo_keep *keep = &solver->keep;
    size_t latest = (size_t)keep->latest, kept = 0;
    size_t room = latest < list->count ? latest : list->count;
    int *good = calloc(room + 1, sizeof *good);
    if (!good) return lungo_fail_memory("a list of snapshots", room * sizeof *good);
    lungo_status status = LUNGO_OK;
    for (size_t i = 0; !status && i < list->count; i++) {
        const lungo_pair_entry *entry = &list->entries[i];
        if (entry->best || entry->iter > solver->iter) continue;
        if (kept == room)
            status = remove_entry(solver, entry);
        else if (is_good(solver, entry))
            good[kept++] = entry->iter;
    }
    free(keep->good);
    keep->good = good;
    keep->good_count = kept;
    return status;
}

lungo_status lungo_keep_latest(lungo_solver *solver) {
    lungo_pair_list list;
    if (solver->keep.latest == 0) return LUNGO_OK;
    LUNGO_TRY(lungo_pair_list_read(&list, solver->param->snapshot_prefix));
    lungo_status status = prune(solver, &list);
    lungo_pair_list_dispose(&list);
    return status;
}
