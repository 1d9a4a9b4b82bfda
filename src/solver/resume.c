/* All of a run that is in no weights and no history, as a RunState message: saved at the beginning
 * of an iteration, and taken over by a solver that was opened from the same files.
 *
 * What can fail is done first (readers go to their places, weights are read), and undone by the
 * state from before; what cannot fail follows: generator, guard, parameters that tests move. */
#include <stdlib.h>
#include <string.h>

#include "net/run_state.h"
#include "proto/wire_decode.h"
#include "solver/solver.h"

enum { NORMS = sizeof(lungo_param_norms) / sizeof(double) };
_Static_assert(NORMS * sizeof(double) == sizeof(lungo_param_norms), "norms are doubles alone");

/* ---- saving ---- */

static lungo_net *net_at(const lungo_solver *solver, size_t index) {
    return index == 0 ? solver->net : solver->test_nets[index - 1];
}

static lungo_status save_generator(Caffe__RunState *out, const lungo_solver *solver,
                                   lungo_arena *arena) {
    Caffe__GeneratorState *state = out->generator = lungo_arena_alloc(arena, sizeof *state);
    if (!state) return lungo_fail_memory("a run's state", sizeof *state);
    *state = (Caffe__GeneratorState)CAFFE__GENERATOR_STATE__INIT;
    state->n_word = LUNGO_RNG_WORDS;
    state->word = (uint32_t *)solver->rng.state;
    state->has_next = true;
    state->next = solver->rng.next;
    return LUNGO_OK;
}

static lungo_status save_average(Caffe__RunState *out, const lungo_solver *solver,
                                 lungo_arena *arena) {
    const lungo_smoothed_loss *smoothed = &solver->smoothed;
    if (!solver->goes_on) return LUNGO_OK;
    Caffe__AverageState *state = out->average = lungo_arena_alloc(arena, sizeof *state);
    float *losses = lungo_arena_array(arena, (size_t)smoothed->count + 1, sizeof *losses);
    if (!state || !losses) return lungo_fail_memory("a run's state", sizeof *state);
    for (int i = 0; i < smoothed->count; i++)
        losses[i] = lungo_smoothed_loss_at(smoothed, i);
    *state = (Caffe__AverageState)CAFFE__AVERAGE_STATE__INIT;
    state->has_value = true;
    state->value = smoothed->value;
    state->n_loss = (size_t)smoothed->count;
    state->loss = losses;
    return LUNGO_OK;
}

static lungo_status save_guard_params(Caffe__GuardState *out, const lungo_solver *solver,
                                      lungo_arena *arena) {
    size_t count = (size_t)solver->net->param_count;
    Caffe__GuardParamState *params = lungo_arena_array(arena, count + 1, sizeof *params);
    out->param = lungo_arena_array(arena, count + 1, sizeof *out->param);
    if (!params || !out->param) return lungo_fail_memory("a guard's state", count);
    for (size_t i = 0; i < count; i++) {
        const lungo_guard_param *from = &solver->guard.params[i];
        params[i] = (Caffe__GuardParamState)CAFFE__GUARD_PARAM_STATE__INIT;
        params[i].has_start = params[i].has_from_zero = true;
        params[i].has_has_grown = params[i].has_has_leapt = true;
        params[i].start = from->start;
        params[i].from_zero = from->from_zero;
        params[i].has_grown = from->has_grown;
        params[i].has_leapt = from->has_leapt;
        out->param[i] = &params[i];
    }
    out->n_param = count;
    return LUNGO_OK;
}

static void save_past(Caffe__GuardPastState *out, const lungo_guard_past *past, size_t params) {
    *out = (Caffe__GuardPastState)CAFFE__GUARD_PAST_STATE__INIT;
    out->has_iter = out->has_rate = out->has_loss = true;
    out->iter = past->iter;
    out->rate = past->rate;
    out->loss = past->loss;
    out->n_norm = params * NORMS;
    out->norm = (double *)past->norms;
}

