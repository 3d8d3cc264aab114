/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>

#include "base/array.h"
#include "daemon/workers/worker_state.h"

/* Instead of daemon/workers/workers: queues from 5000 on, each bit one that is taken. */
struct workers {
	size_t count;
	unsigned int taken;
	uint16_t first; /* 0: 5000 */
	bool all;
};

size_t workers_count(const struct workers *workers) { return workers->count; }
uint16_t workers_number(const struct workers *workers, size_t i)
{
	return (uint16_t)((workers->first ? workers->first : 5000) + i);
}
bool workers_is_taken(const struct workers *workers, size_t i)
{
	return workers->all || workers->taken >> i & 1;
}
struct counters *workers_counters(const struct workers *workers, size_t i)
{
	(void)workers, (void)i;
	return NULL;
}

#define END "tried again every 10 s: end that program, or set another queues.first and restart"
static const struct {
	const char *name;
	enum worker_state state;
	unsigned int taken;
	const char *queues, *numbers, *text;
} cases[] = {
	{ "all is well", WORKER_OK, 0, "ok", "[]", "every worker answers its queue" },
	{ "one stalls", WORKER_STALLED, 0, "stalled", "[]",
	  "a worker has not answered its queue for 3 s" },
	{ "its socket failed", WORKER_UNBOUND, 0, "unbound", "[]",
	  "a queue has lost its worker; it is being replaced" },
	{ "one is taken", WORKER_OUSTED, 2, "unbound", "[5001]",
	  "another program has taken queue 5001; it is " END },
	{ "several are", WORKER_OUSTED, 5, "unbound", "[5000,5002]",
	  "another program has taken queues 5000, 5002; they are " END },
	{ "many are", WORKER_OUSTED, 0x3f, "unbound", "[5000,5001,5002,5003,5004,5005]",
	  "another program has taken queues 5000, 5001, 5002, 5003 and 2 more; they are " END },
	{ "one stalls as well", WORKER_STALLED, 1, "stalled", "[5000]",
	  "a worker has not answered its queue for 3 s" },
	{ "it was free again just now", WORKER_OUSTED, 0, "unbound", "[]",
	  "another program has taken a queue; it is tried again every 10 s" },
};

/* The longest text arrives whole. */
static void test_all_of_64(void **state)
{
	const struct workers workers = { .count = 64, .first = 65472, .all = true };
	char text[WORKER_STATE_MAX];

	(void)state;
	assert_string_equal(worker_state_say(&workers, WORKER_OUSTED, text),
			    "another program has taken queues 65472, 65473, 65474, 65475 and 60 more; "
			    "they are " END);
}

static void test_what_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct workers workers = { .count = 8, .taken = cases[i].taken };
		json_t *taken = worker_state_taken(&workers);
		char *numbers = json_dumps(taken, JSON_COMPACT), text[WORKER_STATE_MAX];

		print_message("%s\n", cases[i].name);
		assert_string_equal(worker_state_name(cases[i].state), cases[i].queues);
		assert_string_equal(worker_state_say(&workers, cases[i].state, text),
				    cases[i].text);
		assert_string_equal(numbers, cases[i].numbers);
		free(numbers);
		json_decref(taken);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_what_is_told), cmocka_unit_test(test_all_of_64) };

	return cmocka_run_group_tests_name("worker_state", tests, NULL, NULL);
}
