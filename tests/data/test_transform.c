#include <stdio.h>
#include <string.h>

#include "data/transform.h"
#include "support/suites.h"
#include "support/table.h"

static const unsigned char pixels[2 * 3 * 4] = {0,  1,  2,  3,  10, 11, 12, 13, 20,  21,  22,  23,
                                                50, 51, 52, 53, 60, 61, 62, 63, 255, 254, 253, 252};

static const lungo_datum image = {
    .channels = 2, .height = 3, .width = 4, .data = pixels, .data_size = sizeof pixels};

static Caffe__TransformationParameter settings(void) {
    Caffe__TransformationParameter param = CAFFE__TRANSFORMATION_PARAMETER__INIT;
    return param;
}

/* The choices that real Caffe made for the first 24 images, after these draws of the solver's
 * generator: two words for the transformer, of which the second counts. */
static void compare_choices(uint32_t seed) {
    char path[512];
    table expected;
    snprintf(path, sizeof path, "%s/tests/golden/seeds/transform/seed_%u/choices.tsv",
             LUNGO_SOURCE_DIR, seed);
    ck_assert(table_read(&expected, path));
    ck_assert_uint_eq(expected.rows, 24);
    Caffe__TransformationParameter param = settings();
    param.mirror = true;
    param.crop_size = 24;
    lungo_transform transform;
    ck_ok(lungo_transform_init(&transform, &param, LUNGO_TRAIN));
    ck_assert(lungo_transform_draws(&transform));
    lungo_rng solver;
    lungo_rng_seed(&solver, seed);
    lungo_rng_word(&solver);
    lungo_rng_seed(&transform.rng, lungo_rng_word(&solver));
    lungo_datum datum = {.channels = 1, .height = 28, .width = 28};
    for (size_t i = 0; i < expected.rows; i++) {
        lungo_transform_choice choice =
            lungo_transform_choose(&transform, lungo_transform_draw(&transform), &datum);
        ck_assert_int_eq(choice.mirror, (int)table_at(&expected, i, 1));
        ck_assert_int_eq(choice.row, (int)table_at(&expected, i, 2));
        ck_assert_int_eq(choice.column, (int)table_at(&expected, i, 3));
    }
    table_dispose(&expected);
    lungo_transform_dispose(&transform);
}

START_TEST(choices_are_those_of_caffe) {
    compare_choices(1);
    compare_choices(42);
    compare_choices(1701);
}
END_TEST

START_TEST(crop_mirror_mean_and_scale) {
    Caffe__TransformationParameter param = settings();
    float means[] = {1, 50};
    param.crop_size = 2;
    param.mean_value = means;
    param.n_mean_value = 2;
    param.scale = 0.5f;
    lungo_transform transform;
    lungo_shape shape;
    float got[8];
    ck_ok(lungo_transform_init(&transform, &param, LUNGO_TEST));
    ck_ok(lungo_transform_shape(&transform, &image, &shape));
    ck_assert_str_eq(lungo_shape_text(&shape).text, "2x2x2");
    lungo_transform_apply(&transform, (lungo_transform_choice){true, 1, 2}, &image, got);
    static const float expected[] = {6, 5.5f, 11, 10.5f, 6.5f, 6, 101, 101.5f};
    for (int i = 0; i < 8; i++)
        ck_assert_float_eq(got[i], expected[i]);
}
END_TEST

/* The values of a crop of 2x3 at row 1, column 1; the choices as for a square: row, then column. */
START_TEST(crops_may_be_rectangles) {
    Caffe__TransformationParameter param = settings();
    param.has_crop_h = param.has_crop_w = true;
    param.crop_h = 2;
    param.crop_w = 3;
    lungo_transform transform;
    lungo_shape shape;
    float got[12];
    ck_ok(lungo_transform_init(&transform, &param, LUNGO_TRAIN));
    ck_assert(lungo_transform_draws(&transform));
    ck_ok(lungo_transform_shape(&transform, &image, &shape));
    ck_assert_str_eq(lungo_shape_text(&shape).text, "2x2x3");
    lungo_transform_choice choice =
        lungo_transform_choose(&transform, (lungo_transform_words){0, 3, 7}, &image);
    ck_assert_int_eq(choice.row, 1);
    ck_assert_int_eq(choice.column, 1);
    lungo_transform_apply(&transform, choice, &image, got);
    static const float expected[] = {11, 12, 13, 21, 22, 23, 61, 62, 63, 254, 253, 252};
    for (int i = 0; i < 12; i++)
        ck_assert_float_eq(got[i], expected[i]);
}
END_TEST

