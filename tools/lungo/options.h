/* The flags of all commands; see the table in options.c. */
#ifndef LUNGO_TOOLS_OPTIONS_H
#define LUNGO_TOOLS_OPTIONS_H

#include "commands.h"
#include "support/flags.h"

extern command_flags options_given;
extern tool_flag options_table[]; /* in alphabetical order; ends with a flag without name */

#endif
