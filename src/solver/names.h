/* Errors about settings that name one of a table's rows. */
#ifndef LUNGO_SOLVER_NAMES_H
#define LUNGO_SOLVER_NAMES_H

#include <stddef.h>

#include "base/error.h"

/* Name number `index` of a table. */
typedef const char *lungo_name_at(size_t index);

/* 'lr_policy: expected one of fixed, step, ..., got "cosine"', or "got none" when `got` is empty.
 */
lungo_status lungo_fail_unknown(const char *field, const char *got, lungo_name_at *name,
                                size_t count);

#endif
