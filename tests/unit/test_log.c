/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "captured_log.h"

static void test_levels(void **state)
{
	static const struct { int priority, max; const char *line; } cases[] = {
		{ LOG_ERR,     LOG_INFO,  "<3>hello\n" },
		{ LOG_WARNING, LOG_INFO,  "<4>hello\n" },
		{ LOG_NOTICE,  LOG_INFO,  "<5>hello\n" },
		{ LOG_INFO,    LOG_INFO,  "<6>hello\n" },
		{ LOG_DEBUG,   LOG_INFO,  ""           },
		{ LOG_DEBUG,   LOG_DEBUG, "<7>hello\n" },
		{ LOG_WARNING, LOG_ERR,   ""           },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		log_set_max(cases[i].max);
		assert_int_equal(log_max(), cases[i].max);
		log_print(cases[i].priority, "%s", "hello");
		capture_take(text, sizeof(text));
		assert_string_equal(text, cases[i].line);
	}
}

static void test_level_words(void **state)
{
	static const struct { const char *word; int result, priority; } cases[] = {
		{ "error",   0,       LOG_ERR     },
		{ "warning", 0,       LOG_WARNING },
		{ "notice",  0,       LOG_NOTICE  },
		{ "info",    0,       LOG_INFO    },
		{ "debug",   0,       LOG_DEBUG   },
		{ "loud",    -EINVAL, -1          },
		{ "",        -EINVAL, -1          },
		{ "Error",   -EINVAL, -1          },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int priority = -1;

		assert_int_equal(log_parse_level(cases[i].word, &priority), cases[i].result);
		assert_int_equal(priority, cases[i].priority);
		if (cases[i].result == 0)
			assert_string_equal(log_level_name(priority), cases[i].word);
	}
	assert_string_equal(log_level_name(LOG_EMERG), "error");
}

static void test_errors(void **state)
{
	char text[128];

	(void)state;
	errno = EBADF;
	assert_int_equal(log_error(-ENOENT, "%s: cannot open", "wg0"), -ENOENT);
	assert_int_equal(errno, EBADF);
	capture_take(text, sizeof(text));
	assert_string_equal(text, "<3>wg0: cannot open: No such file or directory\n");
	assert_int_equal(log_error(-4000, "odd"), -4000);
	capture_take(text, sizeof(text));
	assert_string_equal(text, "<3>odd: error 4000\n");
}

static void test_what_comes_from_outside(void **state)
{
	static const struct { const char *name, *text, *line; } cases[] = {
		{ "a line of its own", "a\nb",              "<6>a?b\n"        },
		{ "an escape",         "a\033[31mb",        "<6>a?[31mb\n"    },
		{ "delete and tab",    "a\177\tb",          "<6>a??b\n"       },
		{ "C1 in UTF-8",       "a\xc2\x9b" "31mb",  "<6>a??31mb\n"    },
		{ "letters in UTF-8",  "K\xc3\xb6ln",       "<6>K\xc3\xb6ln\n" },
		{ "no-break space",    "a\xc2\xa0" "b",     "<6>a\xc2\xa0" "b\n" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		print_message("%s\n", cases[i].name);
		log_info("%s", cases[i].text);
		capture_take(text, sizeof(text));
		assert_string_equal(text, cases[i].line);
	}
}

static void test_long_lines(void **state)
{
	static const struct { const char *name; size_t letters, line; const char *end; } cases[] = {
		/* name                       letters  line   end    */
		{ "the longest that fits",    1020,    1024,  "aa\n"  },
		{ "one too long",             1021,    1024,  "...\n" },
		{ "far too long",             5000,    1024,  "...\n" },
	};
	char message[6000], text[2048];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n;

		print_message("%s\n", cases[i].name);
		memset(message, 'a', cases[i].letters);
		message[cases[i].letters] = '\0';
		log_info("%s", message);
		n = capture_take(text, sizeof(text));
		assert_int_equal(n, cases[i].line);
		assert_string_equal(text + n - strlen(cases[i].end), cases[i].end);
	}
}

