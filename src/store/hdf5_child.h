/* Reading HDF5 files in a child process.
 *
 * libhdf5 trusts what a file says of its structures: a few changed bytes make it crash, leak or run
 * for ever. So each file that is read has a child process which alone runs libhdf5 on it, and
 * answers questions over a socket. Whatever happens there, here it is an error. What the child
 * sends is checked like a file's content: it may have been led astray.
 *
 * hdf5_ask.h asks, for hdf5_read.c; hdf5_child.c answers; hdf5_watch.h tells whether it still
 * does. */
#ifndef LUNGO_STORE_HDF5_CHILD_H
#define LUNGO_STORE_HDF5_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "store/hdf5.h"

typedef enum lungo_hdf5_question {
    LUNGO_HDF5_LIST,   /* answer: of each entry a letter, g, d or another, and its name with a 0 */
    LUNGO_HDF5_SHAPE,  /* a lungo_shape */
    LUNGO_HDF5_READ,   /* `count` floats */
    LUNGO_HDF5_ROWS,   /* `count` floats, from row `first` on */
    LUNGO_HDF5_LENGTH, /* a size_t; of the whole file, whatever the name */
    LUNGO_HDF5_INT,    /* an int */
    LUNGO_HDF5_BYTES,  /* all of them */
    LUNGO_HDF5_STRING  /* its bytes */
} lungo_hdf5_question;

/* Both are sent as they lie in memory: fields of one size, so that no byte between them is sent
 * that was never written. A name of `name_size` bytes, its 0 included, follows. */
typedef struct lungo_hdf5_request {
    size_t question; /* a lungo_hdf5_question */
    size_t name_size, count, first;
} lungo_hdf5_request;

/* `size` bytes follow: the answer, or the text of an error. */
typedef struct lungo_hdf5_answer {
    size_t status; /* a lungo_status */
    size_t size;
} lungo_hdf5_answer;

enum { LUNGO_HDF5_LONGEST_NAME = 1 << 16 };

/* All of it; false when the other side has gone. */
bool lungo_hdf5_send(int socket, const void *bytes, size_t size);
bool lungo_hdf5_receive(int socket, void *bytes, size_t size);

/* The child: opens the file, answers whether that went well, then questions until the socket is
 * closed. Never returns. */
void lungo_hdf5_serve(int socket, const char *path) __attribute__((noreturn));

/* By whom files are read, and after how many milliseconds without a byte the parent looks whether
 * the child has hung. */
typedef struct lungo_hdf5_way {
    void (*serve)(int socket, const char *path); /* in the child; never returns */
    int patience;
} lungo_hdf5_way;

/* What lungo_hdf5_open takes: lungo_hdf5_serve, and 5 seconds. */
extern const lungo_hdf5_way lungo_hdf5_usual_way;

/* For tests, which have ways of their own. `way` outlives the file. */
lungo_status lungo_hdf5_open_by(lungo_hdf5 **out, const char *path, const lungo_hdf5_way *way);

#endif
