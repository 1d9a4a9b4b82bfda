/* A LevelDB seen through a temporary folder of links to its files.
 *
 * LevelDB writes into its folder even to read (a lock, a log, tables made of logs), and lets one
 * process in at a time. In a folder of links it writes beside them, and leaves the database itself
 * alone: so one that may not be written, or that somebody else reads, can be read all the same. */
#ifndef LUNGO_STORE_LEVELDB_VIEW_H
#define LUNGO_STORE_LEVELDB_VIEW_H

#include "base/error.h"

/* The folder's name, below $TMPDIR or /tmp; lungo_leveldb_view_remove removes and frees it. */
lungo_status lungo_leveldb_view_make(char **out, const char *path);
void lungo_leveldb_view_remove(char *view); /* NULL is fine */

#endif
