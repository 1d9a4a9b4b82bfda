/* What is saved beside the weights to go on training: Caffe's SolverState. */
#ifndef LUNGO_SNAPSHOT_STATE_H
#define LUNGO_SNAPSHOT_STATE_H

#include "base/checksum.h"
#include "blob/stored.h"
#include "store/hdf5.h"

/* What a rule remembers of one parameter. Everything is borrowed from the solver. */
typedef struct lungo_history {
    const char *layer; /* whose parameter it is, and which, for errors */
    int index;
    const lungo_shape *shape;
    float *values;
} lungo_history;

/* The best value that the metric of keep_best had so far. */
typedef struct lungo_best {
    const char *metric; /* as it was asked for; NULL: there is none */
    float value;
    int iter;
} lungo_best;

/* All of a solver that a snapshot holds. */
typedef struct lungo_run_state {
    int iter, current_step;
    const char *learned_net; /* the file with the weights, as it was named when written */
    size_t history_count;
    lungo_history *histories;
    const lungo_checksum
        *model; /* of that file; NULL: as Caffe writes a state, without checksums */
    lungo_best best;
    lungo_buffer run; /* Lungo's part: a packed RunState of proto/caffe.proto; owned */
} lungo_run_state;

/* In HDF5 if the path ends in ".h5", as Caffe tells them apart. The file appears whole or not at
 * all. */
lungo_status lungo_run_state_write(const lungo_run_state *state, const char *path);

/* Bytes that the histories take in a .solverstate. */
size_t lungo_run_state_histories(const lungo_run_state *state);

/* A .solverstate that was opened; the histories lie in `bytes`, or in the HDF5 file, where only
 * shape and count of a lungo_stored_blob are known. */
typedef struct lungo_saved_state {
    int iter, current_step;
    char *learned_net; /* NULL: none */
    size_t history_count;
    lungo_stored_blob *histories;
    bool has_model; /* false: not of Lungo, or of an old one */
    lungo_checksum model;
    lungo_best best;
    char *metric;    /* of `best` */
    const void *run; /* Lungo's part, a packed RunState; NULL: there is none, as in Caffe's files */
    size_t run_length;
    char *bytes;
    lungo_hdf5 *hdf5;
} lungo_saved_state;

/* The caller frees *out. A file that its checksum says is damaged is refused. */
lungo_status lungo_saved_state_open(lungo_saved_state **out, const char *path);
void lungo_saved_state_free(lungo_saved_state *saved);

/* Whether its histories are as many and of the same shapes as those of `state`; and the copy. */
lungo_status lungo_saved_state_check(const lungo_saved_state *saved, const lungo_run_state *state);
lungo_status lungo_saved_state_copy(const lungo_saved_state *saved, const lungo_run_state *state);

#endif
