/* lungo <command> <flags>: Caffe's commands under one roof. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "lungo/suggest.h"
#include "options.h"
#include "support/glog.h"
#include "support/manual.h"
#include "support/threads.h"

static int run_check(const char *const *words, int count) {
    return cmd_check(&options_given, words, count);
}

static int run_classify(const char *const *words, int count) {
    return cmd_classify(&options_given, words, count);
}

static int run_data(const char *const *words, int count) {
    return cmd_data(&options_given, words, count);
}

static int run_diff(const char *const *words, int count) {
    return cmd_diff(&options_given, words, count);
}

static int run_gradcheck(const char *const *words, int count) {
    return cmd_gradcheck(&options_given, words, count);
}

static int run_info(const char *const *words, int count) {
    return cmd_info(&options_given, words, count);
}

static int run_layers(const char *const *words, int count) {
    return cmd_layers(&options_given, words, count);
}

static int run_draw(const char *const *words, int count) {
    return cmd_draw(&options_given, words, count);
}

static int run_plot(const char *const *words, int count) {
    return cmd_plot(&options_given, words, count);
}

static int run_report(const char *const *words, int count) {
    return cmd_report(&options_given, words, count);
}

/* Commands that take no words besides their flags share one shape; a file goes to the flag. */
#define WITHOUT_WORDS(command, advice)                                                             \
    static int run_##command(const char *const *words, int count) {                                \
        if (count > 0)                                                                             \
            return glog_complain(#command ": expected flags only, got the word '%s'" advice,       \
                                 words[0]);                                                        \
        return cmd_##command(&options_given);                                                      \
    }
WITHOUT_WORDS(train, "; a solver is given as --solver=FILE")
WITHOUT_WORDS(test, "; a net is given as --model=FILE")
WITHOUT_WORDS(time, "; a net is given as --model=FILE")
WITHOUT_WORDS(decay, "; a solver is given as --solver=FILE")
WITHOUT_WORDS(device_query, "")
WITHOUT_WORDS(fold, "; a net is given as --model=FILE, its weights as --weights=FILE")

