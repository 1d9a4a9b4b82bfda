#include "faults/inputs.h"

#include <stdio.h>
#include <string.h>

#include "faults/scenario.h"
#include "store/hdf5.h"

enum { RECORDS = 12, PICTURES = 6, PIXELS = 3 * 8 * 8 };

static void paint(unsigned char *pixels, int number) {
    for (int i = 0; i < PIXELS; i++)
        pixels[i] = (unsigned char)(i * 7 + number * (i % 5 + 31));
}

void put_database(const char *backend, const char *path) {
    lungo_db_writer *writer;
    unsigned char pixels[PIXELS];
    must(lungo_db_writer_open(&writer, backend, path), path);
    for (int i = 0; i < RECORDS; i++) {
        char key[16];
        paint(pixels, i);
        snprintf(key, sizeof key, "%08d", i);
        lungo_image image = {.channels = 3, .height = 8, .width = 8, .pixels = pixels};
        must(lungo_db_writer_put_image(writer, key, 8, &image, i % 3), path);
    }
    must(lungo_db_writer_close(writer), path);
}

void put_net(void) {
    lungo_mean mean = {0};
    put_database("lmdb", "in/lmdb");
    must(lungo_mean_compute(&mean, "lmdb", "in/lmdb"), "mean");
    must(lungo_mean_save(&mean, "in/mean.binaryproto"), "mean");
    lungo_mean_dispose(&mean);
    put_text("in/net.prototxt",
             "name: 'small'\n" DATA("TRAIN", "shuffle: true reader_threads: 2 prefetch: 2",
                                    "mirror: true crop_size: 6 mean_file: 'in/mean.binaryproto'")
                 DATA("TEST", "", "crop_size: 6 mean_file: 'in/mean.binaryproto'") LAYERS);
}

void put_weights(void) {
    lungo_net *net;
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.seed = 5;
    must(lungo_net_open(&net, "in/net.prototxt", &options), "net");
    must(lungo_net_save_weights(net, "in/weights.caffemodel", false), "weights");
    if (!lungo_hdf5_check())
        must(lungo_net_save_weights(net, "in/weights.caffemodel.h5", false), "weights");
    lungo_net_free(net);
}

void put_pictures(void) {
    char list[256] = "", path[32];
    unsigned char pixels[PIXELS];
    for (int i = 0; i < PICTURES; i++) {
        snprintf(path, sizeof path, "in/%d.bmp", i);
        paint(pixels, i);
        lungo_image image = {.channels = 3, .height = 8, .width = 8, .pixels = pixels};
        must(lungo_image_write(&image, path), path);
        sprintf(list + strlen(list), "%s %d\n", path, i % 3);
    }
    put_text("in/list.txt", list);
}
