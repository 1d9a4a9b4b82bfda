#include "support/suites.h"
#include "support/values.h"

START_TEST(the_error_names_the_alternatives) {
    lungo_test_refused(
        "layer { name: 'p' type: 'Python' top: 'x' python_param { module: 'm' layer: 'Mine' } }",
        LUNGO_ERR_UNSUPPORTED,
        "Python layers are not run: expected a type written in C, got class 'Mine' of module 'm'; "
        "write it as a layer in C (one file, one line in layers.def; see CONTRIBUTING.md), or, if "
        "it makes data, put an Input layer in its place");
    lungo_test_refused("layer { name: 'p' type: 'Python' top: 'x' }", LUNGO_ERR_UNSUPPORTED,
                       "got class '?' of module '?'");
}
END_TEST

/* Rules are looked at first: a net for one phase may leave them out. */
START_TEST(left_out_by_a_rule_it_does_no_harm) {
    lungo_net *net = lungo_test_net(
        LUNGO_TEST,
        INPUT("x",
              "dim: 2") "layer { name: 'p' type: 'Python' top: 'q' include { phase: TRAIN } }");
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_python(void);
Suite *lungo_suite_python(void) {
    return lungo_suite_of("python",
                          (const TTest *const[]){the_error_names_the_alternatives,
                                                 left_out_by_a_rule_it_does_no_harm, NULL});
}
