#include "scoring.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "support/sheet.h"

/* ---- where scores and labels stand ---- */

static bool fits(classifier *out, const lungo_net *net, size_t layer) {
    if (lungo_net_layer(net, layer).bottom_count < 2) return false;
    out->layer = lungo_net_layer(net, layer).name;
    out->scores = lungo_net_layer_bottom(net, layer, 0);
    out->labels = lungo_net_layer_bottom(net, layer, 1);
    const lungo_shape *shape = lungo_blob_shape(out->scores);
    if (shape->axes < 2 || shape->dim[1] < 1) return false;
    out->classes = (size_t)shape->dim[1];
    size_t items = lungo_blob_count(out->labels);
    return items == (size_t)shape->dim[0] && lungo_blob_count(out->scores) == items * out->classes;
}

static bool find_layer(classifier *out, const lungo_net *net, const char *type) {
    for (size_t i = lungo_net_layer_count(net); i-- > 0;)
        if (!strcmp(lungo_net_layer(net, i).type, type) && fits(out, net, i)) return true;
    return false;
}

static bool is_softmax(const lungo_net *net, const lungo_blob *blob) {
    size_t maker = draw_maker(net, &blob, lungo_net_layer_count(net));
    return maker != SIZE_MAX && !strcmp(lungo_net_layer(net, maker).type, "Softmax");
}

static const lungo_blob *find_pictures(const lungo_net *net, size_t items) {
    for (size_t i = 0; i < lungo_net_layer_count(net); i++) {
        lungo_layer_info layer = lungo_net_layer(net, i);
        if (layer.bottom_count > 0 || layer.top_count == 0) continue;
        const lungo_blob *top = lungo_net_layer_top(net, i, 0);
        const lungo_shape *shape = lungo_blob_shape(top);
        if (shape->axes == 4 && (size_t)shape->dim[0] == items && shape->dim[2] * shape->dim[3] > 1)
            return top;
    }
    return NULL;
}

bool scoring_find(classifier *out, const lungo_net *net) {
    if (!find_layer(out, net, "SoftmaxWithLoss") && !find_layer(out, net, "Accuracy")) return false;
    out->probabilities = is_softmax(net, out->scores);
    out->pictures = find_pictures(net, lungo_blob_count(out->labels));
    return true;
}

/* ---- an item ---- */

/* What softmax divides by: the sum of exp(score - most). */
static double sum_of(const float *scores, size_t classes, float most) {
    double sum = 0;
    for (size_t i = 0; i < classes; i++)
        sum += exp((double)scores[i] - most);
    return sum;
}

static size_t largest_of(const float *scores, size_t classes) {
    size_t largest = 0;
    for (size_t i = 1; i < classes; i++)
        if (scores[i] > scores[largest]) largest = i;
    return largest;
}

static mistake judge(const classifier *from, const float *scores, size_t label) {
    mistake out = {.label = label, .taken = largest_of(scores, from->classes)};
    float most = scores[out.taken];
    double sum = from->probabilities ? 1 : sum_of(scores, from->classes, most);
    double margin = (double)scores[label] - most;
    out.taken_probability = from->probabilities ? most : 1 / sum;
    out.label_probability = from->probabilities ? scores[label] : exp(margin) / sum;
    out.loss = from->probabilities ? -log(fmax(scores[label], (double)FLT_MIN)) : log(sum) - margin;
    if (!isfinite(out.loss)) out.loss = DBL_MAX;
    return out;
}

static bool is_in_five(const float *scores, size_t classes, size_t label) {
    size_t above = 0;
    for (size_t i = 0; i < classes; i++)
        above += scores[i] > scores[label];
    return above < 5;
}

/* ---- the worst ---- */

static lungo_status make_picture(lungo_image *out, const lungo_blob *pictures, size_t item) {
    const lungo_shape *shape = lungo_blob_shape(pictures);
    size_t count = lungo_blob_count(pictures) / (size_t)shape->dim[0];
    lungo_datum datum = {.channels = shape->dim[1],
                         .height = shape->dim[2],
                         .width = shape->dim[3],
                         .float_data = lungo_data(pictures) + item * count,
                         .float_count = count};
    return sheet_picture(out, &datum);
}

/* The last one's picture is drawn over. */
static lungo_status keep_worst(scoring *out, mistake one, const lungo_blob *pictures,
                               size_t item_of_batch) {
    if (out->worst_count == SCORING_WORST && out->worst[SCORING_WORST - 1].loss >= one.loss)
        return LUNGO_OK;
    if (out->worst_count < SCORING_WORST) out->worst_count++;
    size_t at = out->worst_count - 1;
    one.picture = out->worst[at].picture;
    lungo_status status = pictures ? make_picture(&one.picture, pictures, item_of_batch) : LUNGO_OK;
    for (; at > 0 && out->worst[at - 1].loss < one.loss; at--)
        out->worst[at] = out->worst[at - 1];
    out->worst[at] = one;
    return status;
}

/* ---- batches ---- */

static lungo_status add_item(scoring *out, const classifier *from, size_t item) {
    const float *scores = lungo_data(from->scores) + item * from->classes;
    float label = lungo_data(from->labels)[item];
    size_t number = out->items + out->left_out;
    if (!(label >= 0 && label < (float)from->classes)) {
        out->left_out++;
        return LUNGO_OK;
    }
    mistake one = judge(from, scores, (size_t)label);
    one.item = number;
    out->items++;
    out->loss += one.loss;
    out->confusion[one.label * out->classes + one.taken]++;
    out->in_five += is_in_five(scores, from->classes, one.label);
    out->right += one.taken == one.label;
    return one.taken == one.label ? LUNGO_OK : keep_worst(out, one, from->pictures, item);
}

static lungo_status add_batch(scoring *out, const classifier *from, lungo_net *net) {
    lungo_status status = lungo_net_forward(net, NULL);
    size_t items = lungo_blob_count(from->labels);
    if (lungo_blob_count(from->scores) != items * from->classes) {
        out->left_out += items; /* larger pictures, with scores all over them */
        return status;
    }
    for (size_t i = 0; !status && i < items; i++)
        status = add_item(out, from, i);
    return status;
}

lungo_status scoring_run(scoring *out, const classifier *from, lungo_net *net, int batches) {
    *out = (scoring){.classes = from->classes};
    out->confusion = calloc(from->classes, from->classes * sizeof *out->confusion);
    if (!out->confusion) return LUNGO_ERR_MEMORY;
    lungo_status status = LUNGO_OK;
    for (int i = 0; !status && i < batches; i++)
        status = add_batch(out, from, net);
    return status;
}

void scoring_dispose(scoring *scores) {
    for (size_t i = 0; i < SCORING_WORST; i++)
        lungo_image_dispose(&scores->worst[i].picture);
    free(scores->confusion);
}
