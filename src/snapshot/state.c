/* Caffe's SolverState on disk:
 *
 *   iter 1   learned_net 2   history 3, repeated BlobProto   current_step 4
 *
 * and of Lungo's own
 *
 *   model 1001 { size 1   checksum 2 }, the first   run 1000, a RunState
 *   best 1003 { metric 1   value 2   iter 3 }   seal 1002, the last
 *
 * A file that is cut has `model` and no seal. Histories are as large as the weights, or twice as
 * large: they go to the file one by one, and are read from it in place.
 */
#include "snapshot/state.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "proto/wire.h"
#include "snapshot/state_hdf5.h"

enum { ITER = 1, LEARNED_NET = 2, HISTORY = 3, CURRENT_STEP = 4 };
enum { RUN = 1000, MODEL = 1001, BEST = 1003 };
enum { MODEL_SIZE = 1, MODEL_CHECKSUM = 2, BEST_METRIC = 1, BEST_VALUE = 2, BEST_ITER = 3 };

/* ---- writing ---- */

static void put_int(lungo_buffer *out, uint32_t field, int value) {
    lungo_wire_put_tag(out, field, LUNGO_WIRE_VARINT);
    lungo_wire_put_varint(out, (uint64_t)value);
}

static void put_string(lungo_buffer *out, uint32_t field, const char *text) {
    lungo_wire_put_tag(out, field, LUNGO_WIRE_BYTES);
    lungo_wire_put_varint(out, strlen(text));
    lungo_buffer_puts(out, text);
}

static void put_fixed(lungo_buffer *out, uint32_t field, lungo_wire_type type, const void *bytes) {
    lungo_wire_put_tag(out, field, type);
    lungo_buffer_append(out, bytes, type == LUNGO_WIRE_FIXED32 ? 4 : 8);
}

static void put_bytes(lungo_buffer *out, uint32_t field, const lungo_buffer *bytes) {
    lungo_wire_put_tag(out, field, LUNGO_WIRE_BYTES);
    lungo_wire_put_varint(out, bytes->length);
    lungo_buffer_append(out, bytes->bytes, bytes->length);
}

static void put_message(lungo_buffer *out, uint32_t field, lungo_buffer *message) {
    put_bytes(out, field, message);
    out->failed |= message->failed;
    lungo_buffer_dispose(message);
}

static void put_model(lungo_buffer *out, const lungo_checksum *model) {
    lungo_buffer message = {0};
    lungo_wire_put_tag(&message, MODEL_SIZE, LUNGO_WIRE_VARINT);
    lungo_wire_put_varint(&message, model->size);
    put_fixed(&message, MODEL_CHECKSUM, LUNGO_WIRE_FIXED64, &model->hash);
    put_message(out, MODEL, &message);
}

static void put_best(lungo_buffer *out, const lungo_best *best) {
    lungo_buffer message = {0};
    put_string(&message, BEST_METRIC, best->metric);
    put_fixed(&message, BEST_VALUE, LUNGO_WIRE_FIXED32, &best->value);
    put_int(&message, BEST_ITER, best->iter);
    put_message(out, BEST, &message);
}

static lungo_status flush(lungo_buffer *fields, lungo_file_writer *file) {
    if (fields->failed) return lungo_fail_memory("a solver state's fields", fields->length);
    LUNGO_TRY(lungo_file_writer_write(file, fields->bytes, fields->length));
    lungo_buffer_clear(fields);
    return LUNGO_OK;
}

static lungo_status write_fields(const lungo_run_state *state, lungo_buffer *fields,
                                 lungo_file_writer *file) {
    if (state->model) put_model(fields, state->model);
    put_int(fields, ITER, state->iter);
    put_string(fields, LEARNED_NET, state->learned_net);
    LUNGO_TRY(flush(fields, file));
    for (size_t i = 0; i < state->history_count; i++) {
        const lungo_history *history = &state->histories[i];
        LUNGO_TRY(lungo_stored_blob_write(file, HISTORY, history->shape, history->values, NULL));
    }
    put_int(fields, CURRENT_STEP, state->current_step);
    if (state->run.length > 0) put_bytes(fields, RUN, &state->run);
    if (state->best.metric) put_best(fields, &state->best);
    LUNGO_TRY(flush(fields, file));
    return state->model ? lungo_seal(file) : LUNGO_OK;
}

