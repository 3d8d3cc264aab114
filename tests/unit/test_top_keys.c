/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "ctl/top/top_keys.h"

static const struct { const char *bytes; enum top_key keys[4]; } rows[] = {
	{ "q",                { TOP_KEY_QUIT } },
	{ "sr",               { TOP_KEY_SORT, TOP_KEY_REVERSE } },
	{ "\033[A\033[B",     { TOP_KEY_UP, TOP_KEY_DOWN } },
	{ "\033OA",           { TOP_KEY_UP } },
	{ "\033[5~\033[6~",   { TOP_KEY_PAGE_UP, TOP_KEY_PAGE_DOWN } },
	{ "\033",             { TOP_KEY_BACK } },
	{ "\033\033",         { TOP_KEY_BACK, TOP_KEY_BACK } },
	{ "\033q",            { TOP_KEY_BACK, TOP_KEY_QUIT } },
	{ "\033[1;5Aq",       { TOP_KEY_NONE, TOP_KEY_QUIT } }, /* Ctrl-Up */
	{ "\033[15~q",        { TOP_KEY_NONE, TOP_KEY_QUIT } }, /* F5 */
	{ "\033[",            { TOP_KEY_NONE } },
	{ "\033[5",           { TOP_KEY_NONE } },
	{ "x\xc3\xa4" "q",    { TOP_KEY_NONE, TOP_KEY_NONE, TOP_KEY_NONE, TOP_KEY_QUIT } },
	{ "\r\n",             { TOP_KEY_ENTER, TOP_KEY_ENTER } },
};

static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].bytes), at = 0, n = 0;

		for (; at < len; n++) {
			enum top_key key;
			size_t used = top_keys_read(rows[i].bytes + at, len - at, &key);

			assert_true(used > 0 && used <= len - at && n < 4);
			if (key != rows[i].keys[n])
				fail_msg("row %zu, key %zu: %d", i, n, (int)key);
			at += used;
		}
		assert_true(n == 4 || rows[i].keys[n] == TOP_KEY_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_keys) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
