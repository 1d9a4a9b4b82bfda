/* The fillers against the weights that real Caffe gives each blob of tests/golden/seeds/fillers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "filler/filler.h"
#include "support/suites.h"

#define FILLER(name, value, min, max, mean, std, sparse, norm)                                     \
    {                                                                                              \
        PROTOBUF_C_MESSAGE_INIT(&caffe__filler_parameter__descriptor), name, 1, value, 1, min, 1,  \
            max, 1, mean, 1, std, 1, sparse, 1, CAFFE__FILLER_PARAMETER__VARIANCE_NORM__##norm     \
    }
#define CONSTANT(value)             FILLER("constant", value, 0, 1, 0, 1, -1, FAN_IN)
#define UNIFORM(min, max)           FILLER("uniform", 0, min, max, 0, 1, -1, FAN_IN)
#define GAUSSIAN(mean, std, sparse) FILLER("gaussian", 0, 0, 1, mean, std, sparse, FAN_IN)
#define NORMED(name, norm)          FILLER(name, 0, 0, 1, 0, 1, -1, norm)
#define PLAIN(name)                 NORMED(name, FAN_IN)

/* ---- Caffe's weights ---- */

/* The learnable blobs of net.prototxt in its order. */
static const struct {
    const char *name;
    Caffe__FillerParameter filler;
    lungo_shape shape;
} blobs[] = {
    {"conv_xavier", PLAIN("xavier"), {4, {6, 4, 3, 3}}},
    {"conv_xavier bias", UNIFORM(-0.1f, 0.1f), {1, {6}}},
    {"conv_xavier_average_group2", NORMED("xavier", AVERAGE), {4, {6, 2, 3, 3}}},
    {"conv_xavier_fan_out", NORMED("xavier", FAN_OUT), {4, {6, 4, 1, 3}}},
    {"conv_msra", PLAIN("msra"), {4, {6, 4, 3, 3}}},
    {"conv_msra bias", CONSTANT(0.2f), {1, {6}}},
    {"conv_msra_average", NORMED("msra", AVERAGE), {4, {6, 4, 3, 3}}},
    {"conv_msra_fan_out", NORMED("msra", FAN_OUT), {4, {6, 4, 3, 3}}},
    {"deconv_bilinear", PLAIN("bilinear"), {4, {4, 1, 4, 4}}},
    {"deconv_bilinear_odd", PLAIN("bilinear"), {4, {4, 1, 3, 3}}},
    {"deconv_xavier", PLAIN("xavier"), {4, {4, 5, 3, 3}}},
    {"deconv_xavier bias", GAUSSIAN(0, 0.1f, -1), {1, {5}}},
    {"ip_constant", CONSTANT(0.3f), {2, {3, 12}}},
    {"ip_constant bias", CONSTANT(0), {1, {3}}},
    {"ip_uniform_default", UNIFORM(0, 1), {2, {5, 12}}},
    {"ip_uniform", UNIFORM(-2, 0.5f), {2, {5, 12}}},
    {"ip_uniform bias", UNIFORM(0.25f, 0.75f), {1, {5}}},
    {"ip_gaussian_default", GAUSSIAN(0, 1, -1), {2, {5, 12}}},
    {"ip_gaussian", GAUSSIAN(0.5f, 0.01f, -1), {2, {5, 12}}},
    {"ip_gaussian bias", GAUSSIAN(0, 0.1f, -1), {1, {5}}},
    {"ip_gaussian_sparse3", GAUSSIAN(0, 0.5f, 3), {2, {10, 12}}},
    {"ip_gaussian_sparse0", GAUSSIAN(0, 0.5f, 0), {2, {4, 12}}},
    {"ip_positive_unitball", PLAIN("positive_unitball"), {2, {6, 12}}},
    {"ip_xavier", PLAIN("xavier"), {2, {7, 12}}},
    {"ip_xavier_transpose", PLAIN("xavier"), {2, {12, 7}}},
    {"ip_msra_average", NORMED("msra", AVERAGE), {2, {7, 12}}},
    {"ip_msra_average bias", PLAIN("xavier"), {1, {7}}},
    {"ip_big_gaussian", GAUSSIAN(0, 1, -1), {2, {26, 324}}},
    {"ip_last_uniform", UNIFORM(-1, 1), {2, {2, 12}}},
};
enum { BLOBS = sizeof blobs / sizeof *blobs };

/* A caffemodel stores each blob as its packed little-endian floats, so the file must hold the bytes
 * of every blob, one after the other. */
static void check_against(const char *model, size_t length, uint32_t seed) {
    lungo_rng rng;
    lungo_rng_seed(&rng, seed);
    const char *at = model, *end = model + length;
    for (int i = 0; i < BLOBS; i++) {
        size_t size = lungo_shape_count(&blobs[i].shape) * sizeof(float);
        float *values = malloc(size);
        ck_assert_ptr_nonnull(values);
        ck_ok(lungo_filler_fill(&blobs[i].filler, &blobs[i].shape, values, &rng));
        at = memmem(at, (size_t)(end - at), values, size);
        ck_assert_msg(at != NULL, "seed %u: %s is not Caffe's: %.9g %.9g %.9g ...", seed,
                      blobs[i].name, (double)values[0], (double)values[1], (double)values[2]);
        at += size;
        free(values);
    }
}

