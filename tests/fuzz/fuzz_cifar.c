/* Any bytes as each of the six batches of CIFAR-10: both databases are made, or none. */
#include <unistd.h>

#include "fuzz/input.h"

int convert_main(int argc, char **argv);
#define main convert_main
#include "../tools/convert_cifar_data.c" /* NOLINT: the tool is what is tested */
#undef main

static void link_batches(const char *folder) {
    static const char *const names[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                        "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)symlink("batch", path); /* is there from the second input on */
    }
}

static bool take_database(const char *folder, const char *name) {
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char path[4096];
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", folder, name, files[i]);
        (void)unlink(path);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return rmdir(path) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input_file("batch", data, size);
    const char *folder = input_folder(), *words[] = {folder, folder, "lmdb"};
    link_batches(folder);
    glog_set_minimum(4);
    bool done = run(words, 3) == 0;
    require(take_database(folder, "cifar10_train_lmdb") == done);
    require(take_database(folder, "cifar10_test_lmdb") == done);
    return 0;
}
