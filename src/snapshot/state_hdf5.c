#include "snapshot/state_hdf5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_ROOM = 40 };

static const char *history_name(char *name, size_t index) {
    snprintf(name, NAME_ROOM, "/history/%zu", index);
    return name;
}

/* ---- writing ---- */

/* A value of one axis of one, as lungo_hdf5_read wants it. */
static lungo_status write_best(lungo_hdf5_writer *file, const lungo_best *best) {
    const lungo_shape one = {1, {1}};
    LUNGO_TRY(lungo_hdf5_write_group(file, "/best"));
    LUNGO_TRY(lungo_hdf5_write_string(file, "/best/metric", best->metric));
    LUNGO_TRY(lungo_hdf5_write(file, "/best/value", &one, &best->value));
    return lungo_hdf5_write_int(file, "/best/iter", best->iter);
}

static lungo_status write_all(lungo_hdf5_writer *file, const lungo_run_state *state) {
    char name[NAME_ROOM];
    LUNGO_TRY(lungo_hdf5_write_int(file, "/iter", state->iter));
    LUNGO_TRY(lungo_hdf5_write_string(file, "/learned_net", state->learned_net));
    LUNGO_TRY(lungo_hdf5_write_int(file, "/current_step", state->current_step));
    if (state->run.length > 0)
        LUNGO_TRY(lungo_hdf5_write_bytes(file, "/run", state->run.bytes, state->run.length));
    LUNGO_TRY(lungo_hdf5_write_group(file, "/history"));
    for (size_t i = 0; i < state->history_count; i++)
        LUNGO_TRY(lungo_hdf5_write(file, history_name(name, i), state->histories[i].shape,
                                   state->histories[i].values));
    if (state->best.metric) LUNGO_TRY(write_best(file, &state->best));
    if (!state->model) return LUNGO_OK;
    LUNGO_TRY(lungo_hdf5_write_string(file, "/model", lungo_checksum_print(state->model).text));
    return lungo_hdf5_seal(file);
}

lungo_status lungo_run_state_write_hdf5(const lungo_run_state *state, const char *path) {
    lungo_hdf5_writer *file;
    LUNGO_TRY(lungo_hdf5_create(&file, path));
    lungo_status status = write_all(file, state);
    if (!status) return lungo_hdf5_commit(file);
    lungo_hdf5_abandon(file);
    return status;
}

/* ---- reading ---- */

static lungo_status take_int(int *out, lungo_hdf5 *file, const char *name) {
    LUNGO_TRY(lungo_hdf5_read_int(out, file, name));
    if (*out >= 0) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT, "%s: expected 0 or more, got %d", name, *out);
}

/* Names are checked by opening "0", "1", ... one by one. */
static lungo_status take_histories(lungo_saved_state *saved, size_t count) {
    char name[NAME_ROOM];
    saved->histories = calloc(count ? count : 1, sizeof *saved->histories);
    if (!saved->histories) return lungo_fail_memory("histories", count * sizeof *saved->histories);
    saved->history_count = count;
    for (size_t i = 0; i < count; i++)
        LUNGO_TRY(lungo_hdf5_shape(&saved->histories[i].shape, saved->hdf5, history_name(name, i)));
    return LUNGO_OK;
}

static bool has(const lungo_hdf5_entry *entries, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(entries[i].name, name) == 0) return true;
    return false;
}

static lungo_status take_model(lungo_saved_state *saved) {
    char *text;
    LUNGO_TRY(lungo_hdf5_read_string(&text, saved->hdf5, "/model"));
    saved->has_model = lungo_checksum_parse(&saved->model, text);
    free(text);
    if (saved->has_model) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT, "/model: expected a size and a checksum of the weights");
}

static lungo_status take_best(lungo_saved_state *saved) {
    LUNGO_TRY(lungo_hdf5_read_string(&saved->metric, saved->hdf5, "/best/metric"));
    LUNGO_TRY(lungo_hdf5_read(saved->hdf5, "/best/value", &saved->best.value, 1));
    return take_int(&saved->best.iter, saved->hdf5, "/best/iter");
}

static lungo_status take_run(lungo_saved_state *saved) {
    uint8_t *bytes;
    LUNGO_TRY(lungo_hdf5_read_bytes(&bytes, &saved->run_length, saved->hdf5, "/run"));
    saved->run = saved->bytes = (char *)bytes;
    return LUNGO_OK;
}

static lungo_status read_fields(lungo_saved_state *saved, lungo_arena *arena) {
    lungo_hdf5_entry *entries;
    size_t count;
    LUNGO_TRY(lungo_hdf5_list(&entries, &count, arena, saved->hdf5, "/"));
    if (!has(entries, count, "iter"))
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "expected a solver state (.solverstate.h5), got a file without an "
                          "iteration");
    LUNGO_TRY(take_int(&saved->iter, saved->hdf5, "/iter"));
    LUNGO_TRY(take_int(&saved->current_step, saved->hdf5, "/current_step"));
    if (has(entries, count, "learned_net"))
        LUNGO_TRY(lungo_hdf5_read_string(&saved->learned_net, saved->hdf5, "/learned_net"));
    if (has(entries, count, "model")) LUNGO_TRY(take_model(saved));
    if (has(entries, count, "best")) LUNGO_TRY(take_best(saved));
    if (has(entries, count, "run")) LUNGO_TRY(take_run(saved));
    LUNGO_TRY(lungo_hdf5_list(&entries, &count, arena, saved->hdf5, "/history"));
    return take_histories(saved, count);
}

lungo_status lungo_saved_state_read_hdf5(lungo_saved_state *saved, bool *sealed, const char *path) {
    lungo_arena arena = {0};
    LUNGO_TRY(lungo_hdf5_check());
    LUNGO_TRY(lungo_seal_check(sealed, path));
    LUNGO_TRY(lungo_hdf5_open(&saved->hdf5, path));
    lungo_status status = read_fields(saved, &arena);
    lungo_arena_dispose(&arena);
    return status ? lungo_trail("in solver state '%s'", path) : LUNGO_OK;
}

lungo_status lungo_saved_state_copy_hdf5(const lungo_saved_state *saved,
                                         const lungo_run_state *state) {
    char name[NAME_ROOM];
    for (size_t i = 0; i < saved->history_count; i++)
        LUNGO_TRY(lungo_hdf5_read(saved->hdf5, history_name(name, i), state->histories[i].values,
                                  lungo_shape_count(state->histories[i].shape)));
    return LUNGO_OK;
}
