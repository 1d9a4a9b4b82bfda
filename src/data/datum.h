/* Datum on the wire: what a database's record holds. */
#ifndef LUNGO_DATA_DATUM_H
#define LUNGO_DATA_DATUM_H

#include "base/buffer.h"
#include "base/error.h"
#include "lungo/data.h"

/* Appends the bytes that Caffe writes for it. */
lungo_status lungo_datum_encode(lungo_buffer *out, const lungo_datum *datum);

/* `data` then points into `bytes`, and float_data into `floats`, whose old content is void. Unless
 * encoded, there are as many values as the shape says: bytes, or if there are none, floats. Fields
 * that Caffe does not know are passed over, as are known ones of another type (other forks'
 * records). */
lungo_status lungo_datum_decode(lungo_datum *out, lungo_buffer *floats, const void *bytes,
                                size_t size);

#endif
