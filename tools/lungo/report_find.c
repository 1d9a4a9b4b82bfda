/* What a folder holds of a run:
 *
 *   solver    --solver, else solver.prototxt, else the one file *solver*.prototxt
 *   runs      metrics*.jsonl, as far as they hold an iteration; where none does, *.log, *.INFO and
 *             *.log.INFO.* (glog's own names), each file once
 *   weights   --weights, else those of the newest good snapshot of the solver's prefix
 *   labels    labels.txt, a name of a class in each line
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"
#include "support/glog.h"
#include "support/limits.h"

typedef struct folder_list {
    struct dirent **entries;
    int count;
} folder_list;

static bool keep_sentence(char **out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static char *path_in(const char *folder, const char *name) {
    char *path;
    const char *slash = *folder && folder[strlen(folder) - 1] == '/' ? "" : "/";
    return asprintf(&path, "%s%s%s", folder, slash, name) < 0 ? NULL : path;
}

/* False: out of memory, and *out is NULL. */
static bool keep_sentence(char **out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(out, format, arguments) < 0) *out = NULL;
    va_end(arguments);
    return *out != NULL;
}

static bool ends_in(const char *text, const char *end) {
    size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && !strcmp(text + length - wanted, end);
}

/* ---- the solver ---- */

static bool may_be_solver(const char *name) {
    return strstr(name, "solver") && ends_in(name, ".prototxt");
}

/* The number of candidates; *name is the first, or solver.prototxt, which stands alone. */
static int find_candidates(const char **name, const folder_list *list) {
    int count = 0;
    for (int i = 0; i < list->count; i++) {
        const char *each = list->entries[i]->d_name;
        if (!may_be_solver(each)) continue;
        if (count++ == 0) *name = each;
        if (strcmp(each, "solver.prototxt")) continue;
        *name = each;
        return 1;
    }
    return count;
}

static bool find_solver(report_page *report, const folder_list *list) {
    const char *name = NULL;
    if (*report->flags->solver)
        return (report->solver_path = strdup(report->flags->solver)) != NULL;
    int count = find_candidates(&name, list);
    if (count == 1) return (report->solver_path = path_in(report->folder, name)) != NULL;
    if (count == 0)
        return keep_sentence(&report->no_solver,
                             "No solver was found in %s: expected solver.prototxt, or one file "
                             "*solver*.prototxt. Say which it is with --solver=FILE.",
                             report->folder);
    return keep_sentence(&report->no_solver,
                         "%d files in %s may be the solver, %s among them. Say which it is with "
                         "--solver=FILE.",
                         count, report->folder, name);
}

static lungo_status open_shapes_of_solver(report_page *report, const word_list *stages,
                                          const lungo_limits *limits) {
    const command_flags *flags = report->flags;
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.limits = *limits;
    options.level = flags->level;
    options.stages = stages->words;
    options.stage_count = stages->count;
    options.shapes_only = true;
    lungo_status status = lungo_engine_parse(&options.engine, flags->engine);
    if (!status) status = lungo_precision_parse(&options.precision, flags->precision);
    if (!status)
        status = lungo_unknown_fields_parse(&options.unknown_fields, flags->unknown_fields);
    return status ? status : lungo_solver_open(&report->solver, report->solver_path, &options);
}

/* One that was named has to be good; of one that was found the page says what is wrong. */
static bool open_solver(report_page *report) {
    word_list stages;
    lungo_limits limits = LUNGO_LIMITS_INIT;
    if (!limits_parse(&limits, &report->flags->limits)) return false;
    if (!report->solver_path) return true;
    if (!words_split(&stages, report->flags->stage)) return !glog_complain("out of memory");
    lungo_status status = open_shapes_of_solver(report, &stages, &limits);
    words_dispose(&stages);
    if (!status) return true;
    if (*report->flags->solver) return !glog_report_error();
    return keep_sentence(
        &report->no_solver,
        "The solver %s could not be opened; paths in it are relative to the folder "
        "that training ran in, and so has lungo report to run there.\n%s",
        report->solver_path, lungo_error_text());
}

/* ---- weights ---- */

static bool find_weights(report_page *report) {
    const char *given = report->flags->weights;
    if (*given && access(given, R_OK))
        return !glog_complain("cannot read '%s': %s", given, strerror(errno));
    if (*given) return (report->weights = strdup(given)) != NULL;
    if (!report->solver)
        return keep_sentence(&report->no_weights,
                             "Without a solver, weights have to be given with --weights=FILE.");
    lungo_status status = lungo_solver_newest_weights(&report->weights, report->solver);
    if (report->weights) return true;
    return keep_sentence(&report->no_weights,
                         "No good snapshot of the prefix %s was found. Give the weights with "
                         "--weights=FILE.%s%s",
                         lungo_solver_snapshot_prefix(report->solver), status ? "\n" : "",
                         status ? lungo_error_text() : "");
}

