/* `lungo diff`: cmd_diff.c says what is compared, and compares definitions; diff_weights.c and
 * diff_outputs.c compare the rest. */
#ifndef LUNGO_TOOLS_DIFF_H
#define LUNGO_TOOLS_DIFF_H

#include "commands.h"
#include "lungo/blob.h"

/* Exit statuses. */
enum { DIFF_EQUAL, DIFF_DIFFERENT, DIFF_TROUBLE };

/* Two arrays of the same length. */
typedef struct value_distance {
    bool same;         /* bit for bit, or both not a number */
    double most;       /* largest |a - b| */
    double of_largest; /* the same over the largest |a| or |b| */
    double relative;   /* |a - b| / |a|, L2 norms */
    double cosine;     /* a b / (|a| |b|) */
} value_distance;

value_distance diff_distance(const float *a, const float *b, size_t count);

/* False: that is no number of 0 or more, which has been said. */
bool diff_tolerance(double *out, const command_flags *flags, double fallback);

int diff_weights(const command_flags *flags, const char *a, const char *b);

/* A net and its weights each. */
int diff_outputs(const command_flags *flags, const char *const a[2], const char *const b[2]);

#endif
