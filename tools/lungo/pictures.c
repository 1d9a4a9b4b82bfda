#include "pictures.h"

#include "support/glog.h"

/* ---- reading ---- */

static lungo_status resize(picture_reader *reader, const lungo_image *image) {
    const picture_settings *settings = &reader->settings;
    return lungo_image_resize(&reader->resized, image, settings->resized_height,
                              settings->resized_width);
}

/* Caffe's example reads pictures as they are stored, then makes the net's channels of them. */
bool picture_read(picture_reader *reader, const char *path) {
    lungo_status status = lungo_image_read(&reader->stored, path, LUNGO_IMAGE_AS_STORED);
    if (!status)
        status =
            lungo_image_convert(&reader->converted, &reader->stored, reader->settings.channels);
    if (!status) status = resize(reader, &reader->converted);
    return !status || glog_report_error() == 0;
}

void picture_dispose(picture_reader *reader) {
    lungo_image_dispose(&reader->stored);
    lungo_image_dispose(&reader->converted);
    lungo_image_dispose(&reader->resized);
}

/* ---- views ---- */

int picture_views(const picture_reader *reader) {
    return reader->settings.oversample ? PICTURE_VIEWS : 1;
}

typedef struct picture_view {
    int top, left;
    bool mirrored;
} picture_view;

/* In the order of caffe.io.oversample. */
static picture_view find_view(const picture_settings *settings, int view) {
    int down = settings->resized_height - settings->height;
    int right = settings->resized_width - settings->width;
    picture_view centre = {down / 2, right / 2, view >= PICTURE_VIEWS / 2};
    int corner = view % (PICTURE_VIEWS / 2);
    if (!settings->oversample || corner == 4) return centre;
    return (picture_view){corner / 2 * down, corner % 2 * right, centre.mirrored};
}

static void put_row(float *out, const picture_reader *reader, int channel, int y,
                    const picture_view *view) {
    const picture_settings *settings = &reader->settings;
    const lungo_image *image = &reader->resized;
    int from = settings->rgb ? settings->channels - 1 - channel : channel;
    const unsigned char *row =
        image->pixels + (size_t)(view->top + y) * (size_t)image->width * (size_t)image->channels;
    for (int x = 0; x < settings->width; x++) {
        int at = view->left + (view->mirrored ? settings->width - 1 - x : x);
        float value = (float)row[at * image->channels + from];
        out[x] = (value * settings->raw_scale - settings->mean[channel]) * settings->scale;
    }
}

void picture_put(float *out, const picture_reader *reader, int view) {
    const picture_settings *settings = &reader->settings;
    picture_view place = find_view(settings, view);
    for (int c = 0; c < settings->channels; c++)
        for (int y = 0; y < settings->height; y++, out += settings->width)
            put_row(out, reader, c, y, &place);
}
