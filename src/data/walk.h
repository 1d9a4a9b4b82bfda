/* A way through a database, round and round: in key order, or shuffled anew for every pass. */
#ifndef LUNGO_DATA_WALK_H
#define LUNGO_DATA_WALK_H

#include "data/order.h"
#include "store/database.h"

typedef struct lungo_walk {
    lungo_database *database; /* stands on the record at hand; the walk's own */
    uint64_t passed;          /* records gone by since the beginning */
    uint64_t restarts;        /* how often it went back to the first one */
    lungo_order order;        /* of the keys; void unless shuffled */
    lungo_buffer keys;        /* one behind another */
    size_t *ends;             /* of each in `keys`; NULL: not shuffled */
} lungo_walk;

/* Takes the database over; at its first record. dispose follows, also after a failure. */
lungo_status lungo_walk_begin(lungo_walk *walk, lungo_database *database);
void lungo_walk_dispose(lungo_walk *walk);

/* From now on shuffled: all keys are read, and every record is looked up by its key. */
lungo_status lungo_walk_shuffle(lungo_walk *walk, uint32_t seed);

lungo_status lungo_walk_advance(lungo_walk *walk);

/* Restarts come first in what is saved. */
void lungo_walk_save(const lungo_walk *walk, lungo_writer *writer);
lungo_status lungo_walk_load(lungo_walk *walk, lungo_reader *reader);

#endif