static lungo_status save_pasts(Caffe__GuardState *out, const lungo_solver *solver,
                               lungo_arena *arena) {
    const lungo_guard *guard = &solver->guard;
    int count = guard->past_count < LUNGO_GUARD_PAST ? guard->past_count : LUNGO_GUARD_PAST;
    Caffe__GuardPastState *pasts = lungo_arena_array(arena, LUNGO_GUARD_PAST, sizeof *pasts);
    out->past = lungo_arena_array(arena, LUNGO_GUARD_PAST, sizeof *out->past);
    if (!pasts || !out->past) return lungo_fail_memory("a guard's state", sizeof *pasts);
    for (int i = 0; i < count; i++) {
        int place = (guard->past_count - count + i) % LUNGO_GUARD_PAST;
        save_past(&pasts[i], &guard->past[place], (size_t)solver->net->param_count);
        out->past[i] = &pasts[i];
    }
    out->n_past = (size_t)count;
    return LUNGO_OK;
}

static lungo_status save_guard(Caffe__RunState *out, const lungo_solver *solver,
                               lungo_arena *arena) {
    if (!solver->guard.on || !solver->guard.started) return LUNGO_OK;
    out->guard = lungo_arena_alloc(arena, sizeof *out->guard);
    if (!out->guard) return lungo_fail_memory("a guard's state", sizeof *out->guard);
    *out->guard = (Caffe__GuardState)CAFFE__GUARD_STATE__INIT;
    LUNGO_TRY(save_guard_params(out->guard, solver, arena));
    return save_pasts(out->guard, solver, arena);
}

static lungo_status save_nets(Caffe__RunState *out, const lungo_solver *solver,
                              lungo_arena *arena) {
    size_t count = solver->test_net_count + 1;
    Caffe__NetRunState *nets = lungo_arena_array(arena, count, sizeof *nets);
    out->net = lungo_arena_array(arena, count, sizeof *out->net);
    if (!nets || !out->net) return lungo_fail_memory("a run's state", count * sizeof *nets);
    out->n_net = count;
    for (size_t i = 0; i < count; i++) {
        out->net[i] = &nets[i];
        LUNGO_TRY(lungo_net_save_run(&nets[i], net_at(solver, i), arena));
        if (i == 0 || !solver->test_starts) continue;
        const lungo_writer *start = &solver->test_starts[i - 1];
        nets[i].has_start = true;
        nets[i].start = (ProtobufCBinaryData){start->length, (uint8_t *)start->bytes};
    }
    return LUNGO_OK;
}

static lungo_status save_all(Caffe__RunState *out, const lungo_solver *solver, lungo_arena *arena) {
    *out = (Caffe__RunState)CAFFE__RUN_STATE__INIT;
    out->has_seed = out->has_rate = out->has_loss = out->has_warned_of_decay = true;
    out->seed = solver->seed;
    out->rate = solver->rate;
    out->loss = solver->loss;
    out->warned_of_decay = solver->warned_of_decay;
    LUNGO_TRY(save_generator(out, solver, arena));
    LUNGO_TRY(save_average(out, solver, arena));
    LUNGO_TRY(save_guard(out, solver, arena));
    LUNGO_TRY(save_nets(out, solver, arena));
    return lungo_environment_list(out, solver, arena);
}

static lungo_status pack(lungo_buffer *out, const Caffe__RunState *state) {
    size_t length = caffe__run_state__get_packed_size(state);
    uint8_t *bytes = malloc(length);
    if (!bytes) return lungo_fail_memory("a run's state", length);
    caffe__run_state__pack(state, bytes);
    lungo_buffer_append(out, bytes, length);
    free(bytes);
    return out->failed ? lungo_fail_memory("a run's state", length) : LUNGO_OK;
}

static lungo_status pack_now(const lungo_solver *solver, lungo_buffer *out) {
    lungo_arena arena = {0};
    Caffe__RunState state;
    lungo_status status = save_all(&state, solver, &arena);
    if (!status) status = pack(out, &state);
    lungo_arena_dispose(&arena);
    return status;
}

lungo_status lungo_solver_pack_run(const lungo_solver *solver, lungo_buffer *out) {
    if (solver->held.length == 0) return pack_now(solver, out);
    lungo_buffer_append(out, solver->held.bytes, solver->held.length);
    return out->failed ? lungo_fail_memory("a run's state", solver->held.length) : LUNGO_OK;
}

