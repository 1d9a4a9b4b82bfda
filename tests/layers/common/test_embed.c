#include <math.h>
#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define EMBED(settings)                                                                            \
    INPUT("i", "dim: 2 dim: 3") LAYER1("layer", "Embed", "i", "y", "embed_param { " settings " }")
#define FILL "weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' }"

START_TEST(gradients) {
    static const char *const nets[] = {
        "force_backward: true " EMBED("num_output: 3 input_dim: 4 " FILL),
        "force_backward: true " EMBED("num_output: 2 input_dim: 4 bias_term: false " FILL),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i], .inputs = {{"i", 0, 4, 1}}});
}
END_TEST

START_TEST(rows_are_looked_up) {
    lungo_net *net =
        lungo_test_net(LUNGO_TEST, EMBED("num_output: 2 input_dim: 3 bias_filler { value: 10 }"));
    float *weights = lungo_data_overwrite(lungo_net_param(net, 0).blob);
    for (int i = 0; i < 6; i++)
        weights[i] = (float)i;
    lungo_set_data(net, "i", (float[]){2, 0, 2, 1, 0, 1}, 6);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_shape(net, "y", &LUNGO_SHAPE(2, 3, 2));
    lungo_test_values(net, "y", (float[]){14, 15, 10, 11, 14, 15, 12, 13, 10, 11, 12, 13}, 12);
    lungo_set_data(net, "i", (float[]){2, 0, 2, 3, 0, 1}, 6);
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA,
             "index out of range: bottom 'i'[3]: expected a whole number from 0 to 2, got 3");
    for (int i = 0; i < 3; i++) {
        const float values[] = {0.5f, -0.5f, NAN};
        lungo_set_data(net, "i", (float[]){2, values[i], 2, 0, 0, 1}, 6);
        ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA, "bottom 'i'[1]: expected a whole");
    }
    lungo_net_free(net);
}
END_TEST

START_TEST(what_cannot_be_is_refused) {
    lungo_test_refused(EMBED("input_dim: 3"), LUNGO_ERR_CONFIG,
                       "num_output: expected 1 to 2147483647, got 0");
    lungo_test_refused(EMBED("num_output: 3"), LUNGO_ERR_CONFIG,
                       "input_dim: expected 1 to 2147483647, got 0");
}
END_TEST

Suite *lungo_suite_embed(void);
Suite *lungo_suite_embed(void) {
    return lungo_suite_of("embed", (const TTest *const[]){gradients, rows_are_looked_up,
                                                          what_cannot_be_is_refused, NULL});
}
