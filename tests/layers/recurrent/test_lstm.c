#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "filler/filler.h"
#include "layers/recurrent/sequences.h"
#include "support/arrays.h"
#include "support/gradient.h"
#include "support/suites.h"

#define LSTM(bottoms, tops, more) RECURRENT("LSTM", bottoms, tops, more)

START_TEST(gradients) {
    static const char *const nets[] = {
        "force_backward: true\n" FRESH_SEQUENCE LSTM(XC, "top: 'h'", ""),
        "force_backward: true\n" FRESH_SEQUENCE STATIC LSTM(XCS, "top: 'h'", ""),
        "force_backward: true\n" FRESH_SEQUENCE STATIC INPUT("h0", "dim: 1 dim: 2 dim: 3")
            INPUT("c0", "dim: 1 dim: 2 dim: 3")
                LSTM(XCS " bottom: 'h0' bottom: 'c0'", "top: 'h' top: 'hT' top: 'cT'",
                     "expose_hidden: true") "layer { name: 'end' type: 'Silence' bottom: 'hT' "
                                            "bottom: 'cT' }"};
    lungo_check_gradient(
        &(lungo_gradient_check){.net = nets[_i],
                                .phase = LUNGO_TRAIN,
                                .inputs = {{"goes", 0, 2, 1}, {"h0", -1, 1, 1}, {"c0", -1, 1, 1}},
                                .step = 1e-2f,
                                .tolerance = 2e-2f});
}
END_TEST

/* ---- the state from one forward to the next ---- */

static void run(lungo_net *net, const float *x, const float *cont, size_t steps) {
    lungo_set_data(net, "x", x, steps * 8);
    lungo_set_data(net, "cont", cont, steps * 2);
    ck_ok(lungo_net_forward(net, NULL));
}

static const lungo_shape *input_shape(int steps, int streams) {
    static lungo_shape shape;
    shape = LUNGO_SHAPE(steps, streams, 4);
    return &shape;
}

static void resize(lungo_net *net, int steps, int streams) {
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), input_shape(steps, streams)));
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "cont"), &LUNGO_SHAPE(steps, streams)));
    ck_ok(lungo_net_reshape(net));
}

