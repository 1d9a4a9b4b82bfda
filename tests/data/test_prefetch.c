#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "data/prefetch.h"
#include "support/suites.h"

/* Items that hold their own number, in batches of four. Number `fails` cannot be put, `stuck` not
 * even be named, those whose bit is set in `bad` are damaged; in batch b items have 1 + b % 3
 * values. */
typedef struct item_counter {
    int next, fails, stuck;
    uint64_t bad;
} item_counter;

typedef struct item_task {
    int number, batch;
    void *memory;
} item_task;

enum { BATCH = 4 };

static lungo_status next_number(void *user, void *argument, int index) {
    item_counter *counter = user;
    item_task *task = argument;
    (void)index;
    task->number = counter->next++;
    task->batch = task->number / BATCH;
    if (task->number == counter->stuck)
        return lungo_fail(LUNGO_ERR_FILE, "no item %d", task->number);
    return LUNGO_OK;
}

/* Not all items take the same time. */
static lungo_status decode(void *user, void *argument) {
    const item_counter *counter = user;
    item_task *task = argument;
    volatile int work = 0;
    for (int i = 0; i < task->number * 7919 % 4001; i++)
        work = work + i;
    if (!task->memory) task->memory = malloc(1);
    if (task->number < 64 && counter->bad >> task->number & 1)
        return lungo_fail(LUNGO_ERR_FORMAT, "item %d is bad", task->number);
    return LUNGO_OK;
}

static lungo_status put_number(void *user, void *argument, lungo_place *place) {
    const item_counter *counter = user;
    const item_task *task = argument;
    float *values, *label;
    if (task->number >= counter->fails)
        return lungo_fail(LUNGO_ERR_DATA, "item %d does not fit", task->number);
    lungo_shape item = counter->bad ? LUNGO_SHAPE(2) : LUNGO_SHAPE(1 + task->batch % 3);
    LUNGO_TRY(lungo_place_claim(place, &item, &(lungo_shape){0}, &values, &label));
    values[0] = (float)task->number;
    *label = (float)-task->number;
    return LUNGO_OK;
}

static lungo_status save_number(void *user, lungo_writer *state) {
    lungo_write_u64(state, (uint64_t)((const item_counter *)user)->next);
    return LUNGO_OK;
}

static void release_task(void *task) {
    free(((item_task *)task)->memory);
}

static const lungo_source source = {sizeof(item_task), release_task, next_number, decode,
                                    put_number,        save_number};

static lungo_prefetch *start(item_counter *counter, int depth, int threads, bool skip_bad) {
    lungo_prefetch *prefetch;
    ck_ok(lungo_prefetch_start(&prefetch, &(lungo_prefetch_options){.source = &source,
                                                                    .user = counter,
                                                                    .batch_size = BATCH,
                                                                    .depth = depth,
                                                                    .threads = threads,
                                                                    .skip_bad = skip_bad,
                                                                    .name = "numbers"}));
    return prefetch;
}

static item_counter fair_counter(void) {
    return (item_counter){0, INT_MAX, -1, 0};
}

static uint64_t state_of(const lungo_batch *batch) {
    uint64_t number;
    lungo_reader reader = {batch->state.bytes, batch->state.bytes + batch->state.length};
    ck_ok(lungo_read_u64(&reader, &number));
    ck_assert_ptr_eq(reader.at, reader.end);
    return number;
}

static const int thread_counts[] = {1, 2, 5};

START_TEST(items_come_in_order_with_their_state) {
    for (int depth = 1; depth < 5; depth++) {
        item_counter counter = fair_counter();
        lungo_prefetch *prefetch = start(&counter, depth, thread_counts[_i], false);
        for (int i = 0; i < 50; i++) {
            const lungo_batch *batch;
            ck_ok(lungo_prefetch_next(prefetch, &batch));
            ck_assert_uint_eq(batch->data.count, BATCH * (1 + i % 3));
            for (int k = 0; k < BATCH; k++) {
                ck_assert_float_eq(lungo_data(&batch->data)[k * (1 + i % 3)],
                                   (float)(BATCH * i + k));
                ck_assert_float_eq(lungo_data(&batch->label)[k], (float)-(BATCH * i + k));
            }
            ck_assert_uint_eq(state_of(batch), BATCH * (i + 1));
        }
        lungo_prefetch_stop(prefetch);
    }
}
END_TEST

/* Items 14, 15, ... fail, of which the first is named however many threads meet one. */
START_TEST(a_failure_is_raised_in_its_place_and_stays) {
    for (int run = 0; run < 20; run++) {
        item_counter counter = fair_counter();
        const lungo_batch *batch;
        counter.fails = 14;
        lungo_prefetch *prefetch = start(&counter, 2, thread_counts[_i], false);
        for (int i = 0; i < 3; i++)
            ck_ok(lungo_prefetch_next(prefetch, &batch));
        for (int i = 0; i < 3; i++)
            ck_fails(lungo_prefetch_next(prefetch, &batch), LUNGO_ERR_DATA, "item 14 does not fit");
        lungo_prefetch_stop(prefetch);
    }
}
END_TEST

