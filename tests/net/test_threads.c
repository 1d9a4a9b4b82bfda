/* The library keeps nothing that two users of it could trip over: nets and solvers in threads of
 * their own, a net that goes on after an error, and one opened and closed ten thousand times. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lungo/lungo.h"
#include "store/database.h"
#include "store/hdf5.h"
#include "support/allocations.h"
#include "support/folder.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/suites.h"

enum { THREADS = 2, VALUES = 2 * 16 * 8 * 8 };

/* Runs one function in THREADS threads with the elements of an array of jobs. */
static void run_together(void *(*function)(void *), void *jobs, size_t size) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, function, (char *)jobs + (size_t)i * size), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- nets ---- */

#define BLOCK                                                                                      \
    INPUT("x", "dim: 2 dim: 16 dim: 8 dim: 8")                                                     \
    LAYER1("conv", "Convolution", "x", "a",                                                        \
           "convolution_param { num_output: 16 kernel_size: 3 pad: 1"                              \
           " weight_filler { type: 'xavier' } }")                                                  \
    LAYER1("bn", "BatchNorm", "a", "a", "")                                                        \
    LAYER1("relu", "ReLU", "a", "a", "")                                                           \
    LAYER1("lrn", "LRN", "a", "b", "")                                                             \
    LAYER1("pool", "Pooling", "b", "c", "pooling_param { kernel_size: 2 stride: 2 }")              \
    LAYER1("ip", "InnerProduct", "c", "d",                                                         \
           "inner_product_param { num_output: 5 weight_filler { type: 'xavier' } }")               \
    LAYER1("prob", "Softmax", "d", "y", "")

typedef struct net_job {
    lungo_engine engine;
    float values[2 * 5];
    lungo_status status;
} net_job;

static lungo_status forward(lungo_net *net, float *values) {
    float *x = lungo_data_overwrite(lungo_net_input(net, 0));
    for (int i = 0; i < VALUES; i++)
        x[i] = (float)(i % 17) / 17;
    LUNGO_TRY(lungo_net_forward(net, NULL));
    memcpy(values, lungo_data(lungo_net_output(net, 0)), sizeof((net_job *)0)->values);
    return LUNGO_OK;
}

static void *run_net(void *argument) {
    net_job *job = argument;
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.seed = 11;
    options.engine = job->engine;
    for (int round = 0; round < 5 && !job->status; round++) {
        lungo_net *net;
        job->status = lungo_net_open_text(&net, BLOCK, "net.prototxt", &options);
        if (job->status) break;
        for (int i = 0; i < 4 && !job->status; i++)
            job->status = forward(net, job->values);
        lungo_net_free(net);
    }
    return NULL;
}

START_TEST(nets_in_two_threads_compute_what_they_do_alone) {
    lungo_engine engine = _i ? LUNGO_ENGINE_BLAS : LUNGO_ENGINE_DEFAULT;
    net_job alone = {.engine = engine},
            together[THREADS] = {{.engine = engine}, {.engine = engine}};
    run_net(&alone);
    run_together(run_net, together, sizeof *together);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(together[i].status, LUNGO_OK);
        ck_assert_mem_eq(together[i].values, alone.values, sizeof alone.values);
    }
}
END_TEST

/* ---- errors ---- */

static void *fail_often(void *argument) {
    const char *type = argument;
    for (int i = 0; i < 200; i++) {
        char text[128], part[32];
        lungo_net *net;
        snprintf(text, sizeof text, "layer { name: 'x' type: '%s' }", type);
        snprintf(part, sizeof part, "'%s'", type);
        if (!lungo_net_open_text(&net, text, "net.prototxt", NULL)) return "opened";
        if (!strstr(lungo_error_text(), part)) return "the text of another thread";
    }
    return NULL;
}

START_TEST(each_thread_has_its_own_error) {
    pthread_t threads[THREADS];
    char types[THREADS][8] = {"Abcdef", "Ghijkl"};
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fail_often, types[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        void *complaint;
        pthread_join(threads[i], &complaint);
        ck_assert_msg(!complaint, "%s", (const char *)complaint);
    }
}
END_TEST

