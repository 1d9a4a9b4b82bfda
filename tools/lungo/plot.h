/* Curves of trainings, as a script for gnuplot. */
#ifndef LUNGO_TOOLS_PLOT_H
#define LUNGO_TOOLS_PLOT_H

#include "support/child.h"
#include "support/curves.h"
#include "support/words.h"

enum { PLOT_PANELS = 12 };

extern const drawing_program plot_program;

typedef struct plot_request {
    const run_curves *runs;
    const char *const *paths; /* of the runs, for their names */
    size_t run_count;
    const char *x; /* "iteration" or "time" */
    int smooth;    /* the mean of so many points of training */
    bool log_scale;
    size_t width, panel_height;      /* in pixels */
    size_t panel_count;              /* 0 at first */
    const char *panels[PLOT_PANELS]; /* the names of their quantities */
} plot_request;

/* Panels that were asked for have to be there; of those that are chosen when none is asked for, the
 * empty ones are left out. False: after saying what is missing. */
bool plot_settle_panels(plot_request *plot, const word_list *asked);

/* The caller frees *text, also after a failure. terminal: what gnuplot calls it, svg or pngcairo.
 * False: out of memory, which has been said. */
bool plot_script(char **text, size_t *length, const plot_request *asked, const char *terminal);

#endif
