/* What does not fit the run that was stopped: refused, or warned of, with the facts. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "lungo/data.h"
#include "net/net.h"
#include "proto/wire.h"
#include "solver/solver.h"
#include "store/hdf5.h"
#include "support/faults.h"
#include "support/nets.h"
#include "support/records.h"
#include "support/solvers.h"
#include "support/suites.h"

#define SETTINGS "lr_policy: 'fixed' base_lr: 0.05 random_seed: 1 "
#define LEARN                                                                                      \
    "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'ip' inner_product_param { "         \
    "num_output: 3 weight_filler { type: 'gaussian' std: 0.1 } } } "                               \
    "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'l' top: 'loss' } "
#define DATA(more)                                                                                 \
    "layer { name: 'data' type: 'Data' top: 'x' top: 'l' data_param { source: 'records' backend: " \
    "LMDB batch_size: 2 " more " } } "
#define NET(layers) "net_param { name: 'n' " layers LEARN " } "

/* Records number `first` and up. */
static void make_database(int first, int count) {
    lungo_db_writer *writer;
    ck_ok(lungo_db_writer_open(&writer, "lmdb", "records"));
    for (int i = first; i < first + count; i++) {
        unsigned char pixels[4] = {(unsigned char)i, 7, 1, (unsigned char)(3 * i)};
        lungo_test_record(writer, i, i % 3, 1, 2, pixels);
    }
    ck_ok(lungo_db_writer_close(writer));
}

static void change_database(int first, int count) {
    ck_assert_int_eq(unlink("records/data.mdb"), 0);
    unlink("records/lock.mdb");
    ck_assert_int_eq(rmdir("records"), 0);
    make_database(first, count);
}

/* solver_iter_1.*, of a run that has read the first two of six records. */
static void make_snapshot(const char *text) {
    lungo_solver *solver = lungo_test_solver(text);
    ck_ok(lungo_solver_step(solver, 1));
    ck_ok(lungo_solver_snapshot(solver));
    lungo_solver_free(solver);
}

/* All lines, with Lungo's own. */
static void keep(void *user, lungo_log_level level, const char *file, int line, const char *text) {
    (void)level, (void)file, (void)line;
    lungo_buffer_printf(user, "%s\n", text);
}

static void check_said(lungo_buffer *log, const char *part) {
    lungo_set_log(NULL, NULL);
    ck_assert_msg(strstr(lungo_buffer_text(log), part) != NULL, "expected '%s' in\n%s", part,
                  lungo_buffer_text(log));
    lungo_buffer_dispose(log);
}

/* Restores, and expects a line in the log. */
static void restore_saying(lungo_solver *solver, const char *part) {
    lungo_buffer log = {0};
    lungo_set_log(keep, &log);
    ck_ok(lungo_solver_restore(solver, "solver_iter_1.solverstate"));
    check_said(&log, part);
}

/* The restore fails and the solver is as it was: its next iteration is that of another one. */
static void check_refused(const char *text, lungo_status code, const char *part) {
    lungo_solver *solver = lungo_test_solver(text), *other = lungo_test_solver(text);
    ck_fails(lungo_solver_restore(solver, "solver_iter_1.solverstate"), code, part);
    ck_assert_int_eq(lungo_solver_iter(solver), 0);
    ck_ok(lungo_solver_step(solver, 2));
    ck_ok(lungo_solver_step(other, 2));
    ck_assert_float_eq(lungo_solver_loss(solver), lungo_solver_loss(other));
    lungo_solver_free(solver);
    lungo_solver_free(other);
}

#define TESTED "test_iter: 1 test_interval: 5 "

static void check_goes_on(const char *text) {
    lungo_solver *solver = lungo_test_solver(text);
    ck_ok(lungo_solver_restore(solver, "solver_iter_3.solverstate"));
    ck_ok(lungo_solver_step(solver, 1));
    lungo_solver_free(solver);
}

