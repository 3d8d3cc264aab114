/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "policy/capture/peer_rates.h"

#define SECOND UINT64_C(1000000000)

static const struct clamp_outcome clamped = {
	.result = SYN_CLAMPED, .has_mss = true, .mss_before = 1460, .mss_after = 1380,
};
static const struct clamp_outcome small = {
	.result = SYN_ALREADY_SMALL, .has_mss = true, .mss_before = 536, .mss_after = 536,
};
static const struct clamp_outcome without = { .result = SYN_NO_MSS };

static void count(struct peer_rates *rates, const char *id, const struct clamp_outcome *outcome,
		  int times)
{
	for (int i = 0; i < times; i++)
		peer_rates_count(rates, "wg0", id, outcome);
}

/* Rates in tenths. */
static void assert_rate(const struct peer_rates *rates, const char *id, int syn, int share,
			uint32_t before, uint32_t after)
{
	struct peer_rate rate;

	assert_true(peer_rates_find(rates, "wg0", id, &rate));
	assert_int_equal((int)(rate.syn * 10 + 0.5), syn);
	assert_int_equal((int)(rate.clamped * 10 + 0.5), share);
	assert_int_equal(rate.mss_before, before);
	assert_int_equal(rate.mss_after, after);
}

static void test_turns(void **state)
{
	struct peer_rates *rates = peer_rates_new(SECOND, 0);
	struct peer_rate rate;

	(void)state;
	count(rates, "alice", &small, 5);
	count(rates, "alice", &clamped, 15);
	peer_rates_count(rates, "wg1", "alice", &clamped); /* somebody else */
	assert_false(peer_rates_find(rates, "wg0", "alice", &rate));
	peer_rates_turn(rates, 2 * SECOND - 1, 0);
	assert_false(peer_rates_find(rates, "wg0", "alice", &rate));
	assert_true(peer_rates_uncounted(rates) < 0);
	peer_rates_turn(rates, 3 * SECOND, 0); /* late: two seconds */
	assert_rate(rates, "alice", 100, 75, 1460, 1380);
	assert_rate(rates, "bob", 0, 0, 0, 0);
	assert_true(peer_rates_uncounted(rates) == 0);
	count(rates, "alice", &without, 1);
	assert_rate(rates, "alice", 100, 75, 1460, 1380); /* until the turn is over */
	peer_rates_turn(rates, 4 * SECOND, 0);
	assert_rate(rates, "alice", 10, 0, 1460, 1380); /* the last MSS that it had */
	peer_rates_turn(rates, 5 * SECOND, 0);
	assert_rate(rates, "alice", 0, 0, 1460, 1380);
	peer_rates_free(rates);
	peer_rates_free(NULL);
}

/* What nobody saw, and who is one too many, is told as a rate of its own. */
static void test_uncounted(void **state)
{
	struct peer_rates *rates = peer_rates_new(0, 100);
	char id[24];

	(void)state;
	for (int i = 0; i < PEER_RATES_MAX + 3; i++) {
		snprintf(id, sizeof(id), "peer-%d", i);
		peer_rates_count(rates, "wg0", id, &clamped);
	}
	peer_rates_turn(rates, SECOND, 107);
	assert_true(peer_rates_uncounted(rates) == 3 + 7);
	assert_rate(rates, "peer-0", 10, 10, 1460, 1380);
	assert_rate(rates, id, 0, 0, 0, 0);
	peer_rates_turn(rates, 2 * SECOND, 107);
	assert_true(peer_rates_uncounted(rates) == 0);
	peer_rates_free(rates);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_uncounted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
