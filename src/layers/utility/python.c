/* Python: a layer written in Python.
 *
 *   bottoms, tops  whatever the module makes of them
 *
 * Unlike Caffe, does not run it: a net that has one is refused, with what can be done instead.
 * Write it as a layer in C; or, if it makes data, put an Input layer in its place and set its blobs
 * from the program; or leave it out by a rule.
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "mine" type: "Python" bottom: "x" top: "y"
 *     python_param { module: "layers" layer: "Mine" }
 *   }
 */
#include "layer/layer.h"

static const char *or_question(const char *name) {
    return name && name[0] ? name : "?";
}

static lungo_status open(lungo_layer *layer) {
    const Caffe__PythonParameter *param = layer->param->python_param;
    return lungo_fail(
        LUNGO_ERR_UNSUPPORTED,
        "Python layers are not run: expected a type written in C, got class '%s' of module '%s'; "
        "write it as a layer in C (one file, one line in layers.def; see CONTRIBUTING.md), or, if "
        "it makes data, put an Input layer in its place and set its blobs from the program, or "
        "leave it out with an include or exclude rule",
        or_question(param->layer), or_question(param->module));
}

const lungo_layer_type lungo_layer_python = {
    .name = "Python",
    .brief = "A layer written in Python: not run; its error names the alternatives.",
    .family = "utility",
    .params = {"python_param"},
    .bottoms = {0, -1},
    .tops = {0, -1},
    .open = open,
};
