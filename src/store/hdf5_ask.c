#include "store/hdf5_ask.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/hdf5_guard.h"
#include "store/hdf5_watch.h"

/* ---- its end ---- */

/* It only reads: nothing is lost with it. If it has ended by itself, its own status stays. */
static int end_process(pid_t child) {
    int status = 0;
    if (waitpid(child, &status, WNOHANG) != 0) return status;
    kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

void lungo_hdf5_stop(lungo_hdf5 *file) {
    if (file->child > 0) file->ended = end_process(file->child);
    file->child = 0;
    if (file->socket >= 0) close(file->socket);
    file->socket = -1;
}

/* " (SIGSEGV)", or nothing when it was no signal. */
typedef struct signal_name {
    char text[32];
} signal_name;

static signal_name name_signal(int status) {
    signal_name out = {""};
    const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;
    if (name) snprintf(out.text, sizeof out.text, " (SIG%s)", name);
    return out;
}

static bool ended_by(const lungo_hdf5 *file, int signal) {
    return WIFSIGNALED(file->ended) && WTERMSIG(file->ended) == signal;
}

/* It has gone, or hangs, in the middle of a question. */
static lungo_status report_end(lungo_hdf5 *file, const char *name) {
    lungo_hdf5_stop(file);
    if (file->hung)
        return lungo_fail(LUNGO_ERR_FILE,
                          "HDF5 file '%s': the process that reads it has hung when it read '%s', "
                          "and was ended: try again",
                          file->path, name);
    if (ended_by(file, SIGKILL))
        return lungo_fail(LUNGO_ERR_FILE,
                          "HDF5 file '%s': the process that reads it was killed (SIGKILL) when it "
                          "read '%s': the system does that when memory is short",
                          file->path, name);
    return lungo_fail(LUNGO_ERR_FORMAT, "HDF5 file '%s' is damaged: libhdf5 %s%s when it read '%s'",
                      file->path, ended_by(file, SIGXCPU) ? "came to no end" : "crashed",
                      name_signal(file->ended).text, name);
}

lungo_status lungo_hdf5_refuse(lungo_hdf5 *file, const char *name) {
    lungo_hdf5_stop(file);
    file->ended = 0;
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "HDF5 file '%s' is damaged: libhdf5 gave nonsense when it read '%s'",
                      file->path, name);
}

/* ---- answers ---- */

/* All of it; false when the child has gone or hangs. */
static bool receive(lungo_hdf5 *file, void *bytes, size_t size) {
    for (char *at = bytes; size > 0;) {
        file->hung = !lungo_hdf5_wait(file->socket, file->child, file->way->patience);
        if (file->hung) return false;
        ssize_t got = recv(file->socket, at, size, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

lungo_status lungo_hdf5_take(lungo_hdf5 *file, void *bytes, size_t size, const char *name) {
    return receive(file, bytes, size) ? LUNGO_OK : report_end(file, name);
}

static lungo_status raise_error(lungo_hdf5 *file, size_t code, size_t size, const char *name) {
    char text[1 << 14];
    if (code > LUNGO_ERR_NUMERIC || size >= sizeof text) return lungo_hdf5_refuse(file, name);
    LUNGO_TRY(lungo_hdf5_take(file, text, size, name));
    text[size] = '\0';
    return lungo_fail_again((lungo_status)code, text);
}

static lungo_status take_head(size_t *size, lungo_hdf5 *file, const char *name, size_t least,
                              size_t most) {
    lungo_hdf5_answer answer;
    LUNGO_TRY(lungo_hdf5_take(file, &answer, sizeof answer, name));
    if (answer.status) return raise_error(file, answer.status, answer.size, name);
    if (answer.size < least || answer.size > most) return lungo_hdf5_refuse(file, name);
    *size = answer.size;
    return LUNGO_OK;
}

/* ---- its beginning ---- */

/* Nobody else is in libhdf5 while the process is copied, and it is set up already. */
static lungo_status start_process(lungo_hdf5 *file) {
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
        return lungo_fail_errno("open a socket to read", file->path);
    lungo_hdf5_enter();
    H5open();
    file->child = fork();
    if (file->child == 0) file->way->serve(sockets[1], file->path);
    close(sockets[1]);
    file->socket = sockets[0];
    lungo_status status =
        file->child < 0 ? lungo_fail_errno("start a process to read", file->path) : LUNGO_OK;
    return lungo_hdf5_leave(status);
}

static lungo_status start_once(lungo_hdf5 *file) {
    size_t nothing;
    LUNGO_TRY(start_process(file));
    return take_head(&nothing, file, "/", 0, 0);
}

lungo_status lungo_hdf5_start(lungo_hdf5 *file) {
    lungo_status status = start_once(file);
    return file->hung ? start_once(file) : status;
}

/* ---- questions ---- */

static lungo_status ask_once(size_t *size, lungo_hdf5 *file, lungo_hdf5_request request,
                             const char *name, size_t least, size_t most) {
    request.name_size = strlen(name) + 1;
    if (request.name_size > LUNGO_HDF5_LONGEST_NAME)
        return lungo_fail(LUNGO_ERR_DATA, "HDF5 file '%s': expected a name of at most %d bytes",
                          file->path, LUNGO_HDF5_LONGEST_NAME - 1);
    if (file->socket < 0 || !lungo_hdf5_send(file->socket, &request, sizeof request) ||
        !lungo_hdf5_send(file->socket, name, request.name_size))
        return report_end(file, name);
    return take_head(size, file, name, least, most);
}

lungo_status lungo_hdf5_ask(size_t *size, lungo_hdf5 *file, lungo_hdf5_request request,
                            const char *name, size_t least, size_t most) {
    lungo_status status = ask_once(size, file, request, name, least, most);
    if (!file->hung) return status;
    LUNGO_TRY(lungo_hdf5_start(file));
    return ask_once(size, file, request, name, least, most);
}
