/* lungo report RUN_DIR -o report.html: a run on one page that needs nothing beside it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "report.h"
#include "support/child.h"
#include "support/glog.h"
#include "support/html.h"
#include "support/output.h"

static const struct {
    const char *id, *title;
    void (*write)(report_page *report);
} sections[] = {
    {"summary", "Summary", report_summary},
    {"curves", "Curves", report_curves},
    {"metrics", "Final metrics", report_metrics},
    {"classifier", "Classifier", report_classifier},
    {"net", "Net", report_drawing},
    {"layers", "Layers and their time", report_layers},
    {"memory", "Memory", report_memory},
    {"decay", "Weight decay", report_decay},
    {"definitions", "Solver and net", report_texts},
    {"commands", "Commands", report_commands},
    {"found", "What was found", report_found},
};
enum { SECTIONS = sizeof sections / sizeof sections[0] };

static void put_head(const report_page *report, const char *title) {
    fputs("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
          "<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" "
          "content=\"width=device-width, initial-scale=1\"/>\n<title>",
          report->html);
    html_format(report->html, "%s: report of a run", title);
    fprintf(report->html,
            "</title>\n<link rel=\"icon\" href=\"data:,\"/>\n<style>\n%s</style>\n"
            "</head>\n<body>\n<main>\n",
            report_style);
}

static void put_title(const report_page *report, const char *title) {
    fputs("<h1>", report->html);
    html_text(report->html, title);
    fputs("</h1>\n", report->html);
    fputs("<nav>", report->html);
    for (int i = 1; i < SECTIONS; i++)
        fprintf(report->html, "<a href=\"#%s\">%s</a>\n", sections[i].id, sections[i].title);
    fputs("</nav>\n", report->html);
}

static void put_page(report_page *report) {
    char *whole = realpath(report->folder, NULL);
    const char *title = report_base_name(whole ? whole : report->folder);
    put_head(report, title);
    put_title(report, title);
    for (int i = 0; i < SECTIONS; i++) {
        fprintf(report->html, "<section id=\"%s\">\n<h2>%s</h2>\n", sections[i].id,
                sections[i].title);
        sections[i].write(report);
        fputs("</section>\n", report->html);
    }
    fputs("</main>\n</body>\n</html>\n", report->html);
    free(whole);
}

static bool write_page(report_page *report, const char *path) {
    output_file output;
    if (!output_open(&output, path)) return false;
    report->html = fdopen(dup(output.descriptor), "w");
    bool whole = report->html != NULL;
    if (whole) put_page(report);
    whole = whole && !ferror(report->html);
    if (report->html) whole = !fclose(report->html) && whole;
    if (!whole) glog_complain("cannot write '%s'", path);
    return output_close(&output, whole);
}

int cmd_report(const command_flags *flags, const char *const *words, int count) {
    const char *format;
    if (count != 1)
        return glog_complain("report: expected one folder of a run, got %d words", count);
    if (!child_format(&format, "report", flags->output, "html")) return 1;
    glog_set_default_minimum(LUNGO_LOG_WARNING);
    report_page report = {.flags = flags, .folder = words[0]};
    bool done = report_find(&report) && write_page(&report, flags->output);
    report_dispose(&report);
    return done ? 0 : 1;
}
