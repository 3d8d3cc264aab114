/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "policy/prefix/prefix.h"

static const struct { const char *text, *formatted; } good[] = {
	/* typed                           shown again                       */
	{ "10.9.0.0/16",                   "10.9.0.0/16"                     },
	{ "0.0.0.0/0",                     "0.0.0.0/0"                       },
	{ "192.0.2.1",                     "192.0.2.1/32"                    },
	{ "192.0.2.1/32",                  "192.0.2.1/32"                    },
	{ "192.0.2.128/25",                "192.0.2.128/25"                  },
	{ "128.0.0.0/1",                   "128.0.0.0/1"                     },
	{ "255.255.255.254/31",            "255.255.255.254/31"              },
	{ "::/0",                          "::/0"                            },
	{ "2001:db8::/32",                 "2001:db8::/32"                   },
	{ "2001:0DB8:0:0::1",              "2001:db8::1/128"                 },
	{ "fe80::/10",                     "fe80::/10"                       },
	{ "2001:db8::8000:0:0:0/65",       "2001:db8:0:0:8000::/65"          },
	{ "::ffff:192.0.2.0/120",          "::ffff:192.0.2.0/120"            },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128",
	  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"                      },
};

static const struct { const char *name, *text; } bad[] = {
	{ "nothing",                       ""                                },
	{ "no address",                    "/8"                              },
	{ "no length",                     "10.0.0.0/"                       },
	{ "too long for IPv4",             "10.0.0.0/33"                     },
	{ "too long for IPv6",             "2001:db8::/129"                  },
	{ "negative length",               "10.0.0.0/-1"                     },
	{ "length with a sign",            "10.0.0.0/+8"                     },
	{ "length with a space",           "10.0.0.0/ 8"                     },
	{ "length with something behind",  "10.0.0.0/8x"                     },
	{ "two lengths",                   "10.0.0.0/8/8"                    },
	{ "a length of many digits",       "10.0.0.0/4294967304"             },
	{ "bits behind the length",        "10.9.0.1/16"                     },
	{ "one bit behind the length",     "10.9.0.128/24"                   },
	{ "bits behind the length, IPv6",  "2001:db8::1/64"                  },
	{ "bits where the length is 0",    "128.0.0.0/0"                     },
	{ "three numbers",                 "10.9.0/24"                       },
	{ "five numbers",                  "10.9.0.0.0/24"                   },
	{ "a number above 255",            "10.9.256.0/24"                   },
	{ "space in front",                " 10.9.0.0/16"                    },
	{ "a name",                        "localhost"                       },
	{ "a zone",                        "fe80::1%eth0"                    },
	{ "a mask as address",             "10.0.0.0/255.0.0.0"              },
	{ "longer than any address",
	  "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111"           },
};

static void test_parses_what_people_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		char text[PREFIX_TEXT_MAX];
		struct prefix prefix;

		if (prefix_parse(good[i].text, &prefix) != 0)
			fail_msg("%s: refused", good[i].text);
		assert_string_equal(prefix_format(&prefix, text), good[i].formatted);
	}
}

static void test_refuses_what_is_no_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct prefix prefix, untouched;

		memset(&prefix, 0x5a, sizeof(prefix));
		memset(&untouched, 0x5a, sizeof(untouched));
		if (prefix_parse(bad[i].text, &prefix) != -EINVAL)
			fail_msg("%s: \"%s\" was taken", bad[i].name, bad[i].text);
		assert_memory_equal(&prefix, &untouched, sizeof(prefix));
	}
}

static void test_address_takes_no_length(void **state)
{
	char text[PREFIX_TEXT_MAX];
	struct address address;

	(void)state;
	assert_int_equal(address_parse("192.0.2.1", &address), 0);
	assert_string_equal(address_format(&address, text), "192.0.2.1");
	assert_int_equal(address_parse("2001:db8::1", &address), 0);
	assert_string_equal(address_format(&address, text), "2001:db8::1");
	assert_int_equal(address_parse("192.0.2.1/32", &address), -EINVAL);
	assert_int_equal(address_parse("", &address), -EINVAL);
}

/* Compared with the C library: each byte at each place, each length. */
static void test_writes_numbers_like_the_library(void **state)
{
	char text[PREFIX_TEXT_MAX], expected[PREFIX_TEXT_MAX];

	(void)state;
	for (unsigned int n = 0; n < 256; n++) {
		struct address four = { FAMILY_IPV4, { (uint8_t)n, (uint8_t)(n + 1),
						       (uint8_t)(n / 2), (uint8_t)(255 - n) } };
		struct prefix six = { { FAMILY_IPV6, { 0xfd, [15] = (uint8_t)n } },
				      (uint8_t)(n % 129) };

		snprintf(expected, sizeof(expected), "%u.%u.%u.%u", four.bytes[0], four.bytes[1],
			 four.bytes[2], four.bytes[3]);
		assert_string_equal(address_format(&four, text), expected);
		snprintf(expected, sizeof(expected), "fd00::%x/%u", n, six.length);
		assert_string_equal(prefix_format(&six, text), n ? expected : "fd00::/0");
	}
}