lungo_status lungo_solver_hold_run(lungo_solver *solver) {
    return solver->held.length > 0 ? LUNGO_OK : pack_now(solver, &solver->held);
}

void lungo_solver_let_go_of_run(lungo_solver *solver) {
    lungo_buffer_dispose(&solver->held);
}

/* ---- checking ---- */

static lungo_status decode(lungo_document **document, Caffe__RunState **out, const void *bytes,
                           size_t length) {
    ProtobufCMessage *message;
    LUNGO_TRY(lungo_document_new(document));
    lungo_status status =
        lungo_wire_decode(*document, &message, &caffe__run_state__descriptor, bytes, length, "run");
    *out = (Caffe__RunState *)message;
    return status;
}

static lungo_status check_generator(const Caffe__GeneratorState *state) {
    size_t words = state ? state->n_word : 0;
    if (words != LUNGO_RNG_WORDS)
        return lungo_fail(LUNGO_ERR_FORMAT, "saved generator: expected %d words, got %zu",
                          LUNGO_RNG_WORDS, words);
    if (state->next < 0 || state->next > LUNGO_RNG_WORDS)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "saved generator: expected a place from 0 to %d, got %d", LUNGO_RNG_WORDS,
                          state->next);
    lungo_rng rng;
    memcpy(rng.state, state->word, sizeof rng.state);
    if (!lungo_rng_is_stuck(&rng)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT, "saved generator: expected random words, got zeros");
}

static lungo_status check_guard(const Caffe__GuardState *state, const lungo_solver *solver) {
    size_t params = (size_t)solver->net->param_count, norms = params * NORMS;
    if (!state) return LUNGO_OK;
    if (state->n_param != params || state->n_past > LUNGO_GUARD_PAST)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "saved guard: expected %zu parameters and at most %d updates, got %zu "
                          "and %zu",
                          params, LUNGO_GUARD_PAST, state->n_param, state->n_past);
    for (size_t i = 0; i < state->n_past; i++)
        if (state->past[i]->n_norm != norms)
            return lungo_fail(LUNGO_ERR_FORMAT, "saved guard: expected %zu norms, got %zu", norms,
                              state->past[i]->n_norm);
    return LUNGO_OK;
}

/* How many nets there are in both. Test nets beyond them begin anew. */
static size_t count_nets(const Caffe__RunState *state, const lungo_solver *solver) {
    size_t nets = solver->test_net_count + 1;
    return state->n_net < nets ? state->n_net : nets;
}

static lungo_status check(const Caffe__RunState *state, const lungo_solver *solver) {
    LUNGO_TRY(check_generator(state->generator));
    LUNGO_TRY(check_guard(state->guard, solver));
    if (state->n_net == 0)
        return lungo_fail(LUNGO_ERR_FORMAT, "saved run: expected the state of its net, got none");
    if (state->n_net != solver->test_net_count + 1)
        lungo_warn(
            "the snapshot is of a run with %zu test nets, and there are %zu now: further ones "
            "begin anew, and random numbers may differ from those of the run that was stopped",
            state->n_net - 1, solver->test_net_count);
    for (size_t i = 0; i < count_nets(state, solver); i++)
        LUNGO_TRY(lungo_net_check_run(net_at(solver, i), state->net[i]));
    return LUNGO_OK;
}

static lungo_status warn_of_environment(const Caffe__RunState *state, const lungo_solver *solver) {
    lungo_arena arena = {0};
    Caffe__RunState now = CAFFE__RUN_STATE__INIT;
    lungo_status status = lungo_environment_list(&now, solver, &arena);
    if (!status) lungo_environment_compare(state, &now);
    lungo_arena_dispose(&arena);
    return status;
}

/* ---- taking it over: what may fail ---- */

/* With another average_loss the mean begins anew. */
static lungo_status load_average(lungo_solver *solver, const Caffe__AverageState *state) {
    int length = solver->param->average_loss;
    solver->goes_on = state && state->n_loss <= (size_t)length;
    if (!solver->goes_on) return LUNGO_OK;
    return lungo_smoothed_loss_restore(&solver->smoothed, length, state->loss, state->n_loss,
                                       state->value);
}