/* After each error: the values that were right before. */
START_TEST(a_net_goes_on_after_an_error) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, BLOCK);
    float before[10], after[10];
    lungo_blob *input = lungo_net_input(net, 0);
    lungo_shape shape = *lungo_blob_shape(input), wrong = {4, {2, 3, 8, 8}};
    ck_ok(forward(net, before));
    ck_assert_int_ne(lungo_net_load_weights(net, "none.caffemodel"), LUNGO_OK);
    ck_assert_int_ne(lungo_net_save_weights(net, "no/folder.caffemodel", false), LUNGO_OK);
    ck_assert_int_ne(lungo_net_forward_range(net, 3, 99, NULL), LUNGO_OK);
    ck_ok(forward(net, after));
    ck_assert_mem_eq(after, before, sizeof before);
    ck_ok(lungo_blob_reshape(input, &wrong));
    ck_assert_int_ne(lungo_net_forward(net, NULL), LUNGO_OK); /* the weights are for 16 channels */
    ck_assert_int_ne(lungo_net_forward(net, NULL), LUNGO_OK);
    ck_ok(lungo_blob_reshape(input, &shape));
    ck_ok(forward(net, after));
    ck_assert_mem_eq(after, before, sizeof before);
    lungo_net_free(net);
}
END_TEST

/* There and back with no forward between, which drops the layouts that units work on. */
START_TEST(a_net_goes_on_after_a_shape_that_was_not_used) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, BLOCK);
    float before[10], after[10];
    lungo_blob *input = lungo_net_input(net, 0);
    lungo_shape shape = *lungo_blob_shape(input), other = {4, {4, 16, 8, 8}};
    ck_ok(forward(net, before));
    ck_ok(lungo_blob_reshape(input, &other));
    ck_ok(lungo_blob_reshape(input, &shape));
    ck_ok(forward(net, after));
    ck_assert_mem_eq(after, before, sizeof before);
    lungo_net_free(net);
}
END_TEST

/* Every allocation of a forward in a new shape fails once; the next forward makes up for it. */
START_TEST(a_net_goes_on_after_memory_was_out) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, BLOCK);
    lungo_blob *input = lungo_net_input(net, 0);
    float before[10], after[10];
    int failures = 0;
    ck_ok(forward(net, before));
    for (int n = 1; n < 200; n++) {
        lungo_shape shape = *lungo_blob_shape(input), other = {4, {2 + n, 16, 8, 8}};
        lungo_fail_allocation((size_t)n);
        lungo_status status = lungo_blob_reshape(input, &other);
        if (status) ck_assert(lungo_shape_equal(lungo_blob_shape(input), &shape));
        if (!status) status = lungo_net_forward(net, NULL);
        lungo_fail_allocation(0);
        failures += status != LUNGO_OK;
        ck_ok(lungo_blob_reshape(input, &(lungo_shape){4, {2, 16, 8, 8}}));
        ck_ok(forward(net, after));
        ck_assert_mem_eq(after, before, sizeof before);
        if (!status) break;
    }
    ck_assert_int_gt(failures, 5);
    lungo_net_free(net);
}
END_TEST

/* ---- solvers ---- */

/* Both read the same files: the stores share what can be opened but once in a process. */
static const char solver_text[] =
    "net_param { name: 'shared' layer { name: 'data' type: 'Data' top: 'data' top: 'label'"
    " transform_param { mirror: true crop_size: 3 } data_param { source: 'db' backend: %s"
    " batch_size: 3 reader_threads: 2 } }"
    " layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip'"
    " inner_product_param { num_output: 2 weight_filler { type: 'xavier' } } }"
    " layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' } }"
    " base_lr: 0.1 lr_policy: 'fixed' momentum: 0.9 random_seed: 4 snapshot: 3 max_iter: 6"
    " snapshot_format: %s snapshot_prefix: '%s'";

typedef struct solver_job {
    const char *file;
    float weights[2 * 9];
    lungo_status status;
} solver_job;

static void *run_solver(void *argument) {
    solver_job *job = argument;
    lungo_solver *solver;
    job->status = lungo_solver_open(&solver, job->file, NULL);
    if (job->status) return NULL;
    job->status = lungo_solver_solve(solver, NULL);
    memcpy(job->weights, lungo_data(lungo_net_param(lungo_solver_net(solver), 0).blob),
           sizeof job->weights);
    lungo_solver_free(solver);
    return NULL;
}

