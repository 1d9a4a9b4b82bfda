/* Any bytes as a mean file: what is accepted has all the values that its shape says. */
#include "blob/stored.h"
#include "fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    float *values;
    lungo_shape shape;
    if (lungo_blob_file_read(&values, &shape, input_file("mean.binaryproto", data, size))) return 0;
    require(lungo_shape_check(&shape) == LUNGO_OK);
    for (size_t i = 0; i < lungo_shape_count(&shape); i++)
        require(values[i] <= 0 || !(values[i] <= 0));
    free(values);
    return 0;
}
