/* The rules' functions, from the table. */
#ifndef LUNGO_CHECK_RULES_H
#define LUNGO_CHECK_RULES_H

#include "check/check.h"

void lungo_check_batch_norm_lr(const lungo_subject *subject);
void lungo_check_batch_norm_scale(const lungo_subject *subject);
void lungo_check_batch_norm_statistics(const lungo_subject *subject);
void lungo_check_changed_in_place(const lungo_subject *subject);
void lungo_check_decay(const lungo_subject *subject);
void lungo_check_duplicate_name(const lungo_subject *subject);
void lungo_check_ignored_engine(const lungo_subject *subject);
void lungo_check_ignored_settings(const lungo_subject *subject);
void lungo_check_label_range(const lungo_subject *subject);
void lungo_check_last_untested(const lungo_subject *subject);
void lungo_check_loss_of_cut_values(const lungo_subject *subject);
void lungo_check_loss_weight(const lungo_subject *subject);
void lungo_check_missing_file(const lungo_subject *subject);
void lungo_check_never_snapshot(const lungo_subject *subject);
void lungo_check_never_tests(const lungo_subject *subject);
void lungo_check_no_max_iter(const lungo_subject *subject);
void lungo_check_unread_settings(const lungo_subject *subject);
void lungo_check_no_display(const lungo_subject *subject);
void lungo_check_no_loss_reaches(const lungo_subject *subject);
void lungo_check_normalised_twice(const lungo_subject *subject);
void lungo_check_nothing_learns(const lungo_subject *subject);
void lungo_check_pixels_dropped(const lungo_subject *subject);
void lungo_check_policy_missing(const lungo_subject *subject);
void lungo_check_pooling_rounds(const lungo_subject *subject);
void lungo_check_same_data(const lungo_subject *subject);
void lungo_check_steps(const lungo_subject *subject);
void lungo_check_test_coverage(const lungo_subject *subject);
void lungo_check_unknown_type(const lungo_subject *subject);
void lungo_check_unused_settings(const lungo_subject *subject);
void lungo_check_unused_top(const lungo_subject *subject);
void lungo_check_weights_missing(const lungo_subject *subject);
void lungo_check_weights_shape(const lungo_subject *subject);
void lungo_check_weights_unused(const lungo_subject *subject);
void lungo_check_zero_weights(const lungo_subject *subject);

#endif