/* A letter of two bytes that lies across the cut goes as a whole. */
static void test_cut_between_letters(void **state)
{
	char message[3000], text[2048];
	size_t n;

	(void)state;
	for (size_t shift = 0; shift < 2; shift++) {
		memset(message, 'a', sizeof(message));
		for (size_t i = shift; i + 1 < sizeof(message) - 1; i += 2)
			memcpy(message + i, "\xc3\xb6", 2);
		message[sizeof(message) - 1] = '\0';
		log_info("%s", message);
		n = capture_take(text, sizeof(text));
		assert_true(n == 1024 || n == 1023);
		assert_int_equal((unsigned char)text[n - 5], 0xb6);
	}
}

#define WRITERS 4
#define LINES_EACH 200
#define LETTERS "0123456789012345678901234567890123456789"

static void *write_lines(void *userdata)
{
	for (int i = 0; i < LINES_EACH; i++)
		log_info("writer %s: %s", (const char *)userdata, LETTERS);
	return NULL;
}

static void test_lines_of_threads_do_not_mix(void **state)
{
	static const char *const names[WRITERS] = { "a", "b", "c", "d" };
	size_t expected = strlen("<6>writer a: " LETTERS "\n");
	pthread_t threads[WRITERS];
	char line[128];
	size_t count = 0;

	(void)state;
	/* Appending is what a journal's stream does too: each write lands behind the last. */
	assert_non_null(freopen(NULL, "a+", captured));
	assert_true(dup2(fileno(captured), STDERR_FILENO) >= 0);
	for (size_t i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, (void *)names[i]),
				 0);
	for (size_t i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	rewind(captured);
	while (fgets(line, sizeof(line), captured)) {
		assert_int_equal(strlen(line), expected);
		assert_memory_equal(line, "<6>writer ", 10);
		count++;
	}
	assert_int_equal(count, WRITERS * LINES_EACH);
}

static void test_ratelimit(void **state)
{
	static const struct { uint64_t now, suppressed; bool speaks; } steps[] = {
		/* now   suppressed  speaks */
		{ 0,     0,          true  },
		{ 1,     0,          false },
		{ 99,    0,          false },
		{ 100,   2,          true  },
		{ 150,   0,          false },
		{ 900,   1,          true  },
		{ 1000,  0,          true  },
	};
	struct log_ratelimit limit = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		uint64_t suppressed = 0;
		bool speaks = log_may_speak(&limit, steps[i].now, 100, &suppressed);

		assert_int_equal(speaks, steps[i].speaks);
		assert_int_equal(suppressed, steps[i].suppressed);
	}
}

static void test_what_was_kept_back(void **state)
{
	char text[LOG_BEFORE_MAX];

	(void)state;
	assert_string_equal(log_before(0, text), "");
	assert_string_equal(log_before(3, text), " (3 more like this before)");
	assert_int_equal(strlen(log_before(UINT64_MAX, text)), 45);
}

/* Nobody waits for a reader for ever, and behind that not at all; what he missed is said. */
static void test_a_reader_who_stands_still(void **state)
{
	char bytes[65536] = { 0 };
	int ends[2], real;
	ssize_t n;

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	while (write(ends[1], bytes, sizeof(bytes)) > 0)
		;
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0); /* stderr is none that does not wait */
	real = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	log_set_patience(10);
	for (int i = 0; i < 3; i++)
		log_info("nobody reads this");
	while (read(ends[0], bytes, sizeof(bytes)) > 0)
		;
	log_info("here it goes on");
	log_info("and on");
	log_set_patience(-1);
	dup2(real, STDERR_FILENO);
	close(real);
	n = read(ends[0], bytes, sizeof(bytes) - 1);
	close(ends[0]);
	close(ends[1]);
	assert_true(n > 0);
	bytes[n] = '\0';
	assert_string_equal(bytes,
			    "<4>log: 3 lines before this one are lost, for nobody read them\n"
			    "<6>here it goes on\n<6>and on\n");
}

#define captured_test(f) cmocka_unit_test_setup_teardown(f, capture_begin, capture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		captured_test(test_levels),
		cmocka_unit_test(test_level_words),
		captured_test(test_errors),
		captured_test(test_what_comes_from_outside),
		captured_test(test_long_lines),
		captured_test(test_cut_between_letters),
		captured_test(test_lines_of_threads_do_not_mix),
		cmocka_unit_test(test_a_reader_who_stands_still),
		cmocka_unit_test(test_ratelimit),
		cmocka_unit_test(test_what_was_kept_back),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
