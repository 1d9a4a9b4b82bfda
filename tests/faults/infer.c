/* Nets: scored over each kind of data, with each kind of weights, by each engine. */
#include <string.h>

#include "faults/inputs.h"
#include "faults/scenario.h"
#include "store/hdf5.h"

static lungo_status forward(lungo_net *net, int times) {
    for (int i = 0; i < times; i++) {
        float loss;
        lungo_status status = lungo_net_forward(net, &loss);
        if (status) return status;
        result_add(&loss, sizeof loss);
    }
    return LUNGO_OK;
}

typedef struct job {
    const char *net, *weights, *saved; /* NULL: none */
    lungo_engine engine;
} job;

static lungo_status work(lungo_net *net, const job *one) {
    lungo_status status = one->weights ? lungo_net_load_weights(net, one->weights) : LUNGO_OK;
    if (!status) status = forward(net, 4);
    if (!status && one->saved) status = lungo_net_save_weights(net, one->saved, false);
    return status;
}

static lungo_status run(const job *one) {
    lungo_net *net;
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.seed = 1;
    options.engine = one->engine;
    lungo_status status = lungo_net_open(&net, one->net, &options);
    if (status) return status;
    status = work(net, one);
    lungo_net_free(net);
    return status;
}

static void prepare(void) {
    put_net();
    put_weights();
}

static lungo_status test(void) {
    return run(&(job){"in/net.prototxt", "in/weights.caffemodel", NULL, LUNGO_ENGINE_DEFAULT});
}

static lungo_status test_blas(void) {
    return run(&(job){"in/net.prototxt", "in/weights.caffemodel", NULL, LUNGO_ENGINE_BLAS});
}

static lungo_status load(void) {
    return run(&(job){"in/net.prototxt", "in/weights.caffemodel", "out/copy.caffemodel",
                      LUNGO_ENGINE_REFERENCE});
}

static lungo_status load_hdf5(void) {
    if (lungo_hdf5_check()) return load();
    return run(&(job){"in/net.prototxt", "in/weights.caffemodel.h5", "out/copy.caffemodel.h5",
                      LUNGO_ENGINE_REFERENCE});
}

/* A small net of Caffe's blocks, so that oneDNN and the shared memory of blobs take part. */
static void prepare_deploy(void) {
    put_text("in/net.prototxt",
             "layer { name: 'in' type: 'Input' top: 'data' input_param { shape { dim: 2 dim: 16"
             " dim: 8 dim: 8 } } }\n"
             "layer { name: 'a' type: 'Convolution' bottom: 'data' top: 'a' convolution_param {"
             " num_output: 16 kernel_size: 3 pad: 1 weight_filler { type: 'xavier' } } }\n"
             "layer { name: 'bn' type: 'BatchNorm' bottom: 'a' top: 'a' }\n"
             "layer { name: 'scale' type: 'Scale' bottom: 'a' top: 'a' scale_param {"
             " bias_term: true } }\n"
             "layer { name: 'relu' type: 'ReLU' bottom: 'a' top: 'a' }\n"
             "layer { name: 'b' type: 'Convolution' bottom: 'a' top: 'b' convolution_param {"
             " num_output: 16 kernel_size: 1 weight_filler { type: 'xavier' } } }\n"
             "layer { name: 'sum' type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'sum' }\n"
             "layer { name: 'lrn' type: 'LRN' bottom: 'sum' top: 'lrn' }\n"
             "layer { name: 'pool' type: 'Pooling' bottom: 'lrn' top: 'pool' pooling_param {"
             " kernel_size: 2 stride: 2 } }\n"
             "layer { name: 'ip' type: 'InnerProduct' bottom: 'pool' top: 'ip'"
             " inner_product_param { num_output: 3 weight_filler { type: 'xavier' } } }\n"
             "layer { name: 'prob' type: 'Softmax' bottom: 'ip' top: 'prob' }\n");
}

static lungo_status reshape_and_forward(lungo_net *net) {
    lungo_blob *input = lungo_net_input(net, 0);
    lungo_shape shape = *lungo_blob_shape(input);
    for (shape.dim[0] = 3; shape.dim[0] < 5; shape.dim[0]++) {
        lungo_status status = lungo_blob_reshape(input, &shape);
        if (!status) status = lungo_net_reshape(net);
        if (status) return status;
        memset(lungo_data_overwrite(input), 0, lungo_blob_count(input) * sizeof(float));
        status = forward(net, 1);
        if (status) return status;
        const lungo_blob *output = lungo_net_output(net, 0);
        result_add(lungo_data(output), lungo_blob_count(output) * sizeof(float));
    }
    return LUNGO_OK;
}

static lungo_status deploy(void) {
    lungo_net *net;
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.seed = 1;
    lungo_status status = lungo_net_open(&net, "in/net.prototxt", &options);
    if (status) return status;
    status = reshape_and_forward(net);
    lungo_net_free(net);
    return status;
}

static void prepare_images(void) {
    put_pictures();
    put_text("in/net.prototxt", "layer { name: 'data' type: 'ImageData' top: 'data' top: 'label'"
                                " image_data_param { source: 'in/list.txt' batch_size: 2"
                                " shuffle: true new_height: 6 new_width: 6 } }\n" LAYERS);
}

static lungo_status images(void) {
    return run(&(job){"in/net.prototxt", NULL, NULL, LUNGO_ENGINE_BLAS});
}

static void prepare_hdf5_data(void) {
    static float values[4 * 3 * 6 * 6], labels[4] = {0, 1, 2, 1};
    lungo_hdf5_writer *writer;
    if (lungo_hdf5_check()) return prepare_images();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        values[i] = (float)(i % 11) / 11;
    must(lungo_hdf5_create(&writer, "in/data.h5"), "data");
    must(lungo_hdf5_write(writer, "data", &(lungo_shape){4, {4, 3, 6, 6}}, values), "data");
    must(lungo_hdf5_write(writer, "label", &(lungo_shape){1, {4}}, labels), "data");
    must(lungo_hdf5_commit(writer), "data");
    put_text("in/list.txt", "in/data.h5\nin/data.h5\n");
    put_text("in/net.prototxt",
             "layer { name: 'data' type: 'HDF5Data' top: 'data' top: 'label' hdf5_data_param {"
             " source: 'in/list.txt' batch_size: 3 shuffle: true } }\n" LAYERS
             "layer { name: 'out' type: 'HDF5Output' bottom: 'ip' bottom: 'label'"
             " hdf5_output_param { file_name: 'out/scores.h5' } }\n");
}

const scenario scenarios_infer[] = {
    {"test", prepare, test, false, NULL, "memory open read thread"},
    {"test_blas", prepare, test_blas, false, NULL, "memory open read thread"},
    {"load", prepare, load, true, NULL, "memory open read write sync close rename"},
    {"load_hdf5", prepare, load_hdf5, true, NULL, "memory sync rename"},
    {"deploy", prepare_deploy, deploy, false, NULL, "memory open read close"},
    {"images", prepare_images, images, false, NULL, "memory open read thread"},
    {"hdf5_data", prepare_hdf5_data, images, true, "out/scores.h5", "memory"},
    {0},
};
