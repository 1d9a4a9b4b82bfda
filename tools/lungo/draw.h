/* A net as a script for graphviz: a node for each layer but Splits, with the in-place layers behind
 * it. */
#ifndef LUNGO_TOOLS_DRAW_H
#define LUNGO_TOOLS_DRAW_H

#include <stdbool.h>
#include <stddef.h>

#include "lungo/net.h"

/* The caller frees *text, also after a failure. direction: graphviz's rankdir. False: out of
 * memory, which has been said. */
bool draw_script(char **text, size_t *length, const lungo_net *net, const char *direction);

/* The last layer before `before` that makes *blob, seen through Splits (*blob becomes what was
 * split) and layers in place. SIZE_MAX: there is none. */
size_t draw_maker(const lungo_net *net, const lungo_blob **blob, size_t before);

#endif
