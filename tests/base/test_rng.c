/* The draws against those of real Caffe: tests/golden/seeds/draws_SEED.tsv has, per line, the name
 * of a distribution and its first draws after seeding; the last two lines sum up 200,000 draws. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/rng.h"
#include "support/suites.h"

static const uint32_t seeds[] = {1, 42, 1701};
enum { SEEDS = sizeof seeds / sizeof *seeds, LONG = 200000 };

static char *golden_draws(uint32_t seed) {
    char path[512], *text;
    size_t length;
    snprintf(path, sizeof path, "%s/tests/golden/seeds/draws_%u.tsv", LUNGO_SOURCE_DIR, seed);
    ck_ok(lungo_file_read(&text, &length, path));
    return text;
}

/* The line that begins with `name` and a tab, without them and without its end. */
static char *line_of(const char *text, const char *name) {
    size_t length = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        if (!strncmp(line, name, length) && line[length] == '\t')
            return strndup(line + length + 1, strcspn(line + length + 1, "\n"));
    }
    ck_abort_msg("no line '%s' in the golden draws", name);
}

/* ---- the first ten draws ---- */

static void print_word(lungo_buffer *out, lungo_rng *rng, double a, double b) {
    (void)a, (void)b;
    lungo_buffer_printf(out, "%u", lungo_rng_word(rng));
}
static void print_uniform(lungo_buffer *out, lungo_rng *rng, double a, double b) {
    lungo_buffer_printf(out, "%.9g", (double)lungo_rng_uniform(rng, (float)a, (float)b));
}
static void print_uniform_double(lungo_buffer *out, lungo_rng *rng, double a, double b) {
    lungo_buffer_printf(out, "%.17g", lungo_rng_uniform_double(rng, a, b));
}
static void print_gaussian(lungo_buffer *out, lungo_rng *rng, double a, double b) {
    lungo_buffer_printf(out, "%.9g", (double)lungo_rng_gaussian(rng, (float)a, (float)b));
}
static void print_gaussian_double(lungo_buffer *out, lungo_rng *rng, double a, double b) {
    lungo_buffer_printf(out, "%.17g", lungo_rng_gaussian_double(rng, a, b));
}
static void print_exponential(lungo_buffer *out, lungo_rng *rng, double a, double b) {
    (void)a, (void)b;
    lungo_buffer_printf(out, "%.9g", (double)lungo_rng_exponential(rng));
}
static void print_bernoulli(lungo_buffer *out, lungo_rng *rng, double p, double b) {
    (void)b;
    lungo_buffer_printf(out, "%d", lungo_rng_bernoulli(rng, (float)p));
}
static void print_bernoulli_double(lungo_buffer *out, lungo_rng *rng, double p, double b) {
    (void)b;
    lungo_buffer_printf(out, "%d", lungo_rng_bernoulli_double(rng, p));
}
static void print_below(lungo_buffer *out, lungo_rng *rng, double n, double b) {
    (void)b;
    lungo_buffer_printf(out, "%u", lungo_rng_below(rng, (uint32_t)n));
}

static const struct {
    const char *name;
    void (*print)(lungo_buffer *, lungo_rng *, double, double);
    double a, b;
} distributions[] = {
    {"mt19937_raw", print_word, 0, 0},
    {"uniform_float_0_1", print_uniform, 0, 1},
    {"uniform_float_-0.25_0.75", print_uniform, -0.25, 0.75},
    {"uniform_double_0_1", print_uniform_double, 0, 1},
    {"gaussian_float_0_1", print_gaussian, 0, 1},
    {"gaussian_float_0.5_0.01", print_gaussian, 0.5, 0.01},
    {"gaussian_double_0_1", print_gaussian_double, 0, 1},
    {"exponential_float_1", print_exponential, 0, 0},
    {"bernoulli_float_0.5", print_bernoulli, 0.5, 0},
    {"bernoulli_float_0.3", print_bernoulli, 0.3, 0},
    {"bernoulli_double_0.7", print_bernoulli_double, 0.7, 0},
    {"uniform_int_0_9", print_below, 10, 0},
};

static void check_first_draws(uint32_t seed, const char *golden) {
    for (size_t d = 0; d < sizeof distributions / sizeof *distributions; d++) {
        lungo_rng rng;
        lungo_rng_seed(&rng, seed);
        lungo_buffer got = {0};
        for (int i = 0; i < 10; i++) {
            if (i > 0) lungo_buffer_puts(&got, "\t");
            distributions[d].print(&got, &rng, distributions[d].a, distributions[d].b);
        }
        char *expected = line_of(golden, distributions[d].name);
        ck_assert_msg(!strcmp(lungo_buffer_text(&got), expected),
                      "seed %u, %s:\nexpected %s\ngot      %s", seed, distributions[d].name,
                      expected, lungo_buffer_text(&got));
        free(expected);
        lungo_buffer_dispose(&got);
    }
}

