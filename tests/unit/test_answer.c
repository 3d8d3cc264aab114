/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "exporter/answer.h"

static const struct {
	const char *name, *method, *path;
	bool has_body;
	enum answer answer;
	unsigned int status;
} cases[] = {
	{ "metrics", "GET", "/metrics", false, ANSWER_METRICS, 200 },
	{ "their head", "HEAD", "/metrics", false, ANSWER_METRICS, 200 },
	{ "the page", "GET", "/", false, ANSWER_PAGE, 200 },
	{ "anything else", "GET", "/metrics/", false, ANSWER_NOT_FOUND, 404 },
	{ "no path", "GET", "", false, ANSWER_NOT_FOUND, 404 },
	{ "another method", "POST", "/metrics", false, ANSWER_BAD_METHOD, 405 },
	{ "methods are large", "get", "/metrics", false, ANSWER_BAD_METHOD, 405 },
	{ "a body", "GET", "/metrics", true, ANSWER_NO_BODY, 413 },
	{ "a method with a body", "PUT", "/", true, ANSWER_BAD_METHOD, 405 },
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum answer answer = answer_choose(cases[i].method, cases[i].path,
						   cases[i].has_body);

		print_message("%s\n", cases[i].name);
		assert_int_equal(answer, cases[i].answer);
		assert_int_equal(answer_status(answer), cases[i].status);
		assert_non_null(answer_text(answer));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