static const float ones[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* Six steps in one forward, in two of three, and in four and two are the same six steps. */
START_TEST(the_state_is_carried_to_the_next_forward) {
    float *x = lungo_random_array(48, 3), whole[36];
    lungo_net *net = lungo_test_net(LUNGO_TEST, SEQUENCE LSTM(XC, "top: 'h'", ""));
    resize(net, 6, 2);
    run(net, x, ones, 6);
    memcpy(whole, lungo_data(lungo_net_blob(net, "h")), sizeof whole);
    lungo_net_free(net);

    static const int first[] = {3, 4, 1};
    net = lungo_test_net(LUNGO_TEST, SEQUENCE LSTM(XC, "top: 'h'", ""));
    resize(net, first[_i], 2);
    run(net, x, ones, (size_t)first[_i]);
    lungo_test_values(net, "h", whole, (size_t)first[_i] * 6);
    resize(net, 6 - first[_i], 2);
    run(net, x + first[_i] * 8, ones, (size_t)(6 - first[_i]));
    lungo_test_values(net, "h", whole + first[_i] * 6, (size_t)(6 - first[_i]) * 6);
    lungo_net_free(net);
    free(x);
}
END_TEST

/* cont = 0 in one stream starts this one anew, and not the other; even out of broken numbers. */
START_TEST(a_stream_starts_anew_where_cont_is_zero) {
    float *x = lungo_random_array(24, 3), fresh[18], broken[24];
    const float starts[6] = {0, 1, 1, 1, 1, 1};
    for (int i = 0; i < 24; i++)
        broken[i] = NAN;
    lungo_net *net = lungo_test_net(LUNGO_TEST, SEQUENCE LSTM(XC, "top: 'h'", ""));
    run(net, x, ones, 3);
    memcpy(fresh, lungo_data(lungo_net_blob(net, "h")), sizeof fresh);
    run(net, broken, ones, 3);
    run(net, x, starts, 3);
    const float *h = lungo_data(lungo_net_blob(net, "h"));
    for (int i = 0; i < 18; i++)
        ck_assert_msg(i / 3 % 2 == 0 ? h[i] == fresh[i] : isnan(h[i]), "h[%d] is %g", i, h[i]);
    lungo_net_free(net);
    free(x);
}
END_TEST

START_TEST(another_number_of_streams_starts_anew) {
    float *x = lungo_random_array(24, 3), fresh[18];
    lungo_net *net = lungo_test_net(LUNGO_TEST, SEQUENCE LSTM(XC, "top: 'h'", ""));
    run(net, x, ones, 3);
    memcpy(fresh, lungo_data(lungo_net_blob(net, "h")), sizeof fresh);
    resize(net, 3, 1);
    ck_ok(lungo_net_forward(net, NULL));
    resize(net, 3, 2);
    run(net, x, ones, 3);
    lungo_test_values(net, "h", fresh, 18);
    lungo_net_free(net);
    free(x);
}
END_TEST

START_TEST(the_state_can_be_saved_and_loaded) {
    float *x = lungo_random_array(24, 3), second[18];
    lungo_writer saved = {0};
    lungo_net *net = lungo_test_net(LUNGO_TEST, SEQUENCE LSTM(XC, "top: 'h'", ""));
    run(net, x, ones, 3);
    lungo_layer *layer = lungo_test_layer(net, "rec");
    ck_ok(layer->type->save(layer, &saved));
    run(net, x, ones, 3);
    memcpy(second, lungo_data(lungo_net_blob(net, "h")), sizeof second);
    lungo_net_free(net);

    net = lungo_test_net(LUNGO_TEST, SEQUENCE LSTM(XC, "top: 'h'", ""));
    layer = lungo_test_layer(net, "rec");
    ck_ok(layer->type->load(layer, &(lungo_reader){saved.bytes, saved.bytes + saved.length}));
    run(net, x, ones, 3);
    lungo_test_values(net, "h", second, 18);
    ck_fails(layer->type->load(layer, &(lungo_reader){saved.bytes, saved.bytes + 20}),
             LUNGO_ERR_FORMAT, "saved state: expected 24 more bytes, got 12");
    resize(net, 3, 1);
    ck_fails(layer->type->load(layer, &(lungo_reader){saved.bytes, saved.bytes + saved.length}),
             LUNGO_ERR_FORMAT, "saved hidden state: expected 1 streams, got 2");
    lungo_net_free(net);
    lungo_buffer_dispose(&saved);
    free(x);
}
END_TEST

/* Nothing has run yet: nothing is kept, and that is what is saved. */
START_TEST(no_state_can_be_saved_too) {
    float *x = lungo_random_array(24, 3), fresh[18];
    lungo_writer saved = {0};
    lungo_net *net = lungo_test_net(LUNGO_TEST, SEQUENCE LSTM(XC, "top: 'h'", ""));
    lungo_layer *layer = lungo_test_layer(net, "rec");
    ck_ok(layer->type->save(layer, &saved));
    run(net, x, ones, 3);
    memcpy(fresh, lungo_data(lungo_net_blob(net, "h")), sizeof fresh);
    ck_ok(layer->type->load(layer, &(lungo_reader){saved.bytes, saved.bytes + saved.length}));
    run(net, x, ones, 3);
    lungo_test_values(net, "h", fresh, 18);
    lungo_net_free(net);
    lungo_buffer_dispose(&saved);
    free(x);
}
END_TEST

/* ---- states as bottoms and tops ---- */

#define EXPOSED                                                                                    \
    SEQUENCE INPUT("h0", "dim: 1 dim: 2 dim: 3") INPUT("c0", "dim: 1 dim: 2 dim: 3") LSTM(         \
        XC " bottom: 'h0' bottom: 'c0'", "top: 'h' top: 'hT' top: 'cT'", "expose_hidden: true")

/* Handing the last states back in gives what an LSTM that keeps them gives. */
START_TEST(exposed_states_are_those_that_are_kept) {
    float *x = lungo_random_array(48, 3), kept[18];
    lungo_net *net = lungo_test_net(LUNGO_TEST, SEQUENCE LSTM(XC, "top: 'h'", ""));
    run(net, x, ones, 3);
    run(net, x + 24, ones, 3);
    memcpy(kept, lungo_data(lungo_net_blob(net, "h")), sizeof kept);
    lungo_net_free(net);

    net = lungo_test_net(LUNGO_TEST, EXPOSED);
    run(net, x, ones, 3);
    lungo_test_values(net, "hT", lungo_data(lungo_net_blob(net, "h")) + 12, 6);
    float states[12];
    memcpy(states, lungo_data(lungo_net_blob(net, "hT")), 6 * sizeof *states);
    memcpy(states + 6, lungo_data(lungo_net_blob(net, "cT")), 6 * sizeof *states);
    lungo_set_data(net, "h0", states, 6);
    lungo_set_data(net, "c0", states + 6, 6);
    run(net, x + 24, ones, 3);
    lungo_test_values(net, "h", kept, 18);
    lungo_net_free(net);
    free(x);
}
END_TEST

/* As in Caffe: what makes h_0 gets a gradient of zeros. */
START_TEST(no_gradient_goes_beyond_the_first_step) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, "force_backward: true\n" EXPOSED
                                                 "layer { name: 'e' type: 'Silence' bottom: 'h' "
                                                 "bottom: 'hT' bottom: 'cT' }");
    float *x = lungo_random_array(24, 3), *dirt = lungo_constant_array(6, 9);
    run(net, x, ones, 3);
    lungo_set_diff(net, "h0", dirt, 6);
    ck_ok(lungo_net_backward(net));
    lungo_test_diffs(net, "h0", (const float[6]){0}, 6);
    lungo_test_diffs(net, "c0", (const float[6]){0}, 6);
    lungo_net_free(net);
    free(x);
    free(dirt);
}
END_TEST

