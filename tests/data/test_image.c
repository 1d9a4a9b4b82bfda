/* Pixels are compared with OpenCV's by golden_images; here is what is refused, and the rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "lungo/image.h"
#include "lungo/log.h"
#include "support/suites.h"

#define PICTURES LUNGO_SOURCE_DIR "/tests/golden/pictures/in/"
#define CORPUS   LUNGO_SOURCE_DIR "/tests/fuzz/corpus/image/"

static lungo_image image, other;

static void release_images(void) {
    lungo_image_dispose(&image);
    lungo_image_dispose(&other);
}

/* ---- what is refused ---- */

static const struct {
    const char *file;
    lungo_status code;
    const char *part;
} refused[] = {
    {"empty", LUNGO_ERR_FORMAT, "expected a JPEG, PNG, BMP or PNM picture, got an empty file"},
    {"text", LUNGO_ERR_FORMAT, "expected a JPEG, PNG, BMP or PNM picture, got something else"},
    {"mark.jpg", LUNGO_ERR_FORMAT, "damaged JPEG: JPEG datastream contains no image"},
    {"cut_header.jpg", LUNGO_ERR_FORMAT, "damaged JPEG"},
    {"cut.jpg", LUNGO_ERR_FORMAT, "cut JPEG: expected more data for its 9x13 pixels"},
    {"cut_progressive.jpg", LUNGO_ERR_FORMAT, "cut JPEG"},
    {"huge.jpg", LUNGO_ERR_FORMAT, "damaged JPEG: Maximum supported image dimension"},
    {"zero.jpg", LUNGO_ERR_FORMAT, "damaged JPEG: Empty JPEG image"},
    {"cut.png", LUNGO_ERR_FORMAT, "cut PNG: expected a chunk of 229 bytes at byte 33"},
    {"damaged.png", LUNGO_ERR_FORMAT, "damaged PNG: "},
    {"huge.png", LUNGO_ERR_FORMAT, "at most 268435456 pixels, got 2147483647x2147483647"},
    {"wide.png", LUNGO_ERR_FORMAT, "at most 268435456 pixels, got 1048576x1048576"},
    {"long_chunk.png", LUNGO_ERR_FORMAT,
     "cut PNG: expected a chunk of 2130706458 bytes at byte 33"},
    {"zero.png", LUNGO_ERR_FORMAT, "damaged PNG: "},
    {"cut.bmp", LUNGO_ERR_FORMAT, "cut BMP: expected at least 414 bytes, got 200"},
    {"header.bmp", LUNGO_ERR_FORMAT, "cut BMP"},
    {"huge.bmp", LUNGO_ERR_FORMAT, "cut BMP"},
    {"least.bmp", LUNGO_ERR_FORMAT, "cut BMP"},
    {"rle_over.bmp", LUNGO_ERR_FORMAT, "expected runs that end with their row"},
    {"rle_cut.bmp", LUNGO_ERR_FORMAT, "cut BMP"},
    {"cut.ppm", LUNGO_ERR_FORMAT, "cut PNM: expected 9x9 pixels, got 13 bytes in all"},
    {"huge.pgm", LUNGO_ERR_FORMAT, "cut PNM: expected 2000000000x2000000000 pixels"},
    {"number.pgm", LUNGO_ERR_FORMAT, "cut PNM"},
    {"word.pgm", LUNGO_ERR_FORMAT, "PNM: expected a number at byte 3, got the byte 120"},
    {"ends.pgm", LUNGO_ERR_FORMAT, "cut PNM: expected a number at byte 8"},
    {"absent.png", LUNGO_ERR_FILE, "absent.png"},
};

START_TEST(bad_pictures_are_refused_by_name) {
    char path[512];
    snprintf(path, sizeof path, CORPUS "%s", refused[_i].file);
    ck_fails(lungo_image_read(&image, path, LUNGO_IMAGE_COLOR), refused[_i].code, refused[_i].part);
    ck_assert_msg(strstr(lungo_error_text(), path) != NULL, "%s", lungo_error_text());
}
END_TEST

