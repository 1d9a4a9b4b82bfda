/* Text files of rows, one or more for an iteration, that a training writes beside its log: the
 * watch file, the metrics. Rows are handed to the system when they are made: a process that dies
 * leaves whole ones. A run that is resumed cuts off those from its iteration on and goes on. */
#ifndef LUNGO_SOLVER_ROWS_H
#define LUNGO_SOLVER_ROWS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

/* By which a file is known. */
typedef struct lungo_row_form {
    const char *what;           /* "watch file" */
    const char *example;        /* a row, for errors */
    const char *header;         /* the first line; NULL: none */
    const char *before, *after; /* what stands around a row's iteration */
} lungo_row_form;

typedef struct lungo_rows {
    const char *path; /* NULL: none is asked for */
    const lungo_row_form *form;
    bool open, given_up; /* writing failed: reported once, and training goes on */
    int file;
    long length;       /* of the file, in whole rows */
    lungo_buffer text; /* rows to be written */
    lungo_buffer last; /* the row before the first that this run writes; empty: there is none */
} lungo_rows;

/* For iteration `iter` to come, if the file is asked for and not open. A file that is there is
 * continued by a run that `goes_on`; for another it is an error, and so is one that it cannot
 * write. */
lungo_status lungo_rows_open(lungo_rows *rows, const lungo_row_form *form, int iter, bool goes_on);

/* Writes rows->text, and clears it. A file that cannot be written any more is reported once, loses
 * the rows from there on, and nothing else. */
void lungo_rows_write(lungo_rows *rows, int iter);

void lungo_rows_close(lungo_rows *rows);

#endif
