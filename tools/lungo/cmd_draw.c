/* lungo draw NET -o FILE: the net as a picture, drawn by graphviz; or with --weights the filters of
 * its first convolution. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "filters.h"
#include "lungo/catalog.h"
#include "support/child.h"
#include "support/glog.h"

/* ---- what is drawn: a node for each layer but Splits, with the in-place layers behind it ---- */

typedef struct drawing {
    const lungo_net *net;
    FILE *dot;
} drawing;

static bool is_split(const lungo_net *net, size_t layer) {
    return !strcmp(lungo_net_layer(net, layer).type, "Split");
}

/* Whether it changes its only bottom in place, so that it belongs to the node of that. */
static bool is_in_place(const lungo_net *net, size_t layer) {
    lungo_layer_info info = lungo_net_layer(net, layer);
    return info.bottom_count > 0 && info.top_count > 0 &&
           lungo_net_layer_bottom(net, layer, 0) == lungo_net_layer_top(net, layer, 0);
}

/* The last layer before `before` that makes this blob; in-place layers are passed over. SIZE_MAX:
 * none. */
static size_t maker_of(const lungo_net *net, const lungo_blob *blob, size_t before) {
    for (size_t i = before; i-- > 0;)
        for (size_t j = 0; j < lungo_net_layer(net, i).top_count; j++)
            if (lungo_net_layer_top(net, i, j) == blob && !is_in_place(net, i)) return i;
    return SIZE_MAX;
}

/* The same through Splits; *blob becomes what was split. */
static size_t node_of(const lungo_net *net, const lungo_blob **blob, size_t before) {
    size_t maker = maker_of(net, *blob, before);
    while (maker != SIZE_MAX && is_split(net, maker)) {
        *blob = lungo_net_layer_bottom(net, maker, 0);
        maker = maker_of(net, *blob, maker);
    }
    return maker;
}

/* ---- text of labels ---- */

/* Within an HTML label. */
static void put_html(const drawing *to, const char *text) {
    for (; *text; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", to->dot);
            break;
        case '>':
            fputs("&gt;", to->dot);
            break;
        case '&':
            fputs("&amp;", to->dot);
            break;
        case '"':
            fputs("&quot;", to->dot);
            break;
        default:
            fputc(*text, to->dot);
        }
}

/* "5x5", or "5" where all axes agree and `one` is enough. */
static void put_sizes(const drawing *to, const char *before, const int *sizes, int axes,
                      int silent) {
    bool said = false;
    for (int i = 0; i < axes; i++)
        said |= sizes[i] != silent;
    if (!said) return;
    fputs(before, to->dot);
    for (int i = 0; i < axes; i++)
        fprintf(to->dot, "%s%d", i ? "x" : "", sizes[i]);
}

static void put_settings(const drawing *to, size_t layer) {
    lungo_window_info window = lungo_net_layer_window(to->net, layer);
    lungo_layer_info info = lungo_net_layer(to->net, layer);
    if (window.axes > 0) {
        fputs("<br/>", to->dot);
        put_sizes(to, "kernel ", window.kernel, window.axes, -1);
        put_sizes(to, " stride ", window.stride, window.axes, 1);
        put_sizes(to, " pad ", window.pad, window.axes, 0);
        put_sizes(to, " dilation ", window.dilation, window.axes, 1);
        if (window.groups > 1) fprintf(to->dot, " group %d", window.groups);
    }
    if (info.param_count > 0) {
        const lungo_shape *shape = lungo_blob_shape(lungo_net_layer_param(to->net, layer, 0));
        fputs("<br/>", to->dot);
        put_sizes(to, "weights ", shape->dim, shape->axes, -1);
    }
}

/* ---- colours, as Caffe's draw_net has them where it has some ---- */

static const char *colour_of(const char *type) {
    static const struct {
        const char *name, *colour; /* a type, or a family */
    } colours[] = {{"Convolution", "#ff8080"}, {"Deconvolution", "#ff8080"},
                   {"Pooling", "#ffb84d"},     {"InnerProduct", "#d98cff"},
                   {"data", "#e0e0e0"},        {"activation", "#a6e8a6"},
                   {"loss", "#ffe680"},        {"normalization", "#a3d9ff"}};
    const char *family = "";
    for (size_t i = 0; i < lungo_catalog_count(); i++)
        if (!strcmp(lungo_catalog_get(i).name, type)) family = lungo_catalog_get(i).family;
    for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++)
        if (!strcmp(colours[i].name, type) || !strcmp(colours[i].name, family))
            return colours[i].colour;
    return "#bccbf0";
}

