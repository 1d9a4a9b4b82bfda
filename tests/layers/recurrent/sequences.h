/* Nets around a recurrent layer for its tests: T = 3 steps of N = 2 streams with 4 values each. */
#ifndef LUNGO_TESTS_LAYERS_RECURRENT_SEQUENCES_H
#define LUNGO_TESTS_LAYERS_RECURRENT_SEQUENCES_H

#include "support/values.h"

#define SEQUENCE INPUT("x", "dim: 3 dim: 2 dim: 4") INPUT("cont", "dim: 3 dim: 2")
#define STATIC   INPUT("s", "dim: 2 dim: 5")

/* The same where all streams start anew at the first step, so that every forward is the same. */
#define FRESH_SEQUENCE                                                                             \
    INPUT("x", "dim: 3 dim: 2 dim: 2 dim: 2")                                                      \
    INPUT("goes", "dim: 2 dim: 2")                                                                 \
    "layer { name: 'zeros' type: 'DummyData' top: 'starts' dummy_data_param { shape { dim: 1 "     \
    "dim: 2 } } }\n"                                                                               \
    "layer { name: 'cont' type: 'Concat' bottom: 'starts' bottom: 'goes' top: 'cont' "             \
    "concat_param { axis: 0 } }\n"

#define RECURRENT(type, bottoms, tops, more)                                                       \
    "layer { name: 'rec' type: '" type "' " bottoms " " tops " recurrent_param { num_output: 3 "   \
    "weight_filler { type: 'uniform' min: -0.8 max: 0.8 } "                                        \
    "bias_filler { type: 'uniform' min: -0.5 max: 0.5 } " more " } }\n"

#define XC  "bottom: 'x' bottom: 'cont'"
#define XCS XC " bottom: 's'"

#endif
