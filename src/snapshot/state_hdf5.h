/* Caffe's solver state in HDF5 (.solverstate.h5):
 *
 *   /iter, /current_step   one int each   /learned_net   a string   /history/0 ...   values
 *   /run   Lungo's part, as bytes
 *
 * and of Lungo's own the string /model, the group /best with metric, value and iter, and behind the
 * end the seal of base/checksum.h.
 */
#ifndef LUNGO_SNAPSHOT_STATE_HDF5_H
#define LUNGO_SNAPSHOT_STATE_HDF5_H

#include "snapshot/state.h"

/* What the functions of state.h do when the file is one in HDF5. */
lungo_status lungo_run_state_write_hdf5(const lungo_run_state *state, const char *path);
lungo_status lungo_saved_state_read_hdf5(lungo_saved_state *saved, bool *sealed, const char *path);
lungo_status lungo_saved_state_copy_hdf5(const lungo_saved_state *saved,
                                         const lungo_run_state *state);

#endif
