/* Temporary folders and copies of case folders for tests and runners. */
#ifndef LUNGO_TESTS_SUPPORT_FOLDER_H
#define LUNGO_TESTS_SUPPORT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* Runs `visit` for every folder at or below `root` that holds a file named `marker`, in
 * alphabetical order; a file stands for its folder. False when `root` cannot be read. */
bool lungo_each_folder(const char *root, const char *marker,
                       void (*visit)(void *user, const char *folder), void *user);

/* A new empty folder below the system's temporary one; the caller frees the name. NULL: failed. */
char *lungo_temporary_folder(void);

/* Copies a folder with everything in it into a new temporary one. */
char *lungo_copy_folder(const char *folder);

/* How many entries a folder has, "." and ".." among them; 0: it cannot be read. */
int lungo_count_entries(const char *folder);

/* From now on no file of this process may grow beyond that: an error, as on a disk that is full.
 * SIZE_MAX: as far as is allowed. */
void lungo_limit_file_size(size_t bytes);

/* Removes a temporary folder and all in it, and frees its name. */
void lungo_remove_folder(char *folder);

#endif
