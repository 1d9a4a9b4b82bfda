#include "layers/data/feed.h"

#include <string.h>

lungo_status lungo_feed_check(lungo_feed *feed, const lungo_layer *layer, const char *param,
                              uint32_t batch_size, const char *source) {
    uint32_t prefetch = layer->param->data_param->prefetch;
    if (batch_size < 1 || batch_size > INT32_MAX)
        return lungo_fail(LUNGO_ERR_CONFIG, "%s.batch_size: expected 1 or more, got %u", param,
                          batch_size);
    if (prefetch < 1 || prefetch > 1024)
        return lungo_fail(LUNGO_ERR_CONFIG, "data_param.prefetch: expected 1 to 1024, got %u",
                          prefetch);
    if (!source || !*source)
        return lungo_fail(LUNGO_ERR_CONFIG, "%s.source: expected a path, got none", param);
    feed->batch_size = (int)batch_size;
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

lungo_status lungo_feed_start(lungo_feed *feed, lungo_layer *layer, lungo_batch_function *fill) {
    if (feed->consumed.failed) return lungo_fail_memory("a reader's state", 1);
    return lungo_prefetch_start(&feed->prefetch, layer->param->data_param->prefetch, fill, layer);
}

void lungo_feed_stop(lungo_feed *feed) {
    lungo_prefetch_stop(feed->prefetch);
    feed->prefetch = NULL;
}

lungo_status lungo_feed_reshape(lungo_feed *feed, lungo_layer *layer) {
    const int *dim = feed->item.dim;
    int count = feed->batch_size;
    LUNGO_TRY(lungo_blob_reshape(layer->tops[0], &LUNGO_SHAPE(count, dim[0], dim[1], dim[2])));
    return layer->top_count > 1 ? lungo_blob_reshape(layer->tops[1], &LUNGO_SHAPE(count))
                                : LUNGO_OK;
}

/* The tops stand on the batch's own memory: nothing is copied. */
lungo_status lungo_feed_forward(lungo_feed *feed, lungo_layer *layer) {
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

lungo_status lungo_feed_save(const lungo_feed *feed, lungo_writer *writer) {
    lungo_write_bytes(writer, feed->consumed.bytes, feed->consumed.length);
    return writer->failed ? lungo_fail_memory("a reader's state", feed->consumed.length) : LUNGO_OK;
}

void lungo_feed_dispose(lungo_feed *feed) {
    lungo_feed_stop(feed);
    lungo_transform_dispose(&feed->transform);
    lungo_buffer_dispose(&feed->consumed);
}
