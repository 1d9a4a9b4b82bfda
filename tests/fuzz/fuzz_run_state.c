/* Any bytes as the part of a solver state that is Lungo's own, a RunState: what is accepted can be
 * saved, restored again and trained on from; what is refused leaves the run as it was.
 *
 * The first byte says of which of the small solvers below it is, and whether the weights that come
 * with it can be read. With nothing behind that byte it is the solver's own state. To keep inputs
 * small, in layers' states and at the head of the message a generator stands without its words:
 * there they are those of the solver, behind a number of 8 bytes that ends with "rng!". */
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "fuzz/input.h"
#include "lungo/data.h"
#include "proto/wire_decode.h"
#include "solver/solver.h"
#include "store/hdf5.h"

enum { SOLVERS = 5, WEIGHTS_FAIL = 0x80 };

#define IN_TEST "include { phase: TEST } "
#define LEARN                                                                                      \
    "layer { name: 'drop' type: 'Dropout' bottom: 'x' top: 'd' } "                                 \
    "layer { name: 'ip' type: 'InnerProduct' bottom: 'd' top: 'ip' inner_product_param { "         \
    "num_output: 3 weight_filler { type: 'gaussian' std: 0.1 } } } "                               \
    "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'l' top: 'loss' } "
#define OWN_PARAMS                                                                                 \
    "layer { " IN_TEST "name: 'other' type: 'InnerProduct' bottom: 'x' top: 'other' "              \
    "inner_product_param { num_output: 2 weight_filler { type: 'gaussian' } } } "                  \
    "layer { " IN_TEST "name: 'bn' type: 'BatchNorm' bottom: 'other' top: 'bn' "                   \
    "batch_norm_param { use_global_stats: false } } "
#define TRANSFORM "transform_param { crop_size: 3 mirror: true scale: 0.01 } "

/* '@' stands for the folder of the data. */
static const char *const nets[SOLVERS] = {
    "layer { name: 'data' type: 'Data' top: 'x' top: 'l' " TRANSFORM
    "data_param { source: '@/records' backend: LMDB batch_size: 3 shuffle: true } } " LEARN
        OWN_PARAMS,
    "layer { name: 'data' type: 'ImageData' top: 'x' top: 'l' " TRANSFORM
    "image_data_param { source: '@/list' root_folder: '@/' is_color: false batch_size: 3 "
    "shuffle: true rand_skip: 4 } } " LEARN,
    "layer { name: 'data' type: 'WindowData' top: 'x' top: 'l' window_data_param { source: "
    "'@/windows' root_folder: '@/' batch_size: 4 fg_fraction: 0.5 } " TRANSFORM "} " LEARN,
    "layer { name: 'data' type: 'DummyData' top: 's' top: 'cont' top: 't' dummy_data_param { "
    "shape { dim: 3 dim: 2 dim: 4 } shape { dim: 3 dim: 2 } shape { dim: 3 dim: 2 dim: 2 } "
    "data_filler { type: 'gaussian' } data_filler { value: 1 } data_filler { value: 0.5 } } } "
    "layer { name: 'more' type: 'Power' bottom: 't' top: 't' power_param { shift: 0.25 } } "
    "layer { name: 'lstm' type: 'LSTM' bottom: 's' bottom: 'cont' top: 'h' recurrent_param { "
    "num_output: 3 weight_filler { type: 'gaussian' std: 0.1 } } } "
    "layer { name: 'rnn' type: 'RNN' bottom: 'h' bottom: 'cont' top: 'o' recurrent_param { "
    "num_output: 2 weight_filler { type: 'gaussian' std: 0.1 } } } "
    "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'o' bottom: 't' top: 'loss' } ",
    "layer { name: 'data' type: 'MemoryData' top: 'x' top: 'l' "
    "memory_data_param { batch_size: 3 channels: 2 height: 1 width: 1 } } " LEARN "layer { " IN_TEST
    "name: 'rows' type: 'HDF5Data' top: 'y' hdf5_data_param { source: "
    "'@/files' batch_size: 3 shuffle: true } } ",
};

static lungo_solver *solvers[SOLVERS];
static lungo_buffer states[SOLVERS]; /* as they were opened */

/* ---- the solvers ---- */

static void must(lungo_status status) {
    if (status) fprintf(stderr, "%s\n", lungo_error_text());
    require(status == LUNGO_OK);
}

static const char *in_folder(const char *name) {
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", input_folder(), name);
    return path;
}

