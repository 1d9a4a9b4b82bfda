#include "data/transform.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "proto/document.h"
#include "proto/wire_decode.h"

/* ---- the mean file: a BlobProto, with legacy or new dimensions ---- */

static bool mean_dimensions(const Caffe__BlobProto *blob, int dim[3]) {
    if (blob->shape && (blob->shape->n_dim < 3 || blob->shape->n_dim > 4)) return false;
    for (size_t i = 0; blob->shape && i < 3; i++)
        dim[i] = (int)blob->shape->dim[blob->shape->n_dim - 3 + i];
    if (!blob->shape) {
        dim[0] = blob->channels;
        dim[1] = blob->height;
        dim[2] = blob->width;
    }
    return dim[0] > 0 && dim[1] > 0 && dim[2] > 0;
}

static lungo_status take_mean(lungo_transform *transform, const Caffe__BlobProto *blob) {
    const char *path = transform->param->mean_file;
    int *dim = transform->mean_dim;
    size_t got = blob->n_data ? blob->n_data : blob->n_double_data;
    if (!mean_dimensions(blob, dim))
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "mean_file '%s': expected channels, height and width, got none", path);
    lungo_shape shape = LUNGO_SHAPE(dim[0], dim[1], dim[2]);
    LUNGO_TRY(lungo_shape_check(&shape));
    if (got != lungo_shape_count(&shape))
        return lungo_fail(LUNGO_ERR_FORMAT, "mean_file '%s': expected %zu values for %s, got %zu",
                          path, lungo_shape_count(&shape), lungo_shape_text(&shape).text, got);
    transform->mean = malloc(got * sizeof *transform->mean);
    if (!transform->mean) return lungo_fail_memory("the mean file", got * sizeof(float));
    for (size_t i = 0; i < got; i++)
        transform->mean[i] = blob->n_data ? blob->data[i] : (float)blob->double_data[i];
    return LUNGO_OK;
}

static lungo_status decode_mean(lungo_transform *transform, lungo_document *document) {
    const char *path = transform->param->mean_file;
    char *bytes;
    size_t length;
    ProtobufCMessage *message;
    LUNGO_TRY(lungo_file_read(&bytes, &length, path));
    lungo_status status =
        lungo_wire_decode(document, &message, &caffe__blob_proto__descriptor, bytes, length, path);
    free(bytes);
    return status ? status : take_mean(transform, (const Caffe__BlobProto *)message);
}

static lungo_status read_mean(lungo_transform *transform) {
    lungo_log_info("data_transformer.cpp", 23, "Loading mean file from: %s",
                   transform->param->mean_file);
    lungo_document *document;
    LUNGO_TRY(lungo_document_new(&document));
    lungo_status status = decode_mean(transform, document);
    lungo_document_free(document);
    return status ? lungo_trail("mean_file: `compute_image_mean DATABASE MEAN_FILE` makes one; "
                                "mean_value needs none")
                  : LUNGO_OK;
}

/* ---- settings ---- */

static lungo_status take_crop(lungo_transform *transform) {
    const Caffe__TransformationParameter *param = transform->param;
    uint32_t height = param->crop_size, width = param->crop_size;
    if (param->has_crop_h || param->has_crop_w) {
        height = param->crop_h;
        width = param->crop_w;
        if (!height || !width)
            return lungo_fail(
                LUNGO_ERR_CONFIG,
                "transform_param: expected both of crop_h and crop_w to be 1 or more, "
                "got %ux%u",
                height, width);
        if (param->crop_size)
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "transform_param: expected crop_size or crop_h and crop_w, got both");
    }
    if (height > INT32_MAX || width > INT32_MAX)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "transform_param: expected a crop below 2^31, got %ux%u", height, width);
    transform->crop_height = (int)height;
    transform->crop_width = (int)width;
    return LUNGO_OK;
}

lungo_status lungo_transform_init(lungo_transform *transform,
                                  const Caffe__TransformationParameter *param, lungo_phase phase) {
    *transform = (lungo_transform){.param = param, .phase = phase};
    LUNGO_TRY(take_crop(transform));
    if (param->mean_file && *param->mean_file && param->n_mean_value)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "transform_param: expected mean_file or mean_value, got both");
    if (param->force_color && param->force_gray)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "transform_param: expected force_color or force_gray, got both");
    return param->mean_file && *param->mean_file ? read_mean(transform) : LUNGO_OK;
}

void lungo_transform_dispose(lungo_transform *transform) {
    free(transform->mean);
    transform->mean = NULL;
}

bool lungo_transform_draws(const lungo_transform *transform) {
    const Caffe__TransformationParameter *param = transform->param;
    return param->mirror || (transform->phase == LUNGO_TRAIN && transform->crop_height > 0);
}

/* ---- does a record fit ---- */

