/* Nets without gradients whose blobs share memory, against the same nets whose blobs all have their
 * own. */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"
#include "support/allocations.h"
#include "support/pairs.h"
#include "support/suites.h"

/* ---- small nets ---- */

START_TEST(outputs_are_the_same) {
    lungo_pair both = lungo_open_pair(_i);
    lungo_run_pair(&both);
    ck_assert_uint_gt(lungo_net_memory_count(both.shared), 0);
    lungo_poison(both.shared);
    lungo_run_pair(&both);
    lungo_free_pair(&both);
}
END_TEST

START_TEST(a_blob_asked_for_later_has_its_values) {
    lungo_pair both = lungo_open_pair(_i);
    lungo_run_pair(&both);
    for (int i = 0; i < both.apart->blob_count; i++) {
        const char *name = both.apart->blobs[i]->name;
        lungo_blob *want = lungo_net_blob(both.apart, name);
        if (want) lungo_compare_values(&both, lungo_net_blob(both.shared, name), want);
    }
    lungo_run_pair(&both);
    lungo_free_pair(&both);
}
END_TEST

START_TEST(a_blob_asked_for_early_keeps_its_values) {
    lungo_pair both = lungo_open_pair(_i);
    lungo_blob *b = lungo_net_blob(both.shared, both.apart->blobs[2]->name);
    const float *values = lungo_data(b);
    lungo_run_pair(&both);
    lungo_compare_values(&both, b, both.apart->blobs[2]);
    ck_assert_ptr_eq(lungo_data(b), values);
    lungo_free_pair(&both);
}
END_TEST

START_TEST(new_shapes_are_planned_anew) {
    static const int images[] = {5, 1, 3};
    lungo_pair both = lungo_open_pair(_i);
    lungo_run_pair(&both);
    for (int k = 0; k < 3 && !strstr(lungo_pair_nets[_i / LUNGO_PAIR_ENGINES], "Parameter"); k++) {
        lungo_shape shape = both.apart->inputs[0]->shape;
        shape.dim[0] = images[k];
        ck_ok(lungo_blob_reshape(both.shared->inputs[0], &shape));
        ck_ok(lungo_blob_reshape(both.apart->inputs[0], &shape));
        lungo_run_pair(&both);
        lungo_poison(both.shared);
        lungo_run_pair(&both);
    }
    ck_assert_uint_gt(lungo_net_memory_count(both.shared), 0);
    lungo_keep_all(both.shared);
    for (int i = 0; i < both.apart->blob_count; i++)
        lungo_compare_values(&both, both.shared->blobs[i], both.apart->blobs[i]);
    lungo_free_pair(&both);
}
END_TEST

START_TEST(layer_by_layer_it_is_the_same) {
    lungo_pair both = lungo_open_pair(_i);
    both.shared->apart = both.apart->apart = true;
    lungo_run_pair(&both);
    lungo_poison(both.shared);
    lungo_run_pair(&both);
    both.shared->apart = both.apart->apart = false;
    lungo_run_pair(&both);
    lungo_free_pair(&both);
}
END_TEST

START_TEST(ranges_in_order_share_and_others_do_not) {
    lungo_pair both = lungo_open_pair(_i);
    size_t layers = lungo_net_layer_count(both.shared);
    lungo_run_pair(&both);
    lungo_poison(both.shared);
    for (size_t i = 0; i < lungo_net_step_count(both.shared); i++) {
        lungo_step_info step = lungo_net_step(both.shared, i);
        ck_ok(lungo_net_forward_range(both.shared, step.first, step.last, NULL));
    }
    lungo_compare_values(&both, both.shared->outputs[0], both.apart->outputs[0]);
    ck_assert_uint_gt(lungo_net_memory_count(both.shared), 0);
    lungo_poison(both.shared);
    for (size_t k = layers; k-- > 1;) {
        ck_ok(lungo_net_forward_range(both.shared, layers - 1, layers - 1, NULL));
        lungo_compare_values(&both, both.shared->outputs[0], both.apart->outputs[0]);
    }
    ck_assert_uint_eq(lungo_net_memory_count(both.shared), 0);
    for (int i = 0; i < both.apart->blob_count; i++)
        lungo_compare_values(&both, both.shared->blobs[i], both.apart->blobs[i]);
    lungo_free_pair(&both);
}
END_TEST

START_TEST(forward_only_a_net_with_a_loss_shares_values) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_net *net;
    options.forward_only = true;
    ck_ok(lungo_net_open_text(
        &net,
        "force_backward: true\n" IMAGES CHAIN CONV(
            "y", "b", "y",
            "16") "layer { name: 'l' type: 'EuclideanLoss' bottom: 'y' bottom: 'x' top: 'l' }",
        "net.prototxt", &options));
    lungo_fill_inputs(net);
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert(lungo_shares(net) && !net->gradients && !lungo_diff(net->outputs[0]));
    ck_fails(lungo_net_backward(net), LUNGO_ERR_USAGE, "the net was opened forward_only");
    lungo_net_free(net);
}
END_TEST

/* ---- when layers run again ---- */

