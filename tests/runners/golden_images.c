/* golden_images DIR...: decodes and resizes pictures and compares every pixel with OpenCV's.
 *
 * A folder with expected.tsv has pictures in in/; a line of it says what a picture read as color or
 * gray, and then resized unless resize_height is 0, is to be: shape and SHA-256 of its bytes. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "lungo/image.h"
#include "support/digest.h"
#include "support/folder.h"

static struct { unsigned passed, failed; } total;

typedef struct expected_image {
    char file[256], mode[16], sha256[65];
    int resize_height, resize_width, height, width, channels;
} expected_image;

static lungo_status make(lungo_image *image, const char *folder, const expected_image *expected) {
    char path[PATH_MAX];
    bool color = !strcmp(expected->mode, "color");
    lungo_image whole = LUNGO_IMAGE_INIT;
    snprintf(path, sizeof path, "%s/in/%s", folder, expected->file);
    if (!expected->resize_height)
        return lungo_image_read(image, path, color ? LUNGO_IMAGE_COLOR : LUNGO_IMAGE_GRAY);
    lungo_status status =
        lungo_image_read(&whole, path, color ? LUNGO_IMAGE_COLOR : LUNGO_IMAGE_GRAY);
    if (!status)
        status = lungo_image_resize(image, &whole, expected->resize_height, expected->resize_width);
    lungo_image_dispose(&whole);
    return status;
}

static void fail(const char *what, const char *text) {
    printf("FAIL %s: %s\n", what, text);
    total.failed++;
}

static bool is_same(const lungo_image *image, const expected_image *expected) {
    size_t size = (size_t)image->channels * (size_t)image->height * (size_t)image->width;
    return image->channels == expected->channels && image->height == expected->height &&
           image->width == expected->width &&
           !strcmp(digest_of(image->pixels, size).text, expected->sha256);
}

static void compare(const char *folder, const expected_image *expected) {
    lungo_image image = LUNGO_IMAGE_INIT;
    lungo_status status = make(&image, folder, expected);
    char what[400];
    snprintf(what, sizeof what, "%s %s %dx%d", expected->file, expected->mode,
             expected->resize_height, expected->resize_width);
    if (status)
        fail(what, lungo_error_text());
    else if (!is_same(&image, expected))
        fail(what, "other pixels");
    else
        total.passed++;
    lungo_image_dispose(&image);
}

static void visit(void *user, const char *folder) {
    (void)user;
    char path[PATH_MAX], *table, *rest;
    size_t length;
    snprintf(path, sizeof path, "%s/expected.tsv", folder);
    if (lungo_file_read(&table, &length, path)) {
        fail(folder, lungo_error_text());
        return;
    }
    strtok_r(table, "\n", &rest); /* the header */
    for (char *line; (line = strtok_r(NULL, "\n", &rest));) {
        expected_image expected;
        if (sscanf(line, "%255[^\t] %15s %d %d %d %d %d %64s", expected.file, expected.mode,
                   &expected.resize_height, &expected.resize_width, &expected.height,
                   &expected.width, &expected.channels, expected.sha256) == 8)
            compare(folder, &expected);
        else
            fail("cannot read the line", line);
    }
    free(table);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: golden_images DIR...   folders with expected.tsv, or above such\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        if (!lungo_each_folder(argv[i], "expected.tsv", visit, NULL)) {
            fprintf(stderr, "golden_images: cannot read the folder '%s'\n", argv[i]);
            total.failed++;
        }
    printf("%u passed, %u failed\n", total.passed, total.failed);
    return total.failed || !total.passed;
}