/* ---- parameters ---- */

/* Caffe's net draws for the hidden weights of every step, and keeps those of the first. */
START_TEST(weights_are_drawn_as_by_caffes_net) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN,
        SEQUENCE STATIC LSTM(XCS, "top: 'h'", "")
            LAYER1("ip", "InnerProduct", "h", "y",
                   "inner_product_param { num_output: 1 weight_filler { type: 'uniform' } }"));
    const lungo_layer *layer = lungo_test_layer(net, "rec");
    static const char *const shapes[] = {"12x4", "12", "12x5", "12x3"};
    ck_assert_int_eq(layer->param_count, 4);
    lungo_rng rng;
    lungo_rng_seed(&rng, 7);
    float values[64];
    for (int j = 0; j < 6; j++) { /* W_hc is the 4th of them, three times */
        const lungo_layer_param *param = &layer->params[j < 3 ? j : 3];
        ck_ok(lungo_filler_fill(param->filler, &param->blob->shape, values, &rng));
        if (j > 3) continue;
        ck_assert_str_eq(lungo_shape_text(&param->blob->shape).text, shapes[j]);
        ck_assert_mem_eq(values, lungo_data(param->blob), param->blob->count * sizeof *values);
    }
    const lungo_layer_param *after = &lungo_test_layer(net, "ip")->params[0];
    ck_ok(lungo_filler_fill(after->filler, &after->blob->shape, values, &rng));
    ck_assert_mem_eq(values, lungo_data(after->blob), after->blob->count * sizeof *values);
    lungo_net_free(net);
}
END_TEST

/* Two passes of one sequence each add up to one pass of both side by side. */
START_TEST(gradients_add_up_over_passes) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, SEQUENCE LSTM(XC, "top: 'h' loss_weight: 1", ""));
    const float starts[6] = {0, 0, 1, 1, 1, 1};
    float *x = lungo_random_array(24, 3), once[48];
    for (int pass = 0; pass < 2; pass++) {
        run(net, x, starts, 3);
        ck_ok(lungo_net_backward(net));
        lungo_blob *weights = lungo_test_layer(net, "rec")->params[2].blob;
        for (int i = 0; i < 36; i++) {
            if (pass == 0) once[i] = lungo_diff(weights)[i];
            ck_assert_float_eq_tol(lungo_diff(weights)[i], (float)(pass + 1) * once[i], 1e-5f);
        }
    }
    lungo_net_free(net);
    free(x);
}
END_TEST

START_TEST(debug_info_shows_every_step) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, SEQUENCE LSTM(XC, "top: 'h'", "debug_info: true"));
    lungo_log_capture();
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_ptr_nonnull(
        strstr(lungo_log_captured(), "    [Forward] Layer rec_unit_1, top blob c_1 data: "));
    ck_assert_ptr_nonnull(
        strstr(lungo_log_captured(), "    [Forward] Layer rec_unit_3, top blob h_3 data: "));
    lungo_log_release();
    lungo_net_free(net);
}
END_TEST

/* ---- what is refused ---- */

