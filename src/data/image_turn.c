/* EXIF's orientation: how the camera was held, and the picture turned upright.
 *
 *   1 as it is                2 mirrored left to right
 *   3 turned by 180 degrees   4 mirrored top to bottom
 *   5 to 8: rows are columns (transposed), and then as 1, 2, 4 and 3 for 5, 6, 8 and 7
 */
#include <stdint.h>
#include <string.h>

#include "data/image_format.h"

/* ---- reading it: TIFF's header, then a directory of 12-byte entries ---- */

typedef struct tiff {
    const unsigned char *bytes;
    size_t size;
    bool little; /* "II": the low byte first */
} tiff;

/* Beyond the end there are zeros. */
static uint32_t number(const tiff *from, size_t at, int bytes) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) {
        size_t where = at + (size_t)(from->little ? bytes - 1 - i : i);
        value = value << 8 | (where < from->size ? from->bytes[where] : 0);
    }
    return value;
}

int lungo_exif_orientation(const unsigned char *bytes, size_t size) {
    enum { ORIENTATION = 0x112, ENTRY = 12, MARK = 42 };
    if (size < 8 || bytes[0] != bytes[1] || (bytes[0] != 'I' && bytes[0] != 'M')) return 1;
    tiff from = {bytes, size, bytes[0] == 'I'};
    size_t directory = number(&from, 4, 4);
    if (number(&from, 2, 2) != MARK || directory > size) return 1;
    size_t entries = number(&from, directory, 2);
    for (size_t i = 0; i < entries; i++) {
        size_t entry = directory + 2 + ENTRY * i;
        if (entry + ENTRY > size) return 1;
        if (number(&from, entry, 2) == ORIENTATION) return (int)number(&from, entry + 8, 2);
    }
    return 1;
}

/* ---- turning ---- */

static const struct {
    bool transpose, flip_columns, flip_rows;
} turns[9] = {[2] = {false, true, false}, [3] = {false, true, true}, [4] = {false, false, true},
              [5] = {true, false, false}, [6] = {true, true, false}, [7] = {true, true, true},
              [8] = {true, false, true}};

lungo_status lungo_image_turn(lungo_image *image, lungo_image *spare, int orientation) {
    bool transpose = turns[orientation].transpose;
    int height = transpose ? image->width : image->height;
    int width = transpose ? image->height : image->width;
    size_t channels = (size_t)image->channels;
    LUNGO_TRY(lungo_image_shape(spare, image->channels, height, width));
    unsigned char *to = spare->pixels;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, to += channels) {
            int row = turns[orientation].flip_rows ? height - 1 - y : y;
            int column = turns[orientation].flip_columns ? width - 1 - x : x;
            const unsigned char *from = lungo_image_row(image, transpose ? column : row);
            memcpy(to, from + channels * (size_t)(transpose ? row : column), channels);
        }
    lungo_image turned = *spare;
    *spare = *image;
    *image = turned;
    return LUNGO_OK;
}
