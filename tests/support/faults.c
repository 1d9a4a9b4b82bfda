/* The linker sends the calls here (--wrap). */
#include "support/faults.h"

#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *name;
    int error;
} kinds[LUNGO_FAULT_KINDS] = {
    [LUNGO_FAULT_MEMORY] = {"memory", ENOMEM}, [LUNGO_FAULT_OPEN] = {"open", EMFILE},
    [LUNGO_FAULT_READ] = {"read", EIO},        [LUNGO_FAULT_WRITE] = {"write", ENOSPC},
    [LUNGO_FAULT_CUT] = {"cut", EIO},          [LUNGO_FAULT_SYNC] = {"sync", EIO},
    [LUNGO_FAULT_CLOSE] = {"close", EIO},      [LUNGO_FAULT_RENAME] = {"rename", EACCES},
    [LUNGO_FAULT_MAP] = {"map", ENOMEM},       [LUNGO_FAULT_THREAD] = {"thread", EAGAIN},
};

typedef struct ledger {
    atomic_size_t calls[LUNGO_FAULT_KINDS];
    atomic_size_t at; /* the number of the call that fails; 0: none */
    lungo_fault_kind kind;
    lungo_fault_mode mode;
    atomic_bool struck;
    void *place[16];
    int depth;
} ledger;

/* Children, as those that read HDF5 files, share it: what they call is counted, too. */
static ledger first, *armed = &first;

const char *lungo_fault_name(lungo_fault_kind kind) {
    return kinds[kind].name;
}

const char *lungo_fault_reason(lungo_fault_kind kind) {
    return kind == LUNGO_FAULT_MEMORY ? "out of memory" : strerror(kinds[kind].error);
}

size_t lungo_fault_calls(lungo_fault_kind kind) {
    return armed->calls[kind];
}

void lungo_fault_arm(lungo_fault_kind kind, size_t n, lungo_fault_mode mode) {
    armed->at = 0;
    armed->kind = kind;
    armed->mode = mode;
    if (n) armed->struck = false;
    armed->at = n ? armed->calls[kind] + n : 0;
}

bool lungo_fault_struck(void) {
    return armed->struck;
}

void lungo_fault_print_place(void) {
    backtrace_symbols_fd(armed->place, armed->depth, STDERR_FILENO);
}

/* Whether this call is to fail; errno is set then. */
static bool strikes(lungo_fault_kind kind) {
    size_t number = atomic_fetch_add(&armed->calls[kind], 1) + 1, at = armed->at;
    if (!at || kind != armed->kind || number < at) return false;
    if (number > at && armed->mode != LUNGO_FAULT_STAYS) return false;
    if (number == at) armed->depth = backtrace(armed->place, 16);
    armed->struck = true;
    errno = kinds[kind].error;
    return true;
}

static void end_if_asked(void) {
    if (armed->mode == LUNGO_FAULT_KILL) raise(SIGKILL);
}

static bool fails(lungo_fault_kind kind) {
    bool struck = strikes(kind);
    if (struck) end_if_asked();
    return struck;
}

/* One function for each symbol: the real one, unless this call is to fail. */
#define WRAP(kind, type, name, failure, parameters, arguments)                                     \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters {                                                                \
        return fails(kind) ? (failure) : __real_##name arguments;                                  \
    }

WRAP(LUNGO_FAULT_MEMORY, void *, malloc, NULL, (size_t size), (size))
WRAP(LUNGO_FAULT_MEMORY, void *, calloc, NULL, (size_t count, size_t size), (count, size))
WRAP(LUNGO_FAULT_MEMORY, void *, realloc, NULL, (void *old, size_t size), (old, size))
WRAP(LUNGO_FAULT_MEMORY, void *, reallocarray, NULL, (void *old, size_t count, size_t size),
     (old, count, size))
WRAP(LUNGO_FAULT_MEMORY, void *, aligned_alloc, NULL, (size_t to, size_t size), (to, size))
WRAP(LUNGO_FAULT_MEMORY, int, posix_memalign, ENOMEM, (void **out, size_t to, size_t size),
     (out, to, size))