START_TEST(bad_rectangles_are_refused) {
    Caffe__TransformationParameter param = settings();
    lungo_transform transform;
    lungo_shape shape;
    param.has_crop_h = true;
    param.crop_h = 4;
    ck_fails(lungo_transform_init(&transform, &param, LUNGO_TRAIN), LUNGO_ERR_CONFIG,
             "expected both of crop_h and crop_w to be 1 or more, got 4x0");
    param.has_crop_w = true;
    param.crop_w = 4;
    ck_ok(lungo_transform_init(&transform, &param, LUNGO_TRAIN));
    ck_fails(lungo_transform_shape(&transform, &image, &shape), LUNGO_ERR_DATA,
             "crop_h and crop_w: expected at most the record's 3x4, got 4x4");
    param.crop_size = 2;
    ck_fails(lungo_transform_init(&transform, &param, LUNGO_TRAIN), LUNGO_ERR_CONFIG,
             "expected crop_size or crop_h and crop_w, got both");
    param.crop_size = param.crop_w = 0;
    param.crop_w = 1u << 31;
    ck_fails(lungo_transform_init(&transform, &param, LUNGO_TRAIN), LUNGO_ERR_CONFIG,
             "expected a crop below 2^31, got 4x2147483648");
}
END_TEST

START_TEST(test_phase_crops_the_centre_and_draws_nothing) {
    Caffe__TransformationParameter param = settings();
    param.crop_size = 2;
    lungo_transform transform;
    ck_ok(lungo_transform_init(&transform, &param, LUNGO_TEST));
    ck_assert(!lungo_transform_draws(&transform));
    lungo_transform_choice choice =
        lungo_transform_choose(&transform, lungo_transform_draw(&transform), &image);
    ck_assert_int_eq(choice.row, 0);
    ck_assert_int_eq(choice.column, 1);
}
END_TEST

START_TEST(floats_are_taken_as_they_are) {
    Caffe__TransformationParameter param = settings();
    float values[] = {0.25f, -3};
    lungo_datum datum = {
        .channels = 1, .height = 1, .width = 2, .float_data = values, .float_count = 2};
    lungo_transform transform;
    float got[2];
    ck_ok(lungo_transform_init(&transform, &param, LUNGO_TRAIN));
    lungo_transform_apply(&transform, (lungo_transform_choice){0}, &datum, got);
    ck_assert_mem_eq(got, values, sizeof got);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    Caffe__TransformationParameter param = settings();
    lungo_transform transform;
    lungo_shape shape;
    float means[3] = {0};
    param.crop_size = 4;
    ck_ok(lungo_transform_init(&transform, &param, LUNGO_TRAIN));
    ck_fails(lungo_transform_shape(&transform, &image, &shape), LUNGO_ERR_DATA,
             "crop_size: expected at most the record's 3x4, got 4x4");
    param.crop_size = 0;
    param.mean_value = means;
    param.n_mean_value = 3;
    ck_fails(lungo_transform_shape(&transform, &image, &shape), LUNGO_ERR_DATA,
             "mean_value: expected 1 or as many as channels (2), got 3");
    param.mean_file = "mean.binaryproto";
    ck_fails(lungo_transform_init(&transform, &param, LUNGO_TRAIN), LUNGO_ERR_CONFIG,
             "expected mean_file or mean_value, got both");
    param.n_mean_value = 0;
    param.mean_file = "absent.binaryproto";
    ck_fails(lungo_transform_init(&transform, &param, LUNGO_TRAIN), LUNGO_ERR_FILE,
             "absent.binaryproto");
}
END_TEST

Suite *lungo_suite_transform(void);
Suite *lungo_suite_transform(void) {
    return lungo_suite_of(
        "transform",
        (const TTest *const[]){choices_are_those_of_caffe, crop_mirror_mean_and_scale,
                               crops_may_be_rectangles, bad_rectangles_are_refused,
                               test_phase_crops_the_centre_and_draws_nothing,
                               floats_are_taken_as_they_are, what_does_not_fit_is_refused, NULL});
}
