/* What scenarios read. All paths are below in/. */
#ifndef LUNGO_TESTS_FAULTS_INPUTS_H
#define LUNGO_TESTS_FAULTS_INPUTS_H

/* A Data layer, `more` of its settings and of its transform_param. */
#define DATA(phase, more, transform)                                                               \
    "layer { name: 'data' type: 'Data' top: 'data' top: 'label' include { phase: " phase " }"      \
    " transform_param { " transform " } data_param { source: 'in/lmdb' backend: LMDB"              \
    " batch_size: 4 " more " } }\n"

/* Layers over 'data' and 'label' up to a loss. */
#define LAYERS                                                                                     \
    "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv'"                          \
    " convolution_param { num_output: 16 kernel_size: 3 weight_filler { type: 'xavier' } } }\n"    \
    "layer { name: 'relu' type: 'ReLU' bottom: 'conv' top: 'conv' }\n"                             \
    "layer { name: 'pool' type: 'Pooling' bottom: 'conv' top: 'pool'"                              \
    " pooling_param { kernel_size: 2 stride: 2 } }\n"                                              \
    "layer { name: 'ip' type: 'InnerProduct' bottom: 'pool' top: 'ip'"                             \
    " inner_product_param { num_output: 3 weight_filler { type: 'xavier' } } }\n"                  \
    "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' }\n"    \
    "layer { name: 'accuracy' type: 'Accuracy' bottom: 'ip' bottom: 'label' top: 'accuracy'"       \
    " include { phase: TEST } }\n"

/* 12 records of 3x8x8 bytes, classes 0 to 2. */
void put_database(const char *backend, const char *path);

/* in/lmdb, in/mean.binaryproto of it, and in/net.prototxt of DATA and LAYERS in both phases. */
void put_net(void);

/* Weights of that net, after no training: in/weights.caffemodel, in/weights.caffemodel.h5. */
void put_weights(void);

/* in/0.bmp to in/5.bmp with in/list.txt, of 3x8x8. */
void put_pictures(void);

#endif