static void test_from_bytes_clears_the_rest(void **state)
{
	const uint8_t bytes[ADDRESS_MAX] = { 192, 0, 2, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9 };
	struct address four = address_from_bytes(FAMILY_IPV4, bytes);
	struct address six = address_from_bytes(FAMILY_IPV6, bytes);

	(void)state;
	assert_int_equal(four.family, FAMILY_IPV4);
	assert_int_equal(four.bytes[3], 1);
	assert_int_equal(four.bytes[4], 0);
	assert_int_equal(four.bytes[15], 0);
	assert_memory_equal(six.bytes, bytes, sizeof(bytes));
}

static bool bit_at(const uint8_t *bytes, unsigned int bit)
{
	return bytes[bit / 8] >> (7 - bit % 8) & 1;
}

/* The slow truth about prefix_make and prefix_contains, one bit after the other. */
static void check_every_length(enum family family)
{
	uint8_t ones[ADDRESS_MAX];
	struct address all;

	memset(ones, 0xff, sizeof(ones));
	all = address_from_bytes(family, ones);
	for (unsigned int length = 0; length <= address_bits(family); length++) {
		struct prefix prefix = prefix_make(&all, (uint8_t)length);

		for (unsigned int bit = 0; bit < ADDRESS_MAX * 8; bit++)
			assert_int_equal(bit_at(prefix.address.bytes, bit), bit < length);
		assert_int_equal(prefix.length, length);
		for (unsigned int bit = 0; bit < address_bits(family); bit++) {
			struct address other = all;

			other.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			assert_int_equal(prefix_contains(&prefix, other.bytes), bit >= length);
		}
		assert_true(prefix_contains(&prefix, all.bytes));
	}
}

static void test_every_length_ipv4(void **state)
{
	(void)state;
	check_every_length(FAMILY_IPV4);
}

static void test_every_length_ipv6(void **state)
{
	(void)state;
	check_every_length(FAMILY_IPV6);
}

/* In rising order: by family, then address, then length. */
static const char *const ordered[] = {
	"0.0.0.0/0", "0.0.0.0/32", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/32", "10.0.0.1/32",
	"10.128.0.0/9", "128.0.0.0/1", "255.255.255.255/32",
	"::/0", "::/128", "::1/128", "2001:db8::/32", "2001:db8::/64", "ff00::/8",
};

static void test_order_puts_the_wider_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ordered); i++) {
		for (size_t j = 0; j < COUNT(ordered); j++) {
			struct prefix a, b;
			int order;

			assert_int_equal(prefix_parse(ordered[i], &a), 0);
			assert_int_equal(prefix_parse(ordered[j], &b), 0);
			order = prefix_compare(&a, &b);
			if ((order > 0) - (order < 0) != (i > j) - (i < j))
				fail_msg("%s against %s: %d", ordered[i], ordered[j], order);
		}
	}
}

static void test_what_lies_inside(void **state)
{
	static const struct { const char *outer, *inner; bool covers; } cases[] = {
		{ "10.0.0.0/8",    "10.9.0.0/16",     true  },
		{ "10.9.0.0/16",   "10.9.0.0/16",     true  },
		{ "10.9.0.0/16",   "10.9.255.255/32", true  },
		{ "10.9.0.0/16",   "10.0.0.0/8",      false },
		{ "10.9.0.0/16",   "10.8.0.0/16",     false },
		{ "10.9.0.0/16",   "10.10.0.0/24",    false },
		{ "0.0.0.0/0",     "10.9.0.0/16",     true  },
		{ "0.0.0.0/0",     "2001:db8::/32",   false },
		{ "::/0",          "2001:db8::/32",   true  },
		{ "2001:db8::/33", "2001:db8:8000::/34", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct prefix outer, inner;

		assert_int_equal(prefix_parse(cases[i].outer, &outer), 0);
		assert_int_equal(prefix_parse(cases[i].inner, &inner), 0);
		if (prefix_covers(&outer, &inner) != cases[i].covers)
			fail_msg("%s in %s", cases[i].inner, cases[i].outer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parses_what_people_type),
		cmocka_unit_test(test_refuses_what_is_no_prefix),
		cmocka_unit_test(test_address_takes_no_length),
		cmocka_unit_test(test_writes_numbers_like_the_library),
		cmocka_unit_test(test_from_bytes_clears_the_rest),
		cmocka_unit_test(test_every_length_ipv4),
		cmocka_unit_test(test_every_length_ipv6),
		cmocka_unit_test(test_order_puts_the_wider_first),
		cmocka_unit_test(test_what_lies_inside),
	};

	return cmocka_run_group_tests_name("prefix", tests, NULL, NULL);
}
