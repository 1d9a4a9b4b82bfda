/* Any bytes as a picture, in every mode: what is accepted has the size that it says, can be resized
 * and written again. */
#include "fuzz/input.h"
#include "lungo/image.h"

static void use(const lungo_image *image) {
    size_t count = (size_t)image->channels * (size_t)image->height * (size_t)image->width, sum = 0;
    lungo_image resized = LUNGO_IMAGE_INIT;
    unsigned char *bytes;
    size_t size;
    require(image->height > 0 && image->width > 0 && count <= image->capacity);
    for (size_t i = 0; i < count; i++)
        sum += image->pixels[i];
    require(sum <= 255 * count);
    require(lungo_image_resize(&resized, image, 5, 7) == LUNGO_OK);
    require(lungo_image_encode(&bytes, &size, &resized, "png") == LUNGO_OK);
    require(size > 0);
    free(bytes);
    lungo_image_dispose(&resized);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lungo_image image = LUNGO_IMAGE_INIT;
    for (int mode = LUNGO_IMAGE_AS_STORED; mode <= LUNGO_IMAGE_COLOR; mode++)
        if (lungo_image_decode(&image, data, size, (lungo_image_mode)mode, "fuzz") == LUNGO_OK)
            use(&image);
    lungo_image_dispose(&image);
    return 0;
}
