/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "captured_log.h"

#include "base/array.h"
#include "base/usage.h"

enum { LONG_ALONE = 256 };

static const struct usage usage = {
	.program = "tool",
	.synopsis = "[-f FILE] [-q] [--depth N]",
	.text = "Does something.\n",
	.options = {
		{ 'f', "file", "FILE", "what to read", "The file to read." },
		{ 'q', "quiet", NULL, "say less", "Say less." },
		{ LONG_ALONE, "depth", "N", "how deep", "How deep to look." },
	},
};

static void test_help_is_the_table(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *memory = open_memstream(&text, &len);

	(void)state;
	assert_non_null(memory);
	usage_print(memory, &usage);
	fclose(memory);
	assert_string_equal(text, "usage: tool [-f FILE] [-q] [--depth N]\n"
				  "Does something.\n"
				  "  -f, --file FILE  what to read\n"
				  "  -q, --quiet      say less\n"
				  "      --depth N    how deep\n");
	free(text);
}

static const struct { const char *name; char *words[4]; int value; const char *argument; } cases[] = {
	{ "a letter",                 { "tool", "-q" },            'q',        NULL },
	{ "a letter with its value",  { "tool", "-f", "a" },       'f',        "a" },
	{ "the two in one",           { "tool", "-fa" },           'f',        "a" },
	{ "a name",                   { "tool", "--quiet" },       'q',        NULL },
	{ "a name with its value",    { "tool", "--file", "a" },   'f',        "a" },
	{ "the two in one, too",      { "tool", "--depth=3" },     LONG_ALONE, "3" },
	{ "a letter of none",         { "tool", "-x" },            '?',        NULL },
	{ "a name of none",           { "tool", "--deep" },        '?',        NULL },
	{ "a value that is missing",  { "tool", "--file" },        '?',        NULL },
	{ "a flag with a value",      { "tool", "--quiet=yes" },   '?',        NULL },
	{ "no letter where none is",  { "tool", "-d", "3" },       '?',        NULL },
	{ "a word",                   { "tool", "word" },          -1,         NULL },
	{ "the begin of a name",      { "tool", "--fi=a" },        'f',        "a" },
	{ "an option behind a word",  { "tool", "word", "-q" },    'q',        NULL },
	{ "what is none behind --",   { "tool", "--", "-q" },      -1,         NULL },
};

static void test_words_are_read_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *words[4];
		char said[256];
		int count = 0;

		memcpy(words, cases[i].words, sizeof(words));
		while (count < 4 && words[count])
			count++;
		optind = 0; /* begins anew */
		optarg = NULL;
		if (usage_next(&usage, count, words) != cases[i].value)
			fail_msg("%s", cases[i].name);
		if (cases[i].argument)
			assert_string_equal(optarg, cases[i].argument);
		assert_int_equal(capture_take(said, sizeof(said)) > 0, cases[i].value == '?');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help_is_the_table),
		cmocka_unit_test_setup_teardown(test_words_are_read_by_the_table, capture_begin,
						capture_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