static void make_records(void) {
    lungo_db_writer *writer;
    must(lungo_db_writer_open(&writer, "lmdb", in_folder("records")));
    for (int i = 0; i < 7; i++) {
        unsigned char pixels[32];
        char key[16];
        for (int k = 0; k < 32; k++)
            pixels[k] = (unsigned char)(16 * i + 5 * k);
        snprintf(key, sizeof key, "%08d", i);
        lungo_datum datum = {.channels = 2,
                             .height = 4,
                             .width = 4,
                             .data = pixels,
                             .data_size = sizeof pixels,
                             .label = i % 3,
                             .has_label = true};
        must(lungo_db_writer_put(writer, key, 8, &datum));
    }
    must(lungo_db_writer_close(writer));
}

static void make_pictures(void) {
    static const char list[] = "p0.pgm 0\np1.pgm 1\np2.pgm 2\np3.pgm 0\np4.pgm 1\n",
                      windows[] = "# 0\np0.pgm\n3\n5\n5\n2\n2 1 0 0 3 3\n0 0 0 0 1 1\n"
                                  "# 1\np1.pgm\n3\n5\n5\n2\n1 1 1 0 4 3\n0 0.1 1 1 2 2\n";
    for (int i = 0; i < 5; i++) {
        char name[32], bytes[64];
        int head = snprintf(bytes, sizeof bytes, "P5 5 5 255\n");
        for (int k = 0; k < 25; k++)
            bytes[head + k] = (char)(10 * i + 3 * k);
        snprintf(name, sizeof name, "p%d.pgm", i);
        must(lungo_file_replace(in_folder(name), bytes, (size_t)head + 25));
    }
    must(lungo_file_replace(in_folder("list"), list, strlen(list)));
    must(lungo_file_replace(in_folder("windows"), windows, strlen(windows)));
}

