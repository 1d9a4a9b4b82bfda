/* Amounts of memory in words. */
#ifndef LUNGO_TOOLS_SUPPORT_SIZES_H
#define LUNGO_TOOLS_SUPPORT_SIZES_H

#include <stdbool.h>
#include <stddef.h>

/* "500M", "4G", "1.5g", "64K", "1000000" (bytes); "" is 0. False: what is wrong with --flag has
 * been printed. */
bool sizes_parse(size_t *bytes, const char *flag, const char *text);

/* The most memory that this process has had, in bytes; 0: the system does not say. (getrusage
 * counts what the program that started it had.) */
size_t sizes_of_process_peak(void);

#endif