/* Every beginning of every picture: an error, or pixels. In memory of just that size, so that the
 * sanitizers see who reads beyond. */
START_TEST(cut_pictures_are_safe) {
    static const char *const files[] = {"exif6.jpg", "s2x2p.jpg", "palette.png", "rle8.bmp",
                                        "text.ppm"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[512], *bytes;
        size_t length;
        snprintf(path, sizeof path, PICTURES "%s", files[i]);
        ck_ok(lungo_file_read(&bytes, &length, path));
        for (size_t size = 0; size < length; size++) {
            char *exact = malloc(size + !size);
            memcpy(exact, bytes, size);
            lungo_status status =
                lungo_image_decode(&image, exact, size, LUNGO_IMAGE_GRAY, files[i]);
            ck_assert(status == LUNGO_OK || status == LUNGO_ERR_FORMAT);
            free(exact);
        }
        free(bytes);
    }
}
END_TEST

/* ---- what is taken ---- */

static const struct {
    const char *file;
    int channels;
} stored[] = {{"gray.jpg", 1}, {"cmyk.jpg", 3},    {"s2x2.jpg", 3},    {"rgb.png", 3},
              {"rgba.png", 4}, {"graya.png", 4},   {"palette.png", 4}, {"bilevel.png", 1},
              {"rgb.bmp", 3},  {"alpha.bmp", 4},   {"bits.pbm", 1},    {"text.ppm", 3},
              {"old.bmp", 1},  {"negative.bmp", 3}};

START_TEST(pictures_as_they_are_stored) {
    char path[512];
    snprintf(path, sizeof path, PICTURES "%s", stored[_i].file);
    ck_ok(lungo_image_read(&image, path, LUNGO_IMAGE_AS_STORED));
    ck_assert_int_eq(image.channels, stored[_i].channels);
}
END_TEST

START_TEST(more_than_8_bits_are_not_taken_as_stored) {
    ck_fails(lungo_image_read(&image, PICTURES "gray16.png", LUNGO_IMAGE_AS_STORED), LUNGO_ERR_DATA,
             "expected at most 8 bits per value");
    ck_fails(lungo_image_read(&image, PICTURES "deep.ppm", LUNGO_IMAGE_AS_STORED), LUNGO_ERR_DATA,
             "force_color or force_gray");
}
END_TEST

START_TEST(as_stored_is_not_turned) {
    ck_ok(lungo_image_read(&image, PICTURES "exif6.jpg", LUNGO_IMAGE_COLOR));
    ck_ok(lungo_image_read(&other, PICTURES "exif6.jpg", LUNGO_IMAGE_AS_STORED));
    ck_assert_int_eq(image.height, 13);
    ck_assert_int_eq(other.height, 9);
    for (int y = 0; y < 13; y++)
        for (int x = 0; x < 9; x++)
            ck_assert_mem_eq(image.pixels + (y * 9 + x) * 3, other.pixels + ((8 - x) * 13 + y) * 3,
                             3);
}
END_TEST

static char logged[512];

static void keep_line(void *user, lungo_log_level level, const char *file, int line,
                      const char *text) {
    (void)user, (void)level, (void)file, (void)line;
    snprintf(logged, sizeof logged, "%s", text);
}

START_TEST(a_missing_end_is_no_fault_and_damage_a_warning) {
    lungo_set_log(keep_line, NULL);
    ck_ok(lungo_image_read(&image, CORPUS "no_end.jpg", LUNGO_IMAGE_COLOR));
    ck_assert_str_eq(logged, "");
    ck_ok(lungo_image_read(&image, CORPUS "damaged.jpg", LUNGO_IMAGE_COLOR));
    ck_assert_msg(strstr(logged, "damaged.jpg': Corrupt JPEG data") != NULL, "%s", logged);
    lungo_set_log(NULL, NULL);
}
END_TEST

