/* How much memory this process may still take. */
#ifndef LUNGO_BASE_MEMORY_H
#define LUNGO_BASE_MEMORY_H

#include <stddef.h>

/* Bytes: what the system calls available, or what the limits of the process's control groups
 * (versions 1 and 2) leave, whichever is less. SIZE_MAX where nothing says. */
size_t lungo_memory_available(void);

#endif