START_TEST(what_the_caller_has_written_stays) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, lungo_pair_nets[0]);
    lungo_blob *b = lungo_net_blob(net, "b");
    lungo_fill_inputs(net);
    ck_ok(lungo_net_forward(net, NULL));
    float *values = lungo_data_update(b);
    values[3] = 77;
    const lungo_blob *c = lungo_net_blob(net, "c");
    ck_assert_ptr_nonnull(c);
    ck_assert_ptr_eq(lungo_data(b), values);
    ck_assert_float_eq(lungo_data(b)[3], 77);
    lungo_net_free(net);
}
END_TEST

START_TEST(nothing_is_allocated_after_the_first_forward) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, lungo_pair_nets[1]);
    lungo_fill_inputs(net);
    ck_ok(lungo_net_forward(net, NULL));
    size_t before = lungo_allocations();
    lungo_status second = lungo_net_forward(net, NULL), third = lungo_net_forward(net, NULL);
    size_t after = lungo_allocations();
    ck_assert(!second && !third);
    ck_assert_uint_eq(after, before);
    lungo_net_free(net);
}
END_TEST

static lungo_status forward_and_ask(lungo_net *net) {
    LUNGO_TRY(lungo_net_forward(net, NULL));
    if (net->gradients) LUNGO_TRY(lungo_net_backward(net));
    return lungo_net_blob(net, "a") && lungo_net_blob(net, "s") ? LUNGO_OK : lungo_error_code();
}

static void check_memory_faults(const char *text) {
    size_t n = 0, failed = 0;
    lungo_status status;
    do {
        lungo_net *net = lungo_test_net(LUNGO_TEST, text);
        lungo_fill_inputs(net);
        lungo_fail_allocation(++n);
        status = forward_and_ask(net);
        lungo_fail_allocation(0);
        if (status) ck_assert_int_eq(status, LUNGO_ERR_MEMORY);
        failed += status != LUNGO_OK;
        ck_ok(forward_and_ask(net));
        lungo_net_free(net);
    } while (status);
    ck_assert_uint_gt(failed, 3);
}

START_TEST(no_memory_is_an_error_that_can_be_survived) {
    char forced[4096];
    snprintf(forced, sizeof forced, "force_backward: true\n%s", lungo_pair_nets[1]);
    check_memory_faults(lungo_pair_nets[1]);
    check_memory_faults(forced);
}
END_TEST

/* ---- nets that share nothing ---- */

static void check_shares_nothing(lungo_phase phase, const char *text) {
    lungo_net *net = lungo_test_net(phase, text);
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_uint_eq(lungo_net_memory_count(net), 0);
    ck_assert_uint_eq(lungo_net_memory_taken(net), 0);
    lungo_net_free(net);
}

START_TEST(some_nets_share_nothing) {
    check_shares_nothing(LUNGO_TRAIN, lungo_pair_nets[0]);
    check_shares_nothing(LUNGO_TEST, IMAGES RELU("r", "x") CONV("y", "x", "y", "4"));
    check_shares_nothing(LUNGO_TEST,
                         IMAGES CHAIN LAYER1("n", "BatchNorm", "b", "y",
                                             "batch_norm_param { use_global_stats: false }"));
}
END_TEST

/* ---- models ---- */

enum { PERCENT = 40 };

static glob_t models;

START_TEST(models_share_most_of_their_memory) {
    const char *path = models.gl_pathv[_i];
    lungo_pair both = {lungo_open_model(path, LUNGO_ENGINE_DEFAULT, false),
                       lungo_open_model(path, LUNGO_ENGINE_DEFAULT, false)};
    lungo_keep_all(both.apart);
    lungo_run_pair(&both);
    lungo_poison(both.shared);
    ck_ok(lungo_net_forward(both.shared, NULL));
    lungo_compare_values(&both, both.shared->outputs[0], both.apart->outputs[0]);
    if (strstr(path, "googlenet") || strstr(path, "resnet50"))
        ck_assert_uint_le(100 * lungo_net_memory_taken(both.shared),
                          PERCENT * lungo_net_memory_unshared(both.shared));
    lungo_free_pair(&both);
}
END_TEST

Suite *lungo_suite_sharing(void);
Suite *lungo_suite_sharing(void) {
    Suite *suite = lungo_suite_of(
        "sharing", (const TTest *const[]){what_the_caller_has_written_stays,
                                          nothing_is_allocated_after_the_first_forward,
                                          forward_only_a_net_with_a_loss_shares_values,
                                          no_memory_is_an_error_that_can_be_survived,
                                          some_nets_share_nothing, NULL});
    const TTest *const pairs[] = {
        outputs_are_the_same,          a_blob_asked_for_later_has_its_values,
        new_shapes_are_planned_anew,   a_blob_asked_for_early_keeps_its_values,
        layer_by_layer_it_is_the_same, ranges_in_order_share_and_others_do_not};
    TCase *small = tcase_create("small"), *large = tcase_create("models");
    if (glob(LUNGO_SOURCE_DIR "/models/*/deploy.prototxt", 0, NULL, &models)) models.gl_pathc = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        tcase_add_loop_test(small, pairs[i], 0, LUNGO_PAIR_NETS * LUNGO_PAIR_ENGINES);
    tcase_add_loop_test(large, models_share_most_of_their_memory, 0, (int)models.gl_pathc);
    tcase_set_timeout(large, 240);
    suite_add_tcase(suite, small);
    suite_add_tcase(suite, large);
    return suite;
}
