/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/options/options.h"

#define ARGS_MAX 10

static const struct option_row probe_options[] = {
	{ "--max", 'm', "N", "a value" },
	{ "--fast", 'f', NULL, "a flag" },
	{ 0 },
};

static const struct option_row *own(const char *command)
{
	return strcmp(command, "probe") == 0 ? probe_options : NULL;
}

static int parse(const char *const *args, struct options *ret)
{
	char *argv[ARGS_MAX + 2] = { (char *)"mssclampctl" };
	int argc = 1;

	for (; args[argc - 1]; argc++)
		argv[argc] = (char *)args[argc - 1];
	return options_parse(argc, argv, own, ret);
}

/* The command line that the command gets, its parts joined with blanks. */
static const struct {
	const char *name;
	const char *args[ARGS_MAX + 1];
	const char *passed;
} command_lines[] = {
	{ "nothing at all", { NULL }, "" },
	{ "a command", { "probe" }, "probe --" },
	{ "words keep their order", { "probe", "b", "a" }, "probe -- b a" },
	{ "a global option in front", { "-q", "probe", "a" }, "probe -- a" },
	{ "a global option behind", { "probe", "a", "--quiet" }, "probe -- a" },
	{ "a value behind a blank", { "probe", "--max", "9" }, "probe --max=9 --" },
	{ "a value behind '='", { "probe", "--max=9" }, "probe --max=9 --" },
	{ "an empty value", { "probe", "--max=" }, "probe --max= --" },
	{ "a value with a dash", { "probe", "--max", "-1" }, "probe --max=-1 --" },
	{ "a short option with a blank", { "probe", "-m", "9" }, "probe --max=9 --" },
	{ "a short option without", { "probe", "-m9" }, "probe --max=9 --" },
	{ "short options in one", { "probe", "-qfm9" }, "probe --fast --max=9 --" },
	{ "an option between words", { "probe", "a", "-f", "b" }, "probe --fast -- a b" },
	{ "words behind --", { "probe", "--", "--fast", "-q" }, "probe -- --fast -q" },
	{ "a dash is a word", { "probe", "-" }, "probe -- -" },
	{ "an arrow is a word", { "probe", "a", "->", "b" }, "probe -- a -> b" },
	{ "an empty word", { "probe", "" }, "probe -- " },
	{ "no such command: options unread", { "prove", "--max", "9" }, "prove -- 9" },
};

static void test_command_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(command_lines) / sizeof(command_lines[0]); i++) {
		struct options options;
		char passed[128] = "";

		print_message("%s\n", command_lines[i].name);
		assert_int_equal(parse(command_lines[i].args, &options), 0);
		for (int a = 0; a < options.argc; a++) {
			strcat(passed, a ? " " : "");
			strcat(passed, options.argv[a]);
		}
		assert_string_equal(passed, command_lines[i].passed);
		assert_null(options.argv[options.argc]);
		options_done(&options);
	}
}

static const struct {
	const char *name;
	const char *args[ARGS_MAX + 1];
	const char *why;
} mistakes[] = {
	{ "unknown option", { "probe", "--fats" }, "unknown option --fats, did you mean --fast?" },
	{ "of no command", { "--jsno" }, "unknown option --jsno, did you mean --json?" },
	{ "nothing near", { "probe", "--xyzzy=1" }, "unknown option --xyzzy" },
	{ "no abbreviation", { "--quie", "probe" },
	  "unknown option --quie, did you mean --quiet?" },
	{ "unknown letter", { "-x", "probe" }, "unknown option -x" },
	{ "letter in a cluster", { "-qx", "probe" }, "unknown option -x" },
	{ "value missing", { "probe", "--max" }, "--max needs a value: N" },
	{ "value missing, short", { "probe", "-s" }, "--socket needs a value: PATH" },
	{ "value of a flag", { "--quiet=1", "probe" }, "--quiet takes no value" },
	{ "empty socket", { "--socket=", "probe" }, "--socket: the path is empty" },
	{ "colour", { "--color=red" }, "--color red: must be auto, always or never" },
	{ "seconds", { "--every", "0" },
	  "--every 0: must be seconds such as 2, 0.5 or 500ms, at most a day" },
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct options options;

		print_message("%s\n", mistakes[i].name);
		assert_int_equal(parse(mistakes[i].args, &options), -EINVAL);
		assert_string_equal(options.why, mistakes[i].why);
		options_done(&options);
	}
}

