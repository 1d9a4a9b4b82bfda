/* The section of a report about a classifier: how often it is right, what it takes for what, and
 * its worst mistakes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "scoring.h"
#include "support/html.h"

enum { MATRIX_CLASSES = 30, PAIRS = 30, MOST_CLASSES = 4096 };

static const char *name_of(const report_page *report, size_t class, char number[24]) {
    if (class < report->label_count) return report->labels[class];
    snprintf(number, 24, "%zu", class);
    return number;
}

static void put_name(const report_page *report, size_t class) {
    char number[24];
    html_text(report->html, name_of(report, class, number));
}

static size_t row_sum(const scoring *scores, size_t label) {
    size_t sum = 0;
    for (size_t i = 0; i < scores->classes; i++)
        sum += scores->confusion[label * scores->classes + i];
    return sum;
}

static size_t column_sum(const scoring *scores, size_t taken) {
    size_t sum = 0;
    for (size_t i = 0; i < scores->classes; i++)
        sum += scores->confusion[i * scores->classes + taken];
    return sum;
}

/* ---- how often it is right ---- */

static void put_totals(const report_page *report, const scoring *scores) {
    double items = (double)scores->items;
    fprintf(report->html, "<p>Of %zu items <b>%.2f\u00a0%%</b> are classified right", scores->items,
            100 * (double)scores->right / items);
    if (scores->classes > MATRIX_CLASSES)
        fprintf(report->html, ", %.2f %% have their class among the best five",
                100 * (double)scores->in_five / items);
    fprintf(report->html, "; mean loss %.5g. ", scores->loss / items);
    if (scores->left_out)
        fprintf(report->html,
                "%zu more are left out: their label is no class, or they have more than one score "
                "for a class. ",
                scores->left_out);
    fputs("Weights: ", report->html);
    html_text(report->html, report->weights);
    fputs("</p>\n", report->html);
}

/* ---- the matrix ---- */

/* Shares are spread by their root, so that a few mistakes are seen. */
static void put_matrix_cell(const report_page *report, const scoring *scores, size_t label,
                            size_t taken, size_t sum) {
    size_t count = scores->confusion[label * scores->classes + taken];
    if (count == 0) {
        fputs("<td></td>", report->html);
        return;
    }
    double share = sqrt((double)count / (double)sum);
    fprintf(report->html, "<td class=\"%s%s\" style=\"--v:%.3f\">%zu</td>",
            label == taken ? "right" : "wrong", share > 0.6 ? " strong" : "", share, count);
}

static void put_matrix_row(const report_page *report, const scoring *scores, size_t label) {
    size_t sum = row_sum(scores, label);
    fputs("<tr><th scope=\"row\">", report->html);
    put_name(report, label);
    fputs("</th>", report->html);
    for (size_t i = 0; i < scores->classes; i++)
        put_matrix_cell(report, scores, label, i, sum);
    fputs("</tr>\n", report->html);
}

static void put_matrix(const report_page *report, const scoring *scores) {
    fputs("<h3>Confusion matrix</h3>\n<p>A row is a true class; columns say what its items were "
          "taken for.</p>\n<div class=\"box\"><table class=\"matrix\"><thead><tr><th></th>",
          report->html);
    for (size_t i = 0; i < scores->classes; i++) {
        fputs("<th scope=\"col\"><span>", report->html);
        put_name(report, i);
        fputs("</span></th>", report->html);
    }
    fputs("</tr></thead><tbody>\n", report->html);
    for (size_t i = 0; i < scores->classes; i++)
        put_matrix_row(report, scores, i);
    report_table_end(report);
}

/* ---- pairs, where a matrix is too large ---- */

typedef struct pair {
    size_t label, taken, count;
} pair;

/* Into a list that is sorted, the most frequent first. */
static void add_pair(pair *pairs, size_t *count, pair one) {
    if (*count == PAIRS && pairs[PAIRS - 1].count >= one.count) return;
    size_t at = *count < PAIRS ? (*count)++ : PAIRS - 1;
    for (; at > 0 && pairs[at - 1].count < one.count; at--)
        pairs[at] = pairs[at - 1];
    pairs[at] = one;
}

static size_t find_pairs(pair *pairs, const scoring *scores) {
    size_t found = 0;
    for (size_t i = 0; i < scores->classes; i++)
        for (size_t j = 0; j < scores->classes; j++) {
            size_t count = scores->confusion[i * scores->classes + j];
            if (i != j && count > 0) add_pair(pairs, &found, (pair){i, j, count});
        }
    return found;
}

static void put_pairs(const report_page *report, const scoring *scores) {
    static const char *const heads[] = {"true class", "taken for", "items", "of"};
    pair pairs[PAIRS];
    size_t found = find_pairs(pairs, scores);
    fputs("<h3>Most confused</h3>\n", report->html);
    report_table_begin(report, "ttnn", heads);
    for (size_t i = 0; i < found; i++) {
        char one[24], other[24], count[24], sum[24];
        snprintf(count, sizeof count, "%zu", pairs[i].count);
        snprintf(sum, sizeof sum, "%zu", row_sum(scores, pairs[i].label));
        report_row(report, "ttnn",
                   (const char *[]){name_of(report, pairs[i].label, one),
                                    name_of(report, pairs[i].taken, other), count, sum});
    }
    report_table_end(report);
}

/* ---- recall and precision ---- */

