#include "solver/rows.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

/* ---- what is there ---- */

static lungo_status refuse_foreign(const lungo_rows *rows) {
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "expected a %s of the run that is resumed, with rows of the form %s, got "
                      "another file",
                      rows->form->what, rows->form->example);
}

/* The iteration of a row; -1: it is none. */
static long iteration_of(const lungo_rows *rows, const char *row, bool whole) {
    const lungo_row_form *form = rows->form;
    size_t skip = strlen(form->before);
    char *end;
    if (strncmp(row, form->before, skip)) return -1;
    long iteration = strtol(row + skip, &end, 10);
    if (end == row + skip) return -1;
    return whole && strncmp(end, form->after, strlen(form->after)) ? -1 : iteration;
}

/* Whether the line belongs to such a file; the first one has to even if it is cut. */
static bool is_ours(const lungo_rows *rows, const char *line, bool whole) {
    if (rows->form->header && rows->length == 0) return strcmp(line, rows->form->header) == 0;
    return iteration_of(rows, line, whole) >= 0;
}

static void keep_row(lungo_rows *rows, const char *line, size_t length) {
    rows->length += (long)length;
    lungo_buffer_clear(&rows->last);
    lungo_buffer_append(&rows->last, line, length);
}

/* Where the rows end that are earlier than the iteration; a last line that is cut ends them too. */
static lungo_status find_end(lungo_rows *rows, FILE *file, int iter) {
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    lungo_status status = LUNGO_OK;
    while ((length = getline(&line, &room, file)) > 0) {
        bool whole = line[length - 1] == '\n', first = rows->length == 0;
        if ((whole || first) && !is_ours(rows, line, whole)) status = refuse_foreign(rows);
        if (status || !whole || iteration_of(rows, line, whole) >= iter) break;
        keep_row(rows, line, (size_t)length);
    }
    free(line);
    if (!status && length < 0 && !feof(file)) return lungo_fail_errno("read", rows->path);
    return status;
}

static lungo_status cut_rows(lungo_rows *rows, int iter) {
    FILE *file = fopen(rows->path, "re");
    if (!file) return lungo_fail_errno("open", rows->path);
    lungo_status status = find_end(rows, file, iter);
    fclose(file);
    if (status) return status;
    if (ftruncate(rows->file, rows->length)) return lungo_fail_errno("cut", rows->path);
    return LUNGO_OK;
}

/* ---- opening ---- */

static lungo_status use_what_is_there(lungo_rows *rows, int iter, bool goes_on) {
    struct stat info;
    rows->length = 0;
    if (fstat(rows->file, &info)) return lungo_fail_errno("look at", rows->path);
    if (!S_ISREG(info.st_mode) || info.st_size == 0) return LUNGO_OK;
    if (goes_on) return cut_rows(rows, iter);
    return lungo_fail(LUNGO_ERR_USAGE,
                      "'%s': expected no such file, as the run begins with iteration 0, got one; "
                      "nothing is overwritten: remove it or take another name",
                      rows->path);
}

static lungo_status open_file(lungo_rows *rows, int iter, bool goes_on) {
    rows->file = open(rows->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (rows->file < 0) return lungo_fail_errno("write", rows->path);
    rows->open = true;
    return use_what_is_there(rows, iter, goes_on);
}

lungo_status lungo_rows_open(lungo_rows *rows, const lungo_row_form *form, int iter, bool goes_on) {
    if (!rows->path || rows->open || rows->given_up) return LUNGO_OK;
    rows->form = form;
    if (open_file(rows, iter, goes_on) == LUNGO_OK) return LUNGO_OK;
    lungo_rows_close(rows);
    return lungo_trail("for the %s", form->what);
}

void lungo_rows_close(lungo_rows *rows) {
    if (rows->open) close(rows->file);
    rows->open = rows->given_up = false;
    lungo_buffer_dispose(&rows->text);
    lungo_buffer_dispose(&rows->last);
}

/* ---- writing ---- */

static lungo_status write_text(lungo_rows *rows) {
    if (rows->text.failed) return lungo_fail_memory(rows->form->what, rows->text.length);
    LUNGO_TRY(lungo_file_append(rows->file, rows->text.bytes, rows->text.length, rows->path));
    rows->length += (long)rows->text.length;
    return LUNGO_OK;
}

/* Rows that are cut would be taken for what they are not. Pipes and the like cannot be cut. */
static void give_up(lungo_rows *rows, int iter) {
    bool cut = ftruncate(rows->file, rows->length) == 0;
    lungo_warn("%s\n  the %s ends before iteration %d%s; training goes on", lungo_error_text(),
               rows->form->what, iter, cut ? "" : ", perhaps with a row that is cut");
    lungo_rows_close(rows);
    rows->given_up = true;
}

void lungo_rows_write(lungo_rows *rows, int iter) {
    if (write_text(rows)) return give_up(rows, iter);
    lungo_buffer_clear(&rows->text);
}
