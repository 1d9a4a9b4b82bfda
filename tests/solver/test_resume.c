/* Every part of a run's state, one by one: bit for bit the run that was not stopped. What each test
 * stands for is lost, and the test fails, when that part is not saved. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "blob/shape.h"
#include "lungo/data.h"
#include "store/database.h"
#include "store/hdf5.h"
#include "support/records.h"
#include "support/resume.h"
#include "support/solvers.h"
#include "support/suites.h"

#define FIXED "lr_policy: 'fixed' base_lr: 0.05 momentum: 0.9 "

/* x (4, ...) and labels l below 3; and what learns from them. */
#define GAUSS                                                                                      \
    "layer { name: 'data' type: 'DummyData' top: 'x' top: 'l' dummy_data_param { "                 \
    "shape { dim: 4 dim: 5 } shape { dim: 4 } data_filler { type: 'gaussian' std: 1 } "            \
    "data_filler { type: 'constant' value: 1 } } } "
#define FILLED "weight_filler { type: 'gaussian' std: 0.1 }"
#define LEARN                                                                                      \
    "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'ip' inner_product_param { "         \
    "num_output: 3 " FILLED " } } "                                                                \
    "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'l' top: 'loss' } "
#define TESTED "test_iter: 2 test_interval: 2 "

static void check(const char *settings, const char *net) {
    lungo_check_resume(&(lungo_resume_check){.settings = settings, .net = net});
}

/* ---- the solver ---- */

START_TEST(every_rule) {
    static const char *const rules[] = {
        "type: 'SGD' momentum: 0.9 weight_decay: 0.01",
        "type: 'Nesterov' momentum: 0.9",
        "type: 'AdaGrad' regularization_type: 'L1' weight_decay: 0.01",
        "type: 'RMSProp' rms_decay: 0.9",
        "type: 'AdaDelta' momentum: 0.9 delta: 1e-4",
        "type: 'Adam' momentum: 0.9 momentum2: 0.99",
        "type: 'Adam' momentum: 0.9 regularization_type: 'decoupled' weight_decay: 0.01 "
        "adam_delta: CORRECTED decoupled_decay_scale: SCHEDULE",
        "type: 'SGD' regularization_type: 'decoupled' weight_decay: 0.01 decoupled_decay_scale: "
        "NONE decoupled_decay_point: AFTER_UPDATE clip_gradients: 0.5",
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        char settings[512];
        snprintf(settings, sizeof settings, "lr_policy: 'fixed' base_lr: 0.05 %s", rules[i]);
        check(settings, GAUSS LEARN);
    }
}
END_TEST

START_TEST(every_policy) {
    static const char *const policies[] = {"lr_policy: 'step' gamma: 0.5 stepsize: 2",
                                           "lr_policy: 'exp' gamma: 0.9",
                                           "lr_policy: 'inv' gamma: 0.5 power: 2",
                                           "lr_policy: 'multistep' gamma: 0.5 stepvalue: [2, 3, 5]",
                                           "lr_policy: 'poly' power: 2",
                                           "lr_policy: 'sigmoid' gamma: 0.5 stepsize: 3"};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        char settings[512];
        snprintf(settings, sizeof settings, "base_lr: 0.05 %s", policies[i]);
        check(settings, GAUSS LEARN);
    }
}
END_TEST

START_TEST(averaged_losses_and_passes) {
    check(FIXED "average_loss: 3", GAUSS LEARN);
    check(FIXED "average_loss: 100", GAUSS LEARN);
    check(FIXED "iter_size: 3 average_loss: 2", GAUSS LEARN);
}
END_TEST

START_TEST(hdf5_snapshots) {
    if (lungo_hdf5_check()) return;
    check(FIXED TESTED "snapshot_format: HDF5 average_loss: 2", GAUSS LEARN);
}
END_TEST

START_TEST(dropout) {
    check(FIXED, GAUSS "layer { name: 'drop' type: 'Dropout' bottom: 'x' top: 'x' } " LEARN);
}
END_TEST