static void put_share(const report_page *report, size_t part, size_t whole) {
    double share = whole ? 100.0 * (double)part / (double)whole : 0;
    if (whole)
        fprintf(report->html,
                "<td class=\"n bar\"><span style=\"width:%.1f%%\"></span>%.1f %%</td>", share,
                share);
    else
        fputs("<td class=\"n\">none</td>", report->html);
}

static void put_recall(const report_page *report, const scoring *scores) {
    static const char *const heads[] = {"class", "items", "recall", "precision"};
    bool folded = scores->classes > MATRIX_CLASSES;
    fprintf(report->html, "<details%s><summary>Recall and precision of each class</summary>\n",
            folded ? "" : " open=\"open\"");
    report_table_begin(report, "tnnn", heads);
    for (size_t i = 0; i < scores->classes; i++) {
        size_t sum = row_sum(scores, i), right = scores->confusion[i * scores->classes + i];
        fputs("<tr><td>", report->html);
        put_name(report, i);
        fprintf(report->html, "</td><td class=\"n\">%zu</td>", sum);
        put_share(report, right, sum);
        put_share(report, right, column_sum(scores, i));
        fputs("</tr>\n", report->html);
    }
    report_table_end(report);
    fputs("</details>\n", report->html);
}

/* ---- the worst ---- */

static void put_picture(const report_page *report, const lungo_image *picture) {
    unsigned char *bytes;
    size_t size;
    if (!picture->pixels || lungo_image_encode(&bytes, &size, picture, "png")) return;
    fprintf(report->html, "<img width=\"%d\" height=\"%d\" alt=\"\" src=\"", picture->width,
            picture->height);
    html_data(report->html, "image/png", bytes, size);
    fputs("\"/>", report->html);
    free(bytes);
}

static void put_mistake(const report_page *report, const mistake *one) {
    fputs("<figure>", report->html);
    put_picture(report, &one->picture);
    fputs("<figcaption><b class=\"bad\">", report->html);
    put_name(report, one->taken);
    fprintf(report->html, "</b> %.1f\u00a0%%<br/>is <b>", 100 * one->taken_probability);
    put_name(report, one->label);
    fprintf(report->html, "</b> %.2g\u00a0%%<br/><small>item %zu</small></figcaption></figure>\n",
            100 * one->label_probability, one->item);
}

static void put_worst(const report_page *report, const scoring *scores) {
    fputs("<h3>Worst mistakes</h3>\n", report->html);
    if (scores->worst_count == 0) {
        fputs("<p>None: every item was classified right.</p>\n", report->html);
        return;
    }
    fputs("<p>Those with the highest loss: what each was taken for, what it is, and the "
          "probabilities of both.</p>\n<div class=\"worst\">\n",
          report->html);
    for (size_t i = 0; i < scores->worst_count; i++)
        put_mistake(report, &scores->worst[i]);
    fputs("</div>\n", report->html);
}

/* ---- */

static void put_scores(const report_page *report, const scoring *scores) {
    if (scores->items == 0) {
        report_missing(report, "No item of the test net has a label that is a class.");
        return;
    }
    put_totals(report, scores);
    if (scores->classes <= MATRIX_CLASSES)
        put_matrix(report, scores);
    else
        put_pairs(report, scores);
    put_recall(report, scores);
    put_worst(report, scores);
}

/* A net that runs: the test net with the weights. */
static void score(const report_page *report) {
    lungo_net *net = NULL;
    classifier from;
    scoring scores = {0};
    lungo_status status = lungo_solver_open_net(&net, report->solver, LUNGO_TEST, 0, false);
    if (!status) status = lungo_net_load_weights(net, report->weights);
    if (!status && scoring_find(&from, net))
        status = scoring_run(&scores, &from, net, lungo_solver_test_iter(report->solver, 0));
    if (status && !scores.confusion && scores.classes)
        report_missing(report, "Out of memory for the counts of %zu classes.", scores.classes);
    else if (status)
        report_missing(report,
                       "The test net could not be run with %s; its data have to be where the "
                       "definition says.\n%s",
                       report->weights, lungo_error_text());
    else
        put_scores(report, &scores);
    scoring_dispose(&scores);
    lungo_net_free(net);
}

/* Whether the test net, looked at, is one; else a sentence. */
static bool is_classifier(const report_page *report) {
    lungo_net *net;
    classifier from;
    if (lungo_solver_test_iter(report->solver, 0) < 1) {
        report_missing(report, "The solver has no test net: expected test_iter above 0.");
        return false;
    }
    if (lungo_solver_open_net(&net, report->solver, LUNGO_TEST, 0, true)) {
        report_missing(report, "The test net could not be opened.\n%s", lungo_error_text());
        return false;
    }
    bool found = scoring_find(&from, net);
    lungo_net_free(net);
    if (!found)
        report_missing(report, "The test net is no classifier: expected a SoftmaxWithLoss or "
                               "Accuracy layer with one label for each item.");
    else if (from.classes > MOST_CLASSES)
        report_missing(report, "The test net tells %zu classes apart: expected %d at most.",
                       from.classes, MOST_CLASSES);
    return found && from.classes <= MOST_CLASSES;
}

void report_classifier(report_page *report) {
    if (!report_needs_solver(report) || !is_classifier(report)) return;
    if (report->weights)
        score(report);
    else
        report_missing(report, "%s", report->no_weights);
}
