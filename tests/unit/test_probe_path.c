/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/clock.h"
#include "policy/probe/probe_path.h"

static const uint32_t floors[FAMILY_COUNT] = { 576, 1280 };

static const struct {
	const char *name;
	uint32_t mtu;               /* measured before, 0 not */
	enum measure_how how;
	uint64_t age_s;             /* of the last change, 0 never */
	uint32_t found;
	enum measure_how by;
	bool out, in;               /* sides that were measured to the end */
	bool capped;
	uint32_t left;
	bool changed, held;
} verdicts[] = {
	{ "the first one",
	  0, 0, 0, 1400, MEASURE_OUTSIDE, true, true, false, 1400, true, false },
	{ "all passes",
	  0, 0, 0, 1500, MEASURE_OUTSIDE, true, true, false, 1500, true, false },
	{ "nothing",
	  1400, MEASURE_OUTSIDE, 90, 0, 0, false, false, false, 1400, false, false },
	{ "the same",
	  1400, MEASURE_OUTSIDE, 90, 1400, MEASURE_OUTSIDE, true, true, false, 1400, false, false },
	{ "the same by another",
	  1400, MEASURE_OUTSIDE, 90, 1400, MEASURE_INSIDE, true, true, false, 1400, true, false },
	{ "lower",
	  1400, MEASURE_OUTSIDE, 1, 1300, MEASURE_INSIDE, false, true, false, 1300, true, false },
	{ "higher",
	  1400, MEASURE_OUTSIDE, 60, 1450, MEASURE_OUTSIDE, true, false, false, 1450, true, false },
	{ "higher too soon",
	  1400, MEASURE_OUTSIDE, 59, 1450, MEASURE_OUTSIDE, true, true, false, 1400, false, true },
	{ "higher, never changed",
	  1400, MEASURE_OUTSIDE, 0, 1450, MEASURE_OUTSIDE, true, true, false, 1450, true, false },
	{ "higher, but not on the side that was low",
	  1400, MEASURE_INSIDE, 90, 1500, MEASURE_OUTSIDE, true, false, false, 1400, false, false },
	{ "higher inside, where it was low outside",
	  1400, MEASURE_OUTSIDE, 90, 1500, MEASURE_INSIDE, false, true, false, 1400, false, false },
	{ "higher behind a router's word",
	  1400, MEASURE_ICMP, 90, 1500, MEASURE_INSIDE, false, true, false, 1500, true, false },
	{ "no more was tried",
	  1400, MEASURE_OUTSIDE, 90, 1300, MEASURE_OUTSIDE, true, true, true, 1400, false, false },
	{ "no more was tried, but more than before",
	  1400, MEASURE_OUTSIDE, 90, 1450, MEASURE_OUTSIDE, true, true, true, 1450, true, false },
};

static void test_each_verdict(void **state)
{
	const struct probe_target target = { .assumed = 1500 };

	(void)state;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		uint64_t now_ns = 1000 * NS_PER_SECOND;
		struct probe_path path = {
			.target = &target, .mtu = verdicts[i].mtu, .how = (uint8_t)verdicts[i].how,
			.changed_ns = verdicts[i].age_s
				? now_ns - verdicts[i].age_s * NS_PER_SECOND : 0,
		};
		const struct probe_verdict verdict = {
			.found = verdicts[i].found, .how = verdicts[i].by,
			.capped = verdicts[i].capped, .side = { verdicts[i].out, verdicts[i].in },
		};
		bool held, changed = probe_path_apply(&path, &verdict, floors, now_ns, &held);

		if (changed != verdicts[i].changed || held != verdicts[i].held ||
		    probe_path_mtu(&path, floors) != verdicts[i].left)
			fail_msg("%s: %u", verdicts[i].name, path.mtu);
	}
}

/* One run behind the other, each a minute and more behind the last. */
static const struct {
	const char *name;
	enum measure_how how;       /* of 1400 bytes */
	bool unconfirmed;
	const char *runs;           /* O, I: 1500 bytes outside, inside, the other side silent;
				     * i: as I, not for sure whole; b: both; n: nobody answers;
				     * u: nor does a router refuse; r: a router tells 1400 */
	uint32_t left;              /* 0: not measured */
} lapses[] = {
	{ "nobody answers",                MEASURE_OUTSIDE, false, "nnnn",  1400 },
	{ "of another way",                MEASURE_OUTSIDE, true,  "n",     0 },
	{ "of another way, it is less",    MEASURE_INSIDE,  true,  "O",     1500 },
	{ "of another way, confirmed",     MEASURE_OUTSIDE, true,  "rn",    1400 },
	{ "no router refuses, once",       MEASURE_ICMP,    false, "u",     1400 },
	{ "no router refuses, twice",      MEASURE_ICMP,    false, "uu",    0 },
	{ "now and then",                  MEASURE_ICMP,    false, "ururu", 1400 },
	{ "it was no router",              MEASURE_OUTSIDE, false, "uuu",   1400 },
	{ "the outside is silent, once",   MEASURE_OUTSIDE, false, "I",     1400 },
	{ "the outside is silent, twice",  MEASURE_OUTSIDE, false, "II",    1500 },
	{ "with silence between",          MEASURE_OUTSIDE, false, "InI",   1400 },
	{ "it may come in pieces",         MEASURE_OUTSIDE, false, "IiI",   1400 },
	{ "the inside is silent, twice",   MEASURE_INSIDE,  false, "OO",    1500 },
	{ "it is not silent",              MEASURE_INSIDE,  false, "bbb",   1500 },
};