size_t lungo_run_state_histories(const lungo_run_state *state) {
    size_t size = 0;
    for (size_t i = 0; i < state->history_count; i++)
        size += lungo_stored_blob_size(HISTORY, state->histories[i].shape, false);
    return size;
}

lungo_status lungo_run_state_write(const lungo_run_state *state, const char *path) {
    lungo_file_writer *file;
    lungo_buffer fields = {0};
    if (lungo_hdf5_is_name(path)) return lungo_run_state_write_hdf5(state, path);
    LUNGO_TRY(lungo_file_writer_open(&file, path));
    lungo_status status = write_fields(state, &fields, file);
    lungo_buffer_dispose(&fields);
    if (!status) return lungo_file_writer_commit(file);
    lungo_file_writer_abandon(file);
    return status;
}

/* ---- reading ---- */

/* Negative numbers and larger ones than an int are nothing that a solver ever wrote. */
static lungo_status take_int(int *out, const char *name, const lungo_wire_field *field) {
    if (field->value > INT_MAX)
        return lungo_fail(LUNGO_ERR_FORMAT, "%s: expected 0 to %d, got %lld", name, INT_MAX,
                          (long long)field->value);
    *out = (int)field->value;
    return LUNGO_OK;
}

static lungo_status take_string(char **out, const lungo_wire_field *field) {
    free(*out);
    size_t length = lungo_wire_left(&field->bytes);
    *out = strndup((const char *)lungo_wire_bytes(&field->bytes), length);
    return *out ? LUNGO_OK : lungo_fail_memory("a name", length);
}

static lungo_status take_model(lungo_saved_state *saved, lungo_wire message) {
    saved->has_model = true;
    while (lungo_wire_more(&message)) {
        lungo_wire_field field;
        LUNGO_TRY(lungo_wire_next(&message, &field));
        if (field.type == LUNGO_WIRE_VARINT && field.number == MODEL_SIZE)
            saved->model.size = field.value;
        if (field.type == LUNGO_WIRE_FIXED64 && field.number == MODEL_CHECKSUM)
            saved->model.hash = field.value;
    }
    return LUNGO_OK;
}

static lungo_status take_best(lungo_saved_state *saved, lungo_wire message) {
    while (lungo_wire_more(&message)) {
        lungo_wire_field field;
        LUNGO_TRY(lungo_wire_next(&message, &field));
        if (field.type == LUNGO_WIRE_BYTES && field.number == BEST_METRIC)
            LUNGO_TRY(take_string(&saved->metric, &field));
        if (field.type == LUNGO_WIRE_FIXED32 && field.number == BEST_VALUE)
            saved->best.value = lungo_wire_float(field.value);
        if (field.type == LUNGO_WIRE_VARINT && field.number == BEST_ITER)
            LUNGO_TRY(take_int(&saved->best.iter, "best.iter", &field));
    }
    return LUNGO_OK;
}

/* Room for a power of two of them. */
static lungo_status take_history(lungo_saved_state *saved, const lungo_wire_field *field) {
    size_t count = saved->history_count;
    if ((count & (count - 1)) == 0) {
        size_t room = count ? 2 * count : 1;
        void *larger = reallocarray(saved->histories, room, sizeof *saved->histories);
        if (!larger) return lungo_fail_memory("histories", room * sizeof *saved->histories);
        saved->histories = larger;
    }
    if (lungo_stored_blob_open(&saved->histories[count], field->bytes))
        return lungo_trail("in history %zu", count);
    saved->history_count++;
    return LUNGO_OK;
}

