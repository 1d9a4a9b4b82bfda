/* lungo decay --solver=FILE: how each parameter will decay, without training. */
#include <math.h>
#include <stdio.h>

#include "commands.h"
#include "lungo/solver.h"
#include "support/glog.h"

typedef struct shape_text {
    char text[96];
} shape_text;

static shape_text text_of(const lungo_shape *shape) {
    shape_text out = {"scalar"};
    size_t used = 0;
    for (int i = 0; i < shape->axes && used < sizeof out.text; i++)
        used += (size_t)snprintf(out.text + used, sizeof out.text - used, i ? "x%d" : "%d",
                                 shape->dim[i]);
    return out;
}

static void print_row(const lungo_decay_info *info) {
    char shrink[24] = "-";
    const lungo_param_info *param = &info->param;
    if (!isnan(info->shrink)) snprintf(shrink, sizeof shrink, "%g", info->shrink);
    printf("%-20s %5zu %-16s %10zu %7g %10g %10g %10g %10s  %s\n", param->layer, param->index,
           text_of(lungo_blob_shape(param->blob)).text, lungo_blob_count(param->blob),
           param->lr_mult, param->decay_mult, info->rate, info->weight_decay, shrink, info->rule);
}

static void print_notes(const lungo_solver *solver, size_t count) {
    printf("\n");
    for (size_t i = 0; i < count; i++) {
        lungo_decay_info info = lungo_solver_decay(solver, i);
        if (*info.note) printf("%s %zu: %s\n", info.param.layer, info.param.index, info.note);
    }
}

static void print_table(const lungo_solver *solver) {
    size_t count = lungo_net_param_count(lungo_solver_net(solver));
    printf("%-20s %5s %-16s %10s %7s %10s %10s %10s %10s  %s\n", "layer", "index", "shape", "count",
           "lr_mult", "decay_mult", "lr", "decay", "shrinks by", "rule");
    for (size_t i = 0; i < count; i++) {
        lungo_decay_info info = lungo_solver_decay(solver, i);
        print_row(&info);
    }
    print_notes(solver, count);
}

int cmd_decay(const command_flags *flags) {
    if (!*flags->solver) return glog_complain("decay: expected --solver=FILE, a solver definition");
    stage_list stages;
    if (!stages_split(&stages, flags->stage)) return glog_complain("out of memory");
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.level = flags->level;
    options.stages = stages.names;
    options.stage_count = stages.count;
    options.ignore_weights = true;
    lungo_solver *solver = NULL;
    glog_set_minimum(LUNGO_LOG_WARNING);
    lungo_status status = lungo_solver_open(&solver, flags->solver, &options);
    if (status)
        glog_report_error();
    else
        print_table(solver);
    lungo_solver_free(solver);
    stages_dispose(&stages);
    return status != LUNGO_OK;
}
