/* How much of each thing a definition may ask for, before it is refused with the name of the limit.
 *
 *   lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
 *   options.limits.layers = 20000;
 *
 * The memory that nets take has a bound of its own: max_memory. docs/reliability.md has all bounds,
 * those of other files among them. */
#ifndef LUNGO_LIMITS_H
#define LUNGO_LIMITS_H

#include <stddef.h>

#include "lungo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 0: the limit's default. Above the most that it may be it counts as that. */
typedef struct lungo_limits {
    size_t layers;     /* of a net, automatic Splits among them: building takes their square */
    size_t tops;       /* of all its layers together */
    size_t values;     /* of one blob */
    size_t text;       /* bytes of a prototxt */
    size_t string;     /* bytes of a string in a definition */
    size_t nesting;    /* messages and lists in each other, in fields that are passed over */
    size_t definition; /* bytes of memory that a definition takes once read, beside 4 for each byte
                          of its file */
} lungo_limits;

#define LUNGO_LIMITS_INIT                                                                          \
    { 0, 0, 0, 0, 0, 0, 0 }

/* One of them; name NULL: beyond the last. */
typedef struct lungo_limit {
    const char *name;     /* "layers" */
    const char *bounds;   /* what it bounds, a phrase */
    const char *fallback; /* its default: "10000", "64M" */
    size_t most;          /* that it may be set to */
} lungo_limit;
lungo_limit lungo_limit_get(size_t index);

/* "layers=20000,text=1G": K, M, G and T stand for powers of 1024. An unknown name, or a value out
 * of range, is an error. */
lungo_status lungo_limits_set(lungo_limits *limits, const char *text);

#ifdef __cplusplus
}
#endif
#endif
