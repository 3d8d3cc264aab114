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
#include "base/text.h"

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

static void test_ages(void **state)
{
	static const struct { double seconds; const char *text; } cases[] = {
		/* seconds  text */
		{ 0,        "0 s"    },
		{ 40.9,     "40 s"   },
		{ 119.9,    "119 s"  },
		{ 120,      "2 min"  },
		{ 7199,     "119 min" },
		{ 7200,     "2 h"    },
		{ 172799,   "47 h"   },
		{ 172800,   "2 d"    },
		{ 9e14,     "10416666666 d" },
		{ -0.1,     "-"      },
		{ 1e15,     "-"      },
	};
	char text[AGE_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_ptr_equal(text_format_age(cases[i].seconds, text), text);
		assert_string_equal(text, cases[i].text);
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

#define CODE_UNTOUCHED UINT32_MAX

static void test_utf8_characters(void **state)
{
	static const struct { const char *name, *text; size_t len; uint32_t code; } cases[] = {
		{ "ASCII",                    "ab",               1, 'a'      },
		{ "a control character",      "\x1b[",            1, 0x1b     },
		{ "nothing",                  "",                 1, 0        },
		{ "the least of two bytes",   "\xc2\x80",         2, 0x80     },
		{ "e with acute",             "\xc3\xa9" "b",     2, 0xe9     },
		{ "the least of three",       "\xe0\xa0\x80",     3, 0x800    },
		{ "before the surrogates",    "\xed\x9f\xbf",     3, 0xd7ff   },
		{ "behind the surrogates",    "\xee\x80\x80",     3, 0xe000   },
		{ "the least of four",        "\xf0\x90\x80\x80", 4, 0x10000  },
		{ "the last of all",          "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "one behind the last",      "\xf4\x90\x80\x80", 0, 0        },
		{ "a lead that never is",     "\xff\x80",         0, 0        },
		{ "a continuation",           "\x80",             0, 0        },
		{ "the text ends",            "\xe2\x82",         0, 0        },
		{ "a letter comes too early", "\xe2\x82" "ab",    0, 0        },
		{ "two bytes for ASCII",      "\xc1\xbf",         0, 0        },
		{ "three bytes for two",      "\xe0\x9f\xbf",     0, 0        },
		{ "four bytes for three",     "\xf0\x8f\xbf\xbf", 0, 0        },
		{ "a surrogate",              "\xed\xa0\x80",     0, 0        },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t code = CODE_UNTOUCHED;

		print_message("%s\n", cases[i].name);
		assert_int_equal(text_utf8_decode(cases[i].text, &code), cases[i].len);
		assert_int_equal(code, cases[i].len ? cases[i].code : CODE_UNTOUCHED);
		assert_int_equal(text_utf8_decode(cases[i].text, NULL), cases[i].len);
	}
}

static void test_utf8_cuts(void **state)
{
	static const struct { const char *name, *text; size_t max, left; } cases[] = {
		{ "short enough",            "abc",                 4, 3 },
		{ "just short enough",       "ab\xc3\xa9",          4, 4 },
		{ "between letters",         "abcd",                3, 3 },
		{ "nothing may stay",        "abcd",                0, 0 },
		{ "inside two bytes",        "ab\xc3\xa9" "c",      3, 2 },
		{ "behind two bytes",        "ab\xc3\xa9" "c",      4, 4 },
		{ "before the last of three", "a\xe2\x82\xac",      3, 1 },
		{ "inside four, one kept",   "a\xf0\x9f\x98\x80",  2, 1 },
		{ "inside four, two kept",   "a\xf0\x9f\x98\x80",  3, 1 },
		{ "inside four, three kept", "a\xf0\x9f\x98\x80",  4, 1 },
		{ "a character of its own",  "\xf0\x9f\x98\x80",   3, 0 },
		{ "no UTF-8",                "\x80\x80\x80\x80\x80\x80", 5, 5 },
		{ "no UTF-8 behind a letter", "a\x80\x80\x80\x80\x80\x80", 5, 5 },
		{ "no UTF-8, at its start",  "\x80\x80\x80",       2, 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		char *exact = malloc(len); /* without its NUL, which is none of its bytes */

		print_message("%s\n", cases[i].name);
		assert_non_null(exact);
		memcpy(exact, cases[i].text, len);
		assert_int_equal(text_utf8_cut(exact, len, cases[i].max), cases[i].left);
		free(exact);
	}
}

static void test_words_of_a_shell(void **state)
{
	static const struct { const char *text, *word; } cases[] = {
		{ "/var/lib/mssclamp/paths", "/var/lib/mssclamp/paths" },
		{ "",                        "''" },
		{ "/a b/$c;d",               "'/a b/$c;d'" },
		{ "it's",                    "'it'\\''s'" },
		{ "~x",                      "'~x'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *word = text_quote_shell(cases[i].text);

		assert_string_equal(word, cases[i].word);
		free(word);
	}
}

static void test_bytes_in_hexadecimal(void **state)
{
	static const struct { const char *name, *text; size_t len; bool good; uint8_t bytes[2]; } cases[] = {
		{ "lower case",           "0aff",  2, true,  { 0x0a, 0xff } },
		{ "upper case",           "0AfF",  2, true,  { 0x0a, 0xff } },
		{ "as many as asked for", "0102",  1, true,  { 0x01 }       },
		{ "none",                 "",      0, true,  { 0 }          },
		{ "behind f",             "0g",    1, false, { 0 }          },
		{ "before 0",             "/0",    1, false, { 0 }          },
		{ "behind 9",             "0:",    1, false, { 0 }          },
		{ "before a",             "`0",    1, false, { 0 }          },
		{ "a sign",               "-1",    1, false, { 0 }          },
		{ "half a byte",          "0",     1, false, { 0 }          },
		{ "too short",            "01",    2, false, { 0 }          },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t bytes[2] = { 0 };
		char *exact = strdup(cases[i].text); /* so that ASan sees a byte behind it */

		if (text_parse_hex(exact, cases[i].len, bytes) != cases[i].good)
			fail_msg("%s", cases[i].name);
		if (cases[i].good && memcmp(bytes, cases[i].bytes, sizeof(bytes)) != 0)
			fail_msg("%s: other bytes", cases[i].name);
		free(exact);
	}
}

static void test_plural(void **state)
{
	char more[TEXT_MORE_MAX];

	(void)state;
	assert_string_equal(text_plural(0), "s");
	assert_string_equal(text_plural(1), "");
	assert_string_equal(text_plural(2), "s");
	assert_string_equal(text_and_more(0, more), "");
	assert_string_equal(text_and_more(1, more), "");
	assert_string_equal(text_and_more(4, more), " (and 3 more)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_ages),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_suggestions),
		cmocka_unit_test(test_utf8_characters),
		cmocka_unit_test(test_utf8_cuts),
		cmocka_unit_test(test_words_of_a_shell),
		cmocka_unit_test(test_bytes_in_hexadecimal),
		cmocka_unit_test(test_plural),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
