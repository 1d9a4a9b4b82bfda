/* What a folder holds, kept in memory: to see that a run changed nothing it should not have, and to
 * put it all back. */
#ifndef LUNGO_TESTS_FAULTS_LISTING_H
#define LUNGO_TESTS_FAULTS_LISTING_H

#include <stdbool.h>
#include <stddef.h>

typedef struct listed_file {
    char *path;  /* from the working folder */
    char *bytes; /* NULL: a folder */
    size_t size;
} listed_file;

typedef struct listing {
    listed_file *files; /* in the order of paths */
    size_t count;
} listing;

/* Everything at and below `folder`, but the files that stores keep for locks and logs of their own.
 * Ends the program when it cannot. */
listing listing_of(const char *folder);
void listing_dispose(listing *list);

const listed_file *listing_find(const listing *list, const char *path);
bool listing_same_file(const listed_file *one, const listed_file *other);
/* The first path at which they differ; NULL: they do not. */
const char *listing_difference(const listing *one, const listing *other);

/* Makes the folder what it was. */
void listing_restore(const listing *list, const char *folder);

#endif
