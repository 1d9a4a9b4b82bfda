/* A line at the foot of a terminal: a bar, the share, items done and in all, rate, time left, and
 * what else there is to say.
 *
 *   [#######-------------]  35 %  17500/50000  812/s  0:40 left  loss 0.5  lr 0.01
 *
 * Where stderr is no terminal, or one that cannot erase (TERM=dumb), nothing is drawn. It never
 * fills a terminal's line: what does not fit is left out, the bar first and then from the end. One
 * thread draws; any may log meanwhile. */
#ifndef LUNGO_TOOLS_SUPPORT_PROGRESS_H
#define LUNGO_TOOLS_SUPPORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

/* True: there is a terminal, and the line will be drawn. */
bool progress_start(size_t total);

/* The rate counts from here: what was done before, here or in another run, says nothing of it. */
void progress_skip(size_t done);

/* Draws anew if the line was erased, or else not more often than eyes can follow. */
void progress_show(size_t done);

/* The same with more fields, each with two blanks before it, for those who ask first whether it is
 * time to draw. */
bool progress_is_due(void);
void progress_draw(size_t done, const char *fields);

/* Takes the line away. */
void progress_stop(void);

/* What to print before any other text: the sequence that takes the line away, or "". Hold stderr's
 * lock (flockfile) from before this call until the text is printed, if other threads log too. */
const char *progress_erase(void);

#endif