/* A raise needs answers alone; what is lower needs losses. */
static void test_a_weak_one_lowers_nothing(void **state)
{
	const struct probe_target target = { .assumed = 1500 };
	struct probe_path path = { .target = &target };
	struct probe_verdict verdict = {
		.found = 1400, .how = MEASURE_OUTSIDE, .side = { true, true }, .weak = true,
	};
	bool held;

	(void)state;
	assert_false(probe_path_apply(&path, &verdict, floors, NS_PER_SECOND, &held));
	assert_int_equal(path.mtu, 0);
	path.mtu = 1300;
	assert_true(probe_path_apply(&path, &verdict, floors, NS_PER_SECOND, &held));
	assert_int_equal(path.mtu, 1400);
	verdict.found = 1399;
	assert_false(probe_path_apply(&path, &verdict, floors, NS_PER_SECOND, &held));
	verdict.weak = false;
	assert_true(probe_path_apply(&path, &verdict, floors, NS_PER_SECOND, &held));
}

static struct probe_verdict verdict_of(char run)
{
	struct probe_verdict verdict = { .found = 1500, .clean = run != 'i' };

	verdict.how = run == 'I' || run == 'i' ? MEASURE_INSIDE : MEASURE_OUTSIDE;
	verdict.side[PROBE_OUTSIDE] = run == 'O' || run == 'b';
	verdict.side[PROBE_INSIDE] = run == 'I' || run == 'i' || run == 'b';
	for (int side = 0; side < PROBE_SIDES; side++)
		verdict.silent[side] = !verdict.side[side];
	verdict.unrefused = run == 'u';
	if (run == 'n' || run == 'u')
		verdict.found = 0;
	if (run == 'r') {
		verdict.found = 1400;
		verdict.how = MEASURE_ICMP;
	}
	return verdict;
}

static void test_what_nobody_repeats_lapses(void **state)
{
	const struct probe_target target = { .assumed = 1500 };

	(void)state;
	for (size_t i = 0; i < sizeof(lapses) / sizeof(lapses[0]); i++) {
		struct probe_path path = {
			.target = &target, .mtu = 1400, .how = (uint8_t)lapses[i].how,
			.unconfirmed = lapses[i].unconfirmed,
		};
		uint64_t now_ns = 0;
		bool held;

		for (const char *run = lapses[i].runs; *run; run++) {
			const struct probe_verdict verdict = verdict_of(*run);

			now_ns += 70 * NS_PER_SECOND;
			probe_path_apply(&path, &verdict, floors, now_ns, &held);
			assert_false(held);
		}
		if (path.mtu != lapses[i].left)
			fail_msg("%s: %u", lapses[i].name, path.mtu);
	}
}

/* What is dropped is a raise as well: not within a minute of a change. */
static void test_a_drop_is_held(void **state)
{
	const struct probe_target target = { .assumed = 1500 };
	struct probe_path path = {
		.target = &target, .mtu = 1400, .unconfirmed = true, .changed_ns = NS_PER_SECOND,
	};
	const struct probe_verdict nothing = { 0 };
	bool held;

	(void)state;
	assert_false(probe_path_apply(&path, &nothing, floors, 60 * NS_PER_SECOND, &held));
	assert_true(held);
	assert_int_equal(path.mtu, 1400);
	assert_true(probe_path_apply(&path, &nothing, floors, 61 * NS_PER_SECOND, &held));
	assert_false(held);
	assert_int_equal(path.mtu, 0);
}

static const struct {
	const char *name;
	enum family family;
	uint32_t assumed, mtu, force;
} values[] = {
	{ "not measured", FAMILY_IPV4, 1500, 0, 1500 },
	{ "measured", FAMILY_IPV4, 1500, 1400, 1400 },
	{ "more than assumed", FAMILY_IPV4, 1450, 1500, 1450 },
	{ "below the floor", FAMILY_IPV4, 1500, 500, 576 },
	{ "below the floor of IPv6", FAMILY_IPV6, 1500, 1000, 1280 },
	{ "a link below the floor", FAMILY_IPV6, 1200, 1000, 1200 },
};

static void test_each_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct probe_target target = {
			.assumed = values[i].assumed, .way.destination.family = values[i].family,
		};
		const struct probe_path path = { .target = &target, .mtu = values[i].mtu };

		if (probe_path_mtu(&path, floors) != values[i].force)
			fail_msg("%s: %u", values[i].name, probe_path_mtu(&path, floors));
	}
}

/* Against a plain search for the smallest, through many changes. */
static void test_the_queue_has_the_first_in_front(void **state)
{
	struct probe_path paths[100] = { 0 };
	struct probe_queue queue = { 0 };
	uint64_t seed = 5;

	(void)state;
	assert_int_equal(probe_queue_reserve(&queue, 100), 0);
	for (unsigned int i = 0; i < 5000; i++) {
		struct probe_path *path = &paths[probe_random_below(&seed, 100)];
		uint64_t first = UINT64_MAX;
		size_t count = 0;

		if (path->place)
			probe_queue_remove(&queue, path);
		path->due_ns = probe_random_below(&seed, 50);
		if (probe_random_below(&seed, 3))
			probe_queue_add(&queue, path);
		for (size_t j = 0; j < 100; j++) {
			count += paths[j].place != 0;
			if (paths[j].place && paths[j].due_ns < first)
				first = paths[j].due_ns;
		}
		assert_int_equal(queue.count, count);
		if (count)
			assert_int_equal(probe_queue_first(&queue)->due_ns, first);
		else
			assert_null(probe_queue_first(&queue));
	}
	free(queue.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_verdict),
		cmocka_unit_test(test_what_nobody_repeats_lapses),
		cmocka_unit_test(test_a_weak_one_lowers_nothing),
		cmocka_unit_test(test_a_drop_is_held),
		cmocka_unit_test(test_each_value),
		cmocka_unit_test(test_the_queue_has_the_first_in_front),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
