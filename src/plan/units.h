/* The units there are. For src/plan alone. */
#ifndef LUNGO_PLAN_UNITS_H
#define LUNGO_PLAN_UNITS_H

#include "plan/step.h"

/* reference/: plain loops on one thread */
extern const lungo_unit_type lungo_reference_filters_unit, lungo_reference_inner_product_unit;

/* blocked/ */
extern const lungo_unit_type lungo_blocked_batch_norm_unit, lungo_blocked_concat_unit,
    lungo_blocked_convolution_unit, lungo_blocked_identity_unit, lungo_blocked_pooling_unit,
    lungo_blocked_relu_unit, lungo_blocked_split_unit, lungo_blocked_sum_unit;

/* onednn/ */
extern const lungo_unit_type lungo_onednn_convolution_unit, lungo_onednn_deconvolution_unit,
    lungo_onednn_inner_product_unit, lungo_onednn_lrn_unit;
int lungo_onednn_version(void);

/* Whether this processor, and this build of ours, have bfloat16; or the error that says what lacks.
 */
lungo_status lungo_onednn_need_bf16(void);

#endif
