/* Definitions written for older versions of Caffe, brought to the current form on reading.
 *
 *   nets     V0 `layers { layer {} }` -> V1 `layers` -> transform_param -> V2 `layer`
 *            -> net-level `input` becomes an Input layer -> BatchNorm with exactly three params
 *            -> forks' names of fields become Caffe's
 *   solvers  `solver_type` (enum) -> `type` (string), and the nets that stand in the solver
 *
 * Messages are changed in place in the document that owns them; a layer keeps the position of the
 * one it came from. Each step logs what Caffe logs. `file` is the name shown in those lines. */
#ifndef LUNGO_PROTO_UPGRADE_H
#define LUNGO_PROTO_UPGRADE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "caffe.pb-c.h"
#include "proto/document.h"

lungo_status lungo_upgrade_net(lungo_document *document, Caffe__NetParameter *param,
                               const char *file);
/* The same; *complete: no setting had to be left out (each of those is logged). */
lungo_status lungo_upgrade_net_noting(lungo_document *document, Caffe__NetParameter *param,
                                      const char *file, bool *complete);
/* Whether there is anything to upgrade. */
bool lungo_upgrade_net_is_due(const Caffe__NetParameter *param);

lungo_status lungo_upgrade_solver(lungo_document *document, Caffe__SolverParameter *param,
                                  const char *file);

/* The first step alone, for a solver that has a solver_type. */
lungo_status lungo_upgrade_solver_type(lungo_document *document, Caffe__SolverParameter *param,
                                       const char *file);

/* The current name of a V1 layer type (an enum value) or of a V0 one ("conv"); NULL: no such type.
 */
const char *lungo_upgrade_v1_type(int type);
const char *lungo_upgrade_v0_type(const char *type);

/* The field of a V1 layer of this type that may hold settings which belong in transform_param (0:
 * it has none), and whether field `inner` of that message is such a setting. */
uint32_t lungo_upgrade_transform_source(int v1_type);
bool lungo_upgrade_is_transform_field(int v1_type, uint32_t inner);

/* The log lines of each step, for those who find old forms in files of weights. */
typedef enum lungo_upgrade_step {
    LUNGO_UPGRADE_V0,
    LUNGO_UPGRADE_TRANSFORM,
    LUNGO_UPGRADE_V1,
    LUNGO_UPGRADE_INPUT,
    LUNGO_UPGRADE_BATCH_NORM,
    LUNGO_UPGRADE_SOLVER_TYPE,
    LUNGO_UPGRADE_STEPS
} lungo_upgrade_step;
void lungo_upgrade_log_begin(lungo_upgrade_step step, const char *file);
void lungo_upgrade_log_end(lungo_upgrade_step step, bool complete);

#endif
