/* Nets with gradients, which share memory, against the same nets whose blobs all have their own. */
#include <glob.h>
#include <string.h>

#include "plan/plan.h"
#include "support/allocations.h"
#include "support/pairs.h"
#include "support/suites.h"

START_TEST(gradients_are_the_same) {
    lungo_pair both = lungo_open_forced_pair(_i);
    lungo_train_pair(&both);
    ck_assert(lungo_shares(both.shared));
    lungo_train_pair(&both); /* they add up */
    lungo_net_clear_gradients(both.shared);
    lungo_net_clear_gradients(both.apart);
    lungo_train_pair(&both);
    both.shared->apart = both.apart->apart = true;
    lungo_train_pair(&both);
    lungo_free_pair(&both);
}
END_TEST

START_TEST(a_gradient_asked_for_later_is_there) {
    lungo_pair both = lungo_open_forced_pair(_i);
    lungo_train_pair(&both);
    for (int i = 0; i < both.apart->blob_count; i++) {
        const char *name = both.apart->blobs[i]->name;
        if (!lungo_net_blob(both.apart, name)) continue;
        lungo_compare_gradients(lungo_net_blob(both.shared, name),
                                lungo_net_blob(both.apart, name));
        lungo_compare_all_gradients(&both);
    }
    lungo_train_pair(&both);
    lungo_free_pair(&both);
}
END_TEST

START_TEST(a_gradient_asked_for_early_stays) {
    lungo_pair both = lungo_open_forced_pair(_i);
    for (int i = 0; i < both.apart->blob_count; i += 2)
        ck_ok(lungo_plan_keep(both.shared->plan, both.shared->blobs[i]));
    lungo_train_pair(&both);
    for (int i = 0; i < both.apart->blob_count; i += 2)
        lungo_compare_gradients(both.shared->blobs[i], both.apart->blobs[i]);
    lungo_free_pair(&both);
}
END_TEST

START_TEST(gradients_follow_new_shapes) {
    static const int images[] = {3, 1};
    lungo_pair both = lungo_open_forced_pair(_i);
    for (int k = 0; k < 2 && !strstr(lungo_pair_nets[_i / LUNGO_PAIR_ENGINES], "Parameter"); k++) {
        lungo_shape shape = both.apart->inputs[0]->shape;
        shape.dim[0] = images[k];
        ck_ok(lungo_blob_reshape(both.shared->inputs[0], &shape));
        ck_ok(lungo_blob_reshape(both.apart->inputs[0], &shape));
        lungo_train_pair(&both);
        ck_assert(lungo_shares(both.shared));
    }
    lungo_free_pair(&both);
}
END_TEST

static void backward_of_step(lungo_net *net, size_t index) {
    lungo_step_info step = lungo_net_step(net, index);
    ck_ok(lungo_net_backward_range(net, step.first, step.last));
}

START_TEST(backward_in_order_shares_and_otherwise_it_does_not) {
    lungo_pair both = lungo_open_forced_pair(_i);
    size_t steps = lungo_net_step_count(both.shared);
    lungo_train_pair(&both);
    lungo_run_pair(&both);
    lungo_poison(both.shared);
    for (size_t i = steps; i-- > 0;) {
        backward_of_step(both.shared, i);
        backward_of_step(both.apart, i);
    }
    lungo_compare_all_gradients(&both);
    ck_assert(lungo_shares(both.shared));
    lungo_poison(both.shared);
    backward_of_step(both.shared, steps / 2);
    backward_of_step(both.apart, steps / 2);
    lungo_compare_all_gradients(&both);
    ck_assert(!lungo_shares(both.shared));
    for (int i = 0; i < both.apart->blob_count; i++)
        lungo_compare_gradients(both.shared->blobs[i], both.apart->blobs[i]);
    lungo_free_pair(&both);
}
END_TEST

