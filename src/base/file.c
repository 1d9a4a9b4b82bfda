#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool lungo_file_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

bool lungo_file_is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* More than `most` bytes: *bytes is NULL. */
static lungo_status read_all(int file, char **bytes, size_t *length, const char *path,
                             size_t most) {
    size_t capacity = 64 * 1024, used = 0;
    char *content = malloc(capacity);
    while (content) {
        ssize_t got = read(file, content + used, capacity - used - 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            free(content);
            return lungo_fail_errno("read", path);
        }
        if (got == 0) break;
        used += (size_t)got;
        if (used > most) break;
        if (used + 1 < capacity) continue;
        char *larger = realloc(content, capacity *= 2);
        if (!larger) free(content);
        content = larger;
    }
    if (!content) return lungo_fail_memory(path, capacity);
    content[used] = '\0';
    if (used > most) free(content);
    *bytes = used > most ? NULL : content;
    *length = used;
    return LUNGO_OK;
}

/* /dev/zero has no end. Pipes have one. */
static lungo_status refuse_device(int file, const char *path) {
    struct stat info;
    if (fstat(file, &info)) return lungo_fail_errno("read", path);
    if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode))
        return lungo_fail(LUNGO_ERR_FILE, "cannot read '%s': expected a file, got a device", path);
    return LUNGO_OK;
}

static lungo_status open_to_read(int *file, const char *path) {
    if (lungo_file_is_folder(path)) {
        errno = EISDIR;
        return lungo_fail_errno("read", path);
    }
    *file = open(path, O_RDONLY | O_CLOEXEC);
    if (*file < 0) return lungo_fail_errno("open", path);
    lungo_status status = refuse_device(*file, path);
    if (status) close(*file);
    return status;
}

static bool has_places(int file, size_t *size) {
    struct stat info;
    if (fstat(file, &info) || !S_ISREG(info.st_mode) || info.st_size <= 0) return false;
    *size = (size_t)info.st_size;
    return true;
}

lungo_status lungo_file_read_at_most(char **bytes, size_t *length, const char *path, size_t most) {
    int file;
    size_t size = 0;
    lungo_status status = LUNGO_OK;
    *bytes = NULL;
    LUNGO_TRY(open_to_read(&file, path));
    bool known = has_places(file, &size);
    if (!known || size <= most) status = read_all(file, bytes, &size, path, most);
    *length = size;
    close(file);
    return status;
}

lungo_status lungo_file_read(char **bytes, size_t *length, const char *path) {
    return lungo_file_read_at_most(bytes, length, path, SIZE_MAX);
}

/* ---- reading in places ---- */

struct lungo_file_reader {
    int file;
    size_t size;
    char *held; /* all of it, where it has no places */
    char *path;
    size_t window_at, window_length; /* what of the file the window shows */
    uint8_t window[LUNGO_FILE_WINDOW];
};

lungo_status lungo_file_reader_open(lungo_file_reader **out, const char *path) {
    lungo_file_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return lungo_fail_memory("a file reader", sizeof *reader);
    reader->file = -1;
    reader->path = strdup(path);
    lungo_status status = reader->path ? open_to_read(&reader->file, path)
                                       : lungo_fail_memory("a file name", strlen(path) + 1);
    if (!status && !has_places(reader->file, &reader->size))
        status = read_all(reader->file, &reader->held, &reader->size, path, SIZE_MAX);
    if (status) {
        lungo_file_reader_close(reader);
        return status;
    }
    *out = reader;
    return LUNGO_OK;
}

void lungo_file_reader_close(lungo_file_reader *reader) {
    if (!reader) return;
    if (reader->file >= 0) close(reader->file);
    free(reader->held);
    free(reader->path);
    free(reader);
}

size_t lungo_file_reader_size(const lungo_file_reader *reader) {
    return reader->size;
}