static lungo_status take_field(lungo_saved_state *saved, const lungo_wire_field *field) {
    bool varint = field->type == LUNGO_WIRE_VARINT, bytes = field->type == LUNGO_WIRE_BYTES;
    if (varint && field->number == ITER) return take_int(&saved->iter, "iter", field);
    if (varint && field->number == CURRENT_STEP)
        return take_int(&saved->current_step, "current_step", field);
    if (bytes && field->number == LEARNED_NET) return take_string(&saved->learned_net, field);
    if (bytes && field->number == MODEL) return take_model(saved, field->bytes);
    if (bytes && field->number == BEST) return take_best(saved, field->bytes);
    if (bytes && field->number == HISTORY) return take_history(saved, field);
    if (bytes && field->number == RUN) {
        saved->run = lungo_wire_bytes(&field->bytes);
        saved->run_length = lungo_wire_left(&field->bytes);
    }
    return LUNGO_OK;
}

/* Every solver state has its iteration; a file of weights, which looks much alike, has not. */
static lungo_status read_fields(lungo_saved_state *saved, lungo_wire wire) {
    saved->iter = -1;
    while (lungo_wire_more(&wire)) {
        lungo_wire_field field;
        LUNGO_TRY(lungo_wire_next(&wire, &field));
        LUNGO_TRY(take_field(saved, &field));
    }
    if (saved->iter >= 0) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "%s: expected a solver state (.solverstate), got a file without an iteration",
                      wire.name);
}

/* The seal is looked at first: what it says is damaged is read no further. */
static lungo_status read_file(lungo_saved_state *saved, bool *sealed, const char *path) {
    size_t length;
    LUNGO_TRY(lungo_file_read(&saved->bytes, &length, path));
    LUNGO_TRY(lungo_seal_check_bytes(sealed, saved->bytes, length, path));
    return read_fields(saved, lungo_wire_over(saved->bytes, length, path));
}

static lungo_status read_state(lungo_saved_state *saved, const char *path) {
    bool sealed;
    LUNGO_TRY(lungo_hdf5_is_name(path) ? lungo_saved_state_read_hdf5(saved, &sealed, path)
                                       : read_file(saved, &sealed, path));
    saved->best.metric = saved->metric;
    if (sealed == saved->has_model) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "'%s' is cut or was changed after it was written: expected %s; take an older "
                      "snapshot or a copy",
                      path,
                      sealed ? "the checksum of its weights in it"
                             : "the checksum of all that stands before at its end");
}

lungo_status lungo_saved_state_open(lungo_saved_state **out, const char *path) {
    lungo_saved_state *saved = calloc(1, sizeof *saved);
    if (!saved) return lungo_fail_memory("a solver state", sizeof *saved);
    lungo_status status = read_state(saved, path);
    if (status) {
        lungo_saved_state_free(saved);
        return status;
    }
    *out = saved;
    return LUNGO_OK;
}

void lungo_saved_state_free(lungo_saved_state *saved) {
    if (!saved) return;
    free(saved->learned_net);
    free(saved->metric);
    free(saved->histories);
    free(saved->bytes);
    lungo_hdf5_close(saved->hdf5);
    free(saved);
}

/* ---- taking it over ---- */

lungo_status lungo_saved_state_check(const lungo_saved_state *saved, const lungo_run_state *state) {
    if (saved->history_count != state->history_count)
        return lungo_fail(LUNGO_ERR_DATA,
                          "snapshot of another net or solver type: expected %zu histories, got %zu",
                          state->history_count, saved->history_count);
    for (size_t i = 0; i < saved->history_count; i++) {
        const lungo_history *history = &state->histories[i];
        if (lungo_stored_blob_fits(&saved->histories[i], history->shape)) continue;
        return lungo_fail(LUNGO_ERR_DATA,
                          "snapshot of another net: history %zu, of param %d of layer '%s': "
                          "expected shape %s, got %s",
                          i, history->index, history->layer, lungo_shape_text(history->shape).text,
                          lungo_shape_text(&saved->histories[i].shape).text);
    }
    return LUNGO_OK;
}

lungo_status lungo_saved_state_copy(const lungo_saved_state *saved, const lungo_run_state *state) {
    if (saved->hdf5) return lungo_saved_state_copy_hdf5(saved, state);
    for (size_t i = 0; i < saved->history_count; i++)
        LUNGO_TRY(lungo_stored_blob_data(&saved->histories[i], state->histories[i].values));
    return LUNGO_OK;
}
