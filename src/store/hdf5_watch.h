/* Waiting for a child that reads an HDF5 file (hdf5_child.h): without end while it does anything,
 * but not for one that has hung.
 *
 * A child is a copy of one thread. What other threads of its parent were in the midst of stays as
 * it was: a lock of the heap that one of them held is never opened. Some heaps are made usable when
 * a process is copied, as glibc's is; others are not (AddressSanitizer's of GCC 12, and some that
 * replace malloc). Such a child sleeps for ever, as does one that somebody has stopped. */
#ifndef LUNGO_STORE_HDF5_WATCH_H
#define LUNGO_STORE_HDF5_WATCH_H

#include <stdbool.h>
#include <sys/types.h>

/* Waits until something can be read from the socket, or nothing will come as the other side is
 * closed. False: the child has hung. Whenever `patience` milliseconds have passed in vain the
 * system is asked what the child does. It has hung when twice in a row it was stopped, or slept on
 * a lock, and had not been awake between. Computing and waiting for a file, however slow, is not
 * hanging. Where the system does not say (no /proc), nothing is. */
bool lungo_hdf5_wait(int socket, pid_t child, int patience);

#endif
