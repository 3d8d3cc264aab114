/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "facts/wireguard/wg_conf.h"
#include "facts/wireguard/wg_key.h"
#include "failing_memory.h"

#define KEY_A "uFmW/sycfx/G0lcqdu2hHVm80gvo5UOxXOS9hajnWjM="
#define KEY_B "WEAuaVuhdyscyTCXVfBDJR6nf9zxD75jmJzrfhkyE3Y="

static const struct { const char *name, *text, *told[3]; } cases[] = {
	{ "as exporters write it",
	  "[Interface]\nPrivateKey = x\n[Peer]\n# friendly_name = alice\nPublicKey = " KEY_A
	  "\nAllowedIPs = 10.0.0.2/32\n", { KEY_A, "alice" } },
	{ "below the key, without spaces", "[Peer]\nPublicKey=" KEY_A "\n#friendly_name=bob b\n",
	  { KEY_A, "bob b" } },
	{ "in any case", "[PEER]\n## Friendly_Name = x\nPUBLICKEY = " KEY_A " # y\n",
	  { KEY_A, "x" } },
	{ "DOS line ends", "[Peer]\r\n# friendly_name = x\r\nPublicKey = " KEY_A "\r\n",
	  { KEY_A, "x" } },
	{ "of the next peer",
	  "[Peer]\nPublicKey = " KEY_A "\n[Peer]\n# friendly_name = two\nPublicKey = " KEY_B,
	  { KEY_B, "two" } },
	{ "the interface has none", "[Interface]\n# friendly_name = x\nPublicKey = " KEY_A "\n",
	  { NULL } },
	{ "no section", "# friendly_name = x\nPublicKey = " KEY_A "\n", { NULL } },
	{ "no key", "[Peer]\n# friendly_name = x\n", { NULL } },
	{ "a key that is none", "[Peer]\n# friendly_name = x\nPublicKey = abc\n", { NULL } },
	{ "an empty name", "[Peer]\n# friendly_name =\nPublicKey = " KEY_A "\n", { NULL } },
	{ "another comment", "[Peer]\n# name = x\nPublicKey = " KEY_A "\n", { NULL } },
	{ "a shared key is no public one",
	  "[Peer]\n# friendly_name = x\nPresharedKey = " KEY_A "\n", { NULL } },
	{ "a key with something behind it", "[Peer]\n# friendly_name = x\nPublicKey = " KEY_A "A\n",
	  { NULL } },
	{ "lines that set nothing", "[Peer]\nPublicKey\n# friendly_name\nAllowedIPs = ::/0\n",
	  { NULL } },
	{ "empty", "", { NULL } },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct facts facts = { 0 };

		print_message("  %s\n", cases[i].name);
		assert_int_equal(wg_conf_parse(cases[i].text, strlen(cases[i].text), &facts.names),
				 0);
		assert_int_equal(facts.names.count, cases[i].told[0] ? 1 : 0);
		if (facts.names.count > 0) {
			assert_string_equal(facts.names.list[0].key, cases[i].told[0]);
			assert_string_equal(facts.names.list[0].name, cases[i].told[1]);
		}
		record_done(&facts_shape, &facts);
	}
}

/* A long name is cut between two characters. */
static void test_long_name(void **state)
{
	char text[512] = "[Peer]\nPublicKey = " KEY_A "\n# friendly_name = a";
	struct facts facts = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(text, "\xc3\xa4");
	assert_int_equal(wg_conf_parse(text, strlen(text), &facts.names), 0);
	assert_int_equal(strlen(facts.names.list[0].name), 127);
	record_done(&facts_shape, &facts);
}

static const struct { const char *hex, *key; } keys[] = {
	{ "b85996fecc9c7f1fc6d2572a76eda11d59bcd20be8e543b15ce4bd85a8e75a33", KEY_A },
	{ "B85996FECC9C7F1FC6D2572A76EDA11D59BCD20BE8E543B15CE4BD85A8E75A33", KEY_A },
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
	{ "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	  "//////////////////////////////////////////8=" },
	{ "b85996fecc9c7f1fc6d2572a76eda11d59bcd20be8e543b15ce4bd85a8e75a3", NULL },
	{ "b85996fecc9c7f1fc6d2572a76eda11d59bcd20be8e543b15ce4bd85a8e75a3g", NULL },
	{ "", NULL },
};

static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		char key[WG_KEY_TEXT] = "untouched";

		assert_int_equal(wg_key_from_hex(keys[i].hex, key), keys[i].key != NULL);
		assert_string_equal(key, keys[i].key ? keys[i].key : "untouched");
		assert_int_equal(wg_key_valid(key), keys[i].key != NULL);
	}
	/* a last digit with bits that no key has */
	assert_false(wg_key_valid("//////////////////////////////////////////9="));
}

static int parse_one(void *userdata)
{
	struct facts facts = { 0 };
	int r = wg_conf_parse(userdata, strlen(userdata), &facts.names);

	record_done(&facts_shape, &facts);
	return r;
}

static void test_no_memory(void **state)
{
	char text[] = "[Peer]\n# friendly_name = one\nPublicKey = " KEY_A
		      "\n[Peer]\n# friendly_name = two\nPublicKey = " KEY_B "\n";

	(void)state;
	memory_fail_each(parse_one, text, -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