static void put_records(const char *backend) {
    lungo_db_writer *writer;
    ck_ok(lungo_db_writer_open(&writer, backend, "db"));
    for (int i = 0; i < 8; i++) {
        unsigned char pixels[25], key = (unsigned char)('a' + i);
        for (int j = 0; j < 25; j++)
            pixels[j] = (unsigned char)(j * (i + 3));
        lungo_image image = {.channels = 1, .height = 5, .width = 5, .pixels = pixels};
        ck_ok(lungo_db_writer_put_image(writer, &key, 1, &image, i % 2));
    }
    ck_ok(lungo_db_writer_close(writer));
}

static void put_solvers(const char *backend, const char *format) {
    static const char *const names[] = {"alone", "one", "other"};
    for (int i = 0; i < 3; i++) {
        char text[2048], path[32];
        snprintf(text, sizeof text, solver_text, backend, format, names[i]);
        snprintf(path, sizeof path, "%s.prototxt", names[i]);
        lungo_test_file(path, text);
    }
}

static void check_solvers(const char *backend, const char *name, const char *format) {
    put_records(backend);
    put_solvers(name, format);
    solver_job alone = {.file = "alone.prototxt"},
               together[THREADS] = {{.file = "one.prototxt"}, {.file = "other.prototxt"}};
    run_solver(&alone);
    ck_assert_int_eq(alone.status, LUNGO_OK);
    run_together(run_solver, together, sizeof *together);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(together[i].status, LUNGO_OK);
        ck_assert_mem_eq(together[i].weights, alone.weights, sizeof alone.weights);
    }
}

START_TEST(solvers_in_two_threads_train_as_they_do_alone) {
    check_solvers("lmdb", "LMDB", "BINARYPROTO");
}
END_TEST

START_TEST(solvers_in_two_threads_share_leveldb_and_hdf5) {
    if (lungo_backend_check(LUNGO_LEVELDB) || lungo_hdf5_check()) return;
    check_solvers("leveldb", "LEVELDB", "HDF5");
}
END_TEST

/* ---- opened and closed ---- */

enum { CYCLES = 10000, WARM_UP = 200, FEW_BYTES = 64 * 1024 };

static void cycle(int times) {
    for (int i = 0; i < times; i++) {
        lungo_net *net = lungo_test_net(LUNGO_TRAIN, INPUT("x", "dim: 2 dim: 3") LAYER1(
                                                         "ip", "InnerProduct", "x", "y",
                                                         "inner_product_param { num_output: 2 }"));
        ck_ok(lungo_net_forward(net, NULL));
        lungo_net_free(net);
        if (i % 10 == 0) ck_assert_int_ne(lungo_try_net(LUNGO_TRAIN, "layer { type: 'X' }"), 0);
    }
}

/* Sanitizers have a heap of their own, of which mallinfo2 knows nothing; they look for leaks. */
START_TEST(ten_thousand_nets_leave_nothing) {
    cycle(WARM_UP);
    struct mallinfo2 before = mallinfo2();
    int files = lungo_count_entries("/proc/self/fd");
    cycle(CYCLES);
    struct mallinfo2 after = mallinfo2();
    ck_assert_uint_le(after.uordblks, before.uordblks + FEW_BYTES);
    ck_assert_uint_le(after.arena, before.arena + 16 * FEW_BYTES);
    ck_assert_uint_le(after.hblkhd, before.hblkhd);
    ck_assert_int_eq(lungo_count_entries("/proc/self/fd"), files);
}
END_TEST

Suite *lungo_suite_threads(void);
Suite *lungo_suite_threads(void) {
    const TTest *const tests[] = {each_thread_has_its_own_error,
                                  a_net_goes_on_after_an_error,
                                  a_net_goes_on_after_a_shape_that_was_not_used,
                                  a_net_goes_on_after_memory_was_out,
                                  solvers_in_two_threads_train_as_they_do_alone,
                                  solvers_in_two_threads_share_leveldb_and_hdf5,
                                  ten_thousand_nets_leave_nothing,
                                  NULL};
    Suite *suite = lungo_test_folder_suite("threads", tests);
    lungo_suite_add_table(suite, nets_in_two_threads_compute_what_they_do_alone, 2);
    return suite;
}
