/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters in children of their own, for nothing takes one off again. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/denied.h"
#include "base/filter.h"

#define ANY(name) { name, FILTER_ANY, 0, 0, 0 }

/* Enough for a child to live and end, sanitizers' too. */
static const struct filter_call living[] = {
	ANY("exit_group"), ANY("write"), ANY("rt_sigreturn"), ANY("rt_sigprocmask"), ANY("gettid"),
	ANY("getpid"), ANY("mmap"), ANY("munmap"), ANY("brk"), ANY("futex"), ANY("madvise"),
	ANY("mprotect"), ANY("sigaltstack"), ANY("rt_sigaction"), ANY("close"),
	{ "fcntl", FILTER_EQUAL, 1, UINT32_MAX, F_GETFD },
	{ "openat", FILTER_EQUAL, 3, 06000, 0 },
	{ "dup", FILTER_NOSYS, 0, 0, 0 },
	ANY("no_such_call"),
};
static const struct filter_table living_table = { living, COUNT(living) };

/* Each tries one thing and returns 0, or the error. */
static int open_plain(void)
{
	return open("/dev/null", O_RDONLY) < 0 ? errno : 0;
}

static int make_set_id(void)
{
	return open("/nonexistent/file", O_CREAT | O_WRONLY, 04755) < 0 ? errno : 0;
}

static int make_plain(void)
{
	return open("/nonexistent/file", O_CREAT | O_WRONLY, 0755) < 0 ? errno : 0;
}

static int get_flags(void)
{
	return fcntl(0, F_GETFD) < 0 ? errno : 0;
}

static int set_owner(void)
{
	return fcntl(0, F_SETOWN, 1) < 0 ? errno : 0;
}

static int duplicate(void)
{
	return dup(0) < 0 ? errno : 0;
}

static int change_folder(void)
{
	return chdir("/") < 0 ? errno : 0;
}

static const struct {
	const char *name;
	int (*attempt)(void);
	int error;
	const char *denied; /* the name in the record, or NULL */
} cases[] = {
	{ "a call of the table", open_plain, 0, NULL },
	{ "an argument within its mask", make_plain, ENOENT, NULL },
	{ "an argument beyond it", make_set_id, EPERM, "openat" },
	{ "one command of a call", get_flags, 0, NULL },
	{ "another one of it", set_owner, EPERM, "fcntl" },
	{ "what is to look missing", duplicate, ENOSYS, NULL },
	{ "what no table names", change_folder, EPERM, "chdir" },
};

/* In the child: 0 as it should be, else the number of what is wrong. */
static int judge(size_t i, const struct filter *filter)
{
	unsigned int place = 0;
	struct denied denied;
	bool any;
	int error;

	if (denied_watch() < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    filter_enter(filter) < 0)
		return 1;
	error = cases[i].attempt();
	if (error != cases[i].error)
		return 2;
	if (cases[i].denied && (cases[i].attempt(), denied_next(&place, 0, &denied))) {
		any = strcmp(denied.call, cases[i].denied) == 0 && denied.thread == gettid() &&
		      denied.times == 2;
		place = 0;
		return any && !denied_next(&place, 0, &denied) ? 0 : 3;
	}
	return !cases[i].denied && !denied_next(&place, 0, &denied) ? 0 : 4;
}

static int run(int (*body)(size_t i, const struct filter *filter), size_t i,
	       const struct filter *filter)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(body(i, filter));
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void calls_are_refused_by_name(void **state)
{
	struct filter filter;

	(void)state;
	assert_int_equal(filter_build(&living_table, 1, &filter), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int wrong = run(judge, i, &filter);

		if (wrong != 0)
			fail_msg("%s: %d", cases[i].name, wrong);
	}
	filter_done(&filter);
}

static int judge_refusing(size_t i, const struct filter *filter)
{
	(void)i;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || filter_enter(filter) < 0)
		return 1;
	return change_folder() == EPERM && open_plain() == 0 && duplicate() == 0 ? 0 : 2;
}

static void the_other_way_round(void **state)
{
	static const struct filter_call refused[] = { ANY("chdir"), ANY("no_such_call") };
	const struct filter_table table = { refused, COUNT(refused) };
	struct filter filter;

	(void)state;
	assert_int_equal(filter_build_refusing(&table, 1, &filter), 0);
	assert_int_equal(run(judge_refusing, 0, &filter), 0);
	filter_done(&filter);
}

static int judge_without(size_t i, const struct filter *filter)
{
	(void)i;
	return geteuid() == 0 || filter_enter(filter) == -EACCES ? 0 : 1;
}

static void it_needs_no_new_privs(void **state)
{
	struct filter filter;

	(void)state;
	assert_int_equal(filter_build(&living_table, 1, &filter), 0);
	assert_int_equal(run(judge_without, 0, &filter), 0);
	filter_done(&filter);
	filter_done(&filter);
}

static bool is_living(int call)
{
	for (size_t i = 0; i < COUNT(living); i++)
		if (seccomp_syscall_resolve_name(living[i].name) == call)
			return true;
	return false;
}

#define USUAL_CALLS 300
#define PRIVATE_CALL 5000

/* Tries whatever is not allowed: none of it takes place. */
static int try_all(size_t i, const struct filter *filter)
{
	(void)i;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || filter_enter(filter) < 0)
		return 1;
	for (int call = 0; call < USUAL_CALLS; call++)
		if (!is_living(call) && syscall(call, 0, 0, 0, 0, 0, 0) == 0)
			return 2;
	for (int call = PRIVATE_CALL - 9; call <= PRIVATE_CALL; call++)
		syscall(call, 0, 0, 0, 0, 0, 0);
	return 0;
}

static size_t count_told(uint64_t now_ns, const char *call, struct denied *ret_denied)
{
	struct denied denied;
	unsigned int place = 0;
	size_t count = 0;

	for (; denied_next(&place, now_ns, &denied); count++)
		if (strcmp(denied.call, call) == 0)
			*ret_denied = denied;
	return count;
}

#define CHILDREN 100
#define MINUTE (60 * NS_PER_SECOND)

/* From however many threads and children, no call is forgotten for another, and each is told once a
 * minute. */
static void each_call_is_told_now_and_then(void **state)
{
	struct denied denied = { 0 }, private = { 0 };
	struct filter filter;
	size_t told;

	(void)state;
	assert_int_equal(denied_watch(), 0);
	assert_int_equal(filter_build(&living_table, 1, &filter), 0);
	for (size_t i = 0; i < CHILDREN; i++)
		assert_int_equal(run(judge_refusing, i, &filter), 2); /* it may not dup either */
	assert_int_equal(count_told(1, "chdir", &denied), 1);
	assert_int_equal(denied.times, CHILDREN);
	assert_int_equal(run(try_all, 0, &filter), 0);
	told = count_told(2, "call 5000", &private);
	assert_true(told > 200);
	assert_int_equal(private.times, 10);
	assert_int_equal(count_told(MINUTE, "chdir", &denied), 0);
	assert_int_equal(count_told(MINUTE + 1, "chdir", &denied), 1);
	assert_int_equal(denied.times, 1);
	assert_int_equal(denied.total, CHILDREN + 1);
	assert_int_equal(run(try_all, 0, &filter), 0);
	assert_int_equal(count_told(UINT64_MAX, "chdir", &denied), told + 1);
	filter_done(&filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_refused_by_name),
		cmocka_unit_test(the_other_way_round),
		cmocka_unit_test(it_needs_no_new_privs),
		cmocka_unit_test(each_call_is_told_now_and_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
