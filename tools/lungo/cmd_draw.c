/* lungo draw NET -o FILE: the net as a picture; or with --weights the filters of its first
 * convolution. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "draw.h"
#include "filters.h"
#include "support/child.h"
#include "support/glog.h"

static bool draw(const lungo_net *net, const command_flags *flags, const char *format) {
    char kind[8];
    snprintf(kind, sizeof kind, "-T%s", format);
    const char *const argv[] = {"dot", kind, NULL};
    const drawing_program dot = {argv, "graphviz"};
    char *text;
    size_t length;
    bool done = draw_script(&text, &length, net, flags->rankdir) &&
                child_make_file(&dot, text, length, flags->output);
    free(text);
    return done;
}

static bool check_flags(const command_flags *flags, int count, const char **format) {
    static const char *const directions[] = {"LR", "TB", "BT", "RL"};
    if (*flags->phase && strcmp(flags->phase, "TRAIN") && strcmp(flags->phase, "TEST"))
        return !glog_complain("draw: --phase: expected TRAIN or TEST, got '%s'", flags->phase);
    if (count != 1)
        return !glog_complain("draw: expected one net, a prototxt, got %d words", count);
    for (int i = 0; i < 4; i++)
        if (!strcmp(flags->rankdir, directions[i]))
            return child_format(format, "draw", flags->output, "svg|png|pdf");
    return !glog_complain("draw: --rankdir: expected LR, TB, BT or RL, got '%s'", flags->rankdir);
}

int cmd_draw(const command_flags *flags, const char *const *words, int count) {
    const char *format;
    if (*flags->weights) return draw_filters(flags, words, count);
    if (!check_flags(flags, count, &format)) return 1;
    glog_set_default_minimum(LUNGO_LOG_WARNING);
    lungo_net *net =
        open_shapes(flags, words[0], strcmp(flags->phase, "TEST") ? LUNGO_TRAIN : LUNGO_TEST);
    int status = !net || !draw(net, flags, format);
    lungo_net_free(net);
    return status;
}