/* The constant is added to, iteration after iteration. */
START_TEST(constants_that_are_changed_in_place) {
    check(FIXED TESTED,
          "layer { name: 'data' type: 'DummyData' top: 'x' top: 'l' top: 'y' dummy_data_param { "
          "shape { dim: 4 dim: 5 } shape { dim: 4 } shape { dim: 4 dim: 5 } data_filler { value: 1 "
          "} data_filler { value: 1 } data_filler { type: 'gaussian' } } } "
          "layer { name: 'more' type: 'Power' bottom: 'x' top: 'x' power_param { shift: 0.25 } } "
          "layer { name: 'end' type: 'Silence' bottom: 'y' } " LEARN);
}
END_TEST

/* Growth and leaps are warned of once, measured against the start. */
START_TEST(warnings_of_the_guard_and_of_decay) {
    check("lr_policy: 'fixed' base_lr: 50 weight_decay: -0.01", GAUSS LEARN);
    check("lr_policy: 'fixed' base_lr: 0.5 regularization_type: 'decoupled' weight_decay: 2.5",
          GAUSS LEARN);
}
END_TEST

/* ---- layers with a state ---- */

#define SEQUENCE                                                                                   \
    "layer { name: 'data' type: 'DummyData' top: 's' top: 'cont' top: 't' dummy_data_param { "     \
    "shape { dim: 3 dim: 2 dim: 4 } shape { dim: 3 dim: 2 } shape { dim: 3 dim: 2 dim: 2 } "       \
    "data_filler { type: 'gaussian' std: 1 } data_filler { type: 'constant' value: 1 } "           \
    "data_filler { type: 'constant' value: 0.5 } } } "
#define RECURRENT(type)                                                                            \
    "layer { name: 'rnn' type: '" type "' bottom: 's' bottom: 'cont' top: 'h' recurrent_param { "  \
    "num_output: 2 " FILLED " } } "                                                                \
    "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'h' bottom: 't' top: 'loss' } "

START_TEST(recurrent_layers) {
    check(FIXED TESTED, SEQUENCE RECURRENT("LSTM"));
    check(FIXED TESTED, SEQUENCE RECURRENT("RNN"));
}
END_TEST

#define NORM(more)                                                                                 \
    "layer { name: 'bn' type: 'BatchNorm' bottom: 'x' top: 'x' batch_norm_param { "                \
    "moving_average_fraction: 0.5 " more " } } "

/* Statistics lie in the weights' file; with use_global_stats: false tests move them, too. */
START_TEST(batch_norm) {
    check(FIXED TESTED, GAUSS NORM("") LEARN);
    check(FIXED TESTED, GAUSS NORM("use_global_stats: false") LEARN);
}
END_TEST

#define IN_TEST  "include { phase: TEST } "
#define IN_TRAIN "include { phase: TRAIN } "
#define LOSS(more)                                                                                 \
    "layer { " more "name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'l' top: 'loss' } "

/* Layers of the test net alone have weights that no .caffemodel holds. */
START_TEST(parameters_of_test_nets) {
    check(FIXED TESTED "test_compute_loss: true test_initialization: false", GAUSS LEARN
          "layer { " IN_TEST "name: 'other' type: 'InnerProduct' bottom: 'x' top: 'other' "
          "inner_product_param { num_output: 2 " FILLED " } } "
          "layer { " IN_TEST "name: 'bn' type: 'BatchNorm' bottom: 'other' top: 'bn' "
          "batch_norm_param { use_global_stats: false } } ");
}
END_TEST

START_TEST(shared_parameters) {
    check(FIXED, GAUSS
          "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'a' param { name: 'w' } param { "
          "name: 'b' } inner_product_param { num_output: 5 " FILLED " } } "
          "layer { name: 'c' type: 'InnerProduct' bottom: 'a' top: 'x2' param { name: 'w' } param "
          "{ name: 'b' } inner_product_param { num_output: 5 " FILLED " } } "
          "layer { name: 'ip' type: 'InnerProduct' bottom: 'x2' top: 'ip' inner_product_param { "
          "num_output: 3 " FILLED " } } " LOSS(""));
}
END_TEST

