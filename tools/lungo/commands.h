/* The commands of `lungo`: one cmd_*.c each, listed in the table of main.c. */
#ifndef LUNGO_TOOLS_COMMANDS_H
#define LUNGO_TOOLS_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "lungo/net.h"
#include "support/flags.h"
#include "support/words.h"

/* Caffe's flags, shared by all commands as in Caffe. */
typedef struct command_flags {
    const char *engine, *precision, *gpu, *solver, *model, *phase, *stage, *snapshot, *weights;
    const char *sigint_effect, *sighup_effect, *sigterm_effect, *resume;
    const char *guard, *watch, *contact_sheet, *root_folder, *unknown_fields; /* Lungo's own */
    const char *keep_best, *snapshot_errors, *max_memory, *metrics, *progress, *tensorboard;
    const char *layer, *step, *tolerance;
    const char *mean, *mean_value, *scale, *raw_scale, *images_dim, *labels, *input;
    int guard_growth, keep_snapshots, metrics_every, tensorboard_histograms, samples, top, seed;
    const char *output, *x, *y, *rankdir;
    int smooth;
    bool log_scale;
    flag_list limits;
    int level, iterations;
    bool log_plan, markdown, memory, skip_bad_records, strict, json, oversample, rgb;
} command_flags;

/* Each returns the exit status. `words`: what stood on the command line besides command and flags.
 */
int cmd_train(const command_flags *flags);
int cmd_test(const command_flags *flags);
int cmd_time(const command_flags *flags);
int cmd_decay(const command_flags *flags);
int cmd_device_query(const command_flags *flags);
int cmd_check(const command_flags *flags, const char *const *words, int word_count);
int cmd_classify(const command_flags *flags, const char *const *words, int word_count);
int cmd_data(const command_flags *flags, const char *const *words, int word_count);
int cmd_diff(const command_flags *flags, const char *const *words, int word_count);
int cmd_fold(const command_flags *flags);
int cmd_gradcheck(const command_flags *flags, const char *const *words, int word_count);
int cmd_info(const command_flags *flags, const char *const *words, int word_count);
int cmd_draw(const command_flags *flags, const char *const *words, int word_count);
int cmd_plot(const command_flags *flags, const char *const *words, int word_count);
int cmd_report(const command_flags *flags, const char *const *words, int word_count);
int cmd_layers(const command_flags *flags, const char *const *words, int word_count);

/* ---- for commands ---- */

/* A warning when --gpu was given. */
void warn_of_gpu(const command_flags *flags);

/* The same, and "Use CPU." with the line number that Caffe has there. */
void say_cpu(const command_flags *flags, int line);

/* Opens the net to look at, for its shapes alone; reports what is wrong. NULL: failed. */
lungo_net *open_shapes(const command_flags *flags, const char *path, lungo_phase phase);

/* Opens a net in TEST to run it forward, with random numbers by flags->seed; reports what is wrong.
 * NULL: failed. */
lungo_net *open_seeded(const command_flags *flags, const char *path);

/* Opens flags->model; reports what is wrong. NULL: failed. */
lungo_net *open_model(const command_flags *flags, lungo_phase phase, bool forward_only);

#endif
