/* One update of all parameters:
 *
 *   rate = policy(iter)
 *   clipping: n = L2 norm of all raw gradients together; if n > clip_gradients, scale by that / n
 *   each parameter:  g = gradient * clipping / iter_size, + decay  ->  rule  ->  w -= u
 *
 * A parameter is taken in pieces that stay in the first-level cache, so that however many steps
 * its arithmetic has, memory sees each weight, gradient and history once. (Clipping and the guard
 * have to read all gradients once before: a bad one must not reach the weights.) With
 * snapshot_diff, u is left where the gradient was; otherwise the gradient stays as backward made
 * it, which saves a sixth of SGD's memory traffic.
 */
#include <math.h>

#include "math/vector.h"
#include "solver/solver.h"

/* All that the pieces of one parameter need. */
typedef struct param_update {
    const lungo_rule *rule;
    lungo_rule_step step;
    float rate;                   /* the parameter's own */
    float clip_scale, pass_scale; /* of the gradient, one after the other as in Caffe */
    lungo_decay_terms decay;
    bool moves, keeps_update;
    float *weights, *gradient, *histories[LUNGO_MAX_HISTORIES];
    lungo_piece_sums *sums; /* one per piece; NULL: nobody wants norms */
} param_update;

static void update_piece(const param_update *one, size_t piece, size_t count) {
    size_t begin = piece * LUNGO_PIECE;
    float update[LUNGO_PIECE], *weights = one->weights + begin, *gradient = one->gradient + begin;
    float *first = one->histories[0] + begin;
    float *second = one->histories[1] ? one->histories[1] + begin : NULL;
    lungo_piece_sums *sums = one->sums ? &one->sums[piece] : NULL;
    for (size_t i = 0; i < count; i++)
        update[i] = gradient[i] * one->clip_scale * one->pass_scale;
    lungo_decay_gradient(&one->decay, count, weights, update);
    one->rule->apply(&one->step, one->rate, count, update, first, second);
    if (sums) {
        sums->weights = lungo_squares(count, weights);
        sums->decay = lungo_decay_squares(&one->decay, sums->weights, count, weights, update);
    }
    lungo_decay_weights(&one->decay, count, weights, update);
    if (sums) sums->update = one->moves ? lungo_squares(count, update) : 0;
    for (size_t i = 0; i < count && one->moves; i++)
        weights[i] -= update[i];
    for (size_t i = 0; i < count && one->keeps_update; i++)
        gradient[i] = one->moves ? update[i] : 0;
}

static void update_param(const param_update *one, size_t count) {
    long pieces = (long)lungo_pieces(count);
#pragma omp parallel for schedule(static) if (count >= LUNGO_PARALLEL_FROM)
    for (long piece = 0; piece < pieces; piece++)
        update_piece(one, (size_t)piece, lungo_piece_count(count, (size_t)piece));
}

/* ---- clipping ---- */

/* The norm is that of the sum over the passes, before iter_size divides it, and without decay. */
static float clip_scale_of(const lungo_solver *solver) {
    float limit = solver->param->clip_gradients;
    if (limit < 0) return 1;
    double squares = 0;
    for (int i = 0; i < solver->net->param_count; i++)
        squares += solver->norms.params[i].gradient * solver->norms.params[i].gradient;
    float norm = (float)sqrt(squares);
    if (!(norm > limit)) return 1;
    float scale = limit / norm;
    lungo_log_info("sgd_solver.cpp", 99,
                   "Gradient clipping: scaling down gradients (L2 norm %g > %g) by scale factor %g",
                   norm, limit, scale);
    return scale;
}

/* ---- all parameters ---- */

static void check_shrink(lungo_solver *solver, const lungo_learnable *param,
                         const lungo_decay_terms *decay) {
    float shrink = decay->shrink_with_update + decay->shrink_after_update;
    if (solver->warned_of_decay || (shrink >= 0 && shrink < 1)) return;
    solver->warned_of_decay = true;
    lungo_warn("iteration %d: decoupled weight decay takes the part %g of each weight of param %d "
               "of layer '%s': expected 0 or more and less than 1; see weight_decay, decay_mult "
               "and decoupled_decay_scale",
               solver->iter, shrink, param->index, solver->net->layers[param->layer]->name);
}

static void bind_param(param_update *one, lungo_solver *solver, const lungo_learnable *param) {
    one->rate = solver->rate * param->lr_mult;
    one->decay = lungo_decay_of(&solver->decay, solver->rate, param->lr_mult, param->decay_mult);
    check_shrink(solver, param, &one->decay);
    one->moves = param->lr_mult != 0;
    one->weights = lungo_data_update(param->blob);
    one->gradient = lungo_diff_update(param->blob);
    for (int k = 0; k < solver->rule->history_count; k++)
        one->histories[k] = solver->histories[k] + param->offset;
}

/* The gradient as the rule gets it, but for decay. */
static void note_norms(lungo_solver *solver, int param, const param_update *one) {
    lungo_norms *norms = &solver->norms;
    norms->params[param].gradient *= (double)one->clip_scale * one->pass_scale;
    lungo_norms_add_up(norms, solver->net, param);
}

static void update_all(lungo_solver *solver) {
    const Caffe__SolverParameter *param = solver->param;
    param_update one = {.rule = solver->rule,
                        .step = lungo_rule_step_of(param, solver->iter),
                        .clip_scale = clip_scale_of(solver),
                        .pass_scale = 1.0f / (float)param->iter_size,
                        .keeps_update = param->snapshot_diff,
                        .sums = solver->norms.wanted ? solver->norms.pieces : NULL};
    for (int i = 0; i < solver->net->param_count; i++) {
        bind_param(&one, solver, &solver->net->params[i]);
        update_param(&one, solver->net->params[i].blob->count);
        if (one.sums) note_norms(solver, i, &one);
    }
}

lungo_status lungo_solver_update(lungo_solver *solver) {
    const Caffe__SolverParameter *param = solver->param;
    LUNGO_TRY(lungo_policy_rate(solver->policy, param, solver->iter, &solver->current_step,
                                &solver->rate));
    if (lungo_solver_displays(solver))
        lungo_log_info("sgd_solver.cpp", 112, "Iteration %d, lr = %g", solver->iter, solver->rate);
    if (solver->norms.wanted || param->clip_gradients >= 0)
        lungo_norms_of_gradients(&solver->norms, solver->net);
    LUNGO_TRY(lungo_guard_check_gradients(solver));
    update_all(solver);
    lungo_records_update(solver);
    LUNGO_TRY(lungo_guard_check_update(solver));
    solver->iter++;
    return LUNGO_OK;
}
