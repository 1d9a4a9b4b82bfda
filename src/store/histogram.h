/* How values are spread: counts in buckets of equal width from the least to the largest value.
 * Values that are not finite are left out. */
#ifndef LUNGO_STORE_HISTOGRAM_H
#define LUNGO_STORE_HISTOGRAM_H

#include <stddef.h>

enum { LUNGO_BUCKETS = 64 };

typedef struct lungo_histogram {
    size_t bucket_count; /* 1 if all values are equal, 0 if there are none */
    double limits[LUNGO_BUCKETS], counts[LUNGO_BUCKETS]; /* upper ends; values below or at them */
    double min, max, count, sum, squares;
} lungo_histogram;

void lungo_histogram_of(lungo_histogram *out, const float *values, size_t count);

#endif
