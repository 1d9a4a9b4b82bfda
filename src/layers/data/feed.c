#include "layers/data/feed.h"

#include <omp.h>
#include <string.h>

static lungo_status check_reader(const Caffe__DataParameter *param) {
    if (param->prefetch < 1 || param->prefetch > 1024)
        return lungo_fail(LUNGO_ERR_CONFIG, "data_param.prefetch: expected 1 to 1024, got %u",
                          param->prefetch);
    if (param->reader_threads > 256)
        return lungo_fail(LUNGO_ERR_CONFIG, "data_param.reader_threads: expected 0 to 256, got %u",
                          param->reader_threads);
    return LUNGO_OK;
}

lungo_status lungo_feed_check(lungo_feed *feed, const lungo_layer *layer, const char *param,
                              uint32_t batch_size, const char *source) {
    if (batch_size < 1 || batch_size > INT32_MAX)
        return lungo_fail(LUNGO_ERR_CONFIG, "%s.batch_size: expected 1 or more, got %u", param,
                          batch_size);
    LUNGO_TRY(check_reader(layer->param->data_param));
    if (!source || !*source)
        return lungo_fail(LUNGO_ERR_CONFIG, "%s.source: expected a path, got none", param);
    feed->batch_size = (int)batch_size;
    feed->skip_bad = layer->param->data_param->skip_bad_records || layer->host->skip_bad_records;
    return LUNGO_OK;
}

void lungo_feed_seed_first(lungo_feed *feed, const lungo_layer *layer) {
    if (lungo_transform_draws(&feed->transform)) lungo_rng_word(layer->host->rng);
}

void lungo_feed_seed(lungo_feed *feed, const lungo_layer *layer) {
    if (lungo_transform_draws(&feed->transform))
        lungo_rng_seed(&feed->transform.rng, lungo_rng_word(layer->host->rng));
    lungo_rng_word(layer->host->rng);
}

lungo_status lungo_feed_start(lungo_feed *feed, lungo_layer *layer, const lungo_source *source,
                              bool decoding) {
    const Caffe__DataParameter *param = layer->param->data_param;
    int cores = omp_get_num_procs(), threads = decoding ? cores < 16 ? cores : 16 : 1;
    lungo_buffer_clear(&feed->consumed);
    LUNGO_TRY(source->save(layer, &feed->consumed));
    return lungo_prefetch_start(
        &feed->prefetch,
        &(lungo_prefetch_options){.source = source,
                                  .user = layer,
                                  .batch_size = feed->batch_size,
                                  .depth = (int)param->prefetch,
                                  .threads =
                                      param->reader_threads ? (int)param->reader_threads : threads,
                                  .skip_bad = feed->skip_bad,
                                  .name = layer->name});
}

void lungo_feed_stop(lungo_feed *feed) {
    lungo_prefetch_stop(feed->prefetch);
    feed->prefetch = NULL;
}

lungo_status lungo_feed_put(const lungo_feed *feed, lungo_place *place, lungo_transform_words words,
                            const lungo_datum *datum, const float *labels) {
    const lungo_transform *transform = &feed->transform;
    lungo_shape item;
    float *values, *label;
    LUNGO_TRY(lungo_transform_shape(transform, datum, &item));
    LUNGO_TRY(lungo_place_claim(place, &item, &feed->label, &values, &label));
    lungo_transform_apply(transform, lungo_transform_choose(transform, words, datum), datum,
                          values);
    if (labels)
        memcpy(label, labels, lungo_shape_count(&feed->label) * sizeof *label);
    else
        *label = (float)datum->label;
    return LUNGO_OK;
}

lungo_status lungo_feed_reshape(lungo_layer *layer) {
    const lungo_feed *feed = layer->state;
    const int *dim = feed->item.dim;
    int count = feed->batch_size;
    lungo_shape labels =
        feed->label.axes ? LUNGO_SHAPE(count, feed->label.dim[0]) : LUNGO_SHAPE(count);
    LUNGO_TRY(lungo_blob_reshape(layer->tops[0], &LUNGO_SHAPE(count, dim[0], dim[1], dim[2])));
    return layer->top_count > 1 ? lungo_blob_reshape(layer->tops[1], &labels) : LUNGO_OK;
}

/* The tops stand on the batch's own memory: nothing is copied. */
lungo_status lungo_feed_forward(lungo_layer *layer) {
    lungo_feed *feed = layer->state;
    const lungo_batch *batch;
    LUNGO_TRY(lungo_prefetch_next(feed->prefetch, &batch));
    LUNGO_TRY(lungo_blob_reshape(layer->tops[0], &batch->data.shape));
    lungo_storage_lend(layer->tops[0]->data, batch->data.data->values);
    if (layer->top_count > 1) lungo_storage_lend(layer->tops[1]->data, batch->label.data->values);
    memcpy(feed->item.dim, batch->data.shape.dim + 1, 3 * sizeof feed->item.dim[0]);
    lungo_buffer_clear(&feed->consumed);
    lungo_write_bytes(&feed->consumed, batch->state.bytes, batch->state.length);
    return feed->consumed.failed ? lungo_fail_memory("a reader's state", 1) : LUNGO_OK;
}

lungo_status lungo_feed_save(const lungo_layer *layer, lungo_writer *writer) {
    const lungo_feed *feed = layer->state;
    lungo_write_bytes(writer, feed->consumed.bytes, feed->consumed.length);
    return writer->failed ? lungo_fail_memory("a reader's state", feed->consumed.length) : LUNGO_OK;
}

void lungo_feed_dispose(lungo_feed *feed) {
    lungo_feed_stop(feed);
    lungo_transform_dispose(&feed->transform);
    lungo_buffer_dispose(&feed->consumed);
}
