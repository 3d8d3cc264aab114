/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "ctl/trace/pcapng_read.h"

#define FIXED 0, 1, 0, 0, 0, 0, 1, 0 /* Ethernet, 256 bytes, of a section of the other order */
#define END 0, 0, 0, 0
#define BODY(...) (const uint8_t[]){ FIXED, __VA_ARGS__ }, sizeof((uint8_t[]){ FIXED, __VA_ARGS__ })

static const struct {
	const char *name;
	const uint8_t *body;
	size_t len;
	bool before, after;
	uint8_t resolution;
	int64_t offset_seconds;
} cases[] = {
	{ "no option", BODY(END), false, false, 6, 0 },
	{ "as they came", BODY(0, 2, 0, 6, 'b', 'e', 'f', 'o', 'r', 'e', 0, 0, END),
	  true, false, 6, 0 },
	{ "as they left", BODY(0, 2, 0, 5, 'a', 'f', 't', 'e', 'r', 0, 0, 0, END),
	  false, true, 6, 0 },
	{ "another name", BODY(0, 2, 0, 5, 'a', 'f', 't', 'e', 'R', 0, 0, 0, END),
	  false, false, 6, 0 },
	{ "a longer name", BODY(0, 2, 0, 7, 'b', 'e', 'f', 'o', 'r', 'e', '2', 0, END),
	  false, false, 6, 0 },
	{ "a resolution behind a name", BODY(0, 2, 0, 5, 'a', 'f', 't', 'e', 'r', 0, 0, 0,
					      0, 9, 0, 1, 9, 0, 0, 0, END), false, true, 9, 0 },
	{ "an offset", BODY(0, 14, 0, 8, 0, 0, 0, 0, 0, 0, 1, 2, END), false, false, 6, 258 },
	{ "a name longer than the block", BODY(0, 2, 0, 9, 'a', 'f', 't', 'e', 'r', 0, 0, 0),
	  false, false, 6, 0 },
	{ "behind the end", BODY(END, 0, 2, 0, 5, 'a', 'f', 't', 'e', 'r', 0, 0, 0),
	  false, false, 6, 0 },
	{ "half an option", BODY(0, 2), false, false, 6, 0 },
};

static void test_options_of_an_interface(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pcapng_section section = { .big_endian = true };
		const struct pcapng_interface *got;

		print_message("%s\n", cases[i].name);
		assert_int_equal(pcapng_add_interface(&section, cases[i].body, cases[i].len), 0);
		assert_int_equal(section.count, 1);
		got = &section.interfaces[0];
		assert_int_equal(got->link_type, 1);
		assert_int_equal(got->snaplen, 256);
		assert_int_equal(got->before, cases[i].before);
		assert_int_equal(got->after, cases[i].after);
		assert_int_equal(got->resolution, cases[i].resolution);
		assert_int_equal(got->offset_seconds, cases[i].offset_seconds);
		pcapng_section_done(&section);
	}
}

static void test_too_short_and_too_many(void **unused)
{
	const uint8_t body[] = { FIXED };
	struct pcapng_section section = { .big_endian = true };

	(void)unused;
	assert_int_equal(pcapng_add_interface(&section, body, sizeof(body) - 1), -EBADMSG);
	assert_int_equal(section.count, 0);
	for (size_t i = 0; i < PCAPNG_INTERFACES_MAX; i++)
		assert_int_equal(pcapng_add_interface(&section, body, sizeof(body)), 0);
	assert_int_equal(pcapng_add_interface(&section, body, sizeof(body)), -ENOSPC);
	assert_int_equal(section.count, PCAPNG_INTERFACES_MAX);
	pcapng_section_reset(&section, false);
	assert_int_equal(section.count, 0);
	pcapng_section_done(&section);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_of_an_interface),
		cmocka_unit_test(test_too_short_and_too_many),
	};

	return cmocka_run_group_tests_name("pcapng_read", tests, NULL, NULL);
}