static const struct {
    tool_page page;
    int (*run)(const char *const *words, int count);
} commands[] = {
    {{.name = "train",
      .words = "--solver=FILE [flags]",
      .brief = "train or finetune a model",
      .about = "Reads the solver file, makes its train net and test nets, and trains to max_iter, "
               "with Caffe's log on stderr. SIGINT and SIGTERM stop after the iteration with a "
               "snapshot, SIGHUP takes a snapshot and goes on. A run that is resumed is the run "
               "that was not stopped.",
      .examples = "lungo train --solver=models/lenet/solver.prototxt\n"
                  "lungo train --solver=solver.prototxt --weights=pretrained.caffemodel\n"
                  "lungo train --solver=solver.prototxt --snapshot=net_iter_5000.solverstate"},
     run_train},
    {{.name = "test",
      .words = "--model=FILE --weights=FILE [flags]",
      .brief = "score a model",
      .about = "Runs the net's TEST phase and logs the mean of every output over the batches.",
      .examples = "lungo test --model=train_test.prototxt --weights=net.caffemodel "
                  "--iterations=100"},
     run_test},
    {{.name = "time",
      .words = "--model=FILE [flags]",
      .brief = "benchmark model execution time",
      .about = "Milliseconds per layer, forward and backward, and of both together.",
      .examples = "lungo time --model=models/alexnet/bench.prototxt --iterations=10\n"
                  "lungo time --model=deploy.prototxt --phase=TEST --memory"},
     run_time},
    {{.name = "decay",
      .words = "--solver=FILE [flags]",
      .brief = "show how each parameter will decay, without training",
      .examples = "lungo decay --solver=models/lenet/solver.prototxt"},
     run_decay},
    {{.name = "check",
      .words = "[flags] FILE...",
      .brief = "say what is wrong with nets and solvers, and what to do",
      .about = "FILE is a net or a solver, whose nets are looked at as well. Nothing is run, and "
               "the data need not be there. docs/check.md has what is looked for.",
      .examples = "lungo check models/lenet/solver.prototxt\n"
                  "lungo check --strict --weights=pretrained.caffemodel train_val.prototxt",
      .status = "0 no errors (with --strict: nor warnings), 1 some."},
     run_check},
    {{.name = "classify",
      .words = "--model=FILE --weights=FILE [flags] PICTURE...",
      .brief = "name what pictures show",
      .about = "Prints the likeliest classes of each PICTURE, which may also be a list of them: a "
               "name that ends in .txt, with a path in each line. Pictures are resized, and less "
               "the mean, as Caffe's classification example has it.",
      .examples = "lungo classify --model=deploy.prototxt --weights=net.caffemodel "
                  "--mean=mean.binaryproto --labels=synset_words.txt cat.jpg\n"
                  "lungo classify --model=deploy.prototxt --weights=net.caffemodel "
                  "--mean_value=104,117,123 --images_dim=256,256 --oversample pictures.txt",
      .status = "0 done, 1 failed, or a picture cannot be read."},
     run_classify},
    {{.name = "data",
      .words = "[flags] PATH",
      .brief = "show what a database or another source of data holds",
      .about = "PATH is a database (LMDB or LevelDB), a list of pictures, an HDF5 file or a list "
               "of such. Every record is tried.",
      .examples = "lungo data examples/cifar10/cifar10_train_lmdb --contact_sheet=train.png",
      .status = "0 done, 1 failed, or a record is bad."},
     run_data},
    {{.name = "draw",
      .words = "[flags] NET -o FILE, or --weights=FILE [LAYER] -o FILE",
      .brief = "draw a net, or the filters of trained weights",
      .about = "Layers are boxes, in colours by their kind; those in place stand below what they "
               "change; arrows are blobs, with their shapes. graphviz does the drawing. With "
               "--weights the filters of the layer named, or of the first with a window, are drawn "
               "as pictures.",
      .examples = "lungo draw train_test.prototxt -o net.svg\n"
                  "lungo draw --phase=TEST --rankdir=LR deploy.prototxt -o net.pdf\n"
                  "lungo draw --weights=net.caffemodel -o filters.png"},
     run_draw},
    {{.name = "plot",
      .words = "[flags] RUN... -o FILE",
      .brief = "draw loss, outputs and learning rate of trainings",
      .about =
          "A RUN is a log of training, Lungo's or Caffe's, or a file of lungo train --metrics. "
          "Several are drawn into the same panels. gnuplot does the drawing.",
      .examples = "lungo plot train.log -o train.svg\n"
                  "lungo plot sgd.log adam.log --y=loss,accuracy --smooth=20 -o compared.png"},
     run_plot},
    {{.name = "report",
      .words = "[flags] RUN_DIR -o FILE",
      .brief = "write a page about a run: curves, scores, net, times",
      .about = "RUN_DIR is a folder with a solver (solver.prototxt, or --solver), logs (*.log, "
               "*.INFO) or metrics (metrics*.jsonl), and maybe labels.txt with the names of the "
               "classes. The weights are those of the newest good snapshot of the solver's "
               "prefix. The page is one file that needs nothing beside it; what was not found is "
               "said on it. Run it where training ran: paths in the solver are relative to that.",
      .examples = "lungo report runs/lenet -o report.html\n"
                  "lungo report runs/lenet --weights=best.caffemodel -o best.html"},
     run_report},
    {{.name = "device_query", .words = "", .brief = "show what this machine computes with"},
     run_device_query},
    {{.name = "diff",
      .words = "[flags] A B | NET WEIGHTS NET WEIGHTS",
      .brief = "say what differs between definitions, weights, or what nets give",
      .about = "A and B are two nets or two solvers, which are upgraded and compared field by "
               "field; or two .caffemodels, which are compared blob by blob. With --model=NET, or "
               "with two nets and their weights, the blobs that they give for the same input are "
               "compared.",
      .examples = "lungo diff old/solver.prototxt solver.prototxt\n"
                  "lungo diff net_iter_1000.caffemodel net_iter_2000.caffemodel\n"
                  "lungo diff --model=deploy.prototxt --input=x.npy a.caffemodel b.caffemodel\n"
                  "lungo diff deploy.prototxt net.caffemodel folded.prototxt folded.caffemodel",
      .status = "0 they are equal, 1 they differ, 2 they cannot be compared."},
     run_diff},
    {{.name = "fold",
      .words = "--model=FILE --weights=FILE -o PREFIX",
      .brief = "fold BatchNorm, Scale and Bias into weights",
      .about = "Writes a net for inference with the same outputs: BatchNorm, Scale and Bias become "
               "part of the Convolution, Deconvolution or InnerProduct before them, and layers "
               "that do nothing in TEST are taken out.",
      .examples = "lungo fold --model=deploy.prototxt --weights=net.caffemodel -o folded"},
     run_fold},
    {{.name = "gradcheck",
      .words = "[flags] FILE",
      .brief = "compare the gradients of each layer with central differences",
      .about = "FILE is a net, opened in TRAIN. Each layer is looked at by itself, on what the "
               "layers before it made.",
      .examples = "lungo gradcheck models/lenet/bench.prototxt\n"
                  "lungo gradcheck --layer=conv2 --step=0.001 --samples=100 net.prototxt",
      .status = "0 all gradients are right, 1 some are wrong, or it failed."},
     run_gradcheck},
    {{.name = "info",
      .words = "[flags] FILE",
      .brief = "show the layers of a net and their costs, or what weights hold",
      .about = "FILE is a net, which is built for its shapes alone, or a .caffemodel.",
      .examples = "lungo info models/alexnet/deploy.prototxt\n"
                  "lungo info --phase=TRAIN --json train_val.prototxt\n"
                  "lungo info net.caffemodel"},
     run_info},
    {{.name = "layers",
      .words = "[flags] [TYPE...]",
      .brief = "list the layer types, or describe those named",
      .examples = "lungo layers Convolution"},
     run_layers},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const tool_page *pages[COMMANDS + 1];
static const tool_manual manual = {
    .tool = {.name = "lungo",
             .words = "<command> [flags]",
             .brief = "Caffe made to last",
             .about = "Trains and runs neural networks that are declared in Caffe's prototxt.",
             .examples = "lungo train --solver=models/lenet/solver.prototxt\n"
                         "lungo layers Convolution"},
    .commands = pages,
    .flags = options_table};

static const char *name_at(const void *list, size_t index) {
    const tool_page *const *page = list;
    return page[index]->name;
}

static int unknown_command(const char *name) {
    char hint[LUNGO_SUGGEST_MAX];
    lungo_suggest(hint, name, name_at, pages, COMMANDS);
    fprintf(stderr, "lungo: unknown command '%s'%s\n", name, hint);
    return 1;
}

/* Caffe lets every flag pass with every command; a flag that does nothing there is worth a word. */
static void warn_of_idle_flags(const tool_page *page) {
    for (const tool_flag *flag = options_table; flag->name; flag++)
        if (flag->given && !manual_has_flag(&manual, page, flag))
            glog_line(LUNGO_LOG_WARNING, "lungo.c", __LINE__, "--%s has no effect on '%s'",
                      flag->name, page->name);
}

/* `lungo help train` is `lungo train --help`. */
static void take_help_command(flag_result *given) {
    if (given->word_count == 0 || strcmp(given->words[0], "help")) return;
    given->help = true;
    given->words++;
    given->word_count--;
}

static int run_command(const flag_result *given) {
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].page.name, given->words[0])) continue;
        warn_of_idle_flags(&commands[i].page);
        return commands[i].run(given->words + 1, given->word_count - 1);
    }
    return unknown_command(given->words[0]);
}

int main(int argc, char **argv) {
    threads_spin_little(argv);
    flag_result given;
    int status;
    glog_start();
    for (int i = 0; i < COMMANDS; i++)
        pages[i] = &commands[i].page;
    if (!flags_parse(&given, argc, argv, options_table)) return 1;
    take_help_command(&given);
    if (given.word_count == 0 && !given.version && !*given.completion && !given.man)
        given.help = true;
    if (!manual_answer(&manual, &given, &status)) status = run_command(&given);
    if (fflush(stdout) || ferror(stdout)) return glog_complain("cannot write to stdout");
    return status;
}
