/* Files: read, whole or in places, and replace, so that a crash leaves either the old or the new
 * one. */
#ifndef LUNGO_BASE_FILE_H
#define LUNGO_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The content with a 0 byte behind it; the caller frees *bytes. A directory or a
 * device is an error. */
lungo_status lungo_file_read(char **bytes, size_t *length, const char *path);

/* The same, but a file of more than `most` bytes is not held: *bytes is NULL then, and *length its
 * size (of a pipe, more than `most`). */
lungo_status lungo_file_read_at_most(char **bytes, size_t *length, const char *path, size_t most);

/* A file read in places, never held as a whole. (What has no places, a pipe, is held.) By read
 * calls and not by a map: a file that is cut meanwhile is then an error, not a fault. */
typedef struct lungo_file_reader lungo_file_reader;
enum { LUNGO_FILE_WINDOW = 8192 };
lungo_status lungo_file_reader_open(lungo_file_reader **out, const char *path);
size_t lungo_file_reader_size(const lungo_file_reader *reader);
lungo_status lungo_file_reader_read(lungo_file_reader *reader, size_t offset, void *out,
                                    size_t length);
/* The same without a copy, for at most LUNGO_FILE_WINDOW bytes; *out is good until the next call.
 */
lungo_status lungo_file_reader_look(lungo_file_reader *reader, size_t offset, size_t length,
                                    const uint8_t **out);
void lungo_file_reader_close(lungo_file_reader *reader);

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
/* All of those for this file, wherever that can be done. */
void lungo_file_remove_leftovers(const char *path);

/* Makes last what was renamed or removed in the folder of a file. */
lungo_status lungo_file_sync_folder_of(const char *path);

/* All of it at once, to a file that is open for appending. */
lungo_status lungo_file_append(int file, const void *bytes, size_t length, const char *path);

/* The folder, and those above it, if they are not there. */
lungo_status lungo_file_make_folders(const char *path);

bool lungo_file_exists(const char *path);
bool lungo_file_is_folder(const char *path);

#endif
