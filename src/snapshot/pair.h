/* A snapshot on disk is a pair of files, weights and state, of one of two names:
 *
 *   PREFIX_iter_N.caffemodel   PREFIX_iter_N.solverstate     and .h5 behind both for HDF5
 *   PREFIX_best.caffemodel     PREFIX_best.solverstate
 *
 * The state is written last: with it the pair is there. It holds the checksum of the weights that
 * were written with it, so that two files that do not belong together are no pair. While weights of
 * the same name are there with a state, they stay as PREFIX_....caffemodel.before until the new
 * pair is whole, and are what belongs to the old state if it comes to that. */
#ifndef LUNGO_SNAPSHOT_PAIR_H
#define LUNGO_SNAPSHOT_PAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "snapshot/state.h"

typedef struct lungo_pair {
    char *model, *state, *before;
} lungo_pair;

/* `iter` below 0: the best one. Dispose of it also after a failure. */
lungo_status lungo_pair_name(lungo_pair *out, const char *prefix, int iter, bool hdf5);
void lungo_pair_dispose(lungo_pair *pair);

/* Around the writing of both files; `written`: both were. */
lungo_status lungo_pair_begin(const lungo_pair *pair);
lungo_status lungo_pair_end(const lungo_pair *pair, bool written);

/* Removes what is kept for the old state once it is of no use, as after a kill between the new
 * state and the end. */
void lungo_pair_settle(const lungo_pair *pair);

/* The file with the weights of a state, which the caller frees: the one that the state names, or
 * the one of that name beside it; if the state has a checksum, one that agrees with it. */
lungo_status lungo_pair_find_model(char **out, const lungo_saved_state *saved, const char *state);

/* The same of the state's file alone. NULL: the state names none. */
lungo_status lungo_pair_model_of(char **out, const char *state);

/* Whether a state and its weights are whole, as far as one can tell without a net. *sealed (which
 * may be NULL): whether checksums say so. */
lungo_status lungo_pair_check(bool *sealed, const char *state);

/* ---- all of a prefix ---- */

typedef struct lungo_pair_entry {
    int iter; /* of the best: as its state says, -1 if that cannot be read */
    bool best, hdf5;
    char *state;
} lungo_pair_entry;

typedef struct lungo_pair_list {
    size_t count;
    lungo_pair_entry *entries; /* the latest iteration first; of one iteration, the best last */
} lungo_pair_list;

/* By the states that are there, good or not. Files of other names are not ours. */
lungo_status lungo_pair_list_read(lungo_pair_list *out, const char *prefix);
void lungo_pair_list_dispose(lungo_pair_list *list);

/* The latest good one; NULL: none is. It belongs to the list. */
const char *lungo_pair_list_newest(const lungo_pair_list *list);

/* Removes what writers of such pairs left when they were killed: temporary files that no process
 * has locked, and weights kept for a state that has its own. */
void lungo_pair_clean(const char *prefix);

#endif