static void check_shuffle(uint32_t seed, const char *golden) {
    lungo_rng rng;
    lungo_rng_seed(&rng, seed);
    short items[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    lungo_rng_shuffle(&rng, items, 10, sizeof *items);
    char *expected = line_of(golden, "shuffle_0..n-1"), *at = expected;
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(items[i], strtol(at, &at, 10));
    free(expected);
}

START_TEST(first_draws_are_caffes) {
    for (int s = 0; s < SEEDS; s++) {
        char *golden = golden_draws(seeds[s]);
        check_first_draws(seeds[s], golden);
        check_shuffle(seeds[s], golden);
        free(golden);
    }
}
END_TEST

/* ---- 200,000 draws ---- */

/* "n=... sum=... sumsq=... next_raw=...", tab-separated. */
static void check_sums(const char *line, double sum, double squares, lungo_rng *rng) {
    char text[160];
    snprintf(text, sizeof text, "n=%d\tsum=%.12g\tsumsq=%.12g\tnext_raw=%u", LONG, sum, squares,
             lungo_rng_word(rng));
    ck_assert_msg(!strncmp(line, text, strlen(text)), "expected %.120s\ngot %s", line, text);
}

/* "tail: index=value ..." for the first draws beyond the start of the normal's tail. */
static void check_tail(const char *line, const float *values) {
    const char *at = strstr(line, "tail:");
    ck_assert_ptr_nonnull(at);
    size_t i = 0;
    int checked = 0;
    for (at = strchr(at, '\t'); at; at = strchr(at + 1, '\t'), checked++) {
        char text[64];
        while (fabsf(values[i]) <= 3.4426198558966523)
            i++;
        snprintf(text, sizeof text, "%zu=%.9g", i, (double)values[i]);
        ck_assert_msg(!strncmp(at + 1, text, strlen(text)), "expected %.24s\ngot %s", at + 1, text);
        i++;
    }
    ck_assert_int_gt(checked, 5);
}

static void check_long(uint32_t seed, const char *golden, bool gaussian) {
    lungo_rng rng;
    lungo_rng_seed(&rng, seed);
    float *values = malloc(LONG * sizeof *values);
    ck_assert_ptr_nonnull(values);
    double sum = 0, squares = 0;
    for (int i = 0; i < LONG; i++) {
        values[i] = gaussian ? lungo_rng_gaussian(&rng, 0, 1) : lungo_rng_uniform(&rng, -1, 1);
        sum += values[i];
        squares += (double)values[i] * values[i];
    }
    char *line = line_of(golden, gaussian ? "gaussian_float_long" : "uniform_float_long_-1_1");
    check_sums(line, sum, squares, &rng);
    if (gaussian) check_tail(line, values);
    free(line);
    free(values);
}

START_TEST(long_runs_are_caffes) {
    for (int s = 0; s < SEEDS; s++) {
        char *golden = golden_draws(seeds[s]);
        check_long(seeds[s], golden, true);
        check_long(seeds[s], golden, false);
        free(golden);
    }
}
END_TEST

/* ---- the contract around them ---- */

START_TEST(a_copy_resumes) {
    lungo_rng rng;
    lungo_rng_seed(&rng, 7);
    for (int i = 0; i < 1000; i++)
        lungo_rng_word(&rng);
    lungo_rng copy = rng;
    for (int i = 0; i < 2000; i++)
        ck_assert_uint_eq(lungo_rng_word(&copy), lungo_rng_word(&rng));
}
END_TEST

START_TEST(certain_outcomes_draw_nothing) {
    lungo_rng rng, untouched;
    lungo_rng_seed(&rng, 7);
    lungo_rng_seed(&untouched, 7);
    ck_assert(!lungo_rng_bernoulli(&rng, 0));
    ck_assert(!lungo_rng_bernoulli_double(&rng, 0));
    ck_assert_uint_eq(lungo_rng_below(&rng, 1), 0);
    lungo_rng_shuffle(&rng, NULL, 0, 4);
    ck_assert_uint_eq(lungo_rng_word(&rng), lungo_rng_word(&untouched));
}
END_TEST

START_TEST(draws_stay_in_range) {
    lungo_rng rng;
    lungo_rng_seed(&rng, 7);
    for (int i = 0; i < 20000; i++) {
        ck_assert_float_eq(lungo_rng_uniform(&rng, 0.5f, 0.5f), 0.5f);
        float narrow = lungo_rng_uniform(&rng, 1, 1 + 0x1p-22f);
        ck_assert(narrow >= 1 && narrow <= 1 + 0x1p-22f);
        ck_assert_uint_lt(lungo_rng_below(&rng, 0x80000001u), 0x80000001u);
        ck_assert(lungo_rng_bernoulli(&rng, 1));
    }
}
END_TEST

START_TEST(system_seeds_differ) {
    uint32_t drawn[4];
    for (int i = 0; i < 4; i++)
        ck_ok(lungo_rng_seed_from_system(&drawn[i]));
    ck_assert(drawn[0] != drawn[1] || drawn[1] != drawn[2] || drawn[2] != drawn[3]);
}
END_TEST

Suite *lungo_suite_rng(void);
Suite *lungo_suite_rng(void) {
    return lungo_suite_of("rng",
                          (const TTest *const[]){first_draws_are_caffes, long_runs_are_caffes,
                                                 a_copy_resumes, certain_outcomes_draw_nothing,
                                                 draws_stay_in_range, system_seeds_differ, NULL});
}