START_TEST(another_net_is_refused) {
    make_database(0, 6);
    make_snapshot(SETTINGS NET(DATA("")));
    check_refused(SETTINGS NET("layer { name: 'data' type: 'DummyData' top: 'x' top: 'l' "
                               "dummy_data_param { shape { dim: 2 dim: 1 dim: 2 dim: 2 } shape { "
                               "dim: 2 } } } "),
                  LUNGO_ERR_DATA,
                  "expected that of layer 'data' (DummyData), got that of layer 'data' (Data)");
    check_refused(SETTINGS NET("layer { name: 'd' type: 'Data' top: 'x' top: 'l' data_param { "
                               "source: 'records' backend: LMDB batch_size: 2 } } "),
                  LUNGO_ERR_DATA,
                  "expected that of layer 'd' (Data), got that of layer 'data' (Data)");
    check_refused(SETTINGS NET("layer { name: 'd' type: 'Data' top: 'x' top: 'l' data_param { "
                               "source: 'records' backend: LMDB batch_size: 2 } } "),
                  LUNGO_ERR_DATA,
                  "--resume=caffe (resume_as_caffe) takes weights, histories and iteration alone");
}
END_TEST

START_TEST(other_test_nets_begin_anew) {
    make_database(0, 6);
    make_snapshot(SETTINGS NET(DATA("")));
    lungo_solver *solver = lungo_test_solver(SETTINGS NET(DATA("")) TESTED);
    restore_saying(solver, "of a run with 0 test nets, and there are 1 now");
    ck_ok(lungo_solver_step(solver, 2));
    ck_ok(lungo_solver_snapshot(solver));
    lungo_solver_free(solver);
    check_goes_on(SETTINGS NET(DATA("")));
}
END_TEST

START_TEST(other_parameters_of_a_test_net_are_refused) {
#define EXTRA(outputs)                                                                             \
    SETTINGS "test_iter: 1 test_interval: 5 " NET(                                                 \
        DATA("") "layer { include { phase: TEST } name: 'extra' type: 'InnerProduct' bottom: 'x' " \
                 "top: 'e' inner_product_param { num_output: " outputs " } } ")
    make_database(0, 6);
    make_snapshot(EXTRA("2"));
    check_refused(EXTRA("5"), LUNGO_ERR_DATA,
                  "param 0 of layer 'extra': expected shape 5x4, got 2x4 with 8 values");
    check_refused(SETTINGS "test_iter: 1 test_interval: 5 " NET(DATA("")), LUNGO_ERR_DATA,
                  "expected values of 0 parameters that the weights' file does not hold, got 2");
}
END_TEST

START_TEST(data_that_have_changed) {
    make_database(0, 6);
    make_snapshot(SETTINGS NET(DATA("")));
    change_database(0, 9);
    lungo_solver *solver = lungo_test_solver(SETTINGS NET(DATA("")));
    restore_saying(solver,
                   "layer 'data' (Data): its data have changed since the snapshot: expected "
                   "6 of them, '00000000' to '00000005', in 'records', got 9, '00000000' "
                   "to '00000008', in 'records'");
    ck_ok(lungo_solver_step(solver, 2));
    lungo_solver_free(solver);
    change_database(4, 5);
    check_refused(SETTINGS NET(DATA("")), LUNGO_ERR_DATA,
                  "'records' has changed: expected the record '00000002', got none");
}
END_TEST

START_TEST(weights_that_are_missing_leave_the_data_where_they_are) {
    make_database(0, 6);
    make_snapshot(SETTINGS NET(DATA("")));
    ck_assert_int_eq(unlink("solver_iter_1.caffemodel"), 0);
    check_refused(SETTINGS NET(DATA("")), LUNGO_ERR_FILE, "weights of the snapshot");
}
END_TEST

/* From the n-th call on there is no memory, not even for going back to the state from before. */
START_TEST(memory_that_stays_short_is_the_error) {
    const char *text = SETTINGS NET("layer { name: 'data' type: 'DummyData' top: 'x' top: 'l' "
                                    "dummy_data_param { shape { dim: 2 dim: 4 } shape { dim: 2 } } "
                                    "} ");
    make_snapshot(text);
    lungo_status status = LUNGO_ERR_MEMORY;
    for (size_t n = 1; status; n++) {
        lungo_solver *solver = lungo_test_solver(text);
        lungo_fault_arm(LUNGO_FAULT_MEMORY, n, LUNGO_FAULT_STAYS);
        status = lungo_solver_restore(solver, "solver_iter_1.solverstate");
        bool struck = lungo_fault_struck();
        lungo_fault_arm(LUNGO_FAULT_MEMORY, 0, LUNGO_FAULT_ONCE);
        ck_assert(struck == (status != LUNGO_OK));
        if (status)
            ck_assert_msg(!strncmp(lungo_error_text(), "lungo: out of memory: ", 22),
                          "call %zu: %s", n, lungo_error_text());
        lungo_solver_free(solver);
    }
}
END_TEST

