#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define CELLS INPUT("c", "dim: 1 dim: 3 dim: 2")
#define GATES INPUT("x", "dim: 1 dim: 3 dim: 8")
#define CONT  INPUT("cont", "dim: 1 dim: 3")
#define UNIT                                                                                       \
    "layer { name: 'unit' type: 'LSTMUnit' bottom: 'c' bottom: 'x' bottom: 'cont' top: 'c1' "      \
    "top: 'h1' }\n"

START_TEST(gradients) {
    lungo_check_gradient(&(lungo_gradient_check){
        .net = "force_backward: true\n" CELLS GATES CONT UNIT, .inputs = {{"cont", 0, 2, 1}}});
}
END_TEST

/* Only one of the two gradients is wanted. */
START_TEST(one_gradient_without_the_other) {
    lungo_check_gradient(&(lungo_gradient_check){
        .net = CELLS INPUT("q", "dim: 1 dim: 3 dim: 2") CONT LAYER1(
            "ip", "InnerProduct", "q", "x",
            "inner_product_param { num_output: 8 axis: 2 weight_filler { type: 'xavier' } }") UNIT
        "layer { name: 'sum' type: 'Eltwise' bottom: 'c1' bottom: 'h1' top: 'y' "
        "loss_weight: 1 }",
        .phase = LUNGO_TRAIN,
        .inputs = {{"cont", 0, 2, 1}}});
}
END_TEST

START_TEST(shapes_that_do_not_fit_are_refused) {
    lungo_test_refused(INPUT("c", "dim: 2 dim: 3 dim: 2") GATES CONT UNIT, LUNGO_ERR_CONFIG,
                       "bottom 'c': expected 3 axes (1, streams, cells), got shape 2x3x2");
    lungo_test_refused(CELLS INPUT("x", "dim: 1 dim: 3 dim: 6") CONT UNIT, LUNGO_ERR_CONFIG,
                       "bottom 'x': expected shape 1x3x8, four gates for each cell of bottom 'c', "
                       "got 1x3x6");
    lungo_test_refused(CELLS GATES INPUT("cont", "dim: 3") UNIT, LUNGO_ERR_CONFIG,
                       "bottom 'cont': expected shape 1x3, got 3");
}
END_TEST

Suite *lungo_suite_lstm_unit(void);
Suite *lungo_suite_lstm_unit(void) {
    return lungo_suite_of("lstm_unit",
                          (const TTest *const[]){gradients, one_gradient_without_the_other,
                                                 shapes_that_do_not_fit_are_refused, NULL});
}