static void make_rows(void) {
    lungo_buffer list = {0};
    for (int f = 0; f < 2; f++) {
        static const float rows[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
        lungo_hdf5_writer *writer;
        const char *path = in_folder(f ? "b.h5" : "a.h5");
        lungo_buffer_printf(&list, "%s\n", path);
        must(lungo_hdf5_create(&writer, path));
        must(lungo_hdf5_write(writer, "y", &(lungo_shape){2, {5, 2}}, rows));
        must(lungo_hdf5_commit(writer));
    }
    must(lungo_file_replace(in_folder("files"), list.bytes, list.length));
    lungo_buffer_dispose(&list);
}

static void write_solver(const char *net) {
    lungo_buffer text = {0};
    lungo_buffer_puts(&text, "lr_policy: 'fixed' base_lr: 0 momentum: 0.9 random_seed: 1 "
                             "average_loss: 3 max_iter: 1000 test_iter: 1 test_interval: 1 "
                             "test_from_start: true test_compute_loss: true net_param { ");
    for (; *net; net++)
        if (*net == '@')
            lungo_buffer_puts(&text, input_folder());
        else
            lungo_buffer_append(&text, net, 1);
    lungo_buffer_puts(&text, "}");
    must(lungo_file_replace(in_folder("solver.prototxt"), text.bytes, text.length));
    lungo_buffer_dispose(&text);
}

static void feed(lungo_solver *solver) {
    static float items[24], labels[12];
    for (int i = 0; i < 24; i++)
        items[i] = (float)(5 * i % 7) / 7;
    for (int i = 0; i < 12; i++)
        labels[i] = (float)(i % 3);
    must(lungo_memory_data_set(lungo_solver_net(solver), "data", items, labels, 12));
    must(lungo_memory_data_set(lungo_solver_test_net(solver, 0), "data", items, labels, 12));
}

static void free_solvers(void) {
    for (int i = 0; i < SOLVERS; i++) {
        lungo_solver_free(solvers[i]);
        lungo_buffer_dispose(&states[i]);
    }
}

static void open_solvers(void) {
    input_folder();
    atexit(free_solvers);
    make_records();
    make_pictures();
    if (lungo_hdf5_check() == LUNGO_OK) make_rows();
    for (int i = 0; i < SOLVERS; i++) {
        if (strstr(nets[i], "HDF5Data") && lungo_hdf5_check()) continue;
        write_solver(nets[i]);
        must(lungo_solver_open(&solvers[i], in_folder("solver.prototxt"), NULL));
        if (strstr(nets[i], "MemoryData")) feed(solvers[i]);
        must(lungo_solver_step(solvers[i], 3));
        must(lungo_solver_pack_run(solvers[i], &states[i]));
    }
}

/* ---- an input ---- */

static void put_words_back(ProtobufCBinaryData *state, const lungo_rng *rng, lungo_arena *arena) {
    lungo_writer out = {0};
    if (state->len == 0) return;
    for (size_t i = 0; i < state->len;) {
        bool shortened = state->len - i >= 8 && memcmp(state->data + i + 4, "rng!", 4) == 0;
        uint32_t next = 0;
        if (!shortened) {
            lungo_buffer_append(&out, (const char *)state->data + i++, 1);
            continue;
        }
        memcpy(&next, state->data + i, sizeof next);
        lungo_write_u64(&out, next);
        for (int k = 0; k < LUNGO_RNG_WORDS; k++)
            lungo_write_u64(&out, rng->state[k]);
        i += 8;
    }
    state->len = out.length;
    state->data = (uint8_t *)lungo_arena_copy(arena, lungo_buffer_text(&out), out.length);
    require(state->data != NULL);
    lungo_buffer_dispose(&out);
}

static void complete(Caffe__RunState *state, const lungo_rng *rng, lungo_arena *arena) {
    if (state->generator && state->generator->n_word == 0) {
        state->generator->n_word = LUNGO_RNG_WORDS;
        state->generator->word = (uint32_t *)rng->state;
    }
    for (size_t i = 0; i < state->n_net; i++) {
        put_words_back(&state->net[i]->start, rng, arena);
        for (size_t k = 0; k < state->net[i]->n_layer; k++)
            put_words_back(&state->net[i]->layer[k]->state, rng, arena);
    }
}

/* False: it is no message. */
static bool expand(lungo_buffer *out, const lungo_rng *rng, const uint8_t *data, size_t size) {
    lungo_document *document;
    ProtobufCMessage *message;
    must(lungo_document_new(&document));
    bool read = lungo_wire_decode(document, &message, &caffe__run_state__descriptor, data, size,
                                  "fuzz") == LUNGO_OK;
    if (read) {
        lungo_rng copy = *rng;
        complete((Caffe__RunState *)message, &copy, lungo_document_arena(document));
        size_t length = protobuf_c_message_get_packed_size(message);
        uint8_t *bytes = malloc(length + 1);
        require(bytes != NULL);
        protobuf_c_message_pack(message, bytes);
        lungo_buffer_append(out, (const char *)bytes, length);
        free(bytes);
    }
    lungo_document_free(document);
    return read;
}

static lungo_status no_weights(void *fail, lungo_solver *solver) {
    (void)solver;
    return *(bool *)fail ? lungo_fail(LUNGO_ERR_FILE, "no weights") : LUNGO_OK;
}

/* As a restore does. */
static lungo_status load(lungo_solver *solver, const lungo_buffer *state, bool fail) {
    LUNGO_TRY(lungo_solver_load_run(solver, state->bytes, state->length, no_weights, &fail));
    lungo_solver_let_go_of_run(solver);
    return LUNGO_OK;
}

static void require_state(const lungo_solver *solver, const lungo_buffer *expected) {
    lungo_buffer now = {0};
    must(lungo_solver_pack_run(solver, &now));
    require(now.length == expected->length && !memcmp(now.bytes, expected->bytes, now.length));
    lungo_buffer_dispose(&now);
}

static void go_on(lungo_solver *solver) {
    lungo_buffer taken = {0};
    must(lungo_solver_pack_run(solver, &taken));
    must(load(solver, &taken, false));
    require_state(solver, &taken);
    lungo_buffer_dispose(&taken);
    lungo_solver_step(solver, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!solvers[0]) open_solvers();
    int which = size > 0 ? data[0] & ~WEIGHTS_FAIL : SOLVERS;
    if (which >= SOLVERS || !solvers[which]) return 0;
    lungo_solver *solver = solvers[which];
    lungo_buffer state = {0};
    if (size == 1)
        lungo_buffer_append(&state, states[which].bytes, states[which].length);
    else if (!expand(&state, &solver->rng, data + 1, size - 1))
        return 0;
    solver->iter = 3;
    if (load(solver, &state, data[0] & WEIGHTS_FAIL))
        require_state(solver, &states[which]);
    else
        go_on(solver);
    must(load(solver, &states[which], false));
    require_state(solver, &states[which]);
    lungo_buffer_dispose(&state);
    return 0;
}
