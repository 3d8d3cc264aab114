/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "daemon/paths/prober_refusal.h"

static const struct { int error; const char *word; } cases[] = {
	{ -ENOBUFS,      "tc -s qdisc" },
	{ -EPERM,        "nft list ruleset" },
	{ -ENETUNREACH,  "no route leads there" },
	{ -EHOSTUNREACH, "neighbour" },
	{ -ENETDOWN,     "is down" },
	{ -ENOKEY,       "wg show" },
	{ -EMFILE,       "LimitNOFILE" },
	{ -EXDEV,        "ip route get" },
};

/* Both the log and mssclampctl put it into a sentence. */
static void test_each_is_a_clause(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_non_null(strstr(prober_refusal_hint(cases[i].error), cases[i].word));
	for (int error = 0; error < 140; error++) {
		const char *hint = prober_refusal_hint(-error);

		assert_true(strlen(hint) > 0);
		assert_null(strpbrk(hint, "\n"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_is_a_clause) };

	return cmocka_run_group_tests_name("prober_refusal", tests, NULL, NULL);
}