/* ---- logs and metrics ---- */

static bool is_metrics(const char *name) {
    return !strncmp(name, "metrics", 7) && ends_in(name, ".jsonl");
}

static bool is_log(const char *name) {
    return ends_in(name, ".log") || ends_in(name, ".INFO") || strstr(name, ".log.INFO.");
}

/* glog leaves a link to its newest file. */
static bool is_new_file(const report_page *report, const char *path) {
    struct stat one, other;
    if (stat(path, &one) || !S_ISREG(one.st_mode)) return false;
    for (size_t i = 0; i < report->run_count; i++) /* NOLINTNEXTLINE(*): so many have a path */
        if (!stat(report->run_paths[i], &other) && one.st_dev == other.st_dev &&
            one.st_ino == other.st_ino)
            return false;
    return true;
}

/* Files that cannot be read are said so, and passed over. Takes `path`. */
static void take_run(report_page *report, char *path) {
    run_curves *run = &report->runs[report->run_count];
    if (is_new_file(report, path) && curves_look(run, path) && run->count > 0) {
        report->run_paths[report->run_count++] = path;
        return;
    }
    curves_dispose(run);
    free(path);
}

static bool take_runs(report_page *report, const folder_list *list,
                      bool (*wanted)(const char *name)) {
    for (int i = 0; i < list->count; i++) {
        if (!wanted(list->entries[i]->d_name)) continue;
        char *path = path_in(report->folder, list->entries[i]->d_name);
        if (!path) return false;
        take_run(report, path);
    }
    return true;
}

static bool find_runs(report_page *report, const folder_list *list) {
    report->runs = calloc((size_t)list->count + 1, sizeof *report->runs);
    report->run_paths = calloc((size_t)list->count + 1, sizeof *report->run_paths);
    if (!report->runs || !report->run_paths || !take_runs(report, list, is_metrics)) return false;
    return report->run_count > 0 || take_runs(report, list, is_log);
}

/* ---- names of classes ---- */

static bool add_label(report_page *report, const char *line) {
    char **labels = reallocarray(report->labels, report->label_count + 1, sizeof *labels);
    if (!labels) return false;
    report->labels = labels;
    labels[report->label_count] = strdup(line);
    return labels[report->label_count++] != NULL;
}

static bool read_labels(report_page *report, FILE *file) {
    char *line = NULL;
    size_t capacity = 0;
    bool done = true;
    while (done && getline(&line, &capacity, file) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        done = add_label(report, line);
    }
    free(line);
    return done;
}

static bool find_labels(report_page *report) {
    char *path = path_in(report->folder, "labels.txt");
    FILE *file = path ? fopen(path, "r") : NULL;
    bool done = path && (!file || read_labels(report, file));
    if (file) fclose(file);
    free(path);
    return done;
}

/* ---- */

static bool find_all(report_page *report, const folder_list *list) {
    if (find_solver(report, list) && find_runs(report, list) && find_labels(report)) return true;
    return !glog_complain("out of memory");
}

bool report_find(report_page *report) {
    folder_list list;
    list.count = scandir(report->folder, &list.entries, NULL, alphasort);
    if (list.count < 0)
        return !glog_complain("report: cannot read the folder '%s': %s", report->folder,
                              strerror(errno));
    bool done = find_all(report, &list);
    for (int i = 0; i < list.count; i++)
        free(list.entries[i]);
    free(list.entries);
    if (!done) return false;
    if (!report->solver_path && report->run_count == 0)
        return !glog_complain("report: expected a solver (solver.prototxt), a log of training "
                              "(*.log) or metrics (metrics*.jsonl) in '%s', found none",
                              report->folder);
    return open_solver(report) && find_weights(report);
}

void report_dispose(report_page *report) {
    for (size_t i = 0; i < report->run_count; i++) {
        curves_dispose(&report->runs[i]);
        free(report->run_paths[i]);
    }
    for (size_t i = 0; i < report->label_count; i++)
        free(report->labels[i]);
    free(report->runs);
    free(report->run_paths);
    free(report->labels);
    free(report->solver_path);
    free(report->no_solver);
    free(report->weights);
    free(report->no_weights);
    lungo_solver_free(report->solver);
}