START_TEST(a_source_that_fails_ends_the_batches) {
    item_counter counter = fair_counter();
    const lungo_batch *batch;
    counter.stuck = 5;
    lungo_prefetch *prefetch = start(&counter, 3, thread_counts[_i], true);
    ck_ok(lungo_prefetch_next(prefetch, &batch));
    ck_fails(lungo_prefetch_next(prefetch, &batch), LUNGO_ERR_FILE, "no item 5");
    lungo_prefetch_stop(prefetch);
    ck_assert_int_eq(counter.next, 6);
}
END_TEST

/* Items 0, 2, 4 are bad, and 8 to 11: places 0 and 2 of the first batch get what stands behind it,
 * twice, as 4 is bad too; the third batch begins with item 12. */
START_TEST(bad_items_make_room_for_those_behind_the_batch) {
    static const int expected[3][BATCH] = {{6, 1, 5, 3}, {7, 14, 12, 13}, {15, 16, 17, 18}};
    static const uint64_t behind[3] = {7, 15, 19};
    item_counter counter = fair_counter();
    const lungo_batch *batch;
    counter.bad = 0xf15;
    lungo_prefetch *prefetch = start(&counter, 2, thread_counts[_i], true);
    for (int i = 0; i < 3; i++) {
        ck_ok(lungo_prefetch_next(prefetch, &batch));
        float got[BATCH];
        for (int k = 0; k < BATCH; k++)
            got[k] = lungo_data(&batch->data)[2 * k];
        ck_assert_msg(got[0] == (float)expected[i][0] && got[1] == (float)expected[i][1] &&
                          got[2] == (float)expected[i][2] && got[3] == (float)expected[i][3],
                      "batch %d: got %g %g %g %g", i, got[0], got[1], got[2], got[3]);
        ck_assert_uint_eq(state_of(batch), behind[i]);
    }
    lungo_prefetch_stop(prefetch);
}
END_TEST

START_TEST(bad_items_end_the_batches_unless_told_otherwise) {
    item_counter counter = fair_counter();
    const lungo_batch *batch;
    counter.bad = 1 << 6 | 1 << 7;
    lungo_prefetch *prefetch = start(&counter, 2, thread_counts[_i], false);
    ck_ok(lungo_prefetch_next(prefetch, &batch));
    ck_fails(lungo_prefetch_next(prefetch, &batch), LUNGO_ERR_FORMAT, "item 6 is bad");
    lungo_prefetch_stop(prefetch);
}
END_TEST

static lungo_status always_bad(void *user, void *task) {
    (void)user;
    (void)task;
    return lungo_fail(LUNGO_ERR_FORMAT, "bad");
}

START_TEST(bad_items_without_end_are_an_error) {
    lungo_source damaged = source;
    item_counter counter = fair_counter();
    lungo_prefetch *prefetch;
    const lungo_batch *batch;
    damaged.decode = always_bad;
    lungo_prefetch_options options = {.source = &damaged,
                                      .user = &counter,
                                      .batch_size = BATCH,
                                      .depth = 1,
                                      .threads = thread_counts[_i],
                                      .skip_bad = true,
                                      .name = "numbers"};
    ck_ok(lungo_prefetch_start(&prefetch, &options));
    ck_fails(lungo_prefetch_next(prefetch, &batch), LUNGO_ERR_FORMAT,
             "bad\n  after 1000 other bad records for one batch");
    lungo_prefetch_stop(prefetch);
}
END_TEST

START_TEST(stops_while_the_readers_wait) {
    item_counter counter = fair_counter();
    lungo_prefetch_stop(start(&counter, 1, thread_counts[_i], false));
    lungo_prefetch_stop(NULL);
}
END_TEST

Suite *lungo_suite_prefetch(void);
Suite *lungo_suite_prefetch(void) {
    Suite *suite = suite_create("prefetch");
    TCase *tcase = tcase_create("prefetch");
    tcase_add_loop_test(tcase, items_come_in_order_with_their_state, 0, 3);
    tcase_add_loop_test(tcase, a_failure_is_raised_in_its_place_and_stays, 0, 3);
    tcase_add_loop_test(tcase, a_source_that_fails_ends_the_batches, 0, 3);
    tcase_add_loop_test(tcase, bad_items_make_room_for_those_behind_the_batch, 0, 3);
    tcase_add_loop_test(tcase, bad_items_end_the_batches_unless_told_otherwise, 0, 3);
    tcase_add_loop_test(tcase, bad_items_without_end_are_an_error, 0, 3);
    tcase_add_loop_test(tcase, stops_while_the_readers_wait, 0, 3);
    suite_add_tcase(suite, tcase);
    return suite;
}