/* ---- sources ---- */

/* Seven records of 2x4x4 with labels below 3. */
static void make_database(const char *backend, const char *path) {
    lungo_db_writer *writer;
    ck_ok(lungo_db_writer_open(&writer, backend, path));
    for (int i = 0; i < 7; i++) {
        unsigned char pixels[32];
        for (int k = 0; k < 32; k++)
            pixels[k] = (unsigned char)(16 * i + 5 * k);
        lungo_test_record(writer, i, i % 3, 2, 4, pixels);
    }
    ck_ok(lungo_db_writer_close(writer));
}

#define TRANSFORM "transform_param { crop_size: 3 mirror: true scale: 0.01 } "
#define DATA(phase, backend, more)                                                                 \
    "layer { " phase "name: 'data' type: 'Data' top: 'x' top: 'l' " TRANSFORM                      \
    "data_param { source: 'records' backend: " backend " " more " } } "

static void check_database(const char *name, const char *backend) {
    static const char *const orders[] = {"batch_size: 3", "batch_size: 5 shuffle: true",
                                         "batch_size: 30 prefetch: 9"};
    make_database(name, "records");
    for (int i = 0; i < 3; i++) {
        char net[2048];
        snprintf(net, sizeof net, DATA("", "%s", "%s") LEARN, backend, orders[i]);
        check(FIXED TESTED, net);
    }
}

START_TEST(lmdb) {
    check_database("lmdb", "LMDB");
}
END_TEST

START_TEST(leveldb) {
    if (!lungo_backend_check(LUNGO_LEVELDB)) check_database("leveldb", "LEVELDB");
}
END_TEST

/* As many threads as one likes, before the stop and after it. */
START_TEST(reader_threads) {
    static const int threads[][2] = {{1, 4}, {2, 1}, {4, 2}};
    make_database("lmdb", "records");
    for (int i = 0; i < 3; i++) {
        char nets[2][1024];
        for (int k = 0; k < 2; k++)
            snprintf(nets[k], sizeof nets[k],
                     DATA("", "LMDB", "batch_size: 4 shuffle: true reader_threads: %d") LEARN,
                     threads[i][k]);
        lungo_check_resume(&(lungo_resume_check){
            .settings = FIXED TESTED, .net = nets[0], .net_resumed = nets[1]});
    }
}
END_TEST

/* Each test goes on where the last ended, or begins where the first began. */
START_TEST(test_nets) {
    make_database("lmdb", "records");
    static const char net[] = DATA(IN_TRAIN, "LMDB", "batch_size: 4")
        DATA(IN_TEST, "LMDB", "batch_size: 2 shuffle: true") LEARN
        "layer { " IN_TEST "name: 'a' type: 'Accuracy' bottom: 'ip' bottom: 'l' top: 'a' } ";
    check(FIXED "test_iter: 2 test_iter: 3 test_interval: 2", net);
    check(FIXED "test_iter: 2 test_interval: 2 test_from_start: true", net);
}
END_TEST

static void make_pictures(void) {
    char list[512] = "";
    for (int i = 0; i < 5; i++) {
        char name[32], bytes[64], *end = list + strlen(list);
        int head = snprintf(bytes, sizeof bytes, "P5 5 5 255\n");
        for (int k = 0; k < 25; k++)
            bytes[head + k] = (char)(10 * i + 3 * k);
        snprintf(name, sizeof name, "p%d.pgm", i);
        ck_ok(lungo_file_replace(name, bytes, (size_t)head + 25));
        snprintf(end, sizeof list - (size_t)(end - list), "%s %d\n", name, i % 3);
    }
    lungo_test_file("list", list);
}

#define IMAGES(phase, more)                                                                        \
    "layer { " phase "name: 'data' type: 'ImageData' top: 'x' top: 'l' " TRANSFORM                 \
    "image_data_param { source: 'list' is_color: false " more " } } "

