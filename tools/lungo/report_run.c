/* Sections of a report from logs and files: the numbers first, curves, final metrics; texts of
 * solver and nets, commands, what was found. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "plot.h"
#include "report.h"
#include "support/html.h"

/* ---- numbers first ---- */

static void put_tile(const report_page *report, const char *value, const char *name,
                     const char *note) {
    fputs("<div class=\"tile\"><b>", report->html);
    html_text(report->html, value);
    fputs("</b><span>", report->html);
    html_text(report->html, name);
    fputs("</span><small>", report->html);
    html_text(report->html, note);
    fputs("</small></div>\n", report->html);
}

static curve_point last_of(const curve *line) {
    return line->points[line->count - 1];
}

static void put_curve_tile(const report_page *report, const curve *line) {
    char name[256], note[64];
    curve_point last = last_of(line);
    snprintf(name, sizeof name, "%s %s", line->kind == CURVE_TEST ? "test" : "train", line->name);
    snprintf(note, sizeof note, "iteration %g", last.iteration);
    put_tile(report, report_value(last.value).text, name, note);
}

/* Of the last run: its tests, and the loss. */
static void put_run_tiles(const report_page *report) {
    const run_curves *run = &report->runs[report->run_count - 1];
    double seconds = 0;
    for (size_t i = 0; i < run->count; i++) {
        const curve *line = &run->curves[i];
        bool shown =
            line->kind == CURVE_TEST || (line->kind == CURVE_TRAIN && strcmp(line->name, "lr"));
        if (shown && !strchr(line->name, '[')) put_curve_tile(report, line);
        if (last_of(line).seconds > seconds) seconds = last_of(line).seconds;
    }
    char time[64];
    snprintf(time, sizeof time, seconds < 120 ? "%.3g s" : "%.0f min",
             seconds < 120 ? seconds : seconds / 60);
    put_tile(report, time, "duration", report_base_name(report->run_paths[report->run_count - 1]));
}

static void put_net_tiles(const report_page *report) {
    const lungo_net *net = lungo_solver_net(report->solver);
    double params = 0, macs = 0;
    for (size_t i = 0; i < lungo_net_param_count(net); i++)
        params += (double)lungo_blob_count(lungo_net_param(net, i).blob);
    for (size_t i = 0; i < lungo_net_layer_count(net); i++)
        macs += (double)lungo_net_layer(net, i).macs;
    put_tile(report, report_short(params).text, "parameters", lungo_net_name(net));
    put_tile(report, report_short(macs).text, "multiply-adds", "forward pass of a training batch");
}

void report_summary(report_page *report) {
    fputs("<div class=\"tiles\">\n", report->html);
    if (report->run_count > 0) put_run_tiles(report);
    if (report->solver) put_net_tiles(report);
    fputs("</div>\n", report->html);
}

/* ---- curves ---- */

static void miss_runs(const report_page *report) {
    report_missing(report,
                   "No log or file of metrics that holds an iteration was found in %s: expected "
                   "metrics*.jsonl, *.log, *.INFO or *.log.INFO.*. Make one with lungo train "
                   "--metrics=%s/metrics.jsonl, or keep the log: 2> %s/train.log.",
                   report->folder, report->folder, report->folder);
}

static bool put_panel(const report_page *report, plot_request plot, size_t panel) {
    char *script, *svg = NULL, prefix[32];
    size_t length;
    plot.panels[0] = plot.panels[panel];
    plot.panel_count = 1;
    snprintf(prefix, sizeof prefix, "curve%zu-", panel);
    bool done = plot_script(&script, &length, &plot, "svg") &&
                child_capture(&svg, &plot_program, script, length);
    if (done) {
        fputs("<figure class=\"card\">", report->html);
        html_svg(report->html, svg, prefix);
        fputs("</figure>\n", report->html);
    }
    free(svg);
    free(script);
    return done;
}

