/* The loss that is displayed: the mean of the last average_loss iterations. */
#ifndef LUNGO_SOLVER_SMOOTH_H
#define LUNGO_SOLVER_SMOOTH_H

#include <stddef.h>

#include "base/error.h"

typedef struct lungo_smoothed_loss {
    float *losses;     /* a ring of `length` */
    int count, length; /* how many are in it; how many are averaged */
    int room, next;
    float value;
} lungo_smoothed_loss;

/* Forgets all losses; `expected` more will be added. */
lungo_status lungo_smoothed_loss_start(lungo_smoothed_loss *smoothed, int average_loss,
                                       long expected);
/* Forgets none; `expected` more will be added. */
lungo_status lungo_smoothed_loss_go_on(lungo_smoothed_loss *smoothed, long expected);

/* As it was with these `count` losses, the oldest first. */
lungo_status lungo_smoothed_loss_restore(lungo_smoothed_loss *smoothed, int average_loss,
                                         const float *losses, size_t count, float value);
/* Loss number i, the oldest first. */
float lungo_smoothed_loss_at(const lungo_smoothed_loss *smoothed, int i);
void lungo_smoothed_loss_add(lungo_smoothed_loss *smoothed, float loss);
void lungo_smoothed_loss_dispose(lungo_smoothed_loss *smoothed);

#endif
