/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "policy/tunnel/path_measure.h"

static struct address address(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

static const struct { const char *tunnel, *peer, *endpoint; uint32_t mtu; } known[] = {
	{ "wg0",  "bob",   "192.0.2.8",   1400 },
	{ "wg0",  "alice", "192.0.2.7",   1433 },
	{ "gre1", "",      "192.0.2.7",   1472 },
	{ "wg1",  "alice", "192.0.2.7",   1500 },
	{ "wg0",  "alice", "2001:db8::7", 1452 },
	{ "wg",   "0bob",  "192.0.2.8",   1300 },
};

static const struct { const char *name, *tunnel, *peer, *endpoint; uint32_t mtu; } cases[] = {
	/* name                      tunnel  peer     endpoint        mtu, 0: none */
	{ "the peer",                "wg0",  "bob",   "192.0.2.8",    1400 },
	{ "at one of two endpoints", "wg0",  "alice", "192.0.2.7",    1433 },
	{ "at the other",            "wg0",  "alice", "2001:db8::7",  1452 },
	{ "a link of its own",       "gre1", "",      "192.0.2.7",    1472 },
	{ "of the last tunnel",      "wg1",  "alice", "192.0.2.7",    1500 },
	{ "names are not joined",    "wg",   "0bob",  "192.0.2.8",    1300 },
	{ "has roamed",              "wg0",  "bob",   "192.0.2.9",    0 },
	{ "other family, same bytes", "wg0", "bob",   "c000:208::",   0 },
	{ "nobody",                  "wg0",  "carol", "192.0.2.8",    0 },
	{ "before all",              "a",    "",      "192.0.2.8",    0 },
	{ "behind all",              "z",    "",      "192.0.2.8",    0 },
};

static void test_find(void **state)
{
	struct path_measure measures[COUNT(known)];

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++)
		measures[i] = (struct path_measure){ .tunnel = known[i].tunnel,
						     .peer = known[i].peer,
						     .endpoint = address(known[i].endpoint),
						     .mtu = known[i].mtu };
	qsort(measures, COUNT(measures), sizeof(*measures), path_measure_compare);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct address endpoint = address(cases[i].endpoint);
		const struct path_measure *found =
			path_measure_find(measures, COUNT(measures), cases[i].tunnel,
					  cases[i].peer, &endpoint);

		if ((found ? found->mtu : 0) != cases[i].mtu)
			fail_msg("%s: %u", cases[i].name, found ? found->mtu : 0);
		assert_null(path_measure_find(measures, 0, cases[i].tunnel, cases[i].peer,
					      &endpoint));
	}
}

static void test_names(void **state)
{
	static const char *const names[] = { "outside", "inside", "icmp" };
	enum measure_how how = MEASURE_ICMP;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(measure_how_parse(names[i], &how), 0);
		assert_int_equal(how, i);
		assert_string_equal(measure_how_name(how), names[i]);
	}
	assert_int_equal(measure_how_parse("guess", &how), -EINVAL);
	assert_int_equal(how, MEASURE_ICMP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("path_measure", tests, NULL, NULL);
}
