/* Whole files: read, and replace so that a crash leaves either the old or the new one. */
#ifndef LUNGO_BASE_FILE_H
#define LUNGO_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The content with a 0 byte behind it; the caller frees *bytes. A directory or a
 * device is an error. */
lungo_status lungo_file_read(char **bytes, size_t *length, const char *path);

/* Written to a temporary name in the same folder, synced, renamed, folder synced. */
lungo_status lungo_file_replace(const char *path, const void *bytes, size_t length);

/* The same in pieces. After a failed write, call abandon; nothing is left behind. */
typedef struct lungo_file_writer lungo_file_writer;
lungo_status lungo_file_writer_open(lungo_file_writer **out, const char *path);
lungo_status lungo_file_writer_write(lungo_file_writer *writer, const void *bytes, size_t length);
lungo_status
lungo_file_writer_commit(lungo_file_writer *writer); /* frees the writer, also on failure */
void lungo_file_writer_abandon(lungo_file_writer *writer);
/* Where it grows meanwhile: for libraries that write files by name. */
const char *lungo_file_writer_temporary(const lungo_file_writer *writer);

/* Whether a name is that of a temporary file for the one whose name are its first `length`
 * characters. It is left over when the process that wrote it has ended; then it is removed, else
 * nothing happens. */
bool lungo_file_is_temporary(const char *name, size_t length);
bool lungo_file_remove_leftover(const char *temporary);

/* Makes last what was renamed or removed in the folder of a file. */
lungo_status lungo_file_sync_folder_of(const char *path);

bool lungo_file_exists(const char *path);
bool lungo_file_is_folder(const char *path);

#endif