lungo_status lungo_file_reader_read(lungo_file_reader *reader, size_t offset, void *out,
                                    size_t length) {
    char *to = out;
    if (reader->held && offset + length <= reader->size) {
        memcpy(to, reader->held + offset, length);
        return LUNGO_OK;
    }
    while (length > 0) {
        ssize_t got = pread(reader->file, to, length, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return lungo_fail_errno("read", reader->path);
        if (got == 0)
            return lungo_fail(LUNGO_ERR_FILE,
                              "'%s' has changed while it was read: expected %zu more bytes at "
                              "offset %zu, got the end of the file",
                              reader->path, length, offset);
        to += got;
        offset += (size_t)got;
        length -= (size_t)got;
    }
    return LUNGO_OK;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

lungo_status lungo_file_reader_look(lungo_file_reader *reader, size_t offset, size_t length,
                                    const uint8_t **out) {
    size_t from = offset - reader->window_at; /* huge if it lies before the window */
    if (from > reader->window_length || reader->window_length - from < length) {
        size_t left = reader->size > offset ? reader->size - offset : 0;
        size_t seen = smaller(sizeof reader->window, left > length ? left : length);
        reader->window_length = 0;
        LUNGO_TRY(lungo_file_reader_read(reader, offset, reader->window, seen));
        reader->window_at = offset;
        reader->window_length = seen;
        from = 0;
    }
    *out = reader->window + from;
    return LUNGO_OK;
}

/* ---- replacing ---- */

struct lungo_file_writer {
    int file;
    char *path, *temporary;
};

static void free_writer(lungo_file_writer *writer) {
    if (writer->file >= 0) close(writer->file);
    free(writer->path);
    free(writer->temporary);
    free(writer);
}

/* The lock tells other processes that the file is not left over: it goes when its owner ends. Where
 * files cannot be locked, none is ever taken for a leftover. False: one took it for such before it
 * was locked, and it is lost. */
static bool claim(int file) {
    struct stat info;
    if (flock(file, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) return false;
    return fstat(file, &info) != 0 || info.st_nlink > 0;
}

/* Appending, as other libraries may write to the file by name as well. */
static lungo_status make_temporary(lungo_file_writer *writer, size_t room) {
    for (;;) {
        snprintf(writer->temporary, room, "%s.tmp.XXXXXX", writer->path);
        writer->file = mkostemp(writer->temporary, O_CLOEXEC | O_APPEND);
        if (writer->file < 0) return lungo_fail_errno("write", writer->path);
        if (claim(writer->file)) return LUNGO_OK;
        close(writer->file);
    }
}

lungo_status lungo_file_writer_open(lungo_file_writer **out, const char *path) {
    size_t room = strlen(path) + sizeof ".tmp.XXXXXX";
    lungo_file_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return lungo_fail_memory("a file writer", sizeof *writer);
    writer->file = -1;
    writer->path = strdup(path);
    writer->temporary = malloc(room);
    lungo_status status = writer->path && writer->temporary
                              ? make_temporary(writer, room)
                              : lungo_fail_memory("a file name", room);
    if (status) {
        free_writer(writer);
        return status;
    }
    *out = writer;
    return LUNGO_OK;
}

bool lungo_file_is_temporary(const char *name, size_t length) {
    static const char middle[] = ".tmp.", letters[] = "abcdefghijklmnopqrstuvwxyz"
                                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    return strncmp(name + length, middle, strlen(middle)) == 0 &&
           strspn(name + length + strlen(middle), letters) == 6 &&
           strlen(name) == length + strlen(middle) + 6;
}

bool lungo_file_remove_leftover(const char *temporary) {
    int file = open(temporary, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return false;
    bool removed = flock(file, LOCK_EX | LOCK_NB) == 0 && unlink(temporary) == 0;
    close(file);
    return removed;
}

void lungo_file_remove_leftovers(const char *path) {
    char folder[PATH_MAX], leftover[PATH_MAX + NAME_MAX];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    snprintf(folder, sizeof folder, "%.*s", (int)(name - path), path);
    DIR *all = opendir(slash ? folder : ".");
    for (struct dirent *entry; all && (entry = readdir(all));) {
        if (strncmp(entry->d_name, name, length) || !lungo_file_is_temporary(entry->d_name, length))
            continue;
        snprintf(leftover, sizeof leftover, "%s%s", folder, entry->d_name);
        lungo_file_remove_leftover(leftover);
    }
    if (all) closedir(all);
}

const char *lungo_file_writer_temporary(const lungo_file_writer *writer) {
    return writer->temporary;
}

lungo_status lungo_file_append(int file, const void *bytes, size_t length, const char *path) {
    const char *at = bytes;
    while (length > 0) {
        ssize_t put = write(file, at, length);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return lungo_fail_errno("write", path);
        at += put;
        length -= (size_t)put;
    }
    return LUNGO_OK;
}

lungo_status lungo_file_writer_write(lungo_file_writer *writer, const void *bytes, size_t length) {
    return lungo_file_append(writer->file, bytes, length, writer->path);
}

void lungo_file_writer_abandon(lungo_file_writer *writer) {
    if (!writer) return;
    unlink(writer->temporary);
    free_writer(writer);
}

/* A rename is on the disk only when its folder is. Folders that cannot be synced are none of ours.
 */
lungo_status lungo_file_sync_folder_of(const char *path) {
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return LUNGO_OK;
    int failed = fsync(folder);
    close(folder);
    return failed && errno == EIO ? lungo_fail_errno("sync the folder of", path) : LUNGO_OK;
}

/* mkostemp makes private files; a snapshot is as readable as any file of the user. */
static mode_t default_mode(void) {
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

lungo_status lungo_file_writer_commit(lungo_file_writer *writer) {
    lungo_status status = LUNGO_OK;
    if (fchmod(writer->file, default_mode()) || fsync(writer->file))
        status = lungo_fail_errno("sync", writer->path);
    if (close(writer->file) && !status) status = lungo_fail_errno("close", writer->path);
    writer->file = -1;
    if (!status && rename(writer->temporary, writer->path))
        status = lungo_fail_errno("rename a temporary file to", writer->path);
    if (status) {
        lungo_file_writer_abandon(writer);
        return status;
    }
    status = lungo_file_sync_folder_of(writer->path);
    free_writer(writer);
    return status;
}

lungo_status lungo_file_replace(const char *path, const void *bytes, size_t length) {
    lungo_file_writer *writer;
    LUNGO_TRY(lungo_file_writer_open(&writer, path));
    lungo_status status = lungo_file_writer_write(writer, bytes, length);
    if (!status) return lungo_file_writer_commit(writer);
    lungo_file_writer_abandon(writer);
    return status;
}

static lungo_status make_folder(const char *path) {
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && lungo_file_is_folder(path))) return LUNGO_OK;
    return lungo_fail_errno("make the folder", path);
}

lungo_status lungo_file_make_folders(const char *path) {
    char *copy = strdup(path);
    if (!copy) return lungo_fail_memory("a folder's name", strlen(path));
    lungo_status status = LUNGO_OK;
    for (char *slash = strchr(copy + strspn(copy, "/"), '/'); slash && !status;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = make_folder(copy);
        *slash = '/';
    }
    if (!status) status = make_folder(copy);
    free(copy);
    return status;
}
