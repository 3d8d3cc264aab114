/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/restart/token.h"

static void test_it_is_taken_once(void **state)
{
	int token = token_new(), copy = dup(token);

	(void)state;
	assert_true(token >= 0 && copy >= 0);
	assert_int_equal(token_take(copy), 0);
	assert_int_equal(token_take(copy), -EAGAIN);
	assert_int_equal(token_take(token), -EAGAIN);
	close(token);
	close(copy);
}

/* It is not given back by that, and not lost with the one that has made it. */
static void test_whoever_has_it_dies(void **state)
{
	int token = token_new(), status;
	pid_t child;

	(void)state;
	for (int left = 0; left >= -EAGAIN; left -= EAGAIN) {
		child = fork();
		if (child == 0)
			_exit(token_take(token) == left ? 0 : 1);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
	close(token);
}

static void test_it_is_none(void **state)
{
	(void)state;
	assert_int_equal(token_take(-1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_taken_once),
		cmocka_unit_test(test_whoever_has_it_dies),
		cmocka_unit_test(test_it_is_none),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
