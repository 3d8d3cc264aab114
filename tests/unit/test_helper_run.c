/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A helper in a child of the test. Its questions name no program that there is, so that none runs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/helper/helper_run.h"
#include "daemon/helper/helper_wire.h"

#define PATIENCE_SECONDS 30

static int helper = -1;
static pid_t helper_pid;

static int start_helper(void **state)
{
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	helper_pid = fork();
	if (helper_pid == 0) {
		close(pair[0]);
		helper_run_all(pair[1]);
		_exit(EXIT_SUCCESS);
	}
	close(pair[1]);
	helper = pair[0];
	return helper_pid > 0 ? 0 : -1;
}

static int end_helper(void **state)
{
	int status;

	(void)state;
	close(helper);
	return waitpid(helper_pid, &status, 0) == helper_pid && status == 0 ? 0 : -1;
}

/* Returns our end of a question that is to come. */
static int open_question(void)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
			 0);
	assert_int_equal(helper_send_fd(helper, 0, pair[1]), 0);
	close(pair[1]);
	return pair[0];
}

static void ask(int fd, uint32_t len)
{
	const struct helper_question question = {
		.request = { .variant = IPTABLES_VARIANTS, .action = IPTABLES_SAVE },
		.len = len,
	};

	assert_int_equal(helper_send(fd, &question, sizeof(question)), 0);
}

/* The run in progress, 0 without any. */
static pid_t find_run(void)
{
	char path[64], children[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", helper_pid, helper_pid);
	file = fopen(path, "re");
	assert_non_null(file);
	if (!fgets(children, sizeof(children), file))
		children[0] = '\0';
	fclose(file);
	return (pid_t)atoi(children);
}

/* Until there is one, or none any more. */
static pid_t wait_for_run(bool wanted)
{
	const struct timespec pause = { .tv_nsec = (long)NS_PER_MS };
	const uint64_t end_ns = clock_monotonic_ns() + PATIENCE_SECONDS * NS_PER_SECOND;
	pid_t run;

	while (((run = find_run()) != 0) != wanted && clock_monotonic_ns() < end_ns)
		nanosleep(&pause, NULL);
	assert_int_equal(run != 0, wanted);
	return run;
}

/* The next question is answered, and refused as it should be. */
static void assert_it_serves(void)
{
	struct helper_answer answer;
	int fd = open_question();

	ask(fd, 0);
	assert_int_equal(helper_receive(fd, &answer, sizeof(answer)), 1);
	assert_int_equal(answer.result, -EINVAL);
	close(fd);
	wait_for_run(false);
}

static void assert_no_answer(int fd)
{
	struct helper_answer answer;
	int r = helper_receive(fd, &answer, sizeof(answer));

	assert_true(r == 0 || r == -ECONNRESET);
	close(fd);
}

static void each_question_has_its_answer(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		assert_it_serves();
}

static void who_asks_for_too_much(void **state)
{
	int fd = open_question();

	(void)state;
	ask(fd, IPTABLES_INPUT_MAX + 1);
	assert_no_answer(fd);
	assert_it_serves();
}

static void who_breaks_off(void **state)
{
	int fd = open_question();

	(void)state;
	assert_int_equal(helper_send(fd, "half", 4), 0);
	close(fd);
	fd = open_question();
	ask(fd, 1000);
	close(fd);
	assert_it_serves();
}

/* What comes without a socket is no question. */
static void no_socket(void **state)
{
	(void)state;
	assert_int_equal(helper_send_fd(helper, 0, -1), 0);
	assert_it_serves();
}

static void a_run_that_is_killed(void **state)
{
	int fd = open_question();

	(void)state;
	assert_int_equal(kill(wait_for_run(true), SIGKILL), 0);
	assert_no_answer(fd);
	assert_it_serves();
}

/* It stands still: who asked gives it up, and it is ended. */
static void a_run_that_is_stopped(void **state)
{
	int fd = open_question();
	pid_t run = wait_for_run(true);

	(void)state;
	assert_int_equal(kill(run, SIGSTOP), 0);
	close(fd);
	assert_it_serves();
	assert_int_equal(kill(run, 0), -1);
	assert_int_equal(errno, ESRCH);
}

/* He has gone before his turn came. */
static void a_question_that_comes_too_late(void **state)
{
	int first = open_question(), second;

	(void)state;
	wait_for_run(true);
	second = open_question();
	ask(second, 0);
	close(second);
	ask(first, 0);
	close(first);
	assert_it_serves();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_question_has_its_answer),
		cmocka_unit_test(who_asks_for_too_much),
		cmocka_unit_test(who_breaks_off),
		cmocka_unit_test(no_socket),
		cmocka_unit_test(a_run_that_is_killed),
		cmocka_unit_test(a_run_that_is_stopped),
		cmocka_unit_test(a_question_that_comes_too_late),
	};

	return cmocka_run_group_tests(tests, start_helper, end_helper);
}
