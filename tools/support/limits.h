/* The flag --limit, of every tool that reads definitions. */
#ifndef LUNGO_TOOLS_SUPPORT_LIMITS_H
#define LUNGO_TOOLS_SUPPORT_LIMITS_H

#include "lungo/limits.h"
#include "support/flags.h"

#define LIMIT_FLAG(list, acts)                                                                     \
    {                                                                                              \
        "limit", FLAG_LIST, list, "NAME=N",                                                        \
            "How much of a thing a definition may ask for, as --limit=layers=20000,text=1G; may "  \
            "be given several times. lungo --help has the names.",                                 \
            acts, false                                                                            \
    }

/* False: what is wrong has been printed. */
bool limits_parse(lungo_limits *limits, const flag_list *list);

/* All limits, their defaults and what they bound, as help has them. */
void limits_print(void (*row)(const char *name, const char *text));

#endif