static void test_global_values(void **state)
{
	static const char *const args[] = {
		"-qV",	     "--json-lines", "-s",	   "/a/b", "--timeout=0.25",
		"--every=2", "--ascii",	     "--color=always", "-h",   NULL,
	};
	struct options options;

	(void)state;
	assert_int_equal(parse(args, &options), 0);
	assert_true(options.quiet && options.version && options.ascii && options.help);
	assert_true(options.json && options.json_lines);
	assert_string_equal(options.socket, "/a/b");
	assert_int_equal(options.timeout_ns, NS_PER_SECOND / 4);
	assert_int_equal(options.every_ns, 2 * NS_PER_SECOND);
	assert_int_equal(options.colour, COLOUR_ALWAYS);
	assert_int_equal(options.argc, 0);
	options_done(&options);
}

/* Whether an error is told as JSON does not depend on what stands first. */
static void test_json_known_after_mistake(void **state)
{
	static const struct {
		const char *args[4];
		bool json;
	} cases[] = {
		{ { "--wrong", "status", "--json" }, true },
		{ { "--wrong", "--json-lines" }, true },
		{ { "--wrong", "--", "--json" }, false },
		{ { "--wrong" }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options options;

		assert_int_equal(parse(cases[i].args, &options), -EINVAL);
		assert_int_equal(options.json, cases[i].json);
		options_done(&options);
	}
}

static void test_reading_own(void **state)
{
	static const char *const args[] = {
		"probe", "--max=1", "--max=2", "--", "a", "--fast", NULL,
	};
	struct options options;
	char *const *words;
	size_t count;

	(void)state;
	assert_int_equal(parse(args, &options), 0);
	assert_string_equal(options_value(options.argv, "--max"), "2");
	assert_null(options_value(options.argv, "--fast"));
	assert_null(options_value(options.argv, "--ma"));
	words = options_words(options.argv, &count);
	assert_int_equal(count, 2);
	assert_string_equal(words[1], "--fast");
	assert_null(words[2]);
	options_done(&options);
}

static const struct {
	const char *text;
	uint64_t ns; /* 0: refused */
} seconds[] = {
	{ "2", 2 * NS_PER_SECOND },
	{ "0.5", NS_PER_SECOND / 2 },
	{ "1.000000001", NS_PER_SECOND + 1 },
	{ "500ms", NS_PER_SECOND / 2 },
	{ "10m", 600 * NS_PER_SECOND },
	{ "0.001", NS_PER_MS },
	{ "24h", 86400 * NS_PER_SECOND },
	{ "86400.1", 0 },
	{ "0.0009", 0 },
	{ "0", 0 },
	{ "25h", 0 },
	{ "", 0 },
	{ ".", 0 },
	{ "1.", 0 },
	{ ".5", 0 },
	{ "1.5s", 0 },
	{ "1.0000000001", 0 },
	{ "-1", 0 },
	{ "1e3", 0 },
	{ "99999999.5", 0 },
	{ "0x1.5", 0 },
	{ " 1.5", 0 },
	{ "01.5", 0 },
};

static void test_seconds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		uint64_t ns = 0;
		int r = options_parse_seconds(seconds[i].text, &ns);

		print_message("\"%s\"\n", seconds[i].text);
		assert_int_equal(r, seconds[i].ns ? 0 : -EINVAL);
		assert_int_equal(ns, seconds[i].ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_lines),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_global_values),
		cmocka_unit_test(test_json_known_after_mistake),
		cmocka_unit_test(test_reading_own),
		cmocka_unit_test(test_seconds),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
