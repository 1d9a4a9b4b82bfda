/* Data: databases made, read through and averaged; definitions upgraded; pictures and arrays
 * written. */
#include <stdlib.h>
#include <string.h>

#include "faults/inputs.h"
#include "faults/scenario.h"
#include "store/database.h"

static const char *backend;

static lungo_status put_all(lungo_db_writer *writer, const lungo_image_list *list) {
    lungo_image image = LUNGO_IMAGE_INIT;
    lungo_status status = LUNGO_OK;
    for (size_t i = 0; i < lungo_image_list_count(list) && !status; i++) {
        char key[] = {(char)('a' + i), '\0'};
        status = lungo_image_read(&image, lungo_image_list_path(list, i), LUNGO_IMAGE_COLOR);
        if (!status)
            status =
                lungo_db_writer_put_image(writer, key, 1, &image, lungo_image_list_label(list, i));
        if (!status && i == 2) status = lungo_db_writer_commit(writer);
    }
    lungo_image_dispose(&image);
    return status;
}

/* As convert_imageset does. */
static lungo_status make_database(void) {
    lungo_image_list *list;
    lungo_db_writer *writer;
    lungo_status status = lungo_image_list_open(&list, "in/list.txt");
    if (status) return status;
    status = lungo_db_writer_open(&writer, backend, "out/db");
    if (!status) {
        status = put_all(writer, list);
        if (status)
            lungo_db_writer_abandon(writer);
        else
            status = lungo_db_writer_close(writer);
    }
    lungo_image_list_free(list);
    return status;
}

static void prepare_lmdb(void) {
    backend = "lmdb";
    put_pictures();
}

static void prepare_leveldb(void) {
    backend = "leveldb";
    lungo_db_reader *probe;
    if (lungo_db_reader_open(&probe, backend, "in") == LUNGO_ERR_UNSUPPORTED) backend = "lmdb";
    put_pictures();
}

static lungo_status read_all(lungo_db_reader *reader) {
    lungo_status status;
    bool found = true;
    while (!(status = lungo_db_reader_next(reader, &found)) && found) {
        lungo_datum datum;
        status = lungo_db_reader_datum(reader, &datum);
        if (status) break;
        result_add(datum.data, datum.data_size);
    }
    return status;
}

static lungo_status read_database(void) {
    lungo_db_reader *reader;
    size_t count;
    lungo_status status = lungo_db_reader_open(&reader, NULL, "db");
    if (status) return status;
    status = lungo_db_reader_count(reader, &count);
    if (!status) status = read_all(reader);
    lungo_db_reader_close(reader);
    return status;
}

static void prepare_to_read(void) {
    prepare_leveldb();
    put_database(backend, "db"); /* LevelDB changes what it reads */
}

/* As compute_image_mean does; and a .npy file of it. */
static lungo_status write_mean(const lungo_mean *mean) {
    lungo_npy_writer *writer;
    lungo_status status = lungo_mean_save(mean, "out/mean.binaryproto");
    if (status) return status;
    lungo_shape shape = {3, {mean->channels, mean->height, mean->width}};
    status = lungo_npy_writer_open(&writer, "out/mean.npy", &shape);
    if (status) return status;
    status = lungo_npy_writer_put(writer, mean->values, 3 * 8 * 8);
    if (!status) return lungo_npy_writer_close(writer);
    lungo_npy_writer_abandon(writer);
    return status;
}

static void prepare_mean(void) {
    put_database("lmdb", "in/db");
}

static lungo_status average(void) {
    lungo_mean mean = {0};
    lungo_status status = lungo_mean_compute(&mean, "lmdb", "in/db");
    if (!status) status = write_mean(&mean);
    lungo_mean_dispose(&mean);
    return status;
}

static void prepare_old(void) {
    put_text("in/old.prototxt",
             "name: 'old' input: 'data' input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n"
             "layers { name: 'conv' type: CONVOLUTION bottom: 'data' top: 'conv'"
             " blobs_lr: 1 blobs_lr: 2 convolution_param { num_output: 2 kernel_size: 3 } }\n"
             "layers { name: 'relu' type: RELU bottom: 'conv' top: 'conv' }\n");
}

static lungo_status upgrade(void) {
    lungo_definition *net;
    lungo_status status =
        lungo_definition_read(&net, LUNGO_DEFINITION_NET_TEXT, "in/old.prototxt", NULL);
    if (status) return status;
    status = lungo_definition_upgrade(net, NULL);
    if (!status) status = lungo_definition_write(net, "out/new.prototxt");
    lungo_definition_free(net);
    return status;
}

static void prepare_picture(void) {
    put_pictures();
}

static lungo_status copy_picture(void) {
    static const char *const types[] = {"out/a.png", "out/a.jpg", "out/a.bmp", "out/a.ppm"};
    lungo_image image = LUNGO_IMAGE_INIT, small = LUNGO_IMAGE_INIT;
    lungo_status status = lungo_image_read(&image, "in/1.bmp", LUNGO_IMAGE_COLOR);
    if (!status) status = lungo_image_resize(&small, &image, 5, 3);
    for (size_t i = 0; i < sizeof types / sizeof *types && !status; i++)
        status = lungo_image_write(&small, types[i]);
    for (size_t i = 0; i < 2 && !status; i++)
        status = lungo_image_read(&image, types[i], LUNGO_IMAGE_COLOR);
    if (!status) result_add(image.pixels, 5 * 3 * 3);
    lungo_image_dispose(&image);
    lungo_image_dispose(&small);
    return status;
}

const scenario scenarios_convert[] = {
    {"convert_lmdb", prepare_lmdb, make_database, false, NULL, "memory open rename"},
    {"convert_leveldb", prepare_leveldb, make_database, false, NULL, "memory open rename"},
    {"read_leveldb", prepare_to_read, read_database, false, NULL, "memory"},
    {"mean", prepare_mean, average, true, NULL, "memory open write sync close rename"},
    {"upgrade", prepare_old, upgrade, true, NULL, "memory open read write sync close rename"},
    {"picture", prepare_picture, copy_picture, true, NULL,
     "memory open read write sync close rename"},
    {0},
};
