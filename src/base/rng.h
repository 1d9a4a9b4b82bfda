/* Random numbers with explicit state: the generator and the distributions that Caffe draws from, so
 * that the same random_seed gives the same bits.
 *
 * The float functions round to float after every operation, as Caffe's float nets do; how many
 * words a draw takes is part of the contract, for it decides all draws that follow.
 */
#ifndef LUNGO_BASE_RNG_H
#define LUNGO_BASE_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { LUNGO_RNG_WORDS = 624 };

/* The 32-bit Mersenne twister. A plain struct: copying it saves the state, copying back resumes. */
typedef struct lungo_rng {
    uint32_t state[LUNGO_RNG_WORDS];
    int next; /* of `state`; LUNGO_RNG_WORDS when all are used up */
} lungo_rng;

void lungo_rng_seed(lungo_rng *rng, uint32_t seed);

/* A seed from the system's entropy, for a solver that sets none. */
lungo_status lungo_rng_seed_from_system(uint32_t *seed);

/* Whether it would give nothing but zeros for ever, as no seed makes it do: distributions that draw
 * until a number suits would not end. For states that were read. */
bool lungo_rng_is_stuck(const lungo_rng *rng);

/* 32 random bits. */
uint32_t lungo_rng_word(lungo_rng *rng);

/* Uniform in [low, high], both ends possible. Wants low <= high and a finite high - low. */
float lungo_rng_uniform(lungo_rng *rng, float low, float high);
double lungo_rng_uniform_double(lungo_rng *rng, double low, double high);

float lungo_rng_gaussian(lungo_rng *rng, float mean, float std);
double lungo_rng_gaussian_double(lungo_rng *rng, double mean, double std);

/* With rate 1. */
float lungo_rng_exponential(lungo_rng *rng);

/* True with probability p in [0, 1]. p == 0 draws nothing. */
bool lungo_rng_bernoulli(lungo_rng *rng, float p);
bool lungo_rng_bernoulli_double(lungo_rng *rng, double p);

/* Uniform among 0 .. n-1. n <= 1 gives 0 and draws nothing. */
uint32_t lungo_rng_below(lungo_rng *rng, uint32_t n);

/* Shuffles `count` items (fewer than 2^32) of `size` bytes each, as Caffe shuffles its image lists.
 */
void lungo_rng_shuffle(lungo_rng *rng, void *items, size_t count, size_t size);

#endif
