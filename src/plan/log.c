/* The table of --log-plan. */
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "plan/step.h"

static const char *layout_of(const lungo_blob *blob) {
    return lungo_blob_is_blocked(blob) ? "blocked" : "plain";
}

static void name_layers(lungo_buffer *text, const lungo_net *net, const lungo_step *step) {
    for (int i = step->first; i <= step->last; i++)
        lungo_buffer_printf(text, "%s%s", i > step->first ? "+" : "", net->layers[i]->name);
}

static void name_implementation(lungo_buffer *text, const lungo_net *net, const lungo_step *step) {
    for (int i = 0; i < step->unit_count; i++)
        lungo_buffer_printf(text, "%s%s: %s", i ? ", " : "", step->units[i].type->name,
                            step->units[i].info);
    if (step->unit_count > 0) return;
    lungo_buffer_printf(text, "layer: %s", net->layers[step->first]->type->name);
    if (step->why[0]) lungo_buffer_printf(text, " (%s)", step->why);
}

static void name_layouts(lungo_buffer *text, const lungo_net *net, const lungo_step *step) {
    const lungo_layer *first = net->layers[step->first], *last = net->layers[step->last];
    lungo_buffer_printf(text, "%s -> %s", first->bottom_count ? layout_of(first->bottoms[0]) : "",
                        last->top_count ? layout_of(last->tops[0]) : "");
}

uint64_t lungo_steps_hash(const lungo_net *net, const lungo_step *steps, int count) {
    lungo_buffer text = {0};
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
    for (int k = 0; k < count; k++) {
        name_layers(&text, net, &steps[k]);
        name_implementation(&text, net, &steps[k]);
    }
    if (text.failed) hash = 0;
    for (size_t i = 0; !text.failed && i < text.length; i++)
        hash = (hash ^ (unsigned char)text.bytes[i]) * 0x100000001b3;
    lungo_buffer_dispose(&text);
    return hash;
}

void lungo_plan_log(const lungo_net *net, const lungo_step *steps, int count) {
    lungo_buffer layers = {0}, how = {0}, layouts = {0};
    lungo_note("Plan: %d layers in %d steps", net->layer_count, count);
    lungo_note("%4s  %-36s  %-18s  %s", "step", "layers", "layouts", "computed by");
    for (int k = 0; k < count; k++) {
        lungo_buffer_clear(&layers);
        lungo_buffer_clear(&how);
        lungo_buffer_clear(&layouts);
        name_layers(&layers, net, &steps[k]);
        name_implementation(&how, net, &steps[k]);
        name_layouts(&layouts, net, &steps[k]);
        lungo_note("%4d  %-36s  %-18s  %s", k, lungo_buffer_text(&layers),
                   lungo_buffer_text(&layouts), lungo_buffer_text(&how));
    }
    lungo_buffer_dispose(&layers);
    lungo_buffer_dispose(&how);
    lungo_buffer_dispose(&layouts);
}
