#include "solver/norms.h"

#include <math.h>
#include <stdlib.h>

#include "math/vector.h"

const char *const lungo_norm_names[LUNGO_NORMS] = {"weight_norm", "gradient_norm", "decay_norm",
                                                   "update_ratio"};

double lungo_norm(const lungo_param_norms *norms, int index) {
    const double values[LUNGO_NORMS] = {norms->weights, norms->gradient, norms->decay,
                                        lungo_update_ratio(norms)};
    return values[index];
}

lungo_status lungo_norms_init(lungo_norms *norms, const lungo_net *net) {
    size_t most = 1, params = (size_t)net->param_count;
    for (int i = 0; i < net->param_count; i++)
        if (lungo_pieces(net->params[i].blob->count) > most)
            most = lungo_pieces(net->params[i].blob->count);
    norms->pieces = calloc(most, sizeof *norms->pieces);
    norms->params = calloc(params + 1, sizeof *norms->params);
    if (norms->pieces && norms->params) return LUNGO_OK;
    return lungo_fail_memory("the parameters' norms",
                             most * sizeof *norms->pieces + params * sizeof *norms->params);
}

void lungo_norms_dispose(lungo_norms *norms) {
    free(norms->pieces);
    free(norms->params);
    *norms = (lungo_norms){0};
}

static double norm_of_gradient(lungo_piece_sums *sums, const float *gradient, size_t count) {
    long pieces = (long)lungo_pieces(count);
    double sum = 0;
#pragma omp parallel for schedule(static) if (count >= LUNGO_PARALLEL_FROM)
    for (long k = 0; k < pieces; k++)
        sums[k].update =
            lungo_squares(lungo_piece_count(count, (size_t)k), gradient + k * LUNGO_PIECE);
    for (long k = 0; k < pieces; k++)
        sum += sums[k].update;
    return sqrt(sum);
}

void lungo_norms_of_gradients(lungo_norms *norms, const lungo_net *net) {
    for (int i = 0; i < net->param_count; i++)
        norms->params[i].gradient = norm_of_gradient(
            norms->pieces, net->gradients + net->params[i].offset, net->params[i].blob->count);
}

void lungo_norms_add_up(lungo_norms *norms, const lungo_net *net, int param) {
    lungo_piece_sums all = {0};
    size_t pieces = lungo_pieces(net->params[param].blob->count);
    for (size_t k = 0; k < pieces; k++) {
        all.weights += norms->pieces[k].weights;
        all.decay += norms->pieces[k].decay;
        all.update += norms->pieces[k].update;
    }
    lungo_param_norms *out = &norms->params[param];
    out->weights = sqrt(all.weights);
    out->decay = sqrt(all.decay);
    out->update = sqrt(all.update);
}
