/* The order in which a list is gone through, round and round: as it is, or shuffled anew for every
 * pass. Where it stands follows from a seed, the passes done and the place in this one. */
#ifndef LUNGO_DATA_ORDER_H
#define LUNGO_DATA_ORDER_H

#include "base/rng.h"
#include "base/state.h"

typedef struct lungo_order {
    size_t count;
    uint32_t *items; /* in this pass's order; NULL: not shuffled */
    lungo_rng shuffler;
    uint32_t seed;
    uint64_t passes; /* over the whole list, that are done */
    size_t next;     /* place in this pass */
} lungo_order;

/* `order` is zeroed before; at the first item. */
lungo_status lungo_order_init(lungo_order *order, size_t count);
void lungo_order_dispose(lungo_order *order);

/* From now on shuffled, as Caffe shuffles image lists: each pass mixes the order of the last. */
lungo_status lungo_order_shuffle(lungo_order *order, uint32_t seed);

/* The item it stands at; on to the next one. */
size_t lungo_order_item(const lungo_order *order);
void lungo_order_advance(lungo_order *order);

void lungo_order_save(const lungo_order *order, lungo_writer *writer);
lungo_status lungo_order_load(lungo_order *order, lungo_reader *reader);

#endif
