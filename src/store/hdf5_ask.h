/* The parent's side of hdf5_child.h: the child of an open file, and questions to it. However the
 * child ends or lies, that is an error of the file's, and the child is gone. One that has hung is
 * ended, and another tries once more: whether a copy of a process can go on is a matter of luck
 * (hdf5_watch.h), and there is nothing to lose before an answer has begun. */
#ifndef LUNGO_STORE_HDF5_ASK_H
#define LUNGO_STORE_HDF5_ASK_H

#include <sys/types.h>

#include "store/hdf5.h"
#include "store/hdf5_child.h"

struct lungo_hdf5 {
    char *path;
    size_t size; /* of the file */
    const lungo_hdf5_way *way;
    pid_t child; /* 0: there is none */
    int socket;  /* -1: there is no child */
    int ended;   /* how the child did: waitpid's status; 0 where the caller's process keeps none */
    bool hung;   /* had to be ended */
};

/* Starts a child, which opens the file. */
lungo_status lungo_hdf5_start(lungo_hdf5 *file);

/* Ends it, whatever it does. */
void lungo_hdf5_stop(lungo_hdf5 *file);

/* Asks about `name` (request.name_size is set here). The head of the answer, of `least` to `most`
 * bytes, or the child's error. Then its bytes, in one piece or more. */
lungo_status lungo_hdf5_ask(size_t *size, lungo_hdf5 *file, lungo_hdf5_request request,
                            const char *name, size_t least, size_t most);
lungo_status lungo_hdf5_take(lungo_hdf5 *file, void *bytes, size_t size, const char *name);

/* An answer that cannot be one: the child has been led astray, and is ended. */
lungo_status lungo_hdf5_refuse(lungo_hdf5 *file, const char *name);

#endif