static lungo_status load_start(lungo_writer *start, const Caffe__NetRunState *state) {
    lungo_buffer_clear(start);
    lungo_buffer_append(start, state->start.data, state->start.len);
    return start->failed ? lungo_fail_memory("a test's start", state->start.len) : LUNGO_OK;
}

static lungo_status load_what_may_fail(lungo_solver *solver, const Caffe__RunState *state) {
    LUNGO_TRY(load_average(solver, state->average));
    for (size_t i = 0; i < count_nets(state, solver); i++) {
        LUNGO_TRY(lungo_net_load_layers(net_at(solver, i), state->net[i]));
        if (i > 0 && solver->test_starts && state->net[i]->has_start)
            LUNGO_TRY(load_start(&solver->test_starts[i - 1], state->net[i]));
    }
    return LUNGO_OK;
}

/* ---- and what may not ---- */

static void load_generator(lungo_solver *solver, const Caffe__GeneratorState *state) {
    memcpy(solver->rng.state, state->word, sizeof solver->rng.state);
    solver->rng.next = state->next;
}

static void load_past(lungo_guard_past *past, const Caffe__GuardPastState *state) {
    past->iter = state->iter;
    past->rate = state->rate;
    past->loss = state->loss;
    if (state->n_norm > 0) memcpy(past->norms, state->norm, state->n_norm * sizeof *state->norm);
}

static void load_guard(lungo_guard *guard, const Caffe__GuardState *state) {
    lungo_guard_restart(guard);
    if (!guard->on || !state) return;
    guard->started = true;
    for (size_t i = 0; i < state->n_param; i++) {
        const Caffe__GuardParamState *from = state->param[i];
        guard->params[i] =
            (lungo_guard_param){from->start, from->from_zero, from->has_grown, from->has_leapt};
    }
    for (size_t i = 0; i < state->n_past; i++)
        load_past(&guard->past[i], state->past[i]);
    guard->past_count = (int)state->n_past;
}

static void load_the_rest(lungo_solver *solver, const Caffe__RunState *state) {
    solver->seed = state->seed;
    solver->rate = state->rate;
    solver->loss = state->loss;
    solver->warned_of_decay = state->warned_of_decay;
    load_generator(solver, state->generator);
    load_guard(&solver->guard, state->guard);
    for (size_t i = 0; i < count_nets(state, solver); i++)
        lungo_net_load_params(net_at(solver, i), state->net[i]);
}

/* ---- all of it ---- */

/* Keeps the error that is under way. */
static void go_back(lungo_solver *solver, const lungo_buffer *before) {
    lungo_document *document = NULL;
    Caffe__RunState *state;
    lungo_held_error held;
    lungo_error_hold(&held);
    bool back = decode(&document, &state, before->bytes, before->length) == LUNGO_OK &&
                load_what_may_fail(solver, state) == LUNGO_OK;
    lungo_document_free(document);
    lungo_error_raise(&held);
    if (!back) lungo_trail("and the state from before could not be restored");
}

static lungo_status load(lungo_solver *solver, const Caffe__RunState *state,
                         lungo_weights_loader *load_weights, void *user) {
    lungo_buffer before = {0};
    LUNGO_TRY(check(state, solver));
    LUNGO_TRY(warn_of_environment(state, solver));
    lungo_status status = pack_now(solver, &before);
    if (!status) {
        status = load_what_may_fail(solver, state);
        if (!status) status = load_weights(user, solver);
        if (status) go_back(solver, &before);
    }
    lungo_buffer_dispose(&before);
    if (!status) load_the_rest(solver, state);
    return status;
}

lungo_status lungo_solver_load_run(lungo_solver *solver, const void *bytes, size_t length,
                                   lungo_weights_loader *load_weights, void *user) {
    lungo_document *document = NULL;
    Caffe__RunState *state;
    lungo_status status = decode(&document, &state, bytes, length);
    if (!status) status = load(solver, state, load_weights, user);
    lungo_document_free(document);
    if (status == LUNGO_ERR_DATA || status == LUNGO_ERR_FORMAT)
        lungo_trail(
            "--resume=caffe (resume_as_caffe) takes weights, histories and iteration alone");
    return status;
}
