/* lungo <command> <flags>: Caffe's commands under one roof. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "support/flags.h"
#include "support/glog.h"
#include "support/threads.h"

static command_flags given = {.engine = "",
                              .gpu = "",
                              .solver = "",
                              .model = "",
                              .phase = "",
                              .stage = "",
                              .snapshot = "",
                              .weights = "",
                              .sigint_effect = "stop",
                              .sighup_effect = "snapshot",
                              .guard = "on",
                              .guard_growth = 100,
                              .watch = "",
                              .contact_sheet = "",
                              .root_folder = "",
                              .iterations = 50};

static tool_flag flags[] = {
    {"contact_sheet", FLAG_TEXT, &given.contact_sheet,
     "A picture (.png, .jpg, .bmp or .ppm) to draw the first 100 records in.", "data", false},
    {"engine", FLAG_TEXT, &given.engine, "reference, blas or onednn; the fastest when left out.",
     "train test time", false},
    {"gpu", FLAG_TEXT, &given.gpu, "Accepted for old scripts: this build computes on the CPU.",
     "train test time device_query", false},
    {"guard", FLAG_TEXT, &given.guard,
     "on: the first NaN or infinity in a loss, a gradient or a weight ends training, with a report "
     "of where it came from, and warnings come early. off: train on regardless.",
     "train", false},
    {"guard-growth", FLAG_INT, &given.guard_growth,
     "Warn once a parameter's root mean square has grown to this many times its start.", "train",
     false},
    {"iterations", FLAG_INT, &given.iterations, "How many batches to test or passes to time.",
     "test time", false},
    {"level", FLAG_INT, &given.level, "The network's level.", "train test time decay", false},
    {"log-plan", FLAG_BOOL, &given.log_plan, "Show the steps that the layers make up.",
     "train test time", false},
    {"markdown", FLAG_BOOL, &given.markdown, "Describe as pages.", "layers", false},
    {"memory", FLAG_BOOL, &given.memory,
     "Show the memory that blobs take; they share it with --phase=TEST in a net without a loss.",
     "time", false},
    {"model", FLAG_TEXT, &given.model, "The network's definition, a prototxt.", "test time", false},
    {"phase", FLAG_TEXT, &given.phase, "TRAIN or TEST.", "time", false},
    {"root_folder", FLAG_TEXT, &given.root_folder,
     "What to put before the paths of a list of pictures.", "data", false},
    {"sighup_effect", FLAG_TEXT, &given.sighup_effect, "What SIGHUP does: snapshot, stop or none.",
     "train", false},
    {"sigint_effect", FLAG_TEXT, &given.sigint_effect, "What SIGINT does: snapshot, stop or none.",
     "train", false},
    {"skip-bad-records", FLAG_BOOL, &given.skip_bad_records,
     "Pass over records and pictures that cannot be decoded, with a warning; else they are errors.",
     "train test time", false},
    {"snapshot", FLAG_TEXT, &given.snapshot, "The .solverstate to go on from.", "train", false},
    {"solver", FLAG_TEXT, &given.solver, "The solver's definition, a prototxt.", "train decay",
     false},
    {"stage", FLAG_TEXT, &given.stage, "The network's stages, separated by commas.",
     "train test time decay", false},
    {"watch", FLAG_TEXT, &given.watch,
     "A file for the norms of every parameter in every iteration (weights, gradient, decay, "
     "update/weights): JSON lines if it ends in .jsonl or .json, else TSV. A new run wants a new "
     "file; with --snapshot the old one is continued, from the snapshot's iteration on.",
     "train", false},
    {"weights", FLAG_TEXT, &given.weights,
     "The .caffemodel to begin with; several for train, separated by commas.", "train test", false},
    {0},
};

static int run_data(const char *const *words, int count) {
    return cmd_data(&given, words, count);
}

static int run_layers(const char *const *words, int count) {
    return cmd_layers(&given, words, count);
}

/* Commands that take no words besides their flags share one shape. */
#define WITHOUT_WORDS(command)                                                                     \
    static int run_##command(const char *const *words, int count) {                                \
        if (count > 0)                                                                             \
            return glog_complain(#command ": expected flags only, got the word '%s'", words[0]);   \
        return cmd_##command(&given);                                                              \
    }
WITHOUT_WORDS(train)
WITHOUT_WORDS(test)
WITHOUT_WORDS(time)
WITHOUT_WORDS(decay)
WITHOUT_WORDS(device_query)

static const struct {
    const char *name, *brief;
    int (*run)(const char *const *words, int count);
} commands[] = {
    {"train", "train or finetune a model", run_train},
    {"test", "score a model", run_test},
    {"time", "benchmark model execution time", run_time},
    {"decay", "show how each parameter will decay, without training", run_decay},
    {"data", "show what a database or another source of data holds", run_data},
    {"device_query", "show what this machine computes with", run_device_query},
    {"layers", "list the layer types, or describe those named", run_layers},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int print_usage(void) {
    printf("lungo: Caffe made to last\nusage: lungo <command> <flags>\n\ncommands:\n");
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-15s %s\n", commands[i].name, commands[i].brief);
    printf("\nflags:\n");
    flags_print(flags);
    return 0;
}

static int print_version(void) {
    printf("lungo version %s, compatible with caffe version %s\n", lungo_version(),
           lungo_caffe_version());
    return 0;
}

static int unknown_command(const char *name) {
    fprintf(stderr, "lungo: unknown command '%s'; the commands are:", name);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(stderr, " %s", commands[i].name);
    fputc('\n', stderr);
    return 1;
}

/* Caffe lets every flag pass with every command; a flag that does nothing there is worth a word. */
static void warn_of_idle_flags(const char *command) {
    for (const tool_flag *flag = flags; flag->name; flag++)
        if (flag->given && flag->acts && !strstr(flag->acts, command))
            glog_line(LUNGO_LOG_WARNING, "lungo.c", __LINE__, "--%s has no effect on '%s'",
                      flag->name, command);
}

int main(int argc, char **argv) {
    threads_spin_little(argv);
    flag_result result;
    glog_start();
    if (!flags_parse(&result, argc, argv, flags)) return 1;
    if (result.help) return print_usage();
    if (result.version) return print_version();
    if (result.word_count == 0) return print_usage();
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, result.words[0])) continue;
        warn_of_idle_flags(commands[i].name);
        int status = commands[i].run(result.words + 1, result.word_count - 1);
        if (fflush(stdout) || ferror(stdout)) return glog_complain("cannot write to stdout");
        return status;
    }
    return unknown_command(result.words[0]);
}
