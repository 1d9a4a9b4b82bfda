#ifndef LUNGO_TOOLS_JSON_H
#define LUNGO_TOOLS_JSON_H

#include <jansson.h>
#include <stdbool.h>

/* On stdout. Takes the reference. False: NULL (out of memory, or a name that is no UTF-8), which
 * has been said. */
bool json_print(json_t *json);

#endif
