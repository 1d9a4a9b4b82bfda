#include <float.h>
#include <math.h>

#include "store/histogram.h"
#include "support/suites.h"

static double sum_of(const lungo_histogram *histogram) {
    double sum = 0;
    for (size_t k = 0; k < histogram->bucket_count; k++)
        sum += histogram->counts[k];
    return sum;
}

START_TEST(values_are_counted_between_the_least_and_the_largest) {
    lungo_histogram h;
    const float values[] = {-1, 0, INFINITY, 0.5f, NAN, 3, 3, -INFINITY};
    lungo_histogram_of(&h, values, 8);
    ck_assert_uint_eq(h.bucket_count, LUNGO_BUCKETS);
    ck_assert_double_eq(h.min, -1);
    ck_assert_double_eq(h.max, 3);
    ck_assert_double_eq(h.count, 5);
    ck_assert_double_eq(h.sum, 5.5);
    ck_assert_double_eq(h.squares, 19.25);
    ck_assert_double_eq(h.limits[0], -1 + 4.0 / LUNGO_BUCKETS);
    ck_assert_double_eq(h.limits[LUNGO_BUCKETS - 1], 3);
    ck_assert_double_eq(h.counts[0], 1);
    ck_assert_double_eq(h.counts[LUNGO_BUCKETS / 4], 1);
    ck_assert_double_eq(h.counts[3 * LUNGO_BUCKETS / 8], 1);
    ck_assert_double_eq(h.counts[LUNGO_BUCKETS - 1], 2);
    ck_assert_double_eq(sum_of(&h), 5);
}
END_TEST

START_TEST(equal_values_share_one_bucket) {
    lungo_histogram h;
    const float values[] = {2, 2, 2, NAN};
    lungo_histogram_of(&h, values, 3);
    ck_assert_uint_eq(h.bucket_count, 1);
    ck_assert_double_eq(h.limits[0], 2);
    ck_assert_double_eq(h.counts[0], 3);
    lungo_histogram_of(&h, values + 3, 1);
    ck_assert_uint_eq(h.bucket_count, 0);
    lungo_histogram_of(&h, values, 0);
    ck_assert_uint_eq(h.bucket_count, 0);
}
END_TEST

START_TEST(the_widest_and_the_narrowest_spread) {
    lungo_histogram h;
    const float wide[] = {-FLT_MAX, FLT_MAX, 0}, narrow[] = {1, 1 + FLT_EPSILON, FLT_TRUE_MIN, 0};
    lungo_histogram_of(&h, wide, 3);
    ck_assert_double_eq(sum_of(&h), 3);
    lungo_histogram_of(&h, narrow, 2);
    ck_assert_double_eq(h.counts[0] + h.counts[LUNGO_BUCKETS - 1], 2);
    lungo_histogram_of(&h, narrow + 2, 2);
    ck_assert_double_eq(h.counts[0] + h.counts[LUNGO_BUCKETS - 1], 2);
}
END_TEST

Suite *lungo_suite_histogram(void);
Suite *lungo_suite_histogram(void) {
    return lungo_suite_of(
        "histogram", (const TTest *const[]){values_are_counted_between_the_least_and_the_largest,
                                            equal_values_share_one_bucket,
                                            the_widest_and_the_narrowest_spread, NULL});
}
