#include "solver/smooth.h"
#include "support/suites.h"

START_TEST(a_running_mean_until_the_ring_is_full) {
    lungo_smoothed_loss smoothed = {0};
    static const float losses[] = {4, 2, 6, 8, 0, 2};
    static const float means[] = {4, 3, 4, 16.0f / 3, 14.0f / 3, 10.0f / 3};
    ck_ok(lungo_smoothed_loss_start(&smoothed, 3, 6));
    for (int i = 0; i < 6; i++) {
        lungo_smoothed_loss_add(&smoothed, losses[i]);
        ck_assert_float_eq_tol(smoothed.value, means[i], 1e-6f);
    }
    lungo_smoothed_loss_dispose(&smoothed);
}
END_TEST

START_TEST(a_new_start_forgets) {
    lungo_smoothed_loss smoothed = {0};
    ck_ok(lungo_smoothed_loss_start(&smoothed, 2, 9));
    for (int i = 0; i < 3; i++)
        lungo_smoothed_loss_add(&smoothed, 100);
    ck_ok(lungo_smoothed_loss_start(&smoothed, 2, 9));
    ck_assert_float_eq(smoothed.value, 0);
    lungo_smoothed_loss_add(&smoothed, 5);
    ck_assert_float_eq(smoothed.value, 5);
    lungo_smoothed_loss_dispose(&smoothed);
}
END_TEST

/* average_loss: 1 shows each loss as it is. */
START_TEST(an_average_of_one_is_the_loss) {
    lungo_smoothed_loss smoothed = {0};
    ck_ok(lungo_smoothed_loss_start(&smoothed, 1, 4));
    for (int i = 0; i < 4; i++) {
        lungo_smoothed_loss_add(&smoothed, (float)(i * i));
        ck_assert_float_eq(smoothed.value, (float)(i * i));
    }
    lungo_smoothed_loss_dispose(&smoothed);
}
END_TEST

START_TEST(memory_follows_the_losses_that_will_come) {
    lungo_smoothed_loss smoothed = {0};
    ck_ok(lungo_smoothed_loss_start(&smoothed, 2000000000, 5));
    ck_assert_int_eq(smoothed.room, 5);
    for (int i = 0; i < 5; i++)
        lungo_smoothed_loss_add(&smoothed, (float)i);
    ck_assert_float_eq_tol(smoothed.value, 2, 1e-6f);
    lungo_smoothed_loss_dispose(&smoothed);
}
END_TEST

Suite *lungo_suite_smooth(void);
Suite *lungo_suite_smooth(void) {
    const TTest *const tests[] = {a_running_mean_until_the_ring_is_full, a_new_start_forgets,
                                  an_average_of_one_is_the_loss,
                                  memory_follows_the_losses_that_will_come, NULL};
    return lungo_suite_of("smooth", tests);
}
