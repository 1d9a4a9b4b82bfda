#include "snapshot/pair.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "weights/model.h"

/* ---- names ---- */

lungo_status lungo_pair_name(lungo_pair *out, const char *prefix, int iter, bool hdf5) {
    const char *extension = hdf5 ? ".h5" : "";
    lungo_buffer stem = {0}, model = {0}, state = {0}, before = {0};
    lungo_buffer_puts(&stem, prefix);
    lungo_buffer_printf(&stem, iter < 0 ? "_best" : "_iter_%d", iter);
    lungo_buffer_printf(&model, "%s.caffemodel%s", lungo_buffer_text(&stem), extension);
    lungo_buffer_printf(&state, "%s.solverstate%s", lungo_buffer_text(&stem), extension);
    lungo_buffer_printf(&before, "%s.before", lungo_buffer_text(&model));
    bool failed = stem.failed || model.failed || state.failed || before.failed;
    lungo_buffer_dispose(&stem);
    *out = (lungo_pair){model.bytes, state.bytes, before.bytes};
    return failed ? lungo_fail_memory("file names", strlen(prefix)) : LUNGO_OK;
}

void lungo_pair_dispose(lungo_pair *pair) {
    free(pair->model);
    free(pair->state);
    free(pair->before);
    *pair = (lungo_pair){0};
}

/* ---- the weights of a state ---- */

static lungo_status check_model(const lungo_saved_state *saved, const char *model,
                                const char *state) {
    lungo_checksum got;
    if (!saved->has_model) return LUNGO_OK;
    LUNGO_TRY(lungo_checksum_of(&got, model));
    if (lungo_checksum_equal(&got, &saved->model)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_DATA,
                      "weights '%s' are damaged or not those that were saved with '%s': expected "
                      "%s, got %s; take another snapshot, or the weights that belong to this one",
                      model, state, lungo_checksum_print(&saved->model).text,
                      lungo_checksum_print(&got).text);
}

enum { PLACES = 4 };

/* Where the weights may be: as named, then beside the state; and each with .before. */
static lungo_status list_places(char *places[PLACES], const char *learned_net, const char *state) {
    char folder[PATH_MAX], name[PATH_MAX];
    if (strlen(state) >= sizeof folder || strlen(learned_net) >= sizeof name)
        return lungo_fail(LUNGO_ERR_FILE, "file name too long: '%s'", learned_net);
    strcpy(folder, state);
    strcpy(name, learned_net);
    const char *beside = dirname(folder), *base = basename(name);
    if (asprintf(&places[0], "%s", learned_net) < 0) places[0] = NULL;
    if (asprintf(&places[1], "%s/%s", beside, base) < 0) places[1] = NULL;
    if (asprintf(&places[2], "%s.before", learned_net) < 0) places[2] = NULL;
    if (asprintf(&places[3], "%s/%s.before", beside, base) < 0) places[3] = NULL;
    for (int i = 0; i < PLACES; i++)
        if (!places[i]) return lungo_fail_memory("a file name", strlen(learned_net));
    return LUNGO_OK;
}

/* Without a checksum the first that is there is taken, and never one that is but kept. The fault of
 * the first that is there is the one to tell. */
static lungo_status choose_place(char **out, char *places[PLACES], const lungo_saved_state *saved,
                                 const char *state) {
    const char *there = NULL;
    int count = saved->has_model ? PLACES : PLACES / 2;
    for (int i = 0; i < count; i++) {
        if (!lungo_file_exists(places[i])) continue;
        if (!there) there = places[i];
        if (check_model(saved, places[i], state)) continue;
        *out = places[i];
        places[i] = NULL;
        return LUNGO_OK;
    }
    if (there) return check_model(saved, there, state);
    return lungo_fail(LUNGO_ERR_FILE,
                      "weights of the snapshot: expected a file '%s' or '%s', got none", places[0],
                      places[1]);
}

lungo_status lungo_pair_find_model(char **out, const lungo_saved_state *saved, const char *state) {
    char *places[PLACES] = {0};
    *out = NULL;
    lungo_status status = list_places(places, saved->learned_net, state);
    if (!status) status = choose_place(out, places, saved, state);
    for (int i = 0; i < PLACES; i++)
        free(places[i]);
    if (status || *out) return status;
    return lungo_fail(LUNGO_ERR_FILE, "weights of '%s' changed while they were read", state);
}

