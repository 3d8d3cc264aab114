/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs /bin/sh here to have a child that behaves in every way; the product runs no shell. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/patience.h"
#include "edge/child.h"

#define PATIENT_MS 20000
#define HASTY_MS 200

static const struct {
	const char *name, *script, *input;
	int timeout_ms, result, status;
	const char *output, *errors;
} cases[] = {
	{ "text goes in and comes out", "cat", "one\ntwo", PATIENT_MS, 0, 0, "one\ntwo", "" },
	{ "no input is an empty one", "cat; echo end", NULL, PATIENT_MS, 0, 0, "end\n", "" },
	{ "errors are kept apart and trimmed", "echo out; echo 'no such rule' >&2; echo >&2", "",
	  PATIENT_MS, 0, 0, "out\n", "no such rule" },
	{ "the exit code is told", "exit 4", "", PATIENT_MS, 0, 4, "", "" },
	{ "a signal is 128 and its number", "kill -9 $$", "", PATIENT_MS, 0, 137, "", "" },
	{ "input that nobody reads is no error", "exec 0<&-; exit 3", "unread", PATIENT_MS, 0, 3,
	  "", "" },
	{ "the environment is fixed", "echo $PATH $LC_ALL $FIREWALL_TEST", "", PATIENT_MS, 0, 0,
	  "/usr/sbin:/sbin:/usr/bin:/bin C\n", "" },
	{ "a child that hangs is killed", "exec sleep 60", "", HASTY_MS, -ETIME, 0, NULL, NULL },
	{ "one that closed its output too", "exec sleep 60 >&- 2>&-", "", HASTY_MS, -ETIME, 0, NULL,
	  NULL },
	/* The last 32 bits: signals 1 to 32. glibc ignores its own 32 and 33 in what it spawns. */
	{ "no signal is blocked and none ignored",
	  "exec grep -cE '^Sig(Blk|Ign):.*[08]0000000$' /proc/self/status", "", PATIENT_MS, 0, 0,
	  "2\n", "" },
};

static void test_runs(void **state)
{
	sigset_t all;

	(void)state;
	setenv("FIREWALL_TEST", "inherited", 1);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *const argv[] = { "/bin/sh", "-c", cases[i].script, NULL };
		struct child_result result = { .status = 77 };

		print_message("  %s\n", cases[i].name);
		assert_int_equal(child_run(argv, cases[i].input, cases[i].timeout_ms, &result),
				 cases[i].result);
		if (cases[i].result < 0) {
			assert_int_equal(result.status, 77);
			continue;
		}
		assert_int_equal(result.status, cases[i].status);
		assert_string_equal(result.output, cases[i].output);
		assert_string_equal(result.errors, cases[i].errors);
		assert_true(result.pid > 0);
		child_result_done(&result);
		assert_null(result.output);
	}
	/* Nobody is left behind, the killed ones neither. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* More in both directions than any socket holds, so that each side has to wait for the other. */
static void test_much(void **state)
{
	static const char *const argv[] = { "/bin/cat", NULL };
	const size_t len = 4u << 20;
	struct child_result result;
	char *input = malloc(len + 1);

	(void)state;
	assert_non_null(input);
	for (size_t i = 0; i < len; i++)
		input[i] = (char)('a' + i % 23);
	input[len] = '\0';
	assert_int_equal(child_run(argv, input, PATIENT_MS, &result), 0);
	assert_string_equal(result.output, input);
	child_result_done(&result);
	free(input);
}

/* What is over the limit is dropped, not waited for. */
static void test_too_much(void **state)
{
	static const char script[] = "head -c 17000000 /dev/zero | tr '\\0' x";
	static const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	struct child_result result;

	(void)state;
	assert_int_equal(child_run(argv, "", PATIENT_MS, &result), 0);
	assert_int_equal(result.status, 0);
	assert_int_equal(strlen(result.output), CHILD_OUTPUT_MAX);
	child_result_done(&result);
}

static void test_no_program(void **state)
{
	static const char *const argv[] = { "/nowhere/iptables", NULL };
	struct child_result result;

	(void)state;
	assert_int_equal(child_run(argv, "", PATIENT_MS, &result), -ENOENT);
}

enum conduct { TELLS, DIES, ENDS_THE_PROCESS, HANGS };

static int work(void *userdata)
{
	const enum conduct *conduct = userdata;

	switch (*conduct) {
	case TELLS:
		dprintf(STDOUT_FILENO, "%d descriptors of ours\n", fcntl(3, F_GETFD) >= 0);
		dprintf(STDERR_FILENO, "told\n");
		return 100;
	case DIES:
		raise(SIGKILL);
		break;
	case ENDS_THE_PROCESS:
		dprintf(STDERR_FILENO, "out of memory\n");
		_exit(3);
	case HANGS:
		pause();
		break;
	}
	return 0;
}

