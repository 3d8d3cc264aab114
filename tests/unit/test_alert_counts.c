/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "daemon/alerts/alert_counts.h"

#define U COUNT_UNKNOWN

static const struct {
	const char *name;
	uint64_t sent_again, syns, last, told;
} looks[] = {
	{ "none",                  0,   0,  0,  0 },
	{ "data alone",            9,   0,  0,  9 },
	{ "scanners alone",        500, 500, 0, 0 },
	{ "both",                  500, 440, 59, 60 },
	{ "a SYN between",         500, 441, 60, 60 },
	{ "many, and nothing yet", 500, 501, 0, 0 },
	{ "unknown",               U,   3,  60, U },
	{ "SYNs unknown",          500, U,  60, U },
};

static void test_without_syns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		uint64_t told = alert_counts_without_syns(looks[i].sent_again, looks[i].syns,
							  looks[i].last);

		if (told != looks[i].told)
			fail_msg("%s: %llu", looks[i].name, (unsigned long long)told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_without_syns) };

	return cmocka_run_group_tests_name("alert_counts", tests, NULL, NULL);
}
