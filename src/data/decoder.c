#include "data/decoder.h"

#include <stdlib.h>

void lungo_decoder_dispose(lungo_decoder *decoder) {
    lungo_image_dispose(&decoder->image);
    lungo_image_dispose(&decoder->resized);
    free(decoder->planes);
    *decoder = (lungo_decoder){0};
}

static lungo_status reserve(lungo_decoder *decoder, size_t size) {
    if (size <= decoder->capacity) return LUNGO_OK;
    unsigned char *planes = realloc(decoder->planes, size);
    if (!planes) return lungo_fail_memory("a picture's channels", size);
    decoder->planes = planes;
    decoder->capacity = size;
    return LUNGO_OK;
}

lungo_status lungo_decoder_lay_out(lungo_decoder *decoder, lungo_datum *datum,
                                   const lungo_image *image) {
    size_t channels = (size_t)image->channels;
    size_t pixels = (size_t)image->height * (size_t)image->width;
    LUNGO_TRY(reserve(decoder, channels * pixels));
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < pixels; i++)
            decoder->planes[c * pixels + i] = image->pixels[i * channels + c];
    datum->channels = image->channels;
    datum->height = image->height;
    datum->width = image->width;
    datum->data = decoder->planes;
    datum->data_size = channels * pixels;
    datum->float_count = 0;
    datum->encoded = false;
    return LUNGO_OK;
}

lungo_status lungo_decoder_read(lungo_decoder *decoder, lungo_datum *datum, const char *path,
                                lungo_image_mode mode, int height, int width) {
    const lungo_image *image = &decoder->image;
    LUNGO_TRY(lungo_image_read(&decoder->image, path, mode));
    if (height && width) {
        LUNGO_TRY(lungo_image_resize(&decoder->resized, &decoder->image, height, width));
        image = &decoder->resized;
    }
    return lungo_decoder_lay_out(decoder, datum, image);
}

lungo_status lungo_decoder_unpack(lungo_decoder *decoder, lungo_datum *datum,
                                  lungo_image_mode mode) {
    if (!datum->encoded) return LUNGO_OK;
    LUNGO_TRY(
        lungo_image_decode(&decoder->image, datum->data, datum->data_size, mode, "encoded record"));
    return lungo_decoder_lay_out(decoder, datum, &decoder->image);
}
