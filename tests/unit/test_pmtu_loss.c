/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "pmtu_world.h"

static void test_silence_is_no_black_hole(void **state)
{
	struct world world = { .dead = true };

	(void)state;
	begin(&world, 576, 1500, 0);
	assert_int_equal(play(&world), PMTU_SILENT);
	assert_int_equal(world.sent, 3);
	pmtu_contact_anew(&world.pmtu, 2);
	assert_int_equal(play(&world), PMTU_SILENT);
	assert_int_equal(world.sent, 5);
	world.dead = false; /* the third way is answered */
	world.passes = 1500;
	pmtu_contact_anew(&world.pmtu, 2);
	assert_int_equal(play(&world), PMTU_DONE);
	assert_int_equal(pmtu_found(&world.pmtu), 1500);
}

/* The peer goes in the middle: large ones are lost, and so are small ones. */
static void test_a_path_that_dies_tells_nothing(void **state)
{
	struct world world = { .passes = 1500 };

	(void)state;
	begin(&world, 576, 1500, 0);
	send_one(&world, PMTU_SMALL);
	world.dead = true;
	assert_int_equal(play(&world), PMTU_DOWN);
}

static const struct {
	const char *name;
	uint32_t passes, pieces;
	bool busy;
	uint32_t found;
	int fragmented;
} cuts[] = {
	{ "all whole",          1500, 1500, false, 1500, 0 },
	{ "larger ones are cut", 1400, 1500, false, 1400, 1 },
	{ "some are cut, then none come", 1400, 1450, false, 1400, 1 },
	{ "a busy host",        1400, 1500, true, 1500, -1 },
};

static void test_what_is_cut_does_not_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct world world = {
			.passes = cuts[i].passes, .pieces = cuts[i].pieces, .busy = cuts[i].busy,
		};

		begin(&world, 576, 1500, 0);
		if (play(&world) != PMTU_DONE || pmtu_found(&world.pmtu) != cuts[i].found ||
		    pmtu_fragmented(&world.pmtu) != cuts[i].fragmented)
			fail_msg("%s: %u, %d", cuts[i].name, pmtu_found(&world.pmtu),
				 pmtu_fragmented(&world.pmtu));
	}
}

/* One cut packet at a size that passes: somebody else's fragment came in between. */
static void test_one_cut_packet_is_none(void **state)
{
	struct world world = { .passes = 1500 };
	uint32_t serial;

	(void)state;
	begin(&world, 576, 1500, 0);
	send_one(&world, PMTU_SMALL);
	serial = pmtu_sent(&world.pmtu, 1500, 0, world.now_ns);
	assert_true(pmtu_answered(&world.pmtu, serial, WHOLE_NO, world.now_ns + MS));
	assert_int_equal(play(&world), PMTU_DONE);
	assert_int_equal(pmtu_found(&world.pmtu), 1500);
	assert_int_equal(pmtu_fragmented(&world.pmtu), 0);
}

static void test_a_late_answer_takes_it_back(void **state)
{
	struct world world = { .passes = 1433 };

	(void)state;
	begin(&world, 576, 1500, 0);
	assert_int_equal(play(&world), PMTU_DONE);
	assert_int_equal(pmtu_found(&world.pmtu), 1433);
	/* The second packet was the first of 1500 bytes; now all passes. */
	assert_int_equal(world.pmtu.sizes[pmtu_flight(&world.pmtu, 2)->size].size, 1500);
	assert_true(pmtu_answered(&world.pmtu, 2, WHOLE_YES, world.now_ns));
	assert_false(pmtu_answered(&world.pmtu, 2, WHOLE_YES, world.now_ns));
	assert_int_equal(play(&world), PMTU_DONE);
	assert_int_equal(pmtu_found(&world.pmtu), 1500);
}

/* The value that was answered at first is lost as often as what is too large: it has shrunk. */
static void test_a_path_that_shrinks_meanwhile(void **state)
{
	struct world world = { .passes = 1500 };

	(void)state;
	begin(&world, 576, 1500, 1400);
	send_one(&world, PMTU_SMALL);
	send_one(&world, 1400);
	send_one(&world, 1500); /* has to be answered twice, as it is a raise */
	world.passes = 1350;
	assert_int_equal(play(&world), PMTU_DONE);
	assert_int_equal(pmtu_found(&world.pmtu), 1400); /* what it was before is not asked again */
}

static const struct {
	unsigned int ok, lost; /* small packets before */
	unsigned int option, tries;
} tries[] = {
	{ 100, 0, 0, 3 }, { 8, 0, 0, 3 }, { 4, 0, 0, 4 }, { 0, 0, 0, 10 }, { 99, 1, 0, 3 },
	{ 40, 10, 0, 5 }, { 24, 24, 0, 12 }, { 1, 40, 0, 16 }, { 8, 0, 1, 1 }, { 24, 24, 5, 5 },
};

static void test_tries_follow_the_loss(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct world world = { 0 };

		begin(&world, 576, 1500, 0);
		world.pmtu.prior_ok = tries[i].ok;
		world.pmtu.prior_lost = tries[i].lost;
		world.pmtu.config.tries = tries[i].option;
		if (pmtu_tries(&world.pmtu) != tries[i].tries)
			fail_msg("%u of %u lost: %u tries", tries[i].lost,
				 tries[i].ok + tries[i].lost, pmtu_tries(&world.pmtu));
	}
}

static const struct {
	uint64_t trips_ms[4];
	uint64_t timeout_ms;
} timeouts[] = {
	{ { 0 }, 1000 },                /* nothing is known */
	{ { 1 }, 100 },                 /* the least */
	{ { 100 }, 300 },               /* srtt + 4 rttvar = 100 + 4 * 50 */
	{ { 200 }, 600 },
	{ { 200, 200, 200, 200 }, 368 }, /* rttvar 100 -> 75 -> 56 -> 42 */
	{ { 900 }, 1000 },              /* the most */
};

static void test_timeouts_follow_the_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
		struct world world = { 0 };

		begin(&world, 576, 1500, 0);
		for (size_t j = 0; j < 4 && timeouts[i].trips_ms[j]; j++) {
			uint32_t serial = pmtu_sent(&world.pmtu, PMTU_SMALL, 0, 0);

			pmtu_answered(&world.pmtu, serial, WHOLE_YES, timeouts[i].trips_ms[j] * MS);
		}
		assert_int_equal(pmtu_timeout_ns(&world.pmtu) / MS, timeouts[i].timeout_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence_is_no_black_hole),
		cmocka_unit_test(test_a_path_that_dies_tells_nothing),
		cmocka_unit_test(test_what_is_cut_does_not_pass),
		cmocka_unit_test(test_one_cut_packet_is_none),
		cmocka_unit_test(test_a_late_answer_takes_it_back),
		cmocka_unit_test(test_a_path_that_shrinks_meanwhile),
		cmocka_unit_test(test_tries_follow_the_loss),
		cmocka_unit_test(test_timeouts_follow_the_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