lungo_status lungo_pair_model_of(char **out, const char *state) {
    lungo_saved_state *saved;
    *out = NULL;
    LUNGO_TRY(lungo_saved_state_open(&saved, state));
    lungo_status status = saved->learned_net ? lungo_pair_find_model(out, saved, state) : LUNGO_OK;
    lungo_saved_state_free(saved);
    return status;
}

/* Without a checksum, its structure has to do. */
static lungo_status try_model(const char *path) {
    lungo_hdf5 *file;
    lungo_model *model;
    bool is_hdf5;
    LUNGO_TRY(lungo_hdf5_is_file(&is_hdf5, path));
    if (is_hdf5) {
        LUNGO_TRY(lungo_hdf5_open(&file, path));
        lungo_hdf5_close(file);
        return LUNGO_OK;
    }
    LUNGO_TRY(lungo_model_open(&model, path));
    lungo_model_free(model);
    return LUNGO_OK;
}

static lungo_status check_saved(const lungo_saved_state *saved, const char *state) {
    char *model;
    if (!saved->learned_net) return LUNGO_OK;
    LUNGO_TRY(lungo_pair_find_model(&model, saved, state));
    lungo_status status = saved->has_model ? LUNGO_OK : try_model(model);
    free(model);
    return status;
}

lungo_status lungo_pair_check(bool *sealed, const char *state) {
    lungo_saved_state *saved;
    if (sealed) *sealed = false;
    LUNGO_TRY(lungo_saved_state_open(&saved, state));
    if (sealed) *sealed = saved->has_model;
    lungo_status status = check_saved(saved, state);
    lungo_saved_state_free(saved);
    return status;
}

/* ---- writing over one that is there ---- */

/* Whether the state that is there belongs to what an earlier writer kept for it, as it was killed
 * between the two files. */
static bool needs_before(const lungo_pair *pair) {
    lungo_saved_state *saved;
    if (!lungo_file_exists(pair->before) || lungo_saved_state_open(&saved, pair->state))
        return false;
    bool needs = saved->has_model && check_model(saved, pair->before, pair->state) == LUNGO_OK &&
                 check_model(saved, pair->model, pair->state) != LUNGO_OK;
    lungo_saved_state_free(saved);
    return needs;
}

void lungo_pair_settle(const lungo_pair *pair) {
    if (lungo_pair_check(NULL, pair->state) == LUNGO_OK && !needs_before(pair))
        unlink(pair->before);
}

/* A second name for the weights that are there, so that the first never lacks a file; where a file
 * has but one name, the other one. */
lungo_status lungo_pair_begin(const lungo_pair *pair) {
    bool there = lungo_file_exists(pair->state);
    if (there && needs_before(pair)) return LUNGO_OK;
    unlink(pair->before);
    if (!there || !lungo_file_exists(pair->model)) return LUNGO_OK;
    if (link(pair->model, pair->before) && rename(pair->model, pair->before))
        return lungo_fail_errno("keep for the time of writing a new one", pair->model);
    if (lungo_file_sync_folder_of(pair->before) == LUNGO_OK) return LUNGO_OK;
    lungo_held_error held;
    lungo_error_hold(&held);
    lungo_pair_end(pair, false);
    return lungo_error_raise(&held);
}

/* Two names of one file: what is there under the first is the old one. */
static bool are_one_file(const char *path, const char *other) {
    struct stat one, two;
    return !stat(path, &one) && !stat(other, &two) && one.st_dev == two.st_dev &&
           one.st_ino == two.st_ino;
}

lungo_status lungo_pair_end(const lungo_pair *pair, bool written) {
    if (!lungo_file_exists(pair->before)) return LUNGO_OK;
    bool back = !written && !are_one_file(pair->before, pair->model);
    if (back && rename(pair->before, pair->model))
        return lungo_fail_errno("go back to the old file", pair->model);
    if (!back) unlink(pair->before);
    return lungo_file_sync_folder_of(pair->model);
}
