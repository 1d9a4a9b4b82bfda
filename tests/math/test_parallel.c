#include "math/parallel.h"

#include "support/suites.h"

START_TEST(lanes_share_all_items_evenly) {
    for (size_t items = 0; items < 40; items++) {
        for (int lanes = 1; lanes < 9; lanes++) {
            ck_assert_uint_eq(lungo_lane_start(items, 0, lanes), 0);
            ck_assert_uint_eq(lungo_lane_start(items, lanes, lanes), items);
            for (int lane = 0; lane < lanes; lane++) {
                size_t share =
                    lungo_lane_start(items, lane + 1, lanes) - lungo_lane_start(items, lane, lanes);
                ck_assert_uint_ge(share, items / (size_t)lanes);
                ck_assert_uint_le(share, items / (size_t)lanes + 1);
            }
        }
    }
}
END_TEST

START_TEST(too_few_items_make_one_lane) {
    int before = omp_get_max_threads();
    omp_set_num_threads(4);
    ck_assert_int_eq(lungo_lanes(0), 1);
    ck_assert_int_eq(lungo_lanes(3), 1);
    ck_assert_int_eq(lungo_lanes(4), 4);
    ck_assert_int_eq(lungo_lanes(400), 4);
    omp_set_num_threads(before);
}
END_TEST

Suite *lungo_suite_parallel(void);
Suite *lungo_suite_parallel(void) {
    return lungo_suite_of("parallel", (const TTest *const[]){lanes_share_all_items_evenly,
                                                             too_few_items_make_one_lane, NULL});
}
