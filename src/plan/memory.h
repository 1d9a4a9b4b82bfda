/* Memory of blobs: those whose contents are not needed at the same time share slabs. In a net that
 * computes no gradients these are the values; in one that does, where backward wants most values
 * once more, the gradients. See include/lungo/net.h for what that means to callers.
 *
 * Values live from the first step that makes them to the last that reads them, gradients from the
 * last step that writes them to the first that reads them. Both layouts of a storage are planned,
 * each among its like; what nobody touches takes no pages. Slabs are given out by size, the largest
 * storage first, each to the first slab that is free throughout its life.
 */
#ifndef LUNGO_PLAN_MEMORY_H
#define LUNGO_PLAN_MEMORY_H

#include "plan/step.h"

/* A storage of the net, and what is known of it. */
typedef struct lungo_tenant {
    lungo_storage *storage; /* of which the plan is a user */
    const char *name;       /* of the first blob on it */
    int first, last;        /* steps that use it, by index */
    bool gradient;          /* of a gradient, not of values */
    bool given;             /* running the layers again does not make it */
    bool kept;              /* has memory of its own */
    bool between;           /* the plan's own, no blob of the net */
    bool fresh;             /* just kept: its values are still to be made */
    int slabs[2];           /* of its values, row-major and blocked; -1: none */
} lungo_tenant;

typedef struct lungo_slab {
    float *values;
    size_t floats;
} lungo_slab;

struct lungo_memory {
    int tenant_count, slab_count;
    lungo_tenant *tenants;
    lungo_slab *slabs;
};
typedef struct lungo_memory lungo_memory;

/* Whether the net may share: running its layers again (forward, or backward where it has
 * gradients) changes nothing but what shares. */
bool lungo_memory_may_share(const lungo_net *net);

/* Puts the storages on slabs, for the shapes of now; what they held is void. A failure leaves
 * things as they were. */
lungo_status lungo_memory_share(lungo_memory *memory, lungo_net *net, const lungo_step *steps,
                                int count);

/* A storage has needed more than its slab since, and has gone. */
bool lungo_memory_outgrown(const lungo_memory *memory);

/* The storage gets memory of its own, with void contents. *moved: it had none, or its
 * values have not been made since. */
lungo_status lungo_memory_keep(lungo_memory *memory, lungo_storage *storage, bool *moved);
lungo_status lungo_memory_keep_all(lungo_memory *memory);

/* Around running layers again: contents of storages that are kept (but for those given) are put
 * aside, and come back, at the same address, after a failure, too. `aside`: one per tenant, zeroed.
 * `made`: all values are there again. */
lungo_status lungo_memory_put_aside(lungo_memory *memory, lungo_storage *aside);
void lungo_memory_put_back(lungo_memory *memory, const lungo_storage *aside, bool made);

void lungo_memory_dispose(lungo_memory *memory);

/* The table of include/lungo/net.h. */
size_t lungo_memory_count(const lungo_memory *memory);
lungo_memory_info lungo_memory_entry(const lungo_memory *memory, size_t index);
size_t lungo_memory_taken(const lungo_memory *memory);
size_t lungo_memory_unshared(const lungo_memory *memory);

#endif
