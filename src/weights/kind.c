#include "weights/kind.h"

#include <ctype.h>
#include <string.h>

static const char hdf5_signature[] = "\x89HDF\r\n\x1a\n";

/* A .caffemodel begins with the length of a name or of a layer; text never holds such bytes. */
enum { SAMPLE = 512 };

static int is_text(const char *bytes, size_t length) {
    for (size_t i = 0; i < length && i < SAMPLE; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte < 0x80 && !isprint(byte) && !isspace(byte)) return 0;
    }
    return 1;
}

/* The first byte as a protobuf key: a field's number and a wire type. Pictures, archives and
 * programs begin with none. */
static int is_key(unsigned char byte) {
    unsigned number = byte >> 3, type = byte & 7;
    return number > 0 && (type <= 2 || type == 5);
}

lungo_status lungo_weights_check_kind(const char *bytes, size_t length, const char *path) {
    const char *kind = NULL;
    if (length == 0)
        kind = "an empty file";
    else if (length >= sizeof hdf5_signature - 1 &&
             memcmp(bytes, hdf5_signature, sizeof hdf5_signature - 1) == 0)
        kind = "an HDF5 file";
    else if (is_text(bytes, length))
        kind = "a text file (weights and prototxt mixed up?)";
    else if (bytes[0] == 0x08) /* field 1 is a number: iter, num, channels */
        kind = "another protobuf file (a .solverstate, a mean image or a record?)";
    else if (!is_key((unsigned char)bytes[0]))
        kind = "a file of another kind";
    if (!kind) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT, "%s: expected a .caffemodel, got %s", path, kind);
}
