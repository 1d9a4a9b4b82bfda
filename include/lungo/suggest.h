/* What somebody may have meant by a name that is not known. */
#ifndef LUNGO_SUGGEST_H
#define LUNGO_SUGGEST_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { LUNGO_SUGGEST_MAX = 512 };

/* Name number `index` of a list. */
typedef const char *lungo_suggest_name(const void *list, size_t index);

/* The end of an error text: "; did you mean 'a' or 'b'?" when names are near, else "; known: a, b,
 * c" when they are few, else "". */
void lungo_suggest(char out[LUNGO_SUGGEST_MAX], const char *wanted, lungo_suggest_name *name,
                   const void *list, size_t count);

#ifdef __cplusplus
}
#endif
#endif
