/* Items worked on by several threads at once, and taken by the caller's thread in their order. */
#ifndef LUNGO_TOOLS_SUPPORT_ORDERED_H
#define LUNGO_TOOLS_SUPPORT_ORDERED_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ordered_work {
    size_t count; /* of items */
    int threads;  /* that work; 0: one for each core */
    size_t slot_size;
    void *user;
    /* `slot` is memory for one item, zeroed at first, then as its last user left it: it is handed
     * from work to take, and on to the work of a later item. */
    void (*work)(void *user, void *slot,
                 size_t item); /* on any thread; notes failures in the slot */
    bool (*take)(void *user, void *slot, size_t item); /* false: end here */
    void (*release)(void *slot);                       /* each slot, at the end */
} ordered_work;

/* False: ended by take, or when no thread or memory could be had, after saying so. */
bool ordered_run(const ordered_work *work);

#endif