START_TEST(image_lists) {
    make_pictures();
    check(FIXED TESTED, IMAGES("", "batch_size: 3 shuffle: true rand_skip: 4") LEARN);
    check(FIXED TESTED, IMAGES("", "batch_size: 3 rand_skip: 4") LEARN);
    /* More passes than are mixed anew: the order itself is saved. */
    check(FIXED, IMAGES("", "batch_size: 900 shuffle: true") LEARN);
}
END_TEST

START_TEST(hdf5_files) {
    if (lungo_hdf5_check()) return;
    for (int f = 0; f < 2; f++) {
        lungo_hdf5_writer *writer;
        float x[15], l[5] = {0, 1, 2, 1, 0};
        for (int i = 0; i < 15; i++)
            x[i] = (float)(7 * i % 11 + f) / 10;
        ck_ok(lungo_hdf5_create(&writer, f ? "b.h5" : "a.h5"));
        ck_ok(lungo_hdf5_write(writer, "x", &LUNGO_SHAPE(5, 3), x));
        ck_ok(lungo_hdf5_write(writer, "l", &LUNGO_SHAPE(5), l));
        ck_ok(lungo_hdf5_commit(writer));
    }
    lungo_test_file("list", "a.h5\nb.h5\n");
    static const char layer[] =
        "layer { name: 'data' type: 'HDF5Data' top: 'x' top: 'l' hdf5_data_param { source: 'list' "
        "batch_size: 3 shuffle: true } } " LEARN;
    check(FIXED TESTED, layer);
}
END_TEST

START_TEST(windows) {
    make_pictures();
    lungo_test_file("windows", "# 0\np0.pgm\n3\n5\n5\n3\n2 1 0 0 3 3\n1 1 2 2 4 4\n0 0 0 0 1 1\n"
                               "# 1\np1.pgm\n3\n5\n5\n2\n1 1 1 0 4 3\n0 0.1 1 1 2 2\n");
    check(FIXED TESTED,
          "layer { name: 'data' type: 'WindowData' top: 'x' top: 'l' window_data_param { source: "
          "'windows' batch_size: 4 fg_fraction: 0.5 } " TRANSFORM "} " LEARN);
}
END_TEST

static void feed(lungo_solver *solver) {
    static float items[24], labels[12];
    for (int i = 0; i < 24; i++)
        items[i] = (float)(5 * i % 7) / 7;
    for (int i = 0; i < 12; i++)
        labels[i] = (float)(i % 3);
    ck_ok(lungo_memory_data_set(lungo_solver_net(solver), "data", items, labels, 12));
}

/* The program's arrays are given before the restore or after it. */
START_TEST(memory_data) {
    static const char net[] = "layer { name: 'data' type: 'MemoryData' top: 'x' top: 'l' "
                              "memory_data_param { batch_size: 3 channels: 2 height: 1 width: 1 } "
                              "} " LEARN;
    for (int late = 0; late < 2; late++)
        lungo_check_resume(
            &(lungo_resume_check){.settings = FIXED, .net = net, .prepare = feed, .late = late});
}
END_TEST

/* ---- files that layers write ---- */

#define OUTPUT(phase, path, data)                                                                  \
    "layer { " phase "name: 'out' type: 'HDF5Output' bottom: '" data "' bottom: 'l' "              \
    "hdf5_output_param { file_name: '" path "' } } "

static const char *const outputs[] = {"train.h5", "test.h5", NULL};

static const lungo_resume_check with_outputs = {.settings = FIXED TESTED,
                                                .net = GAUSS LEARN OUTPUT(IN_TRAIN, "train.h5", "x")
                                                    OUTPUT(IN_TEST, "test.h5", "ip"),
                                                .outputs = outputs};

/* The files have more rows than the snapshot knows of when the run is resumed, or as many. */
START_TEST(hdf5_output) {
    if (lungo_hdf5_check()) return;
    lungo_check_resume(&with_outputs);
    for (int at = 1; at < 6; at += 2)
        lungo_check_request(&with_outputs, (lungo_resume_request){LUNGO_REQUEST_STOP, at, false});
}
END_TEST

