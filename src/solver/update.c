/* One update of all parameters:
 *
 *   rate = policy(iter)
 *   clipping: n = L2 norm of all raw gradients together; if n > clip_gradients, scale by that / n
 *   each parameter:  g = gradient * clipping / iter_size, + decay  ->  rule  ->  w -= u
 *
 * A parameter is taken in pieces that stay in the first-level cache, so that however many steps
 * its arithmetic has, memory sees each weight, gradient and history once. (Clipping has to read
 * all gradients once before.) With snapshot_diff, u is left where the gradient was; otherwise the
 * gradient stays as backward made it, which saves a sixth of SGD's memory traffic.
 */
#include <math.h>

#include "solver/solver.h"

enum { PIECE = 1024, PARALLEL_FROM = 64 * PIECE, NORM_SPANS = 64 };

/* All that the pieces of one parameter need. */
typedef struct param_update {
    const lungo_rule *rule;
    lungo_rule_step step;
    float rate;                   /* the parameter's own */
    float clip_scale, pass_scale; /* of the gradient, one after the other as in Caffe */
    lungo_decay_terms decay;
    bool moves, keeps_update;
    float *weights, *gradient, *histories[LUNGO_MAX_HISTORIES];
} param_update;

static void update_piece(const param_update *one, size_t begin, size_t count) {
    float update[PIECE], *weights = one->weights + begin, *gradient = one->gradient + begin;
    float *first = one->histories[0] + begin;
    float *second = one->histories[1] ? one->histories[1] + begin : NULL;
    for (size_t i = 0; i < count; i++)
        update[i] = gradient[i] * one->clip_scale * one->pass_scale;
    lungo_decay_gradient(&one->decay, count, weights, update);
    one->rule->apply(&one->step, one->rate, count, update, first, second);
    lungo_decay_weights(&one->decay, count, weights, update);
    for (size_t i = 0; i < count && one->moves; i++)
        weights[i] -= update[i];
    for (size_t i = 0; i < count && one->keeps_update; i++)
        gradient[i] = one->moves ? update[i] : 0;
}

static void update_param(const param_update *one, size_t count) {
    long pieces = (long)((count + PIECE - 1) / PIECE);
#pragma omp parallel for schedule(static) if (count >= PARALLEL_FROM)
    for (long piece = 0; piece < pieces; piece++) {
        size_t begin = (size_t)piece * PIECE;
        update_piece(one, begin, count - begin < PIECE ? count - begin : PIECE);
    }
}

/* ---- clipping ---- */

static double sum_of_squares(const float *values, size_t count) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i] * values[i];
    return sum;
}

/* In spans that are added in order: the same sum for any number of threads. */
static float norm_of(const float *values, size_t count) {
    double sums[NORM_SPANS], sum = 0;
    size_t span = count / NORM_SPANS + 1;
#pragma omp parallel for schedule(static) if (count >= PARALLEL_FROM)
    for (int k = 0; k < NORM_SPANS; k++) {
        size_t begin = (size_t)k * span < count ? (size_t)k * span : count;
        sums[k] = sum_of_squares(values + begin, count - begin < span ? count - begin : span);
    }
    for (int k = 0; k < NORM_SPANS; k++)
        sum += sums[k];
    return (float)sqrt(sum);
}

/* The norm is that of the sum over the passes, before iter_size divides it, and without decay. */
static float clip_scale_of(const lungo_solver *solver) {
    float limit = solver->param->clip_gradients;
    if (limit < 0) return 1;
    float norm = norm_of(solver->net->gradients, solver->net->param_floats);
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

lungo_status lungo_solver_update(lungo_solver *solver) {
    const Caffe__SolverParameter *param = solver->param;
    LUNGO_TRY(lungo_policy_rate(solver->policy, param, solver->iter, &solver->current_step,
                                &solver->rate));
    if (lungo_solver_displays(solver))
        lungo_log_info("sgd_solver.cpp", 112, "Iteration %d, lr = %g", solver->iter, solver->rate);
    param_update one = {.rule = solver->rule,
                        .step = lungo_rule_step_of(param, solver->iter),
                        .clip_scale = clip_scale_of(solver),
                        .pass_scale = 1.0f / (float)param->iter_size,
                        .keeps_update = param->snapshot_diff};
    for (int i = 0; i < solver->net->param_count; i++) {
        bind_param(&one, solver, &solver->net->params[i]);
        update_param(&one, solver->net->params[i].blob->count);
    }
    solver->iter++;
    return LUNGO_OK;
}
