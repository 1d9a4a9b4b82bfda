/* lungo_faults [--all] [--verbose] SCENARIO...: runs each scenario once to count what it asks of
 * the system, then once for each of these calls with that one failing, and for each call on files
 * once more with all later ones of its kind failing too. Each time:
 *   - it gives an error whose text names the reason, or the whole result;
 *   - every file is what it was before, or what a run without a fault makes of it; none is new but
 *     those that such a run makes; descriptors and threads are as many as before;
 *   - then the same works in the same process.
 * Under LeakSanitizer nothing may have leaked. Of many calls for memory every k-th fails, so that
 * there are at most MOST; with --all each of them, and each with all later ones. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults/listing.h"
#include "faults/scenario.h"
#include "support/faults.h"
#include "support/folder.h"

enum { MOST = 300, SECONDS = 60 };

static const scenario *const tables[] = {scenarios_train, scenarios_infer, scenarios_convert};

static bool all, verbose, no_renames;
static int failures;
static unsigned long long result;
static char now[128]; /* which fault of which scenario */

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

void result_add(const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        result = (result ^ ((const unsigned char *)bytes)[i]) * 1099511628211ull;
}

void must(lungo_status status, const char *what) {
    if (!status) return;
    fprintf(stderr, "%s: %s\n", what, lungo_error_text());
    exit(2);
}

void put_text(const char *path, const char *text) {
    FILE *out = fopen(path, "w");
    if (out && fputs(text, out) >= 0 && !fclose(out)) return;
    perror(path);
    exit(2);
}

/* What is known of a scenario before anything fails. */
typedef struct expected {
    listing inputs, before, after;
    unsigned long long result;
    size_t calls[LUNGO_FAULT_KINDS];
    int files, threads;
} expected;

static void complain(const char *what, const char *more) {
    failures++;
    fprintf(stderr, "FAIL %s: %s %s\n", now, what, more);
    if (lungo_fault_struck()) lungo_fault_print_place();
}

/* ---- one run ---- */

/* Some files grow while a run goes on; one that ends early leaves them shorter, but whole: lines of
 * text, rows of HDF5. */
static bool is_beginning(const listed_file *file, const listed_file *whole) {
    lungo_hdf5_file *open;
    if (!file->size) return true;
    if (lungo_hdf5_file_is(file->path) && !lungo_hdf5_file_open(&open, file->path)) {
        lungo_hdf5_file_close(open);
        return true;
    }
    return whole && file->size < whole->size && !memcmp(file->bytes, whole->bytes, file->size) &&
           file->bytes[file->size - 1] == '\n';
}

static bool grows(const scenario *one, const char *path) {
    return one->grows && !strcmp(path, one->grows);
}

/* Old weights that could not go back to their name, for nothing could be renamed any more. */
static bool waits_for_its_name(const expected *known, const listed_file *file) {
    char name[256] = "";
    size_t length = strlen(file->path), end = strlen(".before");
    if (!no_renames || length < end || strcmp(file->path + length - end, ".before")) return false;
    snprintf(name, sizeof name, "%.*s", (int)(length - end), file->path);
    return listing_same_file(file, listing_find(&known->before, name));
}

static void check_file(const scenario *one, const expected *known, const listed_file *file) {
    if (grows(one, file->path) && is_beginning(file, listing_find(&known->after, file->path)))
        return;
    if (waits_for_its_name(known, file)) return;
    if (!listing_same_file(file, listing_find(&known->before, file->path)) &&
        !listing_same_file(file, listing_find(&known->after, file->path)))
        complain("neither as before nor as after a good run:", file->path);
}

static void check_folders(const scenario *one, const expected *known, bool succeeded) {
    listing inputs = listing_of("in"), outputs = listing_of("out");
    const char *changed = listing_difference(&inputs, &known->inputs);
    const char *missing = listing_difference(&outputs, &known->after);
    if (changed) complain("changed an input:", changed);
    if (succeeded && missing && !grows(one, missing)) complain("success without", missing);
    for (size_t i = 0; i < outputs.count; i++)
        check_file(one, known, &outputs.files[i]);
    for (size_t i = 0; i < known->before.count; i++)
        if (!listing_find(&outputs, known->before.files[i].path))
            complain("lost", known->before.files[i].path);
    if (lungo_count_entries("tmp") > 2) complain("left something in", "tmp/");
    if (listing_difference(&outputs, &known->before)) listing_restore(&known->before, "out");
    listing_dispose(&inputs);
    listing_dispose(&outputs);
}

static void check_process(const expected *known) {
    if (lungo_count_entries("/proc/self/fd") != known->files) complain("left files open", "");
    if (lungo_count_entries("/proc/self/task") > known->threads) complain("left threads", "");
}

static void check_text(lungo_fault_kind kind) {
    const char *text = lungo_error_text();
    if (strncmp(text, "lungo: ", 7)) complain("an error without a text:", text);
    if (!strstr(text, lungo_fault_reason(kind))) complain("the reason is not in the text:", text);
}

static lungo_status run_once(const scenario *one) {
    result = 14695981039346656037ull;
    alarm(SECONDS);
    lungo_status status = one->run();
    alarm(0);
    return status;
}

static void check_again(const scenario *one, const expected *known) {
    strcat(now, ", then again");
    no_renames = false;
    lungo_status status = run_once(one);
    if (status) complain("fails after a fault:", lungo_error_text());
    if (!status && result != known->result) complain("another result", "");
    check_folders(one, known, true);
}

