/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "pmtu_world.h"

#define LARGE 1500

/* Packets in their order: s small, L large; behind each what comes of it: w whole, p in pieces,
 * u whole as far as is known, x nothing. */
static const struct {
	const char *name, *packets;
	bool uncut;
	unsigned int pairs;
	bool passes, sure;
} cases[] = {
	{ "five pairs",           "swLpswLpswLpswLpswLpsw",   false, 5, false, true },
	{ "four",                 "swLpswLpswLpswLpsw",       false, 4, false, false },
	{ "the fifth is open",    "swLpswLpswLpswLpswLp",     false, 4, false, false },
	{ "five in a row",        "swLpLpLpLpLpsw",           false, 0, false, false },
	{ "none small between",   "swLpswLpLpswLpswLpswLpsw", false, 4, false, false },
	{ "one small is lost",    "swLpswLpsxLpswLpswLpsw",   false, 3, false, false },
	{ "one is not known",     "swLpswLpsuLpswLpswLpsw",   false, 3, false, false },
	{ "one came whole",       "swLpswLpswLpswLpswLpswLw", false, 5, true,  false },
	{ "a small one is cut",   "swLpswLpswLpswLpswLpswsp", false, 5, true,  false },
	{ "nobody may cut them",  "swLpswLpswLpswLpswLpsw",   true,  0, true,  false },
};

static void test_pairs_alone_count(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world = { 0 };
		const struct pmtu_size *large;

		begin(&world, 576, LARGE, 0);
		world.pmtu.config.uncut = cases[i].uncut;
		for (const char *at = cases[i].packets; *at; at += 2) {
			uint32_t size = at[0] == 's' ? PMTU_SMALL : LARGE;
			uint32_t serial = pmtu_sent(&world.pmtu, size, 0, world.now_ns);

			if (at[1] == 'x')
				continue;
			pmtu_answered(&world.pmtu, serial,
				      at[1] == 'w' ? WHOLE_YES
				      : at[1] == 'p' ? WHOLE_NO : WHOLE_UNKNOWN,
				      world.now_ns + MS);
		}
		large = pmtu_find_size(&world.pmtu, LARGE);
		if (large->pairs != cases[i].pairs ||
		    pmtu_passes(&world.pmtu, large) != cases[i].passes ||
		    pmtu_is_too_large(&world.pmtu, large) != cases[i].sure)
			fail_msg("%s: %u pairs", cases[i].name, large->pairs);
	}
}

/* Answers may overtake each other: a pair is made by the last of its three, once. */
static void test_a_pair_in_any_order(void **state)
{
	static const char orders[][4] = { "123", "132", "213", "231", "312", "321" };

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct world world = { 0 };

		begin(&world, 576, LARGE, 0);
		for (uint32_t serial = 1; serial <= 3; serial++)
			pmtu_sent(&world.pmtu, serial == 2 ? LARGE : PMTU_SMALL, 0, world.now_ns);
		for (const char *at = orders[i]; *at; at++) {
			uint32_t serial = (uint32_t)(*at - '0');

			for (int twice = 0; twice < 2; twice++)
				pmtu_answered(&world.pmtu, serial,
					      serial == 2 ? WHOLE_NO : WHOLE_YES, world.now_ns);
		}
		assert_int_equal(pmtu_find_size(&world.pmtu, LARGE)->pairs, 1);
	}
}

/* While a small packet is on its way nothing is sent that may have to be put together, nor the
 * other way round. */
static void test_small_and_large_do_not_meet(void **state)
{
	struct world world = { 0 };
	uint64_t wait_ns = 0;
	uint32_t size = 0, first;

	(void)state;
	begin(&world, 576, LARGE, 0);
	first = pmtu_sent(&world.pmtu, PMTU_SMALL, 0, world.now_ns);
	pmtu_sent(&world.pmtu, PMTU_SMALL, 0, world.now_ns);
	pmtu_answered(&world.pmtu, first, WHOLE_YES, world.now_ns + MS);
	assert_int_equal(pmtu_next(&world.pmtu, world.now_ns + MS, &size, &wait_ns), PMTU_WAIT);
	pmtu_answered(&world.pmtu, first + 1, WHOLE_YES, world.now_ns + 2 * MS);
	assert_int_equal(pmtu_next(&world.pmtu, world.now_ns + 2 * MS, &size, &wait_ns), PMTU_SEND);
	assert_int_equal(size, LARGE);
	begin(&world, 576, LARGE, 0);
	world.pmtu.config.uncut = true;
	first = pmtu_sent(&world.pmtu, PMTU_SMALL, 0, world.now_ns);
	pmtu_sent(&world.pmtu, PMTU_SMALL, 0, world.now_ns);
	pmtu_answered(&world.pmtu, first, WHOLE_YES, world.now_ns + MS);
	assert_int_equal(pmtu_next(&world.pmtu, world.now_ns + MS, &size, &wait_ns), PMTU_SEND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs_alone_count),
		cmocka_unit_test(test_a_pair_in_any_order),
		cmocka_unit_test(test_small_and_large_do_not_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
