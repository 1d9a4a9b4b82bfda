/* Rules about shapes. */
#include <string.h>

#include "check/rules.h"
#include "layer/op.h"
#include "lungo/data.h"
#include "proto/message.h"

/* ---- windows ---- */

static int rounded_down(const lungo_pooling *pool, int axis) {
    int span = pool->in[axis] + 2 * pool->pad[axis] - pool->kernel[axis];
    return span < 0 ? 0 : span / pool->stride[axis] + 1;
}

/* Where a rounding is asked for, it is known. */
static bool rounds_by_default(const Caffe__LayerParameter *given) {
    const Caffe__PoolingParameter *param = given ? given->pooling_param : NULL;
    return param && !param->has_round_mode && !param->global_pooling;
}

void lungo_check_pooling_rounds(const lungo_subject *subject) {
    for (int i = 0; i < subject->net->layer_count && !subject->guessed; i++) {
        const lungo_layer *layer = subject->net->layers[i];
        const Caffe__LayerParameter *given = lungo_subject_given(subject, i);
        lungo_op op = lungo_layer_op(layer);
        if (op.kind != LUNGO_OP_POOLING || !rounds_by_default(given)) continue;
        const lungo_pooling *pool = &op.pooling.window;
        int up[LUNGO_POOLING_AXES], down[LUNGO_POOLING_AXES];
        bool differs = false;
        for (int a = 0; a < LUNGO_POOLING_AXES; a++) {
            up[a] = pool->out[a];
            down[a] = rounded_down(pool, a);
            differs |= up[a] != down[a];
        }
        if (!differs) continue;
        lungo_find_layer(
            subject, given,
            "layer '%s' (Pooling) gives %dx%d, rounded up as by Caffe; rounded down, as "
            "by other frameworks, it would be %dx%d. Say round_mode: CEIL if that is "
            "meant, or FLOOR",
            layer->name, up[1], up[2], down[1], down[2]);
    }
}

/* Pixels at the end of an axis, padding left out, that no window reaches although their neighbours
 * lie under one. */
static int dropped(const lungo_window *window, int axis) {
    int extent = window->dilation[axis] * (window->kernel[axis] - 1) + 1;
    int end = (window->out[axis] - 1) * window->stride[axis] - window->pad[axis] + extent;
    bool gaps = window->kernel[axis] < window->stride[axis];
    return gaps || end >= window->in[axis] ? 0 : window->in[axis] - end;
}

void lungo_check_pixels_dropped(const lungo_subject *subject) {
    for (int i = 0; i < subject->net->layer_count && !subject->guessed; i++) {
        const lungo_layer *layer = subject->net->layers[i];
        const Caffe__LayerParameter *given = lungo_subject_given(subject, i);
        lungo_op op = lungo_layer_op(layer);
        if (op.kind != LUNGO_OP_CONVOLUTION || !given) continue;
        const lungo_window *window = &op.convolution.window;
        for (int a = 0; a < window->axes; a++) {
            int pixels = dropped(window, a);
            if (pixels == 0) continue;
            lungo_find_layer(subject, given,
                             "layer '%s' (Convolution): no window reaches the last %d of %d pixels "
                             "along axis %d. Choose input size, pad or stride so that they fit",
                             layer->name, pixels, window->in[a], a + 2);
            break;
        }
    }
}

/* ---- labels ---- */

enum { LABELS_LOOKED_AT = 1000 };

/* The layer that makes the blob, seen through Splits; NULL: none. */
static const Caffe__LayerParameter *maker_of(const lungo_subject *subject, const lungo_blob *blob) {
    const lungo_net *net = subject->net;
    for (int i = net->layer_count; i-- > 0;) {
        const lungo_layer *layer = net->layers[i];
        for (int j = 0; j < layer->top_count; j++)
            if (layer->tops[j] == blob)
                return strcmp(layer->type->name, "Split") ? lungo_subject_given(subject, i)
                                                          : maker_of(subject, layer->bottoms[0]);
    }
    return NULL;
}

/* False: the database cannot be read, or has no such record among the first. */
static bool find_label(const char *path, int classes, const Caffe__LossParameter *loss,
                       int *label) {
    lungo_db_reader *reader;
    bool found = false, wrong = false;
    if (lungo_db_reader_open(&reader, NULL, path)) return false;
    for (int i = 0; i < LABELS_LOOKED_AT && !wrong; i++) {
        lungo_datum datum;
        if (lungo_db_reader_next(reader, &found) || !found) break;
        if (lungo_db_reader_datum(reader, &datum)) continue;
        bool ignored = loss && loss->has_ignore_label && loss->ignore_label == datum.label;
        wrong = !ignored && (datum.label < 0 || datum.label >= classes);
        *label = datum.label;
    }
    lungo_db_reader_close(reader);
    return wrong;
}

static void check_labels(const lungo_subject *subject, const lungo_layer *layer,
                         const Caffe__LayerParameter *given) {
    const Caffe__LayerParameter *data = maker_of(subject, layer->bottoms[1]);
    const lungo_shape *shape = &layer->bottoms[0]->shape;
    int axis = layer->param->softmax_param->axis, label;
    if (axis < 0) axis += shape->axes;
    if (!data || !lungo_is_type(data, "Data") || axis >= shape->axes) return;
    const char *path = data->data_param ? data->data_param->source : NULL;
    if (!path || !find_label(path, shape->dim[axis], given->loss_param, &label)) return;
    lungo_find_layer(subject, given,
                     "layer '%s' (%s) has %d classes, and '%s' has a record of label %d. Expected "
                     "labels from 0 to %d: raise num_output of the layer before, or mend the data",
                     layer->name, layer->type->name, shape->dim[axis], path, label,
                     shape->dim[axis] - 1);
}

void lungo_check_label_range(const lungo_subject *subject) {
    for (int i = 0; i < subject->net->layer_count; i++) {
        const lungo_layer *layer = subject->net->layers[i];
        const Caffe__LayerParameter *given = lungo_subject_given(subject, i);
        if (given && strcmp(layer->type->name, "SoftmaxWithLoss") == 0 && layer->bottom_count > 1)
            check_labels(subject, layer, given);
    }
}