static void strike(const scenario *one, const expected *known, lungo_fault_kind kind, size_t n,
                   lungo_fault_mode mode) {
    snprintf(now, sizeof now, "%s: %s %zu of %zu%s", one->name, lungo_fault_name(kind), n,
             known->calls[kind], mode == LUNGO_FAULT_STAYS ? " and all later ones" : "");
    if (verbose) fprintf(stderr, "%s\n", now);
    no_renames = kind == LUNGO_FAULT_RENAME && mode == LUNGO_FAULT_STAYS;
    lungo_fault_arm(kind, n, mode);
    lungo_status status = run_once(one);
    lungo_fault_arm(kind, 0, mode);
    bool struck = lungo_fault_struck();
    if (status && !struck) complain("failed by itself:", lungo_error_text());
    if (status && struck) check_text(kind);
    if (!status && result != known->result) complain("success with another result", "");
    check_folders(one, known, !status);
    check_process(known);
    check_again(one, known);
}

/* ---- all of them ---- */

static void mkdir_or_exit(const char *path) {
    if (!mkdir(path, 0777)) return;
    perror(path);
    exit(2);
}

/* What a run will write stands there before, with another content. */
static void put_old_files(const expected *known) {
    for (size_t i = 0; i < known->after.count; i++)
        if (known->after.files[i].bytes) put_text(known->after.files[i].path, "of old\n");
}

static expected know(const scenario *one) {
    expected known = {.inputs = listing_of("in"), .before = listing_of("out")};
    snprintf(now, sizeof now, "%s", one->name);
    must(run_once(one), one->name); /* warms up what is made once in a process */
    listing_restore(&known.before, "out");
    for (int i = 0; i < LUNGO_FAULT_KINDS; i++)
        known.calls[i] = lungo_fault_calls((lungo_fault_kind)i);
    must(run_once(one), one->name);
    for (int i = 0; i < LUNGO_FAULT_KINDS; i++)
        known.calls[i] = lungo_fault_calls((lungo_fault_kind)i) - known.calls[i];
    known.result = result;
    known.after = listing_of("out");
    if (one->replaces) {
        put_old_files(&known);
        listing_dispose(&known.before);
        known.before = listing_of("out");
    }
    listing_restore(&known.before, "out");
    known.files = lungo_count_entries("/proc/self/fd");
    known.threads = lungo_count_entries("/proc/self/task");
    return known;
}

static void forget(expected *known) {
    listing_dispose(&known->inputs);
    listing_dispose(&known->before);
    listing_dispose(&known->after);
}

static size_t strike_each(const scenario *one, const expected *known, lungo_fault_kind kind) {
    size_t count = known->calls[kind], step = all ? 1 : count / MOST + 1, strikes = 0;
    if (!count && strstr(one->kinds, lungo_fault_name(kind)))
        complain("never met a call of kind", lungo_fault_name(kind));
    for (size_t n = 1; n <= count; n += step, strikes++) {
        strike(one, known, kind, n, LUNGO_FAULT_ONCE);
        if (all || kind != LUNGO_FAULT_MEMORY) strike(one, known, kind, n, LUNGO_FAULT_STAYS);
    }
    return strikes;
}

static void check_leaks(const scenario *one) {
    snprintf(now, sizeof now, "%s", one->name);
    if (__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check())
        complain("leaked", "");
}

static void work_through(const scenario *one) {
    char *folder = lungo_temporary_folder();
    if (!folder || chdir(folder)) exit(2);
    mkdir_or_exit("in");
    mkdir_or_exit("out");
    mkdir_or_exit("tmp");
    setenv("TMPDIR", "tmp", 1);
    one->prepare();
    expected known = know(one);
    printf("%s:", one->name);
    for (int i = 0; i < LUNGO_FAULT_KINDS; i++) {
        size_t strikes = strike_each(one, &known, (lungo_fault_kind)i);
        if (known.calls[i])
            printf(" %s %zu/%zu", lungo_fault_name((lungo_fault_kind)i), strikes, known.calls[i]);
        fflush(stdout);
    }
    printf("\n");
    forget(&known);
    check_leaks(one);
    unsetenv("TMPDIR");
    if (chdir("/")) exit(2);
    lungo_remove_folder(folder);
}

static int work_through_named(const char *name) {
    int found = 0;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const scenario *one = tables[i]; one->name; one++)
            if (!strcmp(name, one->name)) {
                work_through(one);
                found++;
            }
    if (!found) fprintf(stderr, "no scenario '%s'\n", name);
    return found;
}

/* Says what was going on when it crashes, or hangs. */
static void report_death(int number) {
    fprintf(stderr, "FAIL %s: %s\n", now, strsignal(number));
    lungo_fault_print_place();
    signal(number, SIG_DFL);
    raise(number);
}

int main(int argc, char **argv) {
    int found = 0;
    signal(SIGALRM, report_death);
    signal(SIGABRT, report_death);
    if (!__lsan_do_recoverable_leak_check) signal(SIGSEGV, report_death);
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--all"))
            all = true;
        else if (!strcmp(argv[i], "--verbose"))
            verbose = true;
        else if (!work_through_named(argv[i]))
            return 2;
        else
            found++;
    }
    return failures || !found;
}
