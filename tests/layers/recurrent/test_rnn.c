#include <stdlib.h>
#include <string.h>

#include "filler/filler.h"
#include "layers/recurrent/sequences.h"
#include "support/arrays.h"
#include "support/gradient.h"
#include "support/suites.h"

#define RNN(bottoms, tops, more) RECURRENT("RNN", bottoms, tops, more)

START_TEST(gradients) {
    static const char *const nets[] = {
        "force_backward: true\n" FRESH_SEQUENCE RNN(XC, "top: 'o'", ""),
        "force_backward: true\n" FRESH_SEQUENCE STATIC RNN(XCS, "top: 'o'", ""),
        /* the top is changed in place behind the layer's back */
        "force_backward: true\n" FRESH_SEQUENCE RNN(XC, "top: 'o'", "")
            LAYER1("more", "TanH", "o", "o", ""),
        "force_backward: true\n" FRESH_SEQUENCE INPUT("h0", "dim: 1 dim: 2 dim: 3")
            RNN(XC " bottom: 'h0'", "top: 'o' top: 'hT'",
                "expose_hidden: true") "layer { name: 'end' type: 'Silence' bottom: 'hT' }"};
    lungo_check_gradient(&(lungo_gradient_check){.net = nets[_i],
                                                 .phase = LUNGO_TRAIN,
                                                 .inputs = {{"goes", 0, 2, 1}, {"h0", -1, 1, 1}},
                                                 .tolerance = 2e-2f});
}
END_TEST

START_TEST(the_state_is_carried_to_the_next_forward) {
    float *x = lungo_random_array(24, 3), whole[18];
    const float ones[6] = {1, 1, 1, 1, 1, 1};
    lungo_net *net = lungo_test_net(LUNGO_TEST, SEQUENCE RNN(XC, "top: 'o'", ""));
    lungo_set_data(net, "x", x, 24);
    lungo_set_data(net, "cont", ones, 6);
    ck_ok(lungo_net_forward(net, NULL));
    memcpy(whole, lungo_data(lungo_net_blob(net, "o")), sizeof whole);
    lungo_net_free(net);

    net = lungo_test_net(LUNGO_TEST, INPUT("x", "dim: 1 dim: 2 dim: 4")
                                         INPUT("cont", "dim: 1 dim: 2") RNN(XC, "top: 'o'", ""));
    for (int t = 0; t < 3; t++) { /* other draws at T = 1: the same weights */
        lungo_set_data(net, "x", x + 8 * t, 8);
        lungo_set_data(net, "cont", ones, 2);
        ck_ok(lungo_net_forward(net, NULL));
        lungo_test_values(net, "o", whole + 6 * t, 6);
    }
    lungo_net_free(net);
    free(x);
}
END_TEST

/* Of steps 2 and 3, Caffe's net draws for W_hh, W_ho and b_o too. */
START_TEST(weights_are_drawn_as_by_caffes_net) {
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, SEQUENCE RNN(XC, "top: 'o'", "") LAYER1(
                                        "ip", "InnerProduct", "o", "y",
                                        "inner_product_param { num_output: 1 weight_filler { type: "
                                        "'uniform' } }"));
    const lungo_layer *layer = lungo_test_layer(net, "rec");
    static const int order[] = {0, 1, 2, 3, 4, 2, 3, 4, 2, 3, 4};
    static const char *const shapes[] = {"3x4", "3", "3x3", "3x3", "3"};
    ck_assert_int_eq(layer->param_count, 5);
    lungo_rng rng;
    lungo_rng_seed(&rng, 7);
    float values[16];
    for (int i = 0; i < 11; i++) {
        const lungo_layer_param *param = &layer->params[order[i]];
        ck_ok(lungo_filler_fill(param->filler, &param->blob->shape, values, &rng));
        if (i >= 5) continue;
        ck_assert_str_eq(lungo_shape_text(&param->blob->shape).text, shapes[i]);
        ck_assert_mem_eq(values, lungo_data(param->blob), param->blob->count * sizeof *values);
    }
    const lungo_layer_param *after = &lungo_test_layer(net, "ip")->params[0];
    ck_ok(lungo_filler_fill(after->filler, &after->blob->shape, values, &rng));
    ck_assert_mem_eq(values, lungo_data(after->blob), after->blob->count * sizeof *values);
    lungo_net_free(net);
}
END_TEST

START_TEST(counts_are_those_of_one_state) {
    lungo_test_refused(SEQUENCE RNN(XC, "top: 'o' top: 'hT'", "expose_hidden: true"),
                       LUNGO_ERR_CONFIG, "layer takes 3 or 4 bottoms with expose_hidden, got 2");
    lungo_test_refused(SEQUENCE INPUT("h0", "dim: 1 dim: 2 dim: 3")
                           RNN(XC " bottom: 'h0'", "top: 'o'", "expose_hidden: true"),
                       LUNGO_ERR_CONFIG, "layer makes 2 tops with expose_hidden, got 1");
}
END_TEST

START_TEST(debug_info_shows_every_step) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, SEQUENCE RNN(XC, "top: 'o'", "debug_info: true"));
    lungo_log_capture();
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_ptr_nonnull(
        strstr(lungo_log_captured(), "    [Forward] Layer rec_h_neuron_3, top blob h_3 data: "));
    lungo_log_release();
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_rnn(void);
Suite *lungo_suite_rnn(void) {
    Suite *suite =
        lungo_suite_of("rnn", (const TTest *const[]){the_state_is_carried_to_the_next_forward,
                                                     weights_are_drawn_as_by_caffes_net,
                                                     counts_are_those_of_one_state,
                                                     debug_info_shows_every_step, NULL});
    lungo_suite_add_table(suite, gradients, 4);
    return suite;
}