static const struct {
	enum conduct conduct;
	int timeout_ms, result, status;
	const char *output, *errors;
} calls[] = {
	{ TELLS,            PATIENT_MS, 0,      100, "0 descriptors of ours\n", "told" },
	{ DIES,             PATIENT_MS, 0,      137, "",                        "" },
	{ ENDS_THE_PROCESS, PATIENT_MS, 0,      3,   "",                        "out of memory" },
	{ HANGS,            HASTY_MS,   -ETIME, 0,   NULL,                      NULL },
};

/* Whatever it does, it does it to itself. */
static void test_calls(void **state)
{
	int spare = dup(STDIN_FILENO);

	(void)state;
	assert_true(spare >= 0);
	for (size_t i = 0; i < COUNT(calls); i++) {
		enum conduct conduct = calls[i].conduct;
		struct child_result result = { .status = 77 };

		assert_int_equal(child_call(work, &conduct, calls[i].timeout_ms, &result),
				 calls[i].result);
		if (calls[i].result < 0)
			continue;
		assert_int_equal(result.status, calls[i].status);
		assert_string_equal(result.output, calls[i].output);
		assert_string_equal(result.errors, calls[i].errors);
		child_result_done(&result);
	}
	close(spare);
}

/* Between processes. */
static struct board {
	_Atomic pid_t child; /* who wants to be held */
	_Atomic bool held, told;
} *board;

/* Lets somebody who traces it see its end first, as the kernel lets go of some only later. */
static int be_held(void *userdata)
{
	(void)userdata;
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	board->child = getpid();
	pause();
	return 0;
}

static _Noreturn void hold(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		if (!board->held && board->child)
			board->held = ptrace(PTRACE_SEIZE, board->child, NULL, NULL) == 0;
		usleep(1000);
	}
}

/* A killed one that does not end is waited for no longer, and nothing is run beside it. */
static void test_one_that_does_not_end(void **state)
{
	static const char *const argv[] = { "/bin/true", NULL };
	struct child_result result;
	pid_t holder = fork();

	(void)state;
	assert_true(holder >= 0);
	if (holder == 0)
		hold();
	/* On a busy machine the other one comes late. */
	for (int ms = HASTY_MS; ms <= PATIENT_MS && !board->held; ms *= 3)
		assert_int_equal(child_call(be_held, NULL, ms, &result), -ETIME);
	assert_true(board->held);
	assert_int_equal(child_run(argv, NULL, PATIENT_MS, &result), -EALREADY);
	kill(holder, SIGKILL);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	assert_int_equal(child_run(argv, NULL, PATIENT_MS, &result), 0);
	child_result_done(&result);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* Ends when it has been told of. */
static int wait_to_be_told(void *userdata)
{
	const bool *closes = userdata;

	if (*closes) {
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
	}
	while (!board->told)
		usleep(1000);
	return 0;
}

static bool tell(void *userdata)
{
	const bool *waits_on = userdata;

	board->told = true;
	return *waits_on;
}

/* Who watches over this thread learns that it waits, for what a child writes and for its end. */
static void test_waiting_is_told(void **state)
{
	struct child_result result = { 0 };

	(void)state;
	for (int closes = false; closes <= true; closes++) {
		board->told = false;
		patience_tell(tell, &(bool){ true });
		assert_int_equal(child_call(wait_to_be_told, &(bool){ closes }, PATIENT_MS, &result),
				 0);
		patience_tell(NULL, NULL);
		child_result_done(&result);
	}
}

/* Who watches may end the waiting, for what a child writes and for its end; then nothing is run until
 * somebody watches anew. */
static void test_waiting_is_broken_off(void **state)
{
	static const char *const argv[] = { "/bin/true", NULL };
	static const char *const hangs[] = { "exec sleep 60", "exec sleep 60 >&- 2>&-" };
	struct child_result result;

	(void)state;
	for (size_t i = 0; i < COUNT(hangs); i++) {
		const char *const hang[] = { "/bin/sh", "-c", hangs[i], NULL };

		patience_tell(tell, &(bool){ false });
		assert_int_equal(child_run(hang, NULL, PATIENT_MS, &result), -ECANCELED);
		assert_int_equal(child_run(argv, NULL, PATIENT_MS, &result), -ECANCELED);
		patience_tell(NULL, NULL);
		assert_int_equal(child_run(argv, NULL, PATIENT_MS, &result), 0);
		child_result_done(&result);
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_find(void **state)
{
	char path[CHILD_PATH_MAX];

	(void)state;
	assert_true(child_find("sh", path));
	assert_int_equal(access(path, X_OK), 0);
	assert_string_equal(strrchr(path, '/'), "/sh");
	assert_false(child_find("no-such-program-here", path));
	assert_false(child_find(".", path)); /* a folder */
	assert_false(child_find("a-name-of-a-program-that-is-longer-than-any-path-can-be-in-here",
				path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_much),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_no_program),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_one_that_does_not_end),
		cmocka_unit_test(test_waiting_is_told),
		cmocka_unit_test(test_waiting_is_broken_off),
		cmocka_unit_test(test_find),
	};

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
