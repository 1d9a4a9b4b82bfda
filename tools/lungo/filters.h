/* Weights as a picture: lungo draw --weights=MODEL -o FILE [LAYER]. */
#ifndef LUNGO_TOOLS_FILTERS_H
#define LUNGO_TOOLS_FILTERS_H

#include "commands.h"

/* The filters of the layer named, or of the first with filters in a plane: ten in a row, 100 at
 * most, from black, the least of all values, to white. Three channels in colour, else the first
 * channel. The exit status. */
int draw_filters(const command_flags *flags, const char *const *words, int count);

#endif