static lungo_status learn(lungo_net *net) {
    lungo_net_clear_gradients(net);
    LUNGO_TRY(lungo_net_forward(net, NULL));
    return lungo_net_backward(net);
}

START_TEST(nothing_is_allocated_after_the_first_backward) {
    lungo_pair both = lungo_open_forced_pair(LUNGO_PAIR_ENGINES);
    ck_ok(learn(both.shared));
    size_t before = lungo_allocations();
    lungo_status second = learn(both.shared), third = learn(both.shared);
    size_t after = lungo_allocations();
    ck_assert(!second && !third && lungo_shares(both.shared));
    ck_assert_uint_eq(after, before);
    lungo_free_pair(&both);
}
END_TEST

/* Seeded from outside, and then changed in place: twice would be once too often. */
START_TEST(a_given_gradient_that_changes_is_not_made_again) {
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, "force_backward: true\n" IMAGES CHAIN CONV("c", "b", "c", "8")
                                        LAYER1("s", "Sigmoid", "c", "c", ""));
    ck_ok(learn(net));
    ck_assert_uint_eq(lungo_net_memory_count(net), 0);
    lungo_net_free(net);
}
END_TEST

/* ---- models ---- */

enum { PERCENT = 75 };

static glob_t models;

static struct {
    const char *path;
    lungo_engine engine;
} trainings[64];
static int training_count;

static void add_training(const char *path, lungo_engine engine) {
    trainings[training_count].path = path;
    trainings[training_count++].engine = engine;
}

/* All models by default; with BLAS but for VGG-16, and as the formulas stand only small ones: the
 * rest would take minutes. */
static void list_trainings(void) {
    for (size_t i = 0; i < models.gl_pathc && i < 20; i++) {
        const char *path = models.gl_pathv[i];
        add_training(path, LUNGO_ENGINE_DEFAULT);
        if (!strstr(path, "vgg16")) add_training(path, LUNGO_ENGINE_BLAS);
        if (strstr(path, "/lenet") || strstr(path, "cifar10"))
            add_training(path, LUNGO_ENGINE_REFERENCE);
    }
}

START_TEST(models_share_gradients) {
    const char *path = trainings[_i].path;
    lungo_engine engine = trainings[_i].engine;
    lungo_pair both = {lungo_open_model(path, engine, true), lungo_open_model(path, engine, true)};
    lungo_keep_all(both.apart);
    lungo_train_pair(&both);
    ck_assert(lungo_shares(both.shared));
    if (strstr(path, "googlenet") || strstr(path, "resnet50"))
        ck_assert_uint_le(100 * lungo_net_memory_taken(both.shared),
                          PERCENT * lungo_net_memory_unshared(both.shared));
    lungo_free_pair(&both);
}
END_TEST

Suite *lungo_suite_shared_gradients(void);
Suite *lungo_suite_shared_gradients(void) {
    Suite *suite = lungo_suite_of(
        "shared_gradients",
        (const TTest *const[]){nothing_is_allocated_after_the_first_backward,
                               a_given_gradient_that_changes_is_not_made_again, NULL});
    const TTest *const pairs[] = {gradients_are_the_same, a_gradient_asked_for_later_is_there,
                                  a_gradient_asked_for_early_stays, gradients_follow_new_shapes,
                                  backward_in_order_shares_and_otherwise_it_does_not};
    TCase *small = tcase_create("small"), *large = tcase_create("models");
    if (glob(LUNGO_SOURCE_DIR "/models/*/deploy.prototxt", 0, NULL, &models)) models.gl_pathc = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        tcase_add_loop_test(small, pairs[i], 0, LUNGO_PAIR_NETS * LUNGO_PAIR_ENGINES);
    list_trainings();
    tcase_add_loop_test(large, models_share_gradients, 0, training_count);
    tcase_set_timeout(large, 240);
    suite_add_tcase(suite, small);
    suite_add_tcase(suite, large);
    return suite;
}