START_TEST(another_environment_is_warned_of) {
    make_database(0, 6);
    make_snapshot(SETTINGS NET(DATA("")));
    int threads = omp_get_max_threads();
    char part[64];
    snprintf(part, sizeof part, "threads: '%d' when the snapshot was made, now '%d'", threads,
             threads + 1);
    lungo_solver *solver = lungo_test_solver(SETTINGS NET(DATA("")));
    omp_set_num_threads(threads + 1);
    restore_saying(solver, part);
    omp_set_num_threads(threads);
    lungo_solver_free(solver);
}
END_TEST

/* What an option asks for, and what happens with a file of Caffe's: data begin anew. */
START_TEST(as_caffe_resumes) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    lungo_solver *solver;
    make_database(0, 6);
    make_snapshot(SETTINGS NET(DATA("")));
    options.resume_as_caffe = true;
    ck_ok(lungo_solver_open(&solver, "solver.prototxt", &options));
    restore_saying(solver, "data and random numbers begin anew");
    ck_assert_int_eq(lungo_solver_iter(solver), 1);
    ck_ok(lungo_solver_step(solver, 1));
    ck_assert_float_eq(lungo_data(lungo_net_blob(lungo_solver_net(solver), "x"))[0], 0);
    lungo_solver_free(solver);
}
END_TEST

/* The file's fields as Caffe would write them; and Lungo's part, field 1000, in `run`. */
static void take_apart(lungo_buffer *caffes, lungo_buffer *run) {
    char *bytes;
    size_t length;
    ck_ok(lungo_file_read(&bytes, &length, "solver_iter_1.solverstate"));
    lungo_wire wire = lungo_wire_over(bytes, length, "state");
    while (lungo_wire_more(&wire)) {
        const uint8_t *start = lungo_wire_bytes(&wire);
        lungo_wire_field field;
        ck_ok(lungo_wire_next(&wire, &field));
        if (field.number < 1000)
            lungo_buffer_append(caffes, start, (size_t)(lungo_wire_bytes(&wire) - start));
        if (field.number == 1000)
            lungo_buffer_append(run, lungo_wire_bytes(&field.bytes), lungo_wire_left(&field.bytes));
    }
    ck_assert_uint_gt(run->length, 0);
    free(bytes);
}

/* Caffe's fields, and `count` bytes as Lungo's part. */
static void write_state(const lungo_buffer *caffes, const void *run, size_t count) {
    lungo_buffer file = {0};
    lungo_buffer_append(&file, caffes->bytes, caffes->length);
    lungo_wire_put_tag(&file, 1000, LUNGO_WIRE_BYTES);
    lungo_wire_put_varint(&file, count);
    lungo_buffer_append(&file, run, count);
    ck_ok(lungo_file_replace("solver_iter_1.solverstate", file.bytes, file.length));
    lungo_buffer_dispose(&file);
}

START_TEST(a_state_without_lungos_part) {
    lungo_buffer caffes = {0}, run = {0};
    make_database(0, 6);
    make_snapshot(SETTINGS NET(DATA("")));
    take_apart(&caffes, &run);
    ck_ok(lungo_file_replace("solver_iter_1.solverstate", caffes.bytes, caffes.length));
    lungo_buffer_dispose(&caffes);
    lungo_buffer_dispose(&run);
    lungo_solver *solver = lungo_test_solver(SETTINGS NET(DATA("")));
    restore_saying(solver, "begin anew, for the file does not say where they were");
    ck_assert_int_eq(lungo_solver_iter(solver), 1);
    lungo_solver_free(solver);
}
END_TEST

/* Cut at any place: an error; or what is left is enough. */
START_TEST(a_part_that_is_cut) {
    lungo_buffer caffes = {0}, run = {0};
    make_database(0, 6);
    make_snapshot(SETTINGS NET(DATA("")));
    take_apart(&caffes, &run);
    lungo_solver *solver = lungo_test_solver(SETTINGS NET(DATA("")));
    for (size_t cut = 0; cut < run.length; cut += 37) {
        write_state(&caffes, run.bytes, cut);
        lungo_status status = lungo_solver_restore(solver, "solver_iter_1.solverstate");
        ck_assert(!status || status == LUNGO_ERR_FORMAT || status == LUNGO_ERR_DATA);
    }
    write_state(&caffes, "", 0);
    ck_fails(lungo_solver_restore(solver, "solver_iter_1.solverstate"), LUNGO_ERR_FORMAT,
             "saved generator: expected 624 words, got 0");
    lungo_solver_free(solver);
    lungo_buffer_dispose(&caffes);
    lungo_buffer_dispose(&run);
}
END_TEST

