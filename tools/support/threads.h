/* How the threads of a tool wait for each other. */
#ifndef TOOLS_SUPPORT_THREADS_H
#define TOOLS_SUPPORT_THREADS_H

/* First thing in main. Unless the user has chosen (OMP_WAIT_POLICY, GOMP_SPINCOUNT), lets OpenMP's
 * threads spin for some microseconds only before they sleep. By default they spin so long that on a
 * machine with other work, where the thread waited for may not be running, training was measured
 * to take five times as long. libgomp reads its settings before main: the tool starts itself anew,
 * once; where that fails, it goes on as it is. */
void threads_spin_little(char **argv);

#endif
