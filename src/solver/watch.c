/* One row per parameter and iteration, written when the iteration's update is done: a process that
 * dies leaves whole rows. A file that cannot be opened is an error before training; one that cannot
 * be written any more is reported once, loses the rows from there on, and nothing else. */
#include "solver/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "solver/solver.h"

static const char header[] =
    "iteration\tlayer\tparam\tweight_norm\tgradient_norm\tdecay_norm\tupdate_ratio\n";
static const char json_start[] = "{\"iteration\": ";

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* ---- opening ---- */

static lungo_status refuse_foreign(const lungo_watch *watch) {
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "expected a watch file of the run that is resumed, with rows of the form %s, "
                      "got another file",
                      watch->json ? "{\"iteration\": ...}" : "iteration, layer, param, ...");
}

/* The iteration of a row; -1: it is none. */
static long iteration_of(const lungo_watch *watch, const char *row) {
    size_t skip = watch->json ? sizeof json_start - 1 : 0;
    char *end;
    if (watch->json && strncmp(row, json_start, skip)) return -1;
    long iteration = strtol(row + skip, &end, 10);
    return end == row + skip ? -1 : iteration;
}

/* Whether the line belongs to a watch file; the first one has to even if it is cut. */
static bool is_ours(const lungo_watch *watch, const char *line) {
    if (!watch->json && watch->length == 0) return strcmp(line, header) == 0;
    return iteration_of(watch, line) >= 0;
}

/* Where the rows end that are earlier than the iteration; a last line that is cut ends them too. */
static lungo_status find_end(lungo_watch *watch, FILE *file, int iter) {
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    lungo_status status = LUNGO_OK;
    watch->length = 0;
    while ((length = getline(&line, &room, file)) > 0) {
        bool whole = line[length - 1] == '\n', first = watch->length == 0;
        if ((whole || first) && !is_ours(watch, line)) status = refuse_foreign(watch);
        if (status || !whole || iteration_of(watch, line) >= iter) break;
        watch->length += length;
    }
    free(line);
    if (!status && length < 0 && !feof(file)) return lungo_fail_errno("read", watch->path);
    return status;
}

static lungo_status cut_rows(lungo_watch *watch, int iter) {
    FILE *file = fopen(watch->path, "re");
    if (!file) return lungo_fail_errno("open", watch->path);
    lungo_status status = find_end(watch, file, iter);
    fclose(file);
    if (status) return status;
    if (ftruncate(watch->file, watch->length)) return lungo_fail_errno("cut", watch->path);
    return LUNGO_OK;
}

static lungo_status use_what_is_there(lungo_watch *watch, int iter) {
    struct stat info;
    watch->length = 0;
    if (fstat(watch->file, &info)) return lungo_fail_errno("look at", watch->path);
    if (!S_ISREG(info.st_mode) || info.st_size == 0) return LUNGO_OK;
    if (iter > 0) return cut_rows(watch, iter);
    return lungo_fail(LUNGO_ERR_USAGE,
                      "'%s': expected no such file, as the run begins with iteration 0, got one; "
                      "nothing is overwritten: remove it or take another name",
                      watch->path);
}

static lungo_status open_file(lungo_watch *watch, int iter) {
    watch->json = ends_with(watch->path, ".jsonl") || ends_with(watch->path, ".json");
    watch->file = open(watch->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (watch->file < 0) return lungo_fail_errno("write", watch->path);
    watch->open = true;
    return use_what_is_there(watch, iter);
}

lungo_status lungo_watch_start(lungo_solver *solver) {
    lungo_watch *watch = &solver->watch;
    if (!watch->path || watch->open || watch->given_up) return LUNGO_OK;
    if (open_file(watch, solver->iter) == LUNGO_OK) return LUNGO_OK;
    lungo_watch_stop(solver);
    return lungo_trail("for the watch file");
}

void lungo_watch_stop(lungo_solver *solver) {
    lungo_watch *watch = &solver->watch;
    if (watch->open) close(watch->file);
    watch->open = watch->given_up = false;
    lungo_buffer_dispose(&watch->rows);
    lungo_buffer_dispose(&watch->name);
}

/* ---- rows ---- */

/* Names may hold anything: what would end a field or a string is written as JSON escapes it. */
static const char *escaped(lungo_watch *watch, const char *name) {
    lungo_buffer_clear(&watch->name);
    for (; *name; name++) {
        unsigned char byte = (unsigned char)*name;
        if (byte < ' ')
            lungo_buffer_printf(&watch->name, "\\u%04x", byte);
        else if (byte == '\\' || (watch->json && byte == '"'))
            lungo_buffer_printf(&watch->name, "\\%c", byte);
        else
            lungo_buffer_append(&watch->name, name, 1);
    }
    return lungo_buffer_text(&watch->name);
}

/* JSON has no NaN and no infinity. */
static void add_number(lungo_watch *watch, const char *key, double value) {
    if (!watch->json)
        lungo_buffer_printf(&watch->rows, "\t%.9g", value);
    else if (isfinite(value))
        lungo_buffer_printf(&watch->rows, ", \"%s\": %.9g", key, value);
    else
        lungo_buffer_printf(&watch->rows, ", \"%s\": null", key);
}

static void add_row(lungo_watch *watch, const lungo_solver *solver, int index) {
    const lungo_learnable *param = &solver->net->params[index];
    const lungo_param_norms *norms = &solver->norms.params[index];
    const char *layer = escaped(watch, solver->net->layers[param->layer]->name);
    watch->rows.failed |= watch->name.failed;
    lungo_buffer_printf(&watch->rows,
                        watch->json ? "%s%d, \"layer\": \"%s\", \"param\": %d" : "%s%d\t%s\t%d",
                        watch->json ? json_start : "", solver->iter, layer, param->index);
    add_number(watch, "weight_norm", norms->weights);
    add_number(watch, "gradient_norm", norms->gradient);
    add_number(watch, "decay_norm", norms->decay);
    add_number(watch, "update_ratio", lungo_update_ratio(norms));
    lungo_buffer_puts(&watch->rows, watch->json ? "}\n" : "\n");
}

/* ---- writing ---- */

static lungo_status write_rows(lungo_watch *watch) {
    size_t done = 0;
    if (watch->rows.failed) return lungo_fail_memory("the watch file's rows", watch->rows.length);
    while (done < watch->rows.length) {
        ssize_t put = write(watch->file, watch->rows.bytes + done, watch->rows.length - done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return lungo_fail_errno("write", watch->path);
        done += (size_t)put;
    }
    watch->length += (long)done;
    return LUNGO_OK;
}

/* Rows that are cut would be taken for what they are not. Pipes and the like cannot be cut. */
static void give_up(lungo_solver *solver) {
    lungo_watch *watch = &solver->watch;
    bool cut = ftruncate(watch->file, watch->length) == 0;
    lungo_warn("%s\n  the watch file ends before iteration %d%s; training goes on",
               lungo_error_text(), solver->iter, cut ? "" : ", perhaps with a row that is cut");
    lungo_watch_stop(solver);
    watch->given_up = true;
}

void lungo_watch_write(lungo_solver *solver) {
    lungo_watch *watch = &solver->watch;
    if (!watch->open) return;
    lungo_buffer_clear(&watch->rows);
    if (watch->length == 0 && !watch->json) lungo_buffer_puts(&watch->rows, header);
    for (int i = 0; i < solver->net->param_count; i++)
        add_row(watch, solver, i);
    if (write_rows(watch)) give_up(solver);
}