static const struct {
    const char *net, *error;
} refused[] = {
    {INPUT("x", "dim: 3 dim: 2") INPUT("cont", "dim: 3 dim: 2") LSTM(XC, "top: 'h'", ""),
     "bottom 'x': expected at least 3 axes (steps, streams, values), got shape 3x2"},
    {INPUT("x", "dim: 0 dim: 2 dim: 4") INPUT("cont", "dim: 0 dim: 2") LSTM(XC, "top: 'h'", ""),
     "bottom 'x': expected at least 1 step, got shape 0x2x4"},
    {INPUT("x", "dim: 3 dim: 2 dim: 4") INPUT("cont", "dim: 2 dim: 3") LSTM(XC, "top: 'h'", ""),
     "bottom 'cont': expected shape 3x2 (steps, streams), got 2x3"},
    {SEQUENCE INPUT("s", "dim: 3 dim: 5") LSTM(XCS, "top: 'h'", ""),
     "bottom 's': expected 2 streams like bottom 'x', got 3 (shape 3x5)"},
    {SEQUENCE INPUT("s", "dim: 2") LSTM(XCS, "top: 'h'", ""),
     "bottom 's': expected at least 2 axes (streams, values), got shape 2"},
    {SEQUENCE STATIC INPUT("q", "dim: 1") LSTM(XCS " bottom: 'q'", "top: 'h'", ""),
     "layer takes 2 or 3 bottoms without expose_hidden, got 4"},
    {SEQUENCE LSTM(XC, "top: 'h' top: 'i'", ""), "layer makes 1 top without expose_hidden, got 2"},
    {SEQUENCE STATIC LSTM(XCS, "top: 'h' top: 'i' top: 'j'", "expose_hidden: true"),
     "layer takes 4 or 5 bottoms with expose_hidden, got 3"},
    {SEQUENCE INPUT("h0", "dim: 1 dim: 2 dim: 3") INPUT("c0", "dim: 2 dim: 1 dim: 3") LSTM(
         XC " bottom: 'h0' bottom: 'c0'", "top: 'h' top: 'hT' top: 'cT'", "expose_hidden: true"),
     "bottom 'c0': expected shape 1x2x3 (1, streams, num_output), got 2x1x3"},
    {SEQUENCE "layer { name: 'rec' type: 'LSTM' " XC " top: 'h' }",
     "recurrent_param.num_output: expected 1 to 536870911, got 0"},
};

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(refused[_i].net, LUNGO_ERR_CONFIG, refused[_i].error);
}
END_TEST

START_TEST(other_values_per_item_are_refused) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, SEQUENCE STATIC LSTM(XCS, "top: 'h'", ""));
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), &LUNGO_SHAPE(3, 2, 5)));
    ck_fails(lungo_net_reshape(net), LUNGO_ERR_CONFIG,
             "bottom 'x': expected 4 values per item to match weights 12x4, got 5 (shape 3x2x5)");
    lungo_net_free(net);
}
END_TEST

/* Something that learns makes cont: Caffe stops there too. */
START_TEST(cont_gets_no_gradient) {
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, INPUT("x", "dim: 3 dim: 2 dim: 4") INPUT("q", "dim: 3 dim: 5")
                                        LAYER1("ip", "InnerProduct", "q", "cont",
                                               "inner_product_param { num_output: 2 }")
                                            LSTM(XC, "top: 'h' loss_weight: 1", ""));
    ck_ok(lungo_net_forward(net, NULL));
    ck_fails(lungo_net_backward(net), LUNGO_ERR_CONFIG,
             "layer has no gradient for bottom 'cont' (bottom index 1)");
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_lstm(void);
Suite *lungo_suite_lstm(void) {
    Suite *suite = lungo_suite_of(
        "lstm", (const TTest *const[]){
                    a_stream_starts_anew_where_cont_is_zero, another_number_of_streams_starts_anew,
                    the_state_can_be_saved_and_loaded, no_state_can_be_saved_too,
                    exposed_states_are_those_that_are_kept, no_gradient_goes_beyond_the_first_step,
                    weights_are_drawn_as_by_caffes_net, gradients_add_up_over_passes,
                    debug_info_shows_every_step, other_values_per_item_are_refused,
                    cont_gets_no_gradient, NULL});
    lungo_suite_add_table(suite, gradients, 3);
    lungo_suite_add_table(suite, the_state_is_carried_to_the_next_forward, 3);
    lungo_suite_add_table(suite, what_does_not_fit_is_refused, sizeof refused / sizeof *refused);
    return suite;
}