void report_curves(report_page *report) {
    if (report->run_count == 0) {
        miss_runs(report);
        return;
    }
    plot_request plot = {.runs = report->runs,
                         .paths = (const char *const *)report->run_paths,
                         .run_count = report->run_count,
                         .x = "iteration",
                         .smooth = 1,
                         .width = 460,
                         .panel_height = 270};
    bool done = plot_settle_panels(&plot, &(word_list){0});
    fputs("<div class=\"figures\">\n", report->html);
    for (size_t i = 0; done && i < plot.panel_count; i++)
        done = put_panel(report, plot, i);
    fputs("</div>\n", report->html);
    if (done && plot.panel_count == 0)
        report_missing(report, "No run has values that can be drawn.");
    if (!done)
        report_missing(report,
                       "Curves are drawn by gnuplot, which is not there or failed: install "
                       "the Debian package %s.",
                       plot_program.package);
}

/* ---- metrics ---- */

static void put_metric(const report_page *report, const curve *line, const char *run) {
    const curve_point *least = line->points, *most = line->points;
    for (size_t i = 1; i < line->count; i++) {
        const curve_point *point = &line->points[i];
        if (!isfinite(point->value)) continue;
        if (!(least->value <= point->value)) least = point;
        if (!(most->value >= point->value)) most = point;
    }
    char name[256];
    static const char *const kinds[] = {
        [CURVE_TRAIN] = "train", [CURVE_BATCH] = "train, one batch", [CURVE_TEST] = "test"};
    int used = snprintf(name, sizeof name, "%s", kinds[line->kind]);
    if (line->test_net > 0)
        snprintf(name + used, sizeof name - (size_t)used, " #%d", line->test_net);
    curve_point last = last_of(line);
    report_row(report, "ttnnnnnnt",
               (const char *[]){line->name, name, report_value(last.value).text,
                                report_value(last.iteration).text, report_value(least->value).text,
                                report_value(least->iteration).text, report_value(most->value).text,
                                report_value(most->iteration).text, run});
}

void report_metrics(report_page *report) {
    static const char *const heads[] = {"output",       "of",           "last",
                                        "at iteration", "least",        "at iteration",
                                        "most",         "at iteration", "from"};
    if (report->run_count == 0) {
        report_missing(report, "There are none without a log or a file of metrics: see Curves.");
        return;
    }
    report_table_begin(report, "ttnnnnnnt", heads);
    for (size_t r = 0; r < report->run_count; r++)
        for (size_t i = 0; i < report->runs[r].count; i++)
            put_metric(report, &report->runs[r].curves[i], report_base_name(report->run_paths[r]));
    report_table_end(report);
}

/* ---- texts ---- */

enum { MOST_FILES = 16 };

typedef struct file_names {
    size_t count;
    char *names[MOST_FILES];
} file_names;

static void add_name(file_names *files, const char *name) {
    for (size_t i = 0; i < files->count; i++)
        if (!strcmp(files->names[i], name)) return;
    char *copy = files->count < MOST_FILES ? strdup(name) : NULL;
    if (copy) files->names[files->count++] = copy;
}

static void add_files_of(file_names *files, const lungo_net *net) {
    for (size_t i = 0; i < lungo_net_layer_count(net); i++)
        if (lungo_net_layer(net, i).file) add_name(files, lungo_net_layer(net, i).file);
}

/* The solver's file, then those of its nets. */
static void list_files(file_names *files, const report_page *report) {
    *files = (file_names){0};
    if (report->solver_path) add_name(files, report->solver_path);
    if (!report->solver) return;
    add_files_of(files, lungo_solver_net(report->solver));
    for (size_t i = 0; lungo_solver_test_iter(report->solver, i) > 0; i++) {
        lungo_net *net;
        if (lungo_solver_open_net(&net, report->solver, LUNGO_TEST, i, true)) return;
        add_files_of(files, net);
        lungo_net_free(net);
    }
}

static void forget_files(file_names *files) {
    for (size_t i = 0; i < files->count; i++)
        free(files->names[i]);
}

static void put_file(const report_page *report, const char *path, bool open) {
    FILE *file = fopen(path, "r");
    if (!file) {
        report_missing(report, "%s cannot be read: %s", path, strerror(errno));
        return;
    }
    fprintf(report->html, "<details%s><summary>", open ? " open=\"open\"" : "");
    html_text(report->html, path);
    fputs("</summary><pre>", report->html);
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, file) > 0)
        html_text(report->html, line);
    free(line);
    fclose(file);
    fputs("</pre></details>\n", report->html);
}