/* One that gives zeros for ever is no state of a generator: fillers would not end. */
START_TEST(a_generator_that_is_stuck) {
    lungo_buffer caffes = {0}, run = {0};
    make_database(0, 6);
    make_snapshot(SETTINGS NET(DATA("")));
    take_apart(&caffes, &run);
    Caffe__RunState *state = caffe__run_state__unpack(NULL, run.length, (uint8_t *)run.bytes);
    ck_assert_ptr_nonnull(state);
    memset(state->generator->word, 0, state->generator->n_word * sizeof(uint32_t));
    caffe__run_state__pack(state, (uint8_t *)run.bytes);
    caffe__run_state__free_unpacked(state, NULL);
    write_state(&caffes, run.bytes, run.length);
    lungo_solver *solver = lungo_test_solver(SETTINGS NET(DATA("")));
    ck_fails(lungo_solver_restore(solver, "solver_iter_1.solverstate"), LUNGO_ERR_FORMAT,
             "saved generator: expected random words, got zeros");
    lungo_solver_free(solver);
    lungo_buffer_dispose(&caffes);
    lungo_buffer_dispose(&run);
}
END_TEST

START_TEST(another_average_begins_anew) {
    make_database(0, 6);
    lungo_solver *solver = lungo_test_solver(SETTINGS "average_loss: 4 " NET(DATA("")));
    lungo_solver_request(solver, LUNGO_REQUEST_STOP);
    ck_ok(lungo_solver_step(solver, 3));
    ck_ok(lungo_solver_snapshot(solver));
    lungo_solver_free(solver);
    solver = lungo_test_solver(SETTINGS "average_loss: 1 " NET(DATA("")));
    ck_ok(lungo_solver_restore(solver, "solver_iter_1.solverstate"));
    ck_ok(lungo_solver_step(solver, 1));
    ck_assert_float_eq(lungo_solver_smoothed_loss(solver), lungo_solver_loss(solver));
    lungo_solver_free(solver);
}
END_TEST

/* Steps have averages of their own, also those behind a snapshot between them. */
START_TEST(steps_average_by_themselves) {
    static const char text[] = SETTINGS "average_loss: 9 " NET(DATA(""));
    make_database(0, 6);
    lungo_solver *one = lungo_test_solver(text), *two = lungo_test_solver(text);
    ck_ok(lungo_solver_step(one, 1));
    ck_ok(lungo_solver_snapshot(one));
    ck_ok(lungo_solver_step(one, 3));
    ck_ok(lungo_solver_restore(two, "solver_iter_1.solverstate"));
    ck_ok(lungo_solver_step(two, 3));
    ck_assert_float_eq(lungo_solver_smoothed_loss(one), lungo_solver_smoothed_loss(two));
    lungo_solver_free(one);
    lungo_solver_free(two);
}
END_TEST

/* ---- a file that a layer appends to ---- */

#define WRITING                                                                                    \
    SETTINGS NET(DATA("") "layer { name: 'out' type: 'HDF5Output' bottom: 'x' bottom: 'l' "        \
                          "hdf5_output_param { file_name: 'out.h5' } } ")

/* `rows` of such values, in out.h5. */
static void make_output(int rows, int width) {
    float values[64] = {0};
    lungo_hdf5_writer *writer;
    ck_ok(lungo_hdf5_create(&writer, "out.h5"));
    ck_ok(lungo_hdf5_append(writer, "data", &(lungo_shape){4, {rows, 1, 2, width}}, values));
    ck_ok(lungo_hdf5_append(writer, "label", &(lungo_shape){4, {rows, 1, 1, 1}}, values));
    ck_ok(lungo_hdf5_commit(writer));
}

