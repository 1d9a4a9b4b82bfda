#include <string.h>

#include "data/prefetch.h"
#include "support/suites.h"

/* Batches that hold their own number; the one numbered `fails` cannot be made. */
typedef struct batch_counter {
    int next, fails;
} batch_counter;

static lungo_status count_up(void *user, lungo_batch *batch) {
    batch_counter *counter = user;
    int number = counter->next++;
    if (number == counter->fails) return lungo_fail(LUNGO_ERR_DATA, "batch %d is bad", number);
    LUNGO_TRY(lungo_blob_reshape(&batch->data, &LUNGO_SHAPE(1 + number % 3)));
    LUNGO_TRY(lungo_blob_allocate_data(&batch->data));
    lungo_data_overwrite(&batch->data)[0] = (float)number;
    lungo_write_u64(&batch->state, (uint64_t)number);
    return LUNGO_OK;
}

START_TEST(batches_come_in_order_with_their_state) {
    for (size_t depth = 1; depth < 5; depth++) {
        batch_counter counter = {0, -1};
        lungo_prefetch *prefetch;
        ck_ok(lungo_prefetch_start(&prefetch, depth, count_up, &counter));
        for (int i = 0; i < 50; i++) {
            const lungo_batch *batch;
            uint64_t number;
            ck_ok(lungo_prefetch_next(prefetch, &batch));
            ck_assert_float_eq(lungo_data(&batch->data)[0], (float)i);
            ck_assert_uint_eq(batch->data.count, 1 + i % 3);
            lungo_reader reader = {batch->state.bytes, batch->state.bytes + batch->state.length};
            ck_ok(lungo_read_u64(&reader, &number));
            ck_assert_uint_eq(number, i);
            ck_assert_ptr_eq(reader.at, reader.end);
        }
        lungo_prefetch_stop(prefetch);
    }
}
END_TEST

START_TEST(a_failure_is_raised_in_its_place_and_stays) {
    batch_counter counter = {0, 3};
    lungo_prefetch *prefetch;
    const lungo_batch *batch;
    ck_ok(lungo_prefetch_start(&prefetch, 2, count_up, &counter));
    for (int i = 0; i < 3; i++)
        ck_ok(lungo_prefetch_next(prefetch, &batch));
    for (int i = 0; i < 3; i++)
        ck_fails(lungo_prefetch_next(prefetch, &batch), LUNGO_ERR_DATA, "batch 3 is bad");
    lungo_prefetch_stop(prefetch);
    ck_assert_int_eq(counter.next, 4);
}
END_TEST

START_TEST(stops_while_the_reader_waits) {
    batch_counter counter = {0, -1};
    lungo_prefetch *prefetch;
    ck_ok(lungo_prefetch_start(&prefetch, 1, count_up, &counter));
    lungo_prefetch_stop(prefetch);
    lungo_prefetch_stop(NULL);
}
END_TEST

Suite *lungo_suite_prefetch(void);
Suite *lungo_suite_prefetch(void) {
    return lungo_suite_of("prefetch",
                          (const TTest *const[]){batches_come_in_order_with_their_state,
                                                 a_failure_is_raised_in_its_place_and_stays,
                                                 stops_while_the_reader_waits, NULL});
}
