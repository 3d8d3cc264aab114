/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define UNTOUCHED 77
#define MS UINT64_C(1000000)
#define S (1000 * MS)

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		int result;
		uint64_t value;
	} cases[] = {
		/* text                     min  max         result    value      */
		{ "0",                      0,   10,         0,        0          },
		{ "10",                     0,   10,         0,        10         },
		{ "11",                     0,   10,         -ERANGE,  0          },
		{ "87",                     88,  65495,      -ERANGE,  0          },
		{ "0x1F",                   0,   255,        0,        31         },
		{ "0x00ff",                 0,   255,        0,        255        },
		{ "0X10",                   0,   255,        0,        16         },
		{ "18446744073709551615",   0,   UINT64_MAX, 0,        UINT64_MAX },
		{ "18446744073709551616",   0,   UINT64_MAX, -ERANGE,  0          },
		{ "0xffffffffffffffff",     0,   UINT64_MAX, 0,        UINT64_MAX },
		{ "0x10000000000000000",    0,   UINT64_MAX, -ERANGE,  0          },
		{ "",                       0,   10,         -EINVAL,  0          },
		{ "0x",                     0,   10,         -EINVAL,  0          },
		{ "010",                    0,   10,         -EINVAL,  0          },
		{ "00",                     0,   10,         -EINVAL,  0          },
		{ "-1",                     0,   10,         -EINVAL,  0          },
		{ "+1",                     0,   10,         -EINVAL,  0          },
		{ " 1",                     0,   10,         -EINVAL,  0          },
		{ "1 ",                     0,   10,         -EINVAL,  0          },
		{ "1.0",                    0,   10,         -EINVAL,  0          },
		{ "1f",                     0,   255,        -EINVAL,  0          },
		{ "0xg",                    0,   255,        -EINVAL,  0          },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t value = UNTOUCHED;
		int r = text_parse_u64(cases[i].text, cases[i].min, cases[i].max, &value);

		print_message("number '%s'\n", cases[i].text);
		assert_int_equal(r, cases[i].result);
		assert_int_equal(value, r < 0 ? UNTOUCHED : cases[i].value);
	}
}

static void test_durations(void **state)
{
	static const struct { const char *text; int result; uint64_t ns; } cases[] = {
		/* text             result    ns            */
		{ "10m",            0,        600 * S       },
		{ "10",             0,        10 * S        },
		{ "0",              0,        0             },
		{ "250ms",          0,        250 * MS      },
		{ "1s",             0,        S             },
		{ "2h",             0,        7200 * S      },
		{ "1d",             0,        86400 * S     },
		{ "213503d",        0,        UINT64_C(213503) * 86400 * S },
		{ "213504d",        -ERANGE,  0             },
		{ "18446744073709551616", -ERANGE, 0        },
		{ "",               -EINVAL,  0             },
		{ "m",              -EINVAL,  0             },
		{ "10 m",           -EINVAL,  0             },
		{ "10M",            -EINVAL,  0             },
		{ "10mm",           -EINVAL,  0             },
		{ "1h30m",          -EINVAL,  0             },
		{ "1.5h",           -EINVAL,  0             },
		{ "010s",           -EINVAL,  0             },
		{ "-1s",            -EINVAL,  0             },
		{ "0x10s",          -EINVAL,  0             },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t ns = UNTOUCHED;
		int r = text_parse_duration(cases[i].text, &ns);

		print_message("duration '%s'\n", cases[i].text);
		assert_int_equal(r, cases[i].result);
		assert_int_equal(ns, r < 0 ? UNTOUCHED : cases[i].ns);
	}
}

static void test_marks(void **state)
{
	static const struct { const char *text; int result; uint32_t value, mask; } cases[] = {
		/* text                   result    value        mask       */
		{ "0x1/0xff",             0,        1,           0xff       },
		{ "1",                    0,        1,           0xffffffff },
		{ "0",                    0,        0,           0xffffffff },
		{ "0/0",                  0,        0,           0          },
		{ "256/256",              0,        256,         256        },
		{ "0xffffffff",           0,        0xffffffff,  0xffffffff },
		{ "0x00000001/0xFF",      0,        1,           0xff       },
		{ "0x100/0xff",           -EINVAL,  0,           0          },
		{ "0x100000000",          -ERANGE,  0,           0          },
		{ "1/0x100000000",        -ERANGE,  0,           0          },
		{ "",                     -EINVAL,  0,           0          },
		{ "/0xff",                -EINVAL,  0,           0          },
		{ "1/",                   -EINVAL,  0,           0          },
		{ "1/2/3",                -EINVAL,  0,           0          },
		{ "-1",                   -EINVAL,  0,           0          },
		{ "one",                  -EINVAL,  0,           0          },
		{ "0x0000000000000000001", -EINVAL, 0,           0          },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t value = UNTOUCHED, mask = UNTOUCHED;
		int r = text_parse_mark(cases[i].text, &value, &mask);

		print_message("mark '%s'\n", cases[i].text);
		assert_int_equal(r, cases[i].result);
		assert_int_equal(value, r < 0 ? UNTOUCHED : cases[i].value);
		assert_int_equal(mask, r < 0 ? UNTOUCHED : cases[i].mask);
	}
}

static void test_suggestions(void **state)
{
	static const char *const list[] = { "first", "count", "max_packets", "mss", "mtu", "ignore",
					    "interface", "insert_missing", NULL };
	static const struct { const char *name, *word, *suggested; } cases[] = {
		{ "two letters swapped",      "frist",          "first"          },
		{ "a letter too many",        "countt",         "count"          },
		{ "a letter missing",         "max_packet",     "max_packets"    },
		{ "another separator",        "max-packets",    "max_packets"    },
		{ "upper case",               "Interface",      "interface"      },
		{ "all upper case",           "MSS",            "mss"            },
		{ "three of fourteen wrong",  "insrtmising",    "insert_missing" },
		{ "the nearer of two",        "mtuu",           "mtu"            },
		{ "two of three are a word",  "cat",            NULL             },
		{ "nothing near",             "metrics",        NULL             },
		{ "empty",                    "",               NULL             },
		{ "far too long", "interfaceinterfaceinterfaceinterfaceinterfaceinterface", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *suggested = text_suggest(cases[i].word, list);

		print_message("%s: %s\n", cases[i].name, cases[i].word);
		if (!cases[i].suggested)
			assert_null(suggested);
		else
			assert_string_equal(suggested ? suggested : "nothing", cases[i].suggested);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_suggestions),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
