#ifndef LUNGO_TESTS_SUPPORT_STATES_H
#define LUNGO_TESTS_SUPPORT_STATES_H

/* Reads a solver's state, with its histories, and writes it as another file. */
void lungo_test_rewrite_state(const char *from, const char *to);

#endif
