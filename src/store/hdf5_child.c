#include "store/hdf5_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "store/hdf5_direct.h"

/* ---- both sides ---- */

bool lungo_hdf5_send(int socket, const void *bytes, size_t size) {
    for (const char *at = bytes; size > 0;) {
        ssize_t sent = send(socket, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool lungo_hdf5_receive(int socket, void *bytes, size_t size) {
    for (char *at = bytes; size > 0;) {
        ssize_t got = recv(socket, at, size, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

/* ---- what the child does not share with its parent ---- */

/* Default actions, so that a crash is just an end: no handler, no report, no core. A terminal's
 * signals are for the parent, whose socket it waits on. */
static void settle_signals(void) {
    static const int ignored[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                  SIGPIPE, SIGTSTP, SIGUSR1, SIGUSR2};
    struct rlimit none = {0, 0};
    sigset_t all;
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    setrlimit(RLIMIT_CORE, &none);
}

/* Other files stay open as long as anybody has them. */
static int settle_files(int socket) {
    enum { OWN = 3 };
    int nothing = open("/dev/null", O_RDWR);
    for (int i = 0; i < OWN && nothing >= 0; i++)
        dup2(nothing, i);
    if (socket != OWN) dup2(socket, OWN);
    closefrom(OWN + 1);
    return OWN;
}

/* Seconds of computing, beyond which a question is one without end. Waiting for a disk is none. */
enum { MOST_SECONDS = 5, BYTES_PER_SECOND = 10000000 };

static void limit_time(size_t bytes) {
    struct rusage used;
    struct rlimit limit;
    if (getrusage(RUSAGE_SELF, &used) || getrlimit(RLIMIT_CPU, &limit)) return;
    rlim_t most = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + MOST_SECONDS +
                  bytes / BYTES_PER_SECOND;
    if (limit.rlim_max == RLIM_INFINITY || most < limit.rlim_max) limit.rlim_cur = most;
    setrlimit(RLIMIT_CPU, &limit);
}

/* ---- answers ---- */

/* Appends an answer's bytes. */
typedef lungo_status answer_function(lungo_buffer *out, const lungo_hdf5_direct *file,
                                     const char *name, const lungo_hdf5_request *request);

static lungo_status answer_list(lungo_buffer *out, const lungo_hdf5_direct *file, const char *name,
                                const lungo_hdf5_request *request) {
    lungo_arena arena = {0};
    lungo_hdf5_entry *entries;
    size_t count;
    (void)request;
    lungo_status status = lungo_hdf5_direct_list(&entries, &count, &arena, file, name);
    for (size_t i = 0; !status && i < count; i++) {
        const char *kind = entries[i].is_group ? "g" : entries[i].is_dataset ? "d" : "-";
        lungo_buffer_append(out, kind, 1);
        lungo_buffer_append(out, entries[i].name, strlen(entries[i].name) + 1);
    }
    lungo_arena_dispose(&arena);
    return status;
}

static lungo_status answer_shape(lungo_buffer *out, const lungo_hdf5_direct *file, const char *name,
                                 const lungo_hdf5_request *request) {
    lungo_shape shape = {0};
    (void)request;
    LUNGO_TRY(lungo_hdf5_direct_shape(&shape, file, name));
    lungo_buffer_append(out, &shape, sizeof shape);
    return LUNGO_OK;
}

static lungo_status take_floats(lungo_buffer *out, size_t count, const char *name) {
    float *values = calloc(count ? count : 1, sizeof *values);
    if (!values) return lungo_fail_memory(name, count * sizeof *values);
    out->bytes = (char *)values;
    out->length = out->capacity = count * sizeof *values;
    return LUNGO_OK;
}

static lungo_status answer_values(lungo_buffer *out, const lungo_hdf5_direct *file,
                                  const char *name, const lungo_hdf5_request *request) {
    LUNGO_TRY(take_floats(out, request->count, name));
    return lungo_hdf5_direct_read(file, name, (float *)out->bytes, request->count);
}

static lungo_status answer_rows(lungo_buffer *out, const lungo_hdf5_direct *file, const char *name,
                                const lungo_hdf5_request *request) {
    LUNGO_TRY(take_floats(out, request->count, name));
    return lungo_hdf5_direct_read_rows(file, name, request->first, (float *)out->bytes,
                                       request->count);
}

static lungo_status answer_length(lungo_buffer *out, const lungo_hdf5_direct *file,
                                  const char *name, const lungo_hdf5_request *request) {
    size_t length;
    (void)name, (void)request;
    LUNGO_TRY(lungo_hdf5_direct_length(&length, file));
    lungo_buffer_append(out, &length, sizeof length);
    return LUNGO_OK;
}

static lungo_status answer_int(lungo_buffer *out, const lungo_hdf5_direct *file, const char *name,
                               const lungo_hdf5_request *request) {
    int value;
    (void)request;
    LUNGO_TRY(lungo_hdf5_direct_read_int(&value, file, name));
    lungo_buffer_append(out, &value, sizeof value);
    return LUNGO_OK;
}

static lungo_status answer_bytes(lungo_buffer *out, const lungo_hdf5_direct *file, const char *name,
                                 const lungo_hdf5_request *request) {
    uint8_t *bytes;
    size_t count;
    (void)request;
    LUNGO_TRY(lungo_hdf5_direct_read_bytes(&bytes, &count, file, name));
    lungo_buffer_append(out, bytes, count);
    free(bytes);
    return LUNGO_OK;
}

static lungo_status answer_string(lungo_buffer *out, const lungo_hdf5_direct *file,
                                  const char *name, const lungo_hdf5_request *request) {
    char *text;
    (void)request;
    LUNGO_TRY(lungo_hdf5_direct_read_string(&text, file, name));
    lungo_buffer_puts(out, text);
    free(text);
    return LUNGO_OK;
}

static answer_function *const answers[] = {
    [LUNGO_HDF5_LIST] = answer_list,     [LUNGO_HDF5_SHAPE] = answer_shape,
    [LUNGO_HDF5_READ] = answer_values,   [LUNGO_HDF5_ROWS] = answer_rows,
    [LUNGO_HDF5_LENGTH] = answer_length, [LUNGO_HDF5_INT] = answer_int,
    [LUNGO_HDF5_BYTES] = answer_bytes,   [LUNGO_HDF5_STRING] = answer_string,
};

static bool send_answer(int socket, lungo_status status, const lungo_buffer *bytes) {
    const char *text = status ? lungo_error_text() : bytes->bytes;
    lungo_hdf5_answer answer = {status, status ? strlen(text) : bytes->length};
    return lungo_hdf5_send(socket, &answer, sizeof answer) &&
           lungo_hdf5_send(socket, text, answer.size);
}

static bool answer_next(int socket, const lungo_hdf5_direct *file) {
    static char name[LUNGO_HDF5_LONGEST_NAME];
    lungo_hdf5_request request;
    lungo_buffer bytes = {0};
    if (!lungo_hdf5_receive(socket, &request, sizeof request) ||
        !lungo_hdf5_receive(socket, name, request.name_size))
        return false;
    limit_time(request.count * sizeof(float));
    lungo_status status = answers[request.question](&bytes, file, name, &request);
    if (!status && bytes.failed) status = lungo_fail_memory(name, bytes.length);
    bool sent = send_answer(socket, status, &bytes);
    lungo_buffer_dispose(&bytes);
    return sent;
}

void lungo_hdf5_serve(int socket, const char *path) {
    const lungo_buffer nothing = {0};
    lungo_hdf5_direct file;
    settle_signals();
    socket = settle_files(socket);
    limit_time(0);
    lungo_status status = lungo_hdf5_direct_open(&file, path);
    bool going = send_answer(socket, status, &nothing) && !status;
    while (going)
        going = answer_next(socket, &file);
    _exit(0);
}
