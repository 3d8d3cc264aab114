/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sched.h>
#include <string.h>

#include "base/cpu.h"

static int allowed; /* CPUs that the call below tells of; -1: it fails */

/* Stands in for the C library's, so that the machine's own CPUs do not matter. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *mask)
{
	assert_int_equal(pid, 0);
	if (allowed < 0)
		return -1;
	memset(mask, 0, size);
	for (int i = 0; i < allowed; i++)
		CPU_SET_S((size_t)(CPU_SETSIZE - 1 - i), size, mask);
	return 0;
}

static void test_queues_follow_the_affinity_mask(void **state)
{
	static const struct { const char *name; int allowed; unsigned int queues; } cases[] = {
		{ "one CPU",            1,    1 },
		{ "two",                2,    2 },
		{ "as many as count",   4,    4 },
		{ "one more",           5,    4 },
		{ "a full mask",        1024, 4 },
		{ "an empty mask",      0,    1 },
		{ "too many for a mask", -1,  4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].name);
		allowed = cases[i].allowed;
		assert_int_equal(cpu_queue_count(), cases[i].queues);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queues_follow_the_affinity_mask),
	};

	return cmocka_run_group_tests_name("cpu", tests, NULL, NULL);
}
