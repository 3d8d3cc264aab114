/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/clock.h"
#include "daemon/discovery/look_time.h"

#define LEAST_NS (20 * NS_PER_MS)

/* How long the next look waits after one that used so much of a processor. */
static uint64_t wait_after(uint64_t cpu_ns)
{
	struct look_time time = look_time_begin();

	while (clock_thread_ns() - time.begin_cpu_ns < cpu_ns)
		;
	return look_time_next(&time) - clock_boottime_ns();
}

static void test_the_next_look_waits_in_proportion(void **state)
{
	static const struct {
		uint64_t cpu_ns, least_ns;
	} cases[] = {
		{ 0,             LEAST_NS       },
		{ NS_PER_MS / 2, LEAST_NS       },
		{ 10 * NS_PER_MS, 100 * NS_PER_MS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t wait_ns = wait_after(cases[i].cpu_ns);

		/* The clock goes on between the two looks at it. */
		if (wait_ns < cases[i].least_ns - 5 * NS_PER_MS ||
		    wait_ns > cases[i].least_ns + 50 * NS_PER_MS)
			fail_msg("%llu ns: %llu ns", (unsigned long long)cases[i].cpu_ns,
				 (unsigned long long)wait_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_next_look_waits_in_proportion),
	};

	return cmocka_run_group_tests_name("look_time", tests, NULL, NULL);
}