/* The rows of the batches before the stop are written once more. */
START_TEST(hdf5_output_of_a_test_that_is_stopped) {
    if (lungo_hdf5_check()) return;
    make_database("lmdb", "records");
    static const lungo_resume_check check = {
        .settings = FIXED "test_iter: 3 test_interval: 2",
        .net = DATA(IN_TRAIN, "LMDB", "batch_size: 4") DATA(IN_TEST, "LMDB", "batch_size: 7")
            LEARN OUTPUT(IN_TRAIN, "train.h5", "x") OUTPUT(IN_TEST, "test.h5", "ip"),
        .outputs = outputs};
    for (int at = 0; at <= 6; at += 2)
        lungo_check_request(&check, (lungo_resume_request){LUNGO_REQUEST_STOP, at, true});
}
END_TEST

/* ---- stopped by request ---- */

#define WHOLE_DATA                                                                                 \
    DATA(IN_TRAIN, "LMDB", "batch_size: 4")                                                        \
    DATA(IN_TEST, "LMDB", "batch_size: 7 shuffle: true")                                           \
    "layer { " IN_TEST "name: 'noise' type: 'DummyData' top: 'n' dummy_data_param { shape { dim: " \
    "2 } data_filler { type: 'gaussian' } } } "

static void check_requests_of(const char *net, lungo_request request, bool in_test, const int *at) {
    const lungo_resume_check asked = {
        .settings = FIXED "test_iter: 3 test_interval: 2 average_loss: 3", .net = net};
    make_database("lmdb", "records");
    for (; *at >= 0; at++)
        lungo_check_request(&asked, (lungo_resume_request){request, *at, in_test});
}

static void check_requests(lungo_request request, bool in_test, const int *at) {
    check_requests_of(WHOLE_DATA LEARN, request, in_test, at);
}

START_TEST(a_stop) {
    check_requests(LUNGO_REQUEST_STOP, false, (const int[]){1, 4, 6, -1});
}
END_TEST

START_TEST(a_stop_in_a_test) {
    check_requests(LUNGO_REQUEST_STOP, true, (const int[]){0, 2, 4, 6, -1});
}
END_TEST

START_TEST(a_snapshot_that_is_asked_for) {
    check_requests(LUNGO_REQUEST_SNAPSHOT, false, (const int[]){1, 4, -1});
}
END_TEST

/* The last one is behind the loss of the final weights, too. */
START_TEST(a_snapshot_in_a_test) {
    check_requests(LUNGO_REQUEST_SNAPSHOT, true, (const int[]){0, 2, 4, 6, -1});
}
END_TEST

/* The weights' file then holds statistics that the test has begun to move. */
START_TEST(a_snapshot_while_a_test_moves_statistics) {
    check_requests_of(WHOLE_DATA NORM("use_global_stats: false") LEARN, LUNGO_REQUEST_SNAPSHOT,
                      true, (const int[]){2, 4, -1});
}
END_TEST

Suite *lungo_suite_resume(void);
Suite *lungo_suite_resume(void) {
    const TTest *const tests[] = {every_rule,
                                  every_policy,
                                  lmdb,
                                  leveldb,
                                  reader_threads,
                                  averaged_losses_and_passes,
                                  hdf5_snapshots,
                                  dropout,
                                  constants_that_are_changed_in_place,
                                  warnings_of_the_guard_and_of_decay,
                                  recurrent_layers,
                                  batch_norm,
                                  parameters_of_test_nets,
                                  shared_parameters,
                                  test_nets,
                                  image_lists,
                                  hdf5_files,
                                  windows,
                                  memory_data,
                                  hdf5_output,
                                  hdf5_output_of_a_test_that_is_stopped,
                                  a_stop,
                                  a_stop_in_a_test,
                                  a_snapshot_that_is_asked_for,
                                  a_snapshot_in_a_test,
                                  a_snapshot_while_a_test_moves_statistics,
                                  NULL};
    return lungo_test_folder_suite("resume", tests);
}
