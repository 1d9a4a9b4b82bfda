#include "draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lungo/catalog.h"
#include "support/glog.h"
#include "support/html.h"

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

size_t draw_maker(const lungo_net *net, const lungo_blob **blob, size_t before) {
    size_t maker = maker_of(net, *blob, before);
    while (maker != SIZE_MAX && is_split(net, maker)) {
        *blob = lungo_net_layer_bottom(net, maker, 0);
        maker = maker_of(net, *blob, maker);
    }
    return maker;
}

/* ---- text of labels ---- */

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
    html_text(to->dot, info.name);
    fputs("</b><br/>", to->dot);
    html_text(to->dot, info.type);
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
        if (draw_maker(net, &blob, i) == layer) put_row(to, i);
    }
    fputs("</table>>]\n", to->dot);
}

/* An arrow to layer `node`, or out of the net as its output `node`. */
static void put_edge(const drawing *to, size_t from, size_t node, bool leaves,
                     const lungo_blob *blob) {
    const lungo_shape *shape = lungo_blob_shape(blob);
    fprintf(to->dot, "l%zu -> %c%zu [label=<", from, leaves ? 'o' : 'l', node);
    html_text(to->dot, lungo_blob_name(blob));
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
    if (own) node = draw_maker(net, &own, layer);
    for (size_t j = own ? 1 : 0; j < lungo_net_layer(net, layer).bottom_count; j++) {
        const lungo_blob *blob = lungo_net_layer_bottom(net, layer, j);
        size_t from = draw_maker(net, &blob, layer);
        if (from != SIZE_MAX) put_edge(to, from, node, false, blob);
    }
}

/* Arrows that leave the net. */
static void put_outputs(const drawing *to) {
    const lungo_net *net = to->net;
    for (size_t i = 0; i < lungo_net_output_count(net); i++) {
        const lungo_blob *blob = lungo_net_output(net, i);
        size_t from = draw_maker(net, &blob, lungo_net_layer_count(net));
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

bool draw_script(char **text, size_t *length, const lungo_net *net, const char *direction) {
    *text = NULL;
    drawing to = {net, open_memstream(text, length)};
    if (to.dot) put_graph(&to, direction);
    return (to.dot && !fclose(to.dot)) || !glog_complain("out of memory");
}