/* ---- nodes and edges ---- */

static void put_row(const drawing *to, size_t layer) {
    lungo_layer_info info = lungo_net_layer(to->net, layer);
    fprintf(to->dot, "<tr><td bgcolor=\"%s\"><b>", colour_of(info.type));
    put_html(to, info.name);
    fputs("</b><br/>", to->dot);
    put_html(to, info.type);
    put_settings(to, layer);
    fputs("</td></tr>", to->dot);
}

static void put_node(const drawing *to, size_t layer) {
    const lungo_net *net = to->net;
    fprintf(to->dot,
            "l%zu [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"5\" "
            "color=\"#606060\">",
            layer);
    put_row(to, layer);
    for (size_t i = layer + 1; i < lungo_net_layer_count(net); i++) {
        if (!is_in_place(net, i)) continue;
        const lungo_blob *blob = lungo_net_layer_bottom(net, i, 0);
        if (node_of(net, &blob, i) == layer) put_row(to, i);
    }
    fputs("</table>>]\n", to->dot);
}

/* An arrow to layer `node`, or out of the net as its output `node`. */
static void put_edge(const drawing *to, size_t from, size_t node, bool leaves,
                     const lungo_blob *blob) {
    const lungo_shape *shape = lungo_blob_shape(blob);
    fprintf(to->dot, "l%zu -> %c%zu [label=<", from, leaves ? 'o' : 'l', node);
    put_html(to, lungo_blob_name(blob));
    fputs("<br/>", to->dot);
    put_sizes(to, "", shape->dim, shape->axes, -1);
    if (shape->axes == 0) fputs("one value", to->dot);
    fputs(">]\n", to->dot);
}

/* What goes into a layer, and into those in place behind it besides what they change. */
static void put_edges(const drawing *to, size_t layer) {
    const lungo_net *net = to->net;
    const lungo_blob *own = is_in_place(net, layer) ? lungo_net_layer_bottom(net, layer, 0) : NULL;
    size_t node = layer;
    if (own) node = node_of(net, &own, layer);
    for (size_t j = own ? 1 : 0; j < lungo_net_layer(net, layer).bottom_count; j++) {
        const lungo_blob *blob = lungo_net_layer_bottom(net, layer, j);
        size_t from = node_of(net, &blob, layer);
        if (from != SIZE_MAX) put_edge(to, from, node, false, blob);
    }
}

/* Arrows that leave the net. */
static void put_outputs(const drawing *to) {
    const lungo_net *net = to->net;
    for (size_t i = 0; i < lungo_net_output_count(net); i++) {
        const lungo_blob *blob = lungo_net_output(net, i);
        size_t from = node_of(net, &blob, lungo_net_layer_count(net));
        if (from == SIZE_MAX) continue;
        fprintf(to->dot, "o%zu [shape=point width=0.08 color=\"#606060\"]\n", i);
        put_edge(to, from, i, true, blob);
    }
}

static void put_graph(const drawing *to, const char *direction) {
    fprintf(to->dot,
            "digraph net {\nrankdir=%s\nbgcolor=white\nnode [shape=plain fontname=Helvetica "
            "fontsize=11]\nedge [fontname=Helvetica fontsize=9 color=\"#606060\" "
            "fontcolor=\"#404040\"]\n",
            direction);
    for (size_t i = 0; i < lungo_net_layer_count(to->net); i++)
        if (!is_split(to->net, i) && !is_in_place(to->net, i)) put_node(to, i);
    for (size_t i = 0; i < lungo_net_layer_count(to->net); i++)
        if (!is_split(to->net, i)) put_edges(to, i);
    put_outputs(to);
    fputs("}\n", to->dot);
}

static bool draw(const lungo_net *net, const command_flags *flags, const char *format) {
    char kind[8];
    snprintf(kind, sizeof kind, "-T%s", format);
    const char *const argv[] = {"dot", kind, NULL};
    const drawing_program dot = {argv, "graphviz"};
    char *text = NULL;
    size_t length = 0;
    drawing to = {net, open_memstream(&text, &length)};
    if (to.dot) put_graph(&to, flags->rankdir);
    bool done = to.dot && !fclose(to.dot) && child_make_file(&dot, text, length, flags->output);
    free(text);
    return done;
}

/* ---- */

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
