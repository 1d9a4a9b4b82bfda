/* Around every use of libhdf5, which need not be safe for threads and by itself prints its errors:
 *
 *   lungo_hdf5_enter();  ... return lungo_hdf5_leave(status);
 */
#ifndef LUNGO_STORE_HDF5_GUARD_H
#define LUNGO_STORE_HDF5_GUARD_H

#include <hdf5.h>

#include "base/error.h"

void lungo_hdf5_enter(void);
lungo_status lungo_hdf5_leave(lungo_status status);

/* "HDF5 file '<path>': cannot <action> '<name>': <libhdf5's reason>", straight after the call that
 * failed. */
lungo_status lungo_hdf5_fail(const char *path, const char *action, const char *name);

#endif
