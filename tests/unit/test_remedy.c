/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "captured_log.h"

#include "base/remedy.h"

static const struct { int error; const char *line; } cases[] = {
	{ -EMFILE, "<3>cannot set up the event loop: Too many open files; raise LimitNOFILE= of the "
		   "unit, by hand \"ulimit -n\", and start it again\n" },
	{ -ENOMEM, "<3>cannot set up the event loop: Cannot allocate memory; this host, or the unit "
		   "by MemoryMax=, has too little memory left\n" },
	{ -ENFILE, "<3>cannot set up the event loop: Too many open files in system; all of this host "
		   "has too many: raise the sysctl fs.file-max\n" },
	{ -EPERM,  "<3>cannot set up the event loop: Operation not permitted\n" },
};

/* Whoever logs such an error: what to do is the same. */
static void test_the_log_tells_what_to_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];

		assert_int_equal(log_error(cases[i].error, "cannot set up the event loop"),
				 cases[i].error);
		capture_take(text, sizeof(text));
		assert_string_equal(text, cases[i].line);
	}
	assert_null(remedy_of(-EPERM));
	assert_null(remedy_of(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_log_tells_what_to_do, capture_begin,
						capture_end),
	};

	return cmocka_run_group_tests_name("remedy", tests, NULL, NULL);
}
