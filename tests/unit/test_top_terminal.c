/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pty.h>
#include <stdio.h>
#include <unistd.h>

#include "ctl/top/top_terminal.h"

static tcflag_t modes(int fd)
{
	struct termios now;

	assert_int_equal(tcgetattr(fd, &now), 0);
	return now.c_lflag & (tcflag_t)(ICANON | ECHO);
}

/* Whoever typed is gone (a read failed): the keyboard is given back as it was all the same. */
static void test_given_back_without_keys(void **unused)
{
	struct top_terminal terminal = { .taken = false };
	int ours, theirs, before, screen;

	(void)unused;
	assert_int_equal(openpty(&ours, &theirs, NULL, NULL, NULL), 0);
	fflush(stdout);
	before = dup(STDIN_FILENO);
	screen = dup(STDOUT_FILENO);
	assert_true(before >= 0 && dup2(theirs, STDIN_FILENO) == STDIN_FILENO);
	assert_true(screen >= 0 && dup2(theirs, STDOUT_FILENO) == STDOUT_FILENO);
	assert_int_equal(modes(theirs), ICANON | ECHO);
	assert_int_equal(top_terminal_take(&terminal), 0);
	assert_int_equal(modes(theirs), 0);
	terminal.has_keys = false;
	top_terminal_retake(&terminal);
	assert_int_equal(modes(theirs), 0);
	top_terminal_give_back(&terminal);
	assert_int_equal(modes(theirs), ICANON | ECHO);
	assert_true(dup2(before, STDIN_FILENO) == STDIN_FILENO);
	assert_true(dup2(screen, STDOUT_FILENO) == STDOUT_FILENO);
	close(before);
	close(screen);
	close(theirs);
	close(ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_given_back_without_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
