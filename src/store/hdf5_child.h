/* Reading HDF5 files in a child process.
 *
 * libhdf5 trusts what a file says of its structures: a few changed bytes make it crash, leak or run
 * for ever. So each file that is read has a child process which alone runs libhdf5 on it, and
 * answers questions over a socket. Whatever happens there, here it is an error. What the child
 * sends is checked like a file's content: it may have been led astray.
 *
 * hdf5_read.c asks; hdf5_child.c answers. */
#ifndef LUNGO_STORE_HDF5_CHILD_H
#define LUNGO_STORE_HDF5_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef enum lungo_hdf5_question {
    LUNGO_HDF5_LIST,  /* answer: of each entry a letter, g, d or another, and its name with a 0 */
    LUNGO_HDF5_SHAPE, /* a lungo_shape */
    LUNGO_HDF5_READ,  /* `count` floats */
    LUNGO_HDF5_INT,   /* an int */
    LUNGO_HDF5_BYTES, /* all of them */
    LUNGO_HDF5_STRING /* its bytes */
} lungo_hdf5_question;

/* A name of `name_size` bytes, its 0 included, follows. */
typedef struct lungo_hdf5_request {
    lungo_hdf5_question question;
    size_t name_size, count;
} lungo_hdf5_request;

/* `size` bytes follow: the answer, or the text of an error. */
typedef struct lungo_hdf5_answer {
    lungo_status status;
    size_t size;
} lungo_hdf5_answer;

enum { LUNGO_HDF5_LONGEST_NAME = 1 << 16 };

/* All of it; false when the other side has gone. */
bool lungo_hdf5_send(int socket, const void *bytes, size_t size);
bool lungo_hdf5_receive(int socket, void *bytes, size_t size);

/* The child: opens the file, answers whether that went well, then questions until the socket is
 * closed. Never returns. */
void lungo_hdf5_serve(int socket, const char *path) __attribute__((noreturn));

#endif
