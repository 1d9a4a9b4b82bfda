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

typedef struct picture {
    const lungo_net *net;
    FILE *dot;
} picture;

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
static void put_html(const picture *picture, const char *text) {
    for (; *text; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", picture->dot);
            break;
        case '>':
            fputs("&gt;", picture->dot);
            break;
        case '&':
            fputs("&amp;", picture->dot);
            break;
        case '"':
            fputs("&quot;", picture->dot);
            break;
        default:
            fputc(*text, picture->dot);
        }
}

/* "5x5", or "5" where all axes agree and `one` is enough. */
static void put_sizes(const picture *picture, const char *before, const int *sizes, int axes,
                      int silent) {
    bool said = false;
    for (int i = 0; i < axes; i++)
        said |= sizes[i] != silent;
    if (!said) return;
    fputs(before, picture->dot);
    for (int i = 0; i < axes; i++)
        fprintf(picture->dot, "%s%d", i ? "x" : "", sizes[i]);
}

static void put_settings(const picture *picture, size_t layer) {
    lungo_window_info window = lungo_net_layer_window(picture->net, layer);
    lungo_layer_info info = lungo_net_layer(picture->net, layer);
    if (window.axes > 0) {
        fputs("<br/>", picture->dot);
        put_sizes(picture, "kernel ", window.kernel, window.axes, -1);
        put_sizes(picture, " stride ", window.stride, window.axes, 1);
        put_sizes(picture, " pad ", window.pad, window.axes, 0);
        put_sizes(picture, " dilation ", window.dilation, window.axes, 1);
        if (window.groups > 1) fprintf(picture->dot, " group %d", window.groups);
    }
    if (info.param_count > 0) {
        const lungo_shape *shape =
            lungo_blob_shape(lungo_net_layer_param(picture->net, layer, 0));
        fputs("<br/>", picture->dot);
        put_sizes(picture, "weights ", shape->dim, shape->axes, -1);
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
    lungo_catalog_entry entry;
    const char *family = lungo_catalog_find(&entry, type) ? entry.family : "";
    for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++)
        if (!strcmp(colours[i].name, type) || !strcmp(colours[i].name, family))
            return colours[i].colour;
    return "#bccbf0";
}

/* ---- nodes and edges ---- */

static void put_row(const picture *picture, size_t layer) {
    lungo_layer_info info = lungo_net_layer(picture->net, layer);
    fprintf(picture->dot, "<tr><td bgcolor=\"%s\"><b>", colour_of(info.type));
    put_html(picture, info.name);
    fputs("</b><br/>", picture->dot);
    put_html(picture, info.type);
    put_settings(picture, layer);
    fputs("</td></tr>", picture->dot);
}

static void put_node(const picture *picture, size_t layer) {
    const lungo_net *net = picture->net;
    fprintf(picture->dot,
            "l%zu [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"5\" "
            "color=\"#606060\">",
            layer);
    put_row(picture, layer);
    for (size_t i = layer + 1; i < lungo_net_layer_count(net); i++) {
        if (!is_in_place(net, i)) continue;
        const lungo_blob *blob = lungo_net_layer_bottom(net, i, 0);
        if (node_of(net, &blob, i) == layer) put_row(picture, i);
    }
    fputs("</table>>]\n", picture->dot);
}

static void put_edge(const picture *picture, size_t from, size_t to, const lungo_blob *blob) {
    const lungo_shape *shape = lungo_blob_shape(blob);
    fprintf(picture->dot, "l%zu -> ", from);
    fprintf(picture->dot, to == SIZE_MAX ? "o%zu" : "l%zu", to == SIZE_MAX ? from : to);
    fputs(" [label=<", picture->dot);
    put_html(picture, lungo_blob_name(blob));
    fputs("<br/>", picture->dot);
    put_sizes(picture, "", shape->dim, shape->axes, -1);
    if (shape->axes == 0) fputs("one value", picture->dot);
    fputs(">]\n", picture->dot);
}

/* What goes into a layer, and into those in place behind it besides what they change. */
static void put_edges(const picture *picture, size_t layer) {
    const lungo_net *net = picture->net;
    const lungo_blob *own = is_in_place(net, layer) ? lungo_net_layer_bottom(net, layer, 0) : NULL;
    size_t node = layer;
    if (own) node = node_of(net, &own, layer);
    for (size_t j = own ? 1 : 0; j < lungo_net_layer(net, layer).bottom_count; j++) {
        const lungo_blob *blob = lungo_net_layer_bottom(net, layer, j);
        size_t from = node_of(net, &blob, layer);
        if (from != SIZE_MAX) put_edge(picture, from, node, blob);
    }
}

/* Arrows that leave the net. */
static void put_outputs(const picture *picture) {
    const lungo_net *net = picture->net;
    for (size_t i = 0; i < lungo_net_output_count(net); i++) {
        const lungo_blob *blob = lungo_net_output(net, i);
        size_t from = node_of(net, &blob, lungo_net_layer_count(net));
        if (from == SIZE_MAX) continue;
        fprintf(picture->dot, "o%zu [shape=point width=0.08 color=\"#606060\"]\n", from);
        put_edge(picture, from, SIZE_MAX, blob);
    }
}

static void put_graph(const picture *picture, const char *direction) {
    fprintf(picture->dot,
            "digraph net {\nrankdir=%s\nbgcolor=white\nnode [shape=plain fontname=Helvetica "
            "fontsize=11]\nedge [fontname=Helvetica fontsize=9 color=\"#606060\" "
            "fontcolor=\"#404040\"]\n",
            direction);
    for (size_t i = 0; i < lungo_net_layer_count(picture->net); i++)
        if (!is_split(picture->net, i) && !is_in_place(picture->net, i)) put_node(picture, i);
    for (size_t i = 0; i < lungo_net_layer_count(picture->net); i++)
        if (!is_split(picture->net, i)) put_edges(picture, i);
    put_outputs(picture);
    fputs("}\n", picture->dot);
}

static bool draw(const lungo_net *net, const command_flags *flags, const char *format) {
    char kind[8];
    snprintf(kind, sizeof kind, "-T%s", format);
    const char *const argv[] = {"dot", kind, NULL};
    const drawing_program dot = {argv, "graphviz"};
    char *text = NULL;
    size_t length = 0;
    picture picture = {net, open_memstream(&text, &length)};
    if (picture.dot) put_graph(&picture, flags->rankdir);
    bool done = picture.dot && !fclose(picture.dot) &&
                child_make_file(&dot, text, length, flags->output);
    free(text);
    return done;
}

/* ---- */

static bool check_flags(const command_flags *flags, int count, const char **format) {
    static const char *const directions[] = {"LR", "TB", "BT", "RL"};
    if (count != 1) return !glog_complain("draw: expected one net, a prototxt, got %d words", count);
    for (int i = 0; i < 4; i++)
        if (!strcmp(flags->rankdir, directions[i]))
            return child_format(format, "draw", flags->output, "svg|png|pdf");
    return !glog_complain("draw: --rankdir: expected LR, TB, BT or RL, got '%s'", flags->rankdir);
}

int cmd_draw(const command_flags *flags, const char *const *words, int count) {
    const char *format;
    if (*flags->weights) return draw_filters(flags, words, count);
    if (!check_flags(flags, count, &format)) return 1;
    lungo_net *net = open_shapes(flags, words[0]);
    int status = !net || !draw(net, flags, format);
    lungo_net_free(net);
    return status;
}