static void check_output(int rows) {
    lungo_hdf5 *file;
    lungo_shape shape;
    float labels[16];
    ck_ok(lungo_hdf5_open(&file, "out.h5"));
    ck_ok(lungo_hdf5_shape(&shape, file, "label"));
    ck_assert_int_eq(shape.dim[0], rows);
    ck_ok(lungo_hdf5_read(file, "label", labels, (size_t)rows));
    ck_assert_float_eq(labels[rows - 1], 0); /* of record 3, the last of iteration 2 */
    lungo_hdf5_close(file);
}

/* The file of another run stays as it is. */
static void check_output_refused(const char *part) {
    char *before, *after;
    size_t length, length_after;
    lungo_solver *solver = lungo_test_solver(WRITING);
    ck_ok(lungo_file_read(&before, &length, "out.h5"));
    ck_fails(lungo_solver_restore(solver, "solver_iter_1.solverstate"), lungo_error_code(), part);
    ck_assert(strstr(lungo_error_text(), "put back the one that belongs to the snapshot, or move "
                                         "this one away") != NULL);
    ck_ok(lungo_file_read(&after, &length_after, "out.h5"));
    ck_assert_uint_eq(length_after, length);
    ck_assert_mem_eq(before, after, length);
    free(before);
    free(after);
    lungo_solver_free(solver);
}

START_TEST(an_output_that_does_not_fit_is_refused) {
    if (lungo_hdf5_check()) return;
    make_database(0, 6);
    make_snapshot(WRITING);
    make_output(1, 2);
    check_output_refused("dataset 'data': expected the rows of the run that is resumed, 2x1x2x2 or "
                         "more of them, got 1x1x2x2");
    make_output(5, 3);
    check_output_refused("2x1x2x2 or more of them, got 5x1x2x3");
    lungo_test_file("out.h5", "something else");
    check_output_refused("file signature not found");
}
END_TEST

START_TEST(an_output_that_is_gone_begins_anew) {
    if (lungo_hdf5_check()) return;
    make_database(0, 6);
    make_snapshot(WRITING);
    ck_assert_int_eq(unlink("out.h5"), 0);
    lungo_solver *solver = lungo_test_solver(WRITING);
    restore_saying(solver, "layer 'out' (HDF5Output): expected the file 'out.h5' with the 2 rows "
                           "that were written before the snapshot, got none");
    ck_ok(lungo_solver_step(solver, 1));
    check_output(2);
    lungo_solver_free(solver);
}
END_TEST

/* It is cut back only once there is something to append. */
START_TEST(an_output_stays_until_the_run_goes_on) {
    if (lungo_hdf5_check()) return;
    make_database(0, 6);
    make_snapshot(WRITING);
    make_output(9, 2);
    lungo_solver *solver = lungo_test_solver(WRITING);
    ck_ok(lungo_solver_restore(solver, "solver_iter_1.solverstate"));
    check_output(9);
    ck_ok(lungo_solver_step(solver, 1));
    check_output(4);
    lungo_solver_free(solver);
}
END_TEST

START_TEST(an_output_begins_anew_as_in_caffe) {
    if (lungo_hdf5_check()) return;
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    lungo_solver *solver;
    make_database(0, 6);
    make_snapshot(WRITING);
    make_output(9, 2);
    options.resume_as_caffe = true;
    ck_ok(lungo_solver_open(&solver, "solver.prototxt", &options));
    ck_ok(lungo_solver_restore(solver, "solver_iter_1.solverstate"));
    ck_ok(lungo_solver_step(solver, 2));
    check_output(4);
    lungo_solver_free(solver);
}
END_TEST

Suite *lungo_suite_resume_checks(void);
Suite *lungo_suite_resume_checks(void) {
    const TTest *const tests[] = {another_net_is_refused,
                                  other_test_nets_begin_anew,
                                  other_parameters_of_a_test_net_are_refused,
                                  data_that_have_changed,
                                  weights_that_are_missing_leave_the_data_where_they_are,
                                  memory_that_stays_short_is_the_error,
                                  another_environment_is_warned_of,
                                  as_caffe_resumes,
                                  a_state_without_lungos_part,
                                  a_part_that_is_cut,
                                  a_generator_that_is_stuck,
                                  another_average_begins_anew,
                                  steps_average_by_themselves,
                                  an_output_that_does_not_fit_is_refused,
                                  an_output_that_is_gone_begins_anew,
                                  an_output_stays_until_the_run_goes_on,
                                  an_output_begins_anew_as_in_caffe,
                                  NULL};
    return lungo_test_folder_suite("resume_checks", tests);
}
