#include <string.h>

#include "support/nets.h"
#include "support/suites.h"

#define MEMORY(name, more)                                                                         \
    "layer { name: '" name "' type: 'MemoryData' top: '" name "' top: '" name "_l' "               \
    "memory_data_param { batch_size: 2 channels: 1 height: 1 width: 3 } " more " }\n"

static const float data[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
static const float labels[] = {4, 3, 2, 1};

START_TEST(batches_come_in_order_and_wrap) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, MEMORY("d", ""));
    ck_ok(lungo_memory_data_set(net, "d", data, labels, 4));
    for (int batch = 0; batch < 5; batch++) {
        ck_ok(lungo_net_forward(net, NULL));
        int first = batch % 2 ? 2 : 0;
        ck_assert_mem_eq(lungo_data(lungo_net_blob(net, "d")), data + 3 * first, 6 * sizeof *data);
        ck_assert_mem_eq(lungo_data(lungo_net_blob(net, "d_l")), labels + first,
                         2 * sizeof *labels);
    }
    ck_ok(lungo_memory_data_set(net, NULL, data + 6, labels + 2, 2));
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_mem_eq(lungo_data(lungo_net_blob(net, "d")), data + 6, 6 * sizeof *data);
    lungo_net_free(net);
}
END_TEST

/* A layer that works in place on the top must not write to the program's array. */
START_TEST(arrays_are_only_read) {
    float own[6], label[2] = {0, 1};
    memcpy(own, data, sizeof own);
    lungo_net *net = lungo_test_net(
        LUNGO_TEST, MEMORY("d", "") LAYER1("twice", "Power", "d", "d", "power_param { scale: 2 }"));
    ck_ok(lungo_memory_data_set(net, "d", own, label, 2));
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_float_eq(lungo_data(lungo_net_blob(net, "d"))[5], 10);
    ck_assert_mem_eq(own, data, sizeof own);
    lungo_net_free(net);
}
END_TEST

START_TEST(what_cannot_be_fed_is_refused) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, MEMORY("d", ""));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_USAGE, "lungo_memory_data_set() has to come");
    ck_fails(lungo_memory_data_set(net, "d", data, labels, 3), LUNGO_ERR_USAGE,
             "expected a multiple of the batch size of 2 items, got 3");
    ck_fails(lungo_memory_data_set(net, "d", data, labels, 0), LUNGO_ERR_USAGE, "got 0");
    ck_fails(lungo_memory_data_set(net, "d", data, NULL, 2), LUNGO_ERR_USAGE, "got no labels");
    ck_fails(lungo_memory_data_set(net, "d", NULL, labels, 2), LUNGO_ERR_USAGE,
             "in layer 'd' (MemoryData)");
    ck_fails(lungo_memory_data_set(net, "e", data, labels, 2), LUNGO_ERR_USAGE,
             "has no MemoryData layer 'e'");
    lungo_net_free(net);
    ck_fails(lungo_try_net(LUNGO_TEST,
                           "layer { name: 'd' type: 'MemoryData' top: 'd' top: 'l' "
                           "memory_data_param { batch_size: 2 channels: 1 width: 3 } }"),
             LUNGO_ERR_CONFIG, "memory_data_param.height: expected 1 or more, got 0");
}
END_TEST

/* Caffe's transformer takes a word of the generator: later fillers depend on it. */
START_TEST(a_transformer_that_does_nothing_still_draws) {
    static const char filler[] =
        "layer { name: 'f' type: 'DummyData' top: 'f' dummy_data_param { shape { dim: 1 } "
        "data_filler { type: 'uniform' } } }";
    char text[1024];
    float drawn[2];
    for (int i = 0; i < 2; i++) {
        strcpy(text, i ? MEMORY("d", "transform_param { mirror: true }") : MEMORY("d", ""));
        lungo_net *net = lungo_test_net(LUNGO_TRAIN, strcat(text, filler));
        lungo_log_capture();
        ck_ok(lungo_memory_data_set(net, "d", data, labels, 4));
        ck_assert_int_eq(strstr(lungo_log_captured(), "does not transform array data") != NULL, i);
        lungo_log_release();
        ck_ok(lungo_net_forward(net, NULL));
        drawn[i] = *lungo_data(lungo_net_blob(net, "f"));
        lungo_net_free(net);
    }
    ck_assert_float_ne(drawn[0], drawn[1]);
}
END_TEST

Suite *lungo_suite_memory_data(void);
Suite *lungo_suite_memory_data(void) {
    const TTest *const tests[] = {batches_come_in_order_and_wrap, arrays_are_only_read,
                                  what_cannot_be_fed_is_refused,
                                  a_transformer_that_does_nothing_still_draws, NULL};
    return lungo_suite_of("memory_data", tests);
}
