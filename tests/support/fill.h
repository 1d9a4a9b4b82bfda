/* Nets with parameters as training leaves them: statistics and scales that are not 0 and 1. */
#ifndef LUNGO_TESTS_SUPPORT_FILL_H
#define LUNGO_TESTS_SUPPORT_FILL_H

#include "net/net.h"

/* values = offset + spread * random, random in [-1, 1), the same for the same seed. */
void lungo_fill_random(lungo_blob *blob, unsigned seed, float offset, float spread);

/* All inputs, and the parameters of layers whose op is known: outputs are of the size of inputs. */
void lungo_fill_net(lungo_net *net);

#endif
