/* Counting what the library (and the tests) allocate, and making it fail. Calls from within other
 * libraries, such as the OpenMP runtime, do not count. */
#ifndef LUNGO_TESTS_SUPPORT_ALLOCATIONS_H
#define LUNGO_TESTS_SUPPORT_ALLOCATIONS_H

#include <stddef.h>

/* Calls of malloc and its kin since the process began, by all threads. */
size_t lungo_allocations(void);

/* The n-th call from now on (counted from 1) gives NULL, later ones succeed; 0: none fails. */
void lungo_fail_allocation(size_t n);

#endif