static lungo_status check_mean(const lungo_transform *transform, const lungo_datum *datum) {
    const int *dim = transform->mean_dim;
    if (transform->mean &&
        (dim[0] != datum->channels || dim[1] != datum->height || dim[2] != datum->width))
        return lungo_fail(LUNGO_ERR_DATA,
                          "mean_file '%s' is %dx%dx%d: expected the size of the uncropped record, "
                          "%dx%dx%d",
                          transform->param->mean_file, dim[0], dim[1], dim[2], datum->channels,
                          datum->height, datum->width);
    size_t means = transform->param->n_mean_value;
    if (means > 1 && means != (size_t)datum->channels)
        return lungo_fail(LUNGO_ERR_DATA,
                          "mean_value: expected 1 or as many as channels (%d), got %zu",
                          datum->channels, means);
    return LUNGO_OK;
}

lungo_status lungo_transform_shape(const lungo_transform *transform, const lungo_datum *datum,
                                   lungo_shape *shape) {
    if (datum->channels < 1 || datum->height < 1 || datum->width < 1)
        return lungo_fail(LUNGO_ERR_DATA, "record: expected an image, got %dx%dx%d values",
                          datum->channels, datum->height, datum->width);
    LUNGO_TRY(check_mean(transform, datum));
    int height = transform->crop_height, width = transform->crop_width;
    if (height > datum->height || width > datum->width)
        return lungo_fail(LUNGO_ERR_DATA, "%s: expected at most the record's %dx%d, got %dx%d",
                          transform->param->crop_size ? "crop_size" : "crop_h and crop_w",
                          datum->height, datum->width, height, width);
    *shape =
        LUNGO_SHAPE(datum->channels, height ? height : datum->height, width ? width : datum->width);
    return lungo_shape_check(shape);
}

/* ---- one record ---- */

lungo_transform_words lungo_transform_draw(lungo_transform *transform) {
    const Caffe__TransformationParameter *param = transform->param;
    lungo_transform_words words = {0, 0, 0};
    if (param->mirror) words.mirror = lungo_rng_word(&transform->rng);
    if (transform->crop_height && transform->phase == LUNGO_TRAIN) {
        words.row = lungo_rng_word(&transform->rng);
        words.column = lungo_rng_word(&transform->rng);
    }
    return words;
}

lungo_transform_choice lungo_transform_choose(const lungo_transform *transform,
                                              lungo_transform_words words,
                                              const lungo_datum *datum) {
    lungo_transform_choice choice = {words.mirror % 2 != 0, 0, 0};
    if (!transform->crop_height) return choice;
    uint32_t rows = (uint32_t)(datum->height - transform->crop_height);
    uint32_t columns = (uint32_t)(datum->width - transform->crop_width);
    bool random = transform->phase == LUNGO_TRAIN;
    choice.row = (int)(random ? words.row % (rows + 1) : rows / 2);
    choice.column = (int)(random ? words.column % (columns + 1) : columns / 2);
    return choice;
}

/* The record's values from `at` on, as floats. */
static void load_row(const lungo_datum *datum, size_t at, int width, float *row) {
    if (datum->data_size) {
        const unsigned char *bytes = (const unsigned char *)datum->data + at;
        for (int x = 0; x < width; x++)
            row[x] = (float)bytes[x];
    } else {
        memcpy(row, datum->float_data + at, (size_t)width * sizeof *row);
    }
}

static void normalise_row(const lungo_transform *transform, int channel, size_t at, int width,
                          float *row) {
    const Caffe__TransformationParameter *param = transform->param;
    float scale = param->scale;
    if (transform->mean) {
        for (int x = 0; x < width; x++)
            row[x] = (row[x] - transform->mean[at + (size_t)x]) * scale;
    } else {
        size_t means = param->n_mean_value;
        float mean = means ? param->mean_value[means > 1 ? channel : 0] : 0.0f;
        for (int x = 0; x < width; x++)
            row[x] = (row[x] - mean) * scale;
    }
}

static void mirror_row(float *row, int width) {
    for (int left = 0, right = width - 1; left < right; left++, right--) {
        float kept = row[left];
        row[left] = row[right];
        row[right] = kept;
    }
}

void lungo_transform_apply(const lungo_transform *transform, lungo_transform_choice choice,
                           const lungo_datum *datum, float *values) {
    int height = transform->crop_height ? transform->crop_height : datum->height;
    int width = transform->crop_width ? transform->crop_width : datum->width;
    for (int channel = 0; channel < datum->channels; channel++)
        for (int y = 0; y < height; y++, values += width) {
            size_t line = (size_t)channel * (size_t)datum->height + (size_t)(choice.row + y);
            size_t at = line * (size_t)datum->width + (size_t)choice.column;
            load_row(datum, at, width, values);
            normalise_row(transform, channel, at, width, values);
            if (choice.mirror) mirror_row(values, width);
        }
}
