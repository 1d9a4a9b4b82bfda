/* Any bytes as a database's record: what is accepted has all its values, and is the same when it is
 * encoded and decoded again; a picture in it is decoded in every mode. */
#include <string.h>

#include "data/datum.h"
#include "data/decoder.h"
#include "fuzz/input.h"

static bool all_there(const lungo_datum *datum) {
    size_t count = datum->data_size ? datum->data_size : datum->float_count, sum = 0;
    const uint8_t *bytes = datum->data;
    for (size_t i = 0; i < datum->data_size; i++)
        sum += bytes[i];
    for (size_t i = 0; i < datum->float_count; i++)
        sum += datum->float_data[i] > 0;
    size_t expected = (size_t)datum->channels * (size_t)datum->height * (size_t)datum->width;
    return sum <= 255 * count + datum->float_count && (datum->encoded || count == expected);
}

static void encode_again(const lungo_datum *datum) {
    lungo_buffer bytes = {0}, floats = {0};
    lungo_datum again;
    require(lungo_datum_encode(&bytes, datum) == LUNGO_OK);
    require(lungo_datum_decode(&again, &floats, bytes.bytes, bytes.length) == LUNGO_OK);
    require(again.label == datum->label && again.data_size == datum->data_size &&
            again.float_count == datum->float_count && again.channels == datum->channels);
    require(!datum->data_size || memcmp(again.data, datum->data, datum->data_size) == 0);
    lungo_buffer_dispose(&bytes);
    lungo_buffer_dispose(&floats);
}

static void unpack(const lungo_datum *datum) {
    lungo_decoder decoder = {0};
    for (int mode = LUNGO_IMAGE_AS_STORED; mode <= LUNGO_IMAGE_COLOR; mode++) {
        lungo_datum unpacked = *datum;
        if (lungo_decoder_unpack(&decoder, &unpacked, (lungo_image_mode)mode)) continue;
        require(!datum->encoded || !unpacked.encoded);
        require(all_there(&unpacked));
    }
    lungo_decoder_dispose(&decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lungo_buffer floats = {0};
    lungo_datum datum;
    if (lungo_datum_decode(&datum, &floats, data, size) == LUNGO_OK) {
        require(all_there(&datum));
        encode_again(&datum);
        unpack(&datum);
    }
    lungo_buffer_dispose(&floats);
    return 0;
}
