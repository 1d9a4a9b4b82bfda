/* A line at the foot of a terminal: a bar, the share, items done and in all, rate, time left.
 *
 *   [#######-------------]  35 %  17500/50000  812/s  0:40 left
 *
 * Where stderr is no terminal, nothing is drawn. One thread draws; any may log meanwhile. */
#ifndef LUNGO_TOOLS_SUPPORT_PROGRESS_H
#define LUNGO_TOOLS_SUPPORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

/* True: there is a terminal, and the line will be drawn. */
bool progress_start(size_t total);

/* Draws anew, but not more often than eyes can follow. */
void progress_show(size_t done);

/* Takes the line away. */
void progress_stop(void);

/* What to print before any other text: the sequence that takes the line away, or "". */
const char *progress_erase(void);

#endif