WRAP(LUNGO_FAULT_MEMORY, char *, strdup, NULL, (const char *text), (text))
WRAP(LUNGO_FAULT_MEMORY, char *, strndup, NULL, (const char *text, size_t size), (text, size))
WRAP(LUNGO_FAULT_MEMORY, ssize_t, getline, -1, (char **to, size_t *room, FILE *file),
     (to, room, file))
WRAP(LUNGO_FAULT_OPEN, FILE *, fopen, NULL, (const char *path, const char *mode), (path, mode))
WRAP(LUNGO_FAULT_OPEN, DIR *, opendir, NULL, (const char *path), (path))
WRAP(LUNGO_FAULT_OPEN, int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
WRAP(LUNGO_FAULT_OPEN, char *, mkdtemp, NULL, (char *path), (path))
WRAP(LUNGO_FAULT_OPEN, int, mkostemp, -1, (char *path, int flags), (path, flags))
WRAP(LUNGO_FAULT_READ, ssize_t, read, -1, (int file, void *to, size_t size), (file, to, size))
WRAP(LUNGO_FAULT_READ, ssize_t, pread, -1, (int file, void *to, size_t size, off_t from),
     (file, to, size, from))
WRAP(LUNGO_FAULT_CUT, int, ftruncate, -1, (int file, off_t size), (file, size))
WRAP(LUNGO_FAULT_WRITE, int, posix_fallocate, ENOSPC, (int file, off_t from, off_t size),
     (file, from, size))
WRAP(LUNGO_FAULT_OPEN, int, memfd_create, -1, (const char *name, unsigned flags), (name, flags))
WRAP(LUNGO_FAULT_OPEN, int, socketpair, -1, (int domain, int type, int protocol, int ends[2]),
     (domain, type, protocol, ends))
WRAP(LUNGO_FAULT_SYNC, int, fchmod, -1, (int file, mode_t mode), (file, mode))
WRAP(LUNGO_FAULT_RENAME, int, rename, -1, (const char *from, const char *to), (from, to))
WRAP(LUNGO_FAULT_RENAME, int, link, -1, (const char *from, const char *to), (from, to))
WRAP(LUNGO_FAULT_MAP, void *, mmap, MAP_FAILED,
     (void *at, size_t size, int access, int flags, int file, off_t from),
     (at, size, access, flags, file, from))
WRAP(LUNGO_FAULT_THREAD, int, pthread_create, EAGAIN,
     (pthread_t * out, const pthread_attr_t *how, void *(*start)(void *), void *with),
     (out, how, start, with))
WRAP(LUNGO_FAULT_THREAD, pid_t, fork, -1, (void), ())

/* ---- those that need more ---- */

/* Nothing is synced: no test pulls the plug, and disks take their time. */
int __wrap_fsync(int file);
int __wrap_fsync(int file) {
    (void)file;
    return fails(LUNGO_FAULT_SYNC) ? -1 : 0;
}

int __wrap_fdatasync(int file);
int __wrap_fdatasync(int file) {
    return __wrap_fsync(file);
}

ssize_t __real_write(int file, const void *bytes, size_t size);
ssize_t __wrap_write(int file, const void *bytes, size_t size);
ssize_t __wrap_write(int file, const void *bytes, size_t size) {
    if (!strikes(LUNGO_FAULT_WRITE)) return __real_write(file, bytes, size);
    if (__real_write(file, bytes, size / 2) < 0) return -1;
    end_if_asked();
    errno = kinds[LUNGO_FAULT_WRITE].error;
    return -1;
}

int __real_close(int file);
int __wrap_close(int file);
int __wrap_close(int file) {
    bool failing = fails(LUNGO_FAULT_CLOSE);
    int result = __real_close(file);
    if (!failing) return result;
    errno = kinds[LUNGO_FAULT_CLOSE].error;
    return -1;
}

/* Readers at the lowest priority would wait for the tests beside this one. */
int __wrap_pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *param);
int __wrap_pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *param) {
    (void)thread, (void)policy, (void)param;
    return 0;
}

