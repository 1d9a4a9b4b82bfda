/* Pictures as records: decoded, resized, and laid out channel by channel, as Datum has it. */
#ifndef LUNGO_DATA_DECODER_H
#define LUNGO_DATA_DECODER_H

#include "base/error.h"
#include "lungo/data.h"
#include "lungo/image.h"

/* The memory of one decoding thread; zeroed at first. */
typedef struct lungo_decoder {
    lungo_image image, resized;
    unsigned char *planes;
    size_t capacity; /* of planes */
} lungo_decoder;

void lungo_decoder_dispose(lungo_decoder *decoder);

/* A picture file as a record, resized when height and width are not 0. */
lungo_status lungo_decoder_read(lungo_decoder *decoder, lungo_datum *datum, const char *path,
                                lungo_image_mode mode, int height, int width);

/* An encoded record becomes one of bytes; others stay as they are. */
lungo_status lungo_decoder_unpack(lungo_decoder *decoder, lungo_datum *datum,
                                  lungo_image_mode mode);

/* The pixels of an image as a record's: a datum's shape and bytes; the rest of it stays. */
lungo_status lungo_decoder_lay_out(lungo_decoder *decoder, lungo_datum *datum,
                                   const lungo_image *image);

#endif
