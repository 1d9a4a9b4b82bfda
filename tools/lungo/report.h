/* lungo report: what was found of a run, and the parts of the page about it.
 *
 *   cmd_report.c        the table of sections, and the page around them
 *   report_find.c       what the folder holds
 *   report_page.c       pieces of pages
 *   report_style.c      how it looks
 *   report_run.c        sections from logs and files: numbers, curves, texts, commands
 *   report_net.c        sections about the net: drawing, layers, memory, decay
 *   report_classes.c    the section about a classifier, with
 *     scoring.c           its scores over the test net's batches
 */
#ifndef LUNGO_TOOLS_REPORT_H
#define LUNGO_TOOLS_REPORT_H

#include <stdio.h>

#include "commands.h"
#include "lungo/solver.h"
#include "support/curves.h"

typedef struct report_page {
    const command_flags *flags;
    const char *folder;
    FILE *html;
    char *solver_path; /* NULL: none found; then `no_solver` says why */
    char *no_solver;   /* NULL: `solver` is open, for its shapes alone */
    lungo_solver *solver;
    char *weights; /* NULL: `no_weights` says why */
    char *no_weights;
    size_t run_count; /* logs, or files of metrics, that hold an iteration */
    char **run_paths;
    run_curves *runs;
    size_t taken, unshared; /* bytes of the train net's blobs, once its layers have been timed; 0:
                               not known */
    size_t label_count;     /* names of classes */
    char **labels;
} report_page;

/* ---- report_find.c ---- */

/* False: what was asked for is not there, or nothing of a run is; which has been said. */
bool report_find(report_page *report);
void report_dispose(report_page *report);

/* ---- report_page.c ---- */

extern const char report_style[];

/* A sentence in place of what is missing. */
void report_missing(const report_page *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether there is a solver; a sentence when not. */
bool report_needs_solver(const report_page *report);

/* Tables. `kinds` has a letter for each column: t text, n number. */
void report_table_begin(const report_page *report, const char *kinds, const char *const *heads);
void report_row(const report_page *report, const char *kinds, const char *const *cells);
void report_table_end(const report_page *report);

/* "4.31 M": counts for people. */
typedef struct short_number {
    char text[32];
} short_number;
short_number report_short(double value);

/* "0.8312", as short as it reads well; "" for what is no number. */
short_number report_value(double value);

/* The part of a path behind its last slash. */
const char *report_base_name(const char *path);

/* ---- sections; each writes its part, whatever is missing ---- */

void report_summary(report_page *report);
void report_curves(report_page *report);
void report_metrics(report_page *report);
void report_classifier(report_page *report);
void report_drawing(report_page *report);
void report_layers(report_page *report);
void report_memory(report_page *report);
void report_decay(report_page *report);
void report_texts(report_page *report);
void report_commands(report_page *report);
void report_found(report_page *report);

#endif
