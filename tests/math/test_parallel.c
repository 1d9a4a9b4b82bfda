#include "math/parallel.h"

#include "support/command.h"
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

START_TEST(what_openmp_may_give_is_not_counted_on) {
    int before = omp_get_max_threads(), dynamic = omp_get_dynamic();
    omp_set_dynamic(1);
    lungo_settle_threads();
    ck_assert_int_eq(omp_get_dynamic(), 0);
    ck_assert_int_eq(omp_get_max_threads(), before);
    omp_set_dynamic(dynamic);
}
END_TEST

/* Without settled threads OpenBLAS and oneDNN wait for ever for those that are not there. */
static const char *const environments[] = {"OMP_THREAD_LIMIT=1 OMP_NUM_THREADS=4",
                                           "OMP_DYNAMIC=true OMP_NUM_THREADS=64"};

START_TEST(fewer_threads_than_asked_for_are_enough) {
    static const char net[] =
        "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 4 dim: 16 dim: 12 "
        "dim: 12 } } } "
        "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param { "
        "num_output: "
        "32 kernel_size: 3 weight_filler { type: 'xavier' } } } "
        "layer { name: 'y' type: 'InnerProduct' bottom: 'c' top: 'y' loss_weight: 1 "
        "inner_product_param { num_output: 300 } }";
    static const char *const engines[] = {"--engine=blas", ""};
    lungo_test_file("net.prototxt", net);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(lungo_command("%s %s/bin/lungo time --model=net.prototxt %s "
                                       "--iterations=1",
                                       environments[_i], LUNGO_BINARY_DIR, engines[i]),
                         0);
}
END_TEST

Suite *lungo_suite_parallel(void);
Suite *lungo_suite_parallel(void) {
    Suite *suite = suite_create("parallel");
    TCase *cases = lungo_test_folder_case(suite, "parallel", NULL);
    tcase_add_test(cases, lanes_share_all_items_evenly);
    tcase_add_test(cases, too_few_items_make_one_lane);
    tcase_add_test(cases, what_openmp_may_give_is_not_counted_on);
    tcase_add_loop_test(cases, fewer_threads_than_asked_for_are_enough, 0, 2);
    return suite;
}