/* ---- resizing and writing ---- */

START_TEST(sizes_that_mean_nothing_are_refused) {
    ck_ok(lungo_image_read(&image, PICTURES "rgb.png", LUNGO_IMAGE_COLOR));
    ck_fails(lungo_image_resize(&other, &image, 0, 5), LUNGO_ERR_FORMAT, "got 0x5");
    ck_fails(lungo_image_resize(&other, &image, 5, -1), LUNGO_ERR_FORMAT, "got 5x-1");
    ck_fails(lungo_image_resize(&other, &image, 1 << 20, 1 << 20), LUNGO_ERR_FORMAT,
             "got 1048576x1048576");
    ck_ok(lungo_image_resize(&other, &image, image.height, image.width));
    ck_assert_mem_eq(other.pixels, image.pixels, (size_t)image.height * (size_t)image.width * 3);
}
END_TEST

START_TEST(what_is_written_is_read_back) {
    static const char *const types[] = {"png", "bmp", "PPM", "Png"};
    static const char *const files[] = {"rgb.png", "gray.jpg"};
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 2; k++) {
            char path[512];
            unsigned char *bytes;
            size_t size;
            snprintf(path, sizeof path, PICTURES "%s", files[k]);
            ck_ok(lungo_image_read(&image, path, LUNGO_IMAGE_AS_STORED));
            ck_ok(lungo_image_encode(&bytes, &size, &image, types[i]));
            ck_ok(lungo_image_decode(&other, bytes, size, LUNGO_IMAGE_AS_STORED, types[i]));
            ck_assert_int_eq(other.channels, image.channels);
            ck_assert_int_eq(other.height, image.height);
            ck_assert_int_eq(other.width, image.width);
            ck_assert_mem_eq(other.pixels, image.pixels,
                             (size_t)(image.channels * image.height * image.width));
            free(bytes);
        }
}
END_TEST

START_TEST(types_that_cannot_be_written) {
    unsigned char *bytes;
    size_t size;
    ck_ok(lungo_image_read(&image, PICTURES "rgba.png", LUNGO_IMAGE_AS_STORED));
    ck_fails(lungo_image_encode(&bytes, &size, &image, "tiff"), LUNGO_ERR_USAGE,
             "expected jpg, png, bmp or ppm, got 'tiff'");
    ck_fails(lungo_image_encode(&bytes, &size, &image, ""), LUNGO_ERR_USAGE, "got ''");
    ck_fails(lungo_image_encode(&bytes, &size, &image, "ppm"), LUNGO_ERR_DATA, "got 4");
    ck_fails(lungo_image_encode(&bytes, &size, &image, "bmp"), LUNGO_ERR_DATA, "got 4");
    ck_ok(lungo_image_encode(&bytes, &size, &image, "png"));
    free(bytes);
    ck_ok(lungo_image_encode(&bytes, &size, &image, "jpeg"));
    free(bytes);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof *(table)))

Suite *lungo_suite_image(void);
Suite *lungo_suite_image(void) {
    Suite *suite = suite_create("image");
    TCase *tcase = tcase_create("image");
    tcase_add_checked_fixture(tcase, NULL, release_images);
    tcase_add_loop_test(tcase, bad_pictures_are_refused_by_name, 0, ROWS(refused));
    tcase_add_loop_test(tcase, pictures_as_they_are_stored, 0, ROWS(stored));
    tcase_add_test(tcase, cut_pictures_are_safe);
    tcase_add_test(tcase, more_than_8_bits_are_not_taken_as_stored);
    tcase_add_test(tcase, as_stored_is_not_turned);
    tcase_add_test(tcase, a_missing_end_is_no_fault_and_damage_a_warning);
    tcase_add_test(tcase, sizes_that_mean_nothing_are_refused);
    tcase_add_test(tcase, what_is_written_is_read_back);
    tcase_add_test(tcase, types_that_cannot_be_written);
    suite_add_tcase(suite, tcase);
    return suite;
}