static mode_t mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return fails(LUNGO_FAULT_OPEN) ? -1 : __real_open(path, flags, mode);
}

int __real_openat(int folder, const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return fails(LUNGO_FAULT_OPEN) ? -1 : __real_openat(folder, path, flags, mode);
}

int __wrap_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **out, const char *format, ...) {
    if (fails(LUNGO_FAULT_MEMORY)) return -1;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(out, format, arguments);
    va_end(arguments);
    return length;
}

/* ---- children and AddressSanitizer ---- */

#ifdef __SANITIZE_ADDRESS__

/* A child may use glibc's heap whatever other threads did when it was forked; that of
 * AddressSanitizer would be locked in it for good. So nobody is in the heap, neither from here nor
 * from any library, while a process is copied. */
static pthread_rwlock_t heap = PTHREAD_RWLOCK_INITIALIZER;

#define GUARD(type, name, parameters, arguments)                                                   \
    type __interceptor_##name parameters;                                                          \
    type name parameters;                                                                          \
    type name parameters {                                                                         \
        pthread_rwlock_rdlock(&heap);                                                              \
        type result = __interceptor_##name arguments;                                              \
        pthread_rwlock_unlock(&heap);                                                              \
        return result;                                                                             \
    }

GUARD(void *, malloc, (size_t size), (size))
GUARD(void *, calloc, (size_t count, size_t size), (count, size))
GUARD(void *, realloc, (void *old, size_t size), (old, size))
GUARD(void *, reallocarray, (void *old, size_t count, size_t size), (old, count, size))
GUARD(void *, aligned_alloc, (size_t to, size_t size), (to, size))
GUARD(int, posix_memalign, (void **out, size_t to, size_t size), (out, to, size))

void __interceptor_free(void *block);
void free(void *block) {
    pthread_rwlock_rdlock(&heap);
    __interceptor_free(block);
    pthread_rwlock_unlock(&heap);
}

/* What the loader takes, which LeakSanitizer would know by its caller. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:_dl_map_object_deps\n";
}

static void keep_out(void) {
    pthread_rwlock_wrlock(&heap);
}

static void let_in(void) {
    pthread_rwlock_unlock(&heap);
}

static void begin_anew(void) {
    pthread_rwlock_init(&heap, NULL); /* those who waited for it are not here */
}

__attribute__((constructor)) static void watch_forks(void) {
    pthread_atfork(keep_out, let_in, begin_anew);
}

#endif

/* ---- the environment ---- */

static void print_counts(void) {
    FILE *out = __real_fopen(getenv("LUNGO_FAULT_COUNTS"), "w");
    for (int i = 0; out && i < LUNGO_FAULT_KINDS; i++)
        fprintf(out, "%s %zu\n", kinds[i].name, (size_t)armed->calls[i]);
    if (out) fclose(out);
}

static lungo_fault_mode mode_named(const char *name) {
    return !strcmp(name, "kill") ? LUNGO_FAULT_KILL : *name ? LUNGO_FAULT_STAYS : LUNGO_FAULT_ONCE;
}

static void share_ledger(void) {
    ledger *shared = __real_mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared != MAP_FAILED) armed = shared;
}

__attribute__((constructor)) static void obey_environment(void) {
    const char *order = getenv("LUNGO_FAULT");
    char kind[16] = "", mode[16] = "";
    size_t n = 0;
    share_ledger();
    if (getenv("LUNGO_FAULT_COUNTS")) atexit(print_counts);
    if (!order || sscanf(order, "%15[^:]:%zu:%15s", kind, &n, mode) < 2) return;
    for (int i = 0; i < LUNGO_FAULT_KINDS; i++)
        if (!strcmp(kind, kinds[i].name)) lungo_fault_arm((lungo_fault_kind)i, n, mode_named(mode));
}