START_TEST(fills_are_caffes) {
    static const uint32_t seeds[] = {1, 42, 1701};
    for (int i = 0; i < 3; i++) {
        char path[512], *model;
        size_t length;
        snprintf(path, sizeof path, "%s/tests/golden/seeds/fillers/seed_%u/init.caffemodel",
                 LUNGO_SOURCE_DIR, seeds[i]);
        ck_ok(lungo_file_read(&model, &length, path));
        check_against(model, length, seeds[i]);
        free(model);
    }
}
END_TEST

/* ---- facts beside them ---- */

START_TEST(no_filler_gives_zeros) {
    lungo_rng rng, untouched;
    lungo_rng_seed(&rng, 3);
    lungo_rng_seed(&untouched, 3);
    float values[3] = {NAN, NAN, NAN};
    ck_ok(lungo_filler_fill(NULL, &LUNGO_SHAPE(3), values, &rng));
    for (int i = 0; i < 3; i++)
        ck_assert(values[i] == 0);
    ck_assert_uint_eq(lungo_rng_word(&rng), lungo_rng_word(&untouched));
}
END_TEST

START_TEST(a_scalar_can_be_filled) {
    lungo_rng rng;
    lungo_rng_seed(&rng, 3);
    float value;
    Caffe__FillerParameter filler = CONSTANT(0.25f);
    ck_ok(lungo_filler_fill(&filler, &lungo_scalar_shape, &value, &rng));
    ck_assert(value == 0.25f);
}
END_TEST

/* Upsampling by 2 with the usual kernel of 4 keeps a constant image constant: the weights that any
 * output pixel sees sum to 1. */
START_TEST(bilinear_interpolates) {
    lungo_rng rng;
    lungo_rng_seed(&rng, 3);
    float w[16];
    Caffe__FillerParameter filler = PLAIN("bilinear");
    ck_ok(lungo_filler_fill(&filler, &LUNGO_SHAPE(1, 1, 4, 4), w, &rng));
    for (int y = 0; y < 2; y++)
        for (int x = 0; x < 2; x++)
            ck_assert(w[y * 4 + x] + w[y * 4 + x + 2] + w[y * 4 + x + 8] + w[y * 4 + x + 10] == 1);
}
END_TEST

/* ---- refusals ---- */

static const struct {
    Caffe__FillerParameter filler;
    lungo_shape shape;
    const char *text;
} refused[] = {
    {PLAIN("xavierr"),
     {1, {3}},
     "unknown filler type 'xavierr': expected one of constant, uniform, gaussian, "
     "positive_unitball, xavier, msra, bilinear"},
    {UNIFORM(2, 1),
     {1, {3}},
     "filler 'uniform': expected min <= max and a finite range, got min 2, max 1"},
    {UNIFORM(-3e38f, 3e38f), {1, {3}}, "finite range"},
    {UNIFORM(NAN, 1), {1, {3}}, "got min nan"},
    {GAUSSIAN(0, 0, -1), {1, {3}}, "expected std > 0, got 0"},
    {GAUSSIAN(0, NAN, -1), {1, {3}}, "expected std > 0, got nan"},
    {GAUSSIAN(0, 1, -2), {1, {3}}, "expected sparse >= 0"},
    {GAUSSIAN(0, 1, 4),
     {2, {3, 9}},
     "expected sparse <= 3, the first dimension of shape 3x9, got 4"},
    {GAUSSIAN(0, 1, 0), {0, {0}}, "at least 1 axis for sparse, got shape ()"},
    {FILLER("xavier", 0, 0, 1, 0, 1, 3, FAN_IN),
     {2, {3, 9}},
     "filler 'xavier': expected no sparse, which is for 'gaussian' alone, got 3"},
    {PLAIN("msra"), {0, {0}}, "filler 'msra': expected 1 or more axes, got shape ()"},
    {PLAIN("bilinear"),
     {3, {1, 4, 4}},
     "filler 'bilinear': expected 4 or more axes, got shape 1x4x4"},
    {PLAIN("bilinear"),
     {4, {1, 1, 4, 3}},
     "filler 'bilinear': expected 4 axes with a square kernel, got shape 1x1x4x3"},
    {CONSTANT(0), {2, {0, 9}}, "filler 'constant': expected values to fill, got shape 0x9"},
};

START_TEST(refuses_before_it_draws) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        lungo_rng rng, untouched;
        lungo_rng_seed(&rng, 3);
        lungo_rng_seed(&untouched, 3);
        float value = 7;
        ck_fails(lungo_filler_check(&refused[i].filler, &refused[i].shape), LUNGO_ERR_CONFIG,
                 refused[i].text);
        ck_fails(lungo_filler_fill(&refused[i].filler, &refused[i].shape, &value, &rng),
                 LUNGO_ERR_CONFIG, refused[i].text);
        ck_assert(value == 7);
        ck_assert_uint_eq(lungo_rng_word(&rng), lungo_rng_word(&untouched));
    }
}
END_TEST

Suite *lungo_suite_filler(void);
Suite *lungo_suite_filler(void) {
    return lungo_suite_of("filler",
                          (const TTest *const[]){fills_are_caffes, no_filler_gives_zeros,
                                                 a_scalar_can_be_filled, bilinear_interpolates,
                                                 refuses_before_it_draws, NULL});
}