void report_texts(report_page *report) {
    file_names files;
    if (report->no_solver) report_missing(report, "%s", report->no_solver);
    list_files(&files, report);
    for (size_t i = 0; i < files.count; i++)
        put_file(report, files.names[i], i == 0);
    forget_files(&files);
}

/* ---- commands ---- */

/* As one word of a shell. */
static void put_word(const report_page *report, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./=,:+@%";
    if (*word && !word[strspn(word, plain)]) {
        html_text(report->html, word);
        return;
    }
    fputc('\'', report->html);
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", report->html);
        else
            html_text(report->html, (char[]){*word, '\0'});
    fputc('\'', report->html);
}

static void put_flag(const report_page *report, const char *name, const char *value) {
    fprintf(report->html, " --%s=", name);
    put_word(report, value);
}

/* Those that say which net it is. */
static void put_net_flags(const report_page *report) {
    const command_flags *flags = report->flags;
    char level[16];
    snprintf(level, sizeof level, "%d", flags->level);
    if (flags->level != 0) put_flag(report, "level", level);
    if (*flags->stage) put_flag(report, "stage", flags->stage);
    if (*flags->engine) put_flag(report, "engine", flags->engine);
    if (*flags->precision) put_flag(report, "precision", flags->precision);
    if (strcmp(flags->unknown_fields, "error"))
        put_flag(report, "unknown-fields", flags->unknown_fields);
}

static void put_folder(const report_page *report) {
    char *folder = getcwd(NULL, 0);
    fputs("cd ", report->html);
    if (folder) put_word(report, folder);
    free(folder);
}

static void put_test(const report_page *report) {
    int batches = lungo_solver_test_iter(report->solver, 0);
    lungo_net *net;
    if (batches < 1 || !report->weights ||
        lungo_solver_open_net(&net, report->solver, LUNGO_TEST, 0, true))
        return;
    file_names files = {0};
    add_files_of(&files, net);
    lungo_net_free(net);
    if (files.count == 1 && strcmp(files.names[0], report->solver_path)) {
        fputs("\nlungo test", report->html);
        put_flag(report, "model", files.names[0]);
        put_flag(report, "weights", report->weights);
        fprintf(report->html, " --iterations=%d", batches);
        put_net_flags(report);
    }
    forget_files(&files);
}

static void put_report(const report_page *report) {
    fputs("\nlungo report ", report->html);
    put_word(report, report->folder);
    if (*report->flags->solver) put_flag(report, "solver", report->flags->solver);
    if (*report->flags->weights) put_flag(report, "weights", report->flags->weights);
    put_net_flags(report);
    fputs(" -o ", report->html);
    put_word(report, report->flags->output);
}

void report_commands(report_page *report) {
    fputs("<pre>", report->html);
    put_folder(report);
    if (report->solver) {
        fputs("\nlungo check ", report->html);
        put_word(report, report->solver_path);
        fputs("\nlungo train", report->html);
        put_flag(report, "solver", report->solver_path);
        put_net_flags(report);
        put_test(report);
    }
    put_report(report);
    fprintf(report->html,
            "</pre>\n<p>Lungo %s. A run repeats to the last bit with the same build, "
            "engine and number of threads, when the solver sets random_seed.</p>\n",
            lungo_version());
}

/* ---- what was found ---- */

static void put_found(const report_page *report, const char *what, const char *path) {
    report_row(report, "tt", (const char *[]){what, path});
}

void report_found(report_page *report) {
    static const char *const heads[] = {"what", "from"};
    report_table_begin(report, "tt", heads);
    put_found(report, "solver", report->solver_path ? report->solver_path : "not found");
    for (size_t i = 0; i < report->run_count; i++)
        put_found(report, "curves and metrics", report->run_paths[i]);
    if (report->run_count == 0) put_found(report, "curves and metrics", "not found");
    put_found(report, "weights", report->weights ? report->weights : "not found");
    put_found(report, "names of classes",
              report->label_count ? "labels.txt"
                                  : "not found: put a labels.txt with a name in each line into the "
                                    "folder");
    report_table_end(report);
}
