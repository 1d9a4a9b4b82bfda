/* Calls of the operating system and of the heap that are counted, made to fail, or made the last
 * thing a process does. In a program that is linked with LUNGO_WRAPS (tests/CMakeLists.txt) that is
 * every call by its own objects, static libraries and children included; what shared libraries
 * (OpenMP, BLAS, oneDNN, LMDB, HDF5) call does not count. */
#ifndef LUNGO_TESTS_SUPPORT_FAULTS_H
#define LUNGO_TESTS_SUPPORT_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum lungo_fault_kind {
    LUNGO_FAULT_MEMORY, /* malloc and its kin, strdup, asprintf */
    LUNGO_FAULT_OPEN,   /* open, opendir, mkdir, mkostemp, memfd_create, fopen, socketpair */
    LUNGO_FAULT_READ,   /* read, pread */
    LUNGO_FAULT_WRITE,  /* fails after half of the bytes */
    LUNGO_FAULT_CUT,    /* ftruncate */
    LUNGO_FAULT_SYNC,   /* fsync, fdatasync (which sync nothing), fchmod */
    LUNGO_FAULT_CLOSE,  /* closes all the same */
    LUNGO_FAULT_RENAME, /* rename, link */
    LUNGO_FAULT_MAP,    /* mmap */
    LUNGO_FAULT_THREAD, /* pthread_create, fork */
    LUNGO_FAULT_KINDS
} lungo_fault_kind;

typedef enum lungo_fault_mode {
    LUNGO_FAULT_ONCE,  /* that call alone */
    LUNGO_FAULT_STAYS, /* it and all later ones of its kind: a full disk stays full */
    LUNGO_FAULT_KILL   /* SIGKILL in its place; a write gets half of its bytes written first */
} lungo_fault_mode;

/* "memory", "open", ...; the text of the error that the call reports. */
const char *lungo_fault_name(lungo_fault_kind kind);
const char *lungo_fault_reason(lungo_fault_kind kind);

/* Calls since the process began, by all threads and children. */
size_t lungo_fault_calls(lungo_fault_kind kind);

/* The n-th call of this kind from now on (counted from 1) fails; 0: none. One at a time. */
void lungo_fault_arm(lungo_fault_kind kind, size_t n, lungo_fault_mode mode);

/* Whether it has come to that since a call was last chosen. */
bool lungo_fault_struck(void);

/* Where it struck first, as lines for a report on stderr. */
void lungo_fault_print_place(void);

/* A program that is linked with LUNGO_WRAPS also obeys its environment:
 *   LUNGO_FAULT=write:7 (or write:7:stays, write:7:kill)    the 7th write from the start
 *   LUNGO_FAULT_COUNTS=FILE    a line "kind count" for each kind, when it ends */

#endif
