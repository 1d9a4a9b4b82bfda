/* Any bytes as MNIST's two IDX files: the last bytes of the input, 8 and as many more as its first
 * byte says, are the labels, the others the images. It ends with a database or with none. */
#include <string.h>

#include "fuzz/input.h"

int convert_main(int argc, char **argv);
#define main convert_main
#include "../tools/convert_mnist_data.c" /* NOLINT: the tool is what is tested */
#undef main

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t labels = size > 0 ? 8u + data[0] : 0, images = size > labels ? size - 1 - labels : 0;
    if (size == 0 || labels > size - 1) labels = size > 0 ? size - 1 : 0;
    const uint8_t *begin = data + (size > 0);
    char target[4096];
    snprintf(target, sizeof target, "%s/db", input_folder());
    const char *paths[] = {input_file("images", begin, images),
                           input_file("labels", begin + images, labels), target};
    glog_set_minimum(4);
    bool done = run(paths, 3) == 0;
    require((access(target, F_OK) == 0) == done);
    if (done) {
        char command[4200];
        snprintf(command, sizeof command, "%s/data.mdb", target);
        require(unlink(command) == 0);
        snprintf(command, sizeof command, "%s/lock.mdb", target);
        (void)unlink(command);
        require(rmdir(target) == 0);
    }
    return 0;
}
