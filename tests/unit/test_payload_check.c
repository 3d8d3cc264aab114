/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "edge/queue/payload_check.h"

static const struct snapshot_check check = { .port = 1, .changed = 2, .mss = 600 };

static void test_judgement(void **state)
{
	static const struct {
		const char *name;
		struct payload_check_seen seen;
		enum payload_check_result result;
	} rows[] = {
		/*                             left: answered, arrived; lowered: the same; MSS */
		{ "lowered and arrived",       { true, true, true, true, 588 }, PAYLOAD_TAKEN },
		{ "answered and lost",         { true, true, true, false, 0 },  PAYLOAD_REFUSED },
		{ "arrived as it was",         { true, true, true, true, 65483 }, PAYLOAD_UNKNOWN },
		{ "nobody answers",            { false, true, false, false, 0 }, PAYLOAD_UNKNOWN },
		{ "lo lets nothing through",   { true, false, false, false, 0 }, PAYLOAD_UNKNOWN },
		{ "the second is not answered", { true, true, false, false, 0 }, PAYLOAD_UNKNOWN },
		{ "no rule queues the second", { true, true, false, true, 9000 }, PAYLOAD_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (payload_check_judge(&check, &rows[i].seen) != rows[i].result)
			fail_msg("%s", rows[i].name);
}

/* Workers that answer each SYN a moment after it was sent, though none is queued here. */
struct fake {
	int begun;
	uint64_t asked;
	bool answers;
};

static int begin(void *userdata, const struct snapshot_check *given)
{
	struct fake *fake = userdata;

	assert_true(given->port && given->changed && given->port != given->changed);
	fake->begun++;
	return 0;
}

static uint64_t answered(void *userdata)
{
	struct fake *fake = userdata;

	return fake->answers ? fake->asked++ : 0;
}

/* Without a rule both arrive as they were, so nothing is known; and nothing is left behind. */
static void test_without_rules_nothing_is_known(void **state)
{
	(void)state;
	for (int answers = 0; answers < 2; answers++) {
		struct fake fake = { .answers = answers };
		const struct payload_check_ops ops = { begin, answered, &fake };
		uint64_t begin_ns = clock_monotonic_ns();
		int before = dup(STDIN_FILENO), after;

		close(before);
		assert_int_equal(payload_check_run(&ops), PAYLOAD_UNKNOWN);
		assert_int_equal(fake.begun, 1);
		assert_true(clock_monotonic_ns() - begin_ns < 2 * NS_PER_SECOND);
		after = dup(STDIN_FILENO);
		close(after);
		assert_int_equal(after, before); /* the lowest free descriptor */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judgement),
		cmocka_unit_test(test_without_rules_nothing_is_known),
	};

	return cmocka_run_group_tests_name("payload_check", tests, NULL, NULL);
}
