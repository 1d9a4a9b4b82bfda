#include <stdio.h>
#include <string.h>

#include "support/nets.h"
#include "support/suites.h"

/* Whether a layer with these rules is in a net of this state. */
static bool is_in(lungo_phase phase, int level, const char *stages, const char *rules) {
    char text[512];
    snprintf(text, sizeof text, "layer { name: 'L' type: 'Input' top: 'x' %s }", rules);
    const char *list[4];
    char words[64];
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = phase;
    options.level = level;
    options.stages = list;
    snprintf(words, sizeof words, "%s", stages);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        list[options.stage_count++] = word;
    lungo_net *net;
    ck_ok(lungo_net_open_text(&net, text, "net.prototxt", &options));
    bool in = lungo_net_layer_count(net) == 1;
    lungo_net_free(net);
    return in;
}

static const struct {
    lungo_phase phase;
    int level;
    const char *stages, *rules;
    bool in;
} cases[] = {
    {LUNGO_TRAIN, 0, "", "", true},
    {LUNGO_TRAIN, 0, "", "include { }", true},
    {LUNGO_TRAIN, 0, "", "exclude { }", false},
    {LUNGO_TRAIN, 0, "", "include { phase: TRAIN }", true},
    {LUNGO_TRAIN, 0, "", "include { phase: TEST }", false},
    {LUNGO_TEST, 0, "", "include { phase: TEST }", true},
    {LUNGO_TEST, 0, "", "exclude { phase: TEST }", false},
    {LUNGO_TEST, 0, "", "exclude { phase: TRAIN }", true},
    {LUNGO_TEST, 0, "", "include { phase: TRAIN } include { phase: TEST }", true},
    {LUNGO_TEST, 0, "", "exclude { phase: TRAIN } exclude { phase: TEST }", false},
    {LUNGO_TEST, 1, "", "include { min_level: 2 }", false},
    {LUNGO_TEST, 2, "", "include { min_level: 2 }", true},
    {LUNGO_TEST, 2, "", "include { max_level: 2 }", true},
    {LUNGO_TEST, 3, "", "include { max_level: 2 }", false},
    {LUNGO_TEST, -1, "", "include { min_level: -1 max_level: -1 }", true},
    {LUNGO_TEST, 0, "", "include { stage: 'a' }", false},
    {LUNGO_TEST, 0, "a", "include { stage: 'a' }", true},
    {LUNGO_TEST, 0, "a", "include { stage: 'a' stage: 'b' }", false},
    {LUNGO_TEST, 0, "b a", "include { stage: 'a' stage: 'b' }", true},
    {LUNGO_TEST, 0, "b", "include { stage: 'a' } include { stage: 'b' }", true},
    {LUNGO_TEST, 0, "", "include { not_stage: 'a' }", true},
    {LUNGO_TEST, 0, "b a", "include { not_stage: 'a' }", false},
    {LUNGO_TEST, 0, "a", "exclude { stage: 'a' }", false},
    {LUNGO_TRAIN, 0, "a", "include { phase: TRAIN stage: 'a' not_stage: 'b' min_level: 0 }", true},
    {LUNGO_TEST, 0, "a", "include { phase: TRAIN stage: 'a' not_stage: 'b' min_level: 0 }", false},
};

START_TEST(rules_are_met_as_in_caffe) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(is_in(cases[i].phase, cases[i].level, cases[i].stages, cases[i].rules) ==
                          cases[i].in,
                      "phase %d, level %d, stages '%s': %s: expected %s", cases[i].phase,
                      cases[i].level, cases[i].stages, cases[i].rules, cases[i].in ? "in" : "out");
}
END_TEST

START_TEST(the_log_says_which_part_of_a_rule_fails) {
    lungo_log_capture();
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, "layer { name: 'a' type: 'X' include { phase: TEST } }"
                                    "layer { name: 'b' type: 'X' include { min_level: 3 } }"
                                    "layer { name: 'c' type: 'X' include { max_level: -1 } }"
                                    "layer { name: 'd' type: 'X' include { stage: 's' } }"
                                    "layer { name: 'e' type: 'X' include { not_stage: 't' } }"
                                    "state { stage: 't' }");
    const char *expected =
        "net.cpp:296] The NetState phase (0) differed from the phase (1) specified by a rule in "
        "layer a\n"
        "net.cpp:306] The NetState level (0) is above the min_level (3) specified by a rule in "
        "layer b\n"
        "net.cpp:316] The NetState level (0) is above the max_level (-1) specified by a rule in "
        "layer c\n"
        "net.cpp:332] The NetState did not contain stage 's' specified by a rule in layer d\n"
        "net.cpp:347] The NetState contained a not_stage 't' specified by a rule in layer e\n"
        "net.cpp:53] Initializing net from parameters: \n"
        "state {\n  phase: TRAIN\n  level: 0\n  stage: \"t\"\n}\n"
        "net.cpp:257] Network initialization done.\n";
    ck_assert_str_eq(lungo_log_captured(), expected);
    lungo_log_release();
    lungo_net_free(net);
}
END_TEST

START_TEST(include_and_exclude_exclude_each_other) {
    ck_fails(lungo_try_net(LUNGO_TEST, "name: 'N'\n"
                                       "layer { name: 'L' type: 'Input' top: 'x'\n"
                                       "  include { phase: TEST } exclude { stage: 'a' } }"),
             LUNGO_ERR_CONFIG,
             "layer has both include and exclude rules: expected one kind, got 1 include and 1 "
             "exclude\n"
             "  in layer 'L' (Input), net.prototxt:2\n"
             "  in TEST net 'N'");
}
END_TEST

Suite *lungo_suite_filter(void);
Suite *lungo_suite_filter(void) {
    return lungo_suite_of("filter",
                          (const TTest *const[]){rules_are_met_as_in_caffe,
                                                 the_log_says_which_part_of_a_rule_fails,
                                                 include_and_exclude_exclude_each_other, NULL});
}
