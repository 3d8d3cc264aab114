/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/clock.h"
#include "policy/probe_path.h"

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
		cmocka_unit_test(test_each_value),
		cmocka_unit_test(test_the_queue_has_the_first_in_front),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
