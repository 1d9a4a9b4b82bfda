#include "support/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/glog.h"
#include "support/output.h"

extern char **environ;

static bool write_all(int descriptor, const char *text, size_t length) {
    while (length > 0) {
        ssize_t written = write(descriptor, text, length);
        if (written < 0 && errno != EINTR) return false;
        if (written > 0) text += written, length -= (size_t)written;
    }
    return true;
}

/* Starts it with `input` and `output` as its ends; 0: started. */
static int start(pid_t *pid, const drawing_program *program, const int pipe_ends[2], int output) {
    posix_spawn_file_actions_t actions;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure) return failure;
    failure = posix_spawn_file_actions_adddup2(&actions, pipe_ends[0], STDIN_FILENO);
    if (!failure) failure = posix_spawn_file_actions_addclose(&actions, pipe_ends[1]);
    if (!failure) failure = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (!failure)
        failure = posix_spawnp(pid, program->argv[0], &actions, NULL, (char *const *)program->argv,
                               environ);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

static bool complain_of_start(const drawing_program *program, int failure) {
    if (failure == ENOENT)
        glog_complain("cannot find the program '%s'; the Debian package %s has it",
                      program->argv[0], program->package);
    else
        glog_complain("cannot start '%s': %s", program->argv[0], strerror(failure));
    return false;
}

/* Feeds it, and waits for its end. */
static bool finish(const drawing_program *program, pid_t pid, int input, const char *text,
                   size_t length) {
    void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* it may end before it has read all */
    bool fed = write_all(input, text, length);
    close(input);
    signal(SIGPIPE, before);
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return glog_complain("waitpid: %s", strerror(errno)), false;
    if (fed && WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    return glog_complain("'%s' failed; its words are above", program->argv[0]), false;
}

static bool run(const drawing_program *program, const char *text, size_t length, int output) {
    int ends[2];
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC)) return glog_complain("pipe: %s", strerror(errno)), false;
    int failure = start(&pid, program, ends, output);
    close(ends[0]);
    if (!failure) return finish(program, pid, ends[1], text, length);
    close(ends[1]);
    return complain_of_start(program, failure);
}

bool child_make_file(const drawing_program *program, const char *text, size_t length,
                     const char *path) {
    output_file output;
    return output_open(&output, path) &&
           output_close(&output, run(program, text, length, output.descriptor));
}

/* All of a file from its beginning. NULL: failed, which has been said. */
static char *read_whole(FILE *file) {
    long size = fseek(file, 0, SEEK_END) ? -1 : ftell(file);
    char *bytes = size < 0 ? NULL : calloc((size_t)size + 1, 1);
    rewind(file);
    if (bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size) return bytes;
    free(bytes);
    glog_complain("cannot read a temporary file: %s", strerror(errno));
    return NULL;
}

bool child_capture(char **out, const drawing_program *program, const char *text, size_t length) {
    FILE *file = tmpfile();
    *out = NULL;
    if (!file) return !glog_complain("cannot make a temporary file: %s", strerror(errno));
    if (run(program, text, length, fileno(file))) *out = read_whole(file);
    fclose(file);
    return *out != NULL;
}

bool child_format(const char **format, const char *name, const char *path, const char *formats) {
    const char *point = strrchr(path, '.');
    size_t length = point ? strlen(point + 1) : 0;
    for (const char *at = formats; length && (at = strstr(at, point + 1)); at++)
        if ((at == formats || at[-1] == '|') && (at[length] == '|' || !at[length])) {
            *format = point + 1;
            return true;
        }
    char *list = NULL;
    size_t written;
    FILE *text = open_memstream(&list, &written);
    for (const char *at = formats; text && *at; at++)
        if (*at == '|')
            fputs(" or .", text);
        else
            fputc(*at, text);
    if (text) fclose(text);
    glog_complain("%s: expected -o FILE, whose name ends in .%s, got '%s'", name,
                  list ? list : formats, path);
    free(list);
    return false;
}
