/* SPDX-License-Identifier: GPL-2.0-or-later */
/* With the programs and the kernel, in a network namespace of this process alone. Needs root and
 * both variants of iptables. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "edge/firewall/firewall.h"
#include "edge/firewall/iptables_tool.h"

#define NOBODY 65534

static const struct firewall_plan plan = { FIREWALL_FORWARD, 5000, 2, 0 };

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s: failed", command);
}

static int enter_namespace(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0) {
		perror("a network namespace of our own (are you root?)");
		return -1;
	}
	return 0;
}

/* How many lines of both families' mangle speak of our chain. */
static size_t lines_of_ours(const char *variant)
{
	static const char *const programs[] = { "iptables", "ip6tables" };
	char command[64], line[256];
	size_t count = 0;

	for (size_t i = 0; i < COUNT(programs); i++) {
		FILE *list;

		snprintf(command, sizeof(command), "%s-%s -t mangle -S 2>/dev/null", programs[i],
			 variant);
		list = popen(command, "r");
		assert_non_null(list);
		while (fgets(line, sizeof(line), list))
			count += strstr(line, "MSSCLAMP") != NULL;
		assert_int_equal(pclose(list), 0);
	}
	return count;
}

static void make_legacy_rules(void)
{
	run("for family in ip ip6; do ${family}tables-legacy -t mangle -N MSSCLAMP && "
	    "${family}tables-legacy -t mangle -A MSSCLAMP -j ACCEPT && "
	    "${family}tables-legacy -t mangle -A FORWARD -p tcp -j MSSCLAMP || exit 1; done");
}

/* The rules of one variant, and those that the other one left. */
static void test_the_other_variant_is_retired(void **state)
{
	struct firewall *firewall;
	char *error = NULL;

	(void)state;
	make_legacy_rules();
	assert_int_equal(lines_of_ours("legacy"), 6);
	assert_int_equal(firewall_open(FIREWALL_IPTABLES, NULL, &firewall, &error), 0);
	assert_int_equal(firewall_apply(firewall, &plan, &error), 0);
	assert_int_equal(lines_of_ours("nft"), 6);
	assert_int_equal(lines_of_ours("legacy"), 6);
	assert_int_equal(firewall_retire_others(firewall, &error), 0);
	assert_int_equal(lines_of_ours("nft"), 6);
	assert_int_equal(lines_of_ours("legacy"), 0);
	assert_null(error);
	firewall_close(firewall);
}

/* As the service runs: root's group, one capability. Returns 0 or what failed. */
static int become_service(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	data[0].effective = data[0].permitted = data[0].inheritable = 1u << CAP_NET_ADMIN;
	if (setgroups(0, NULL) < 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    setresgid(0, 0, 0) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return 1;
	if (syscall(SYS_capset, &header, data) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) < 0)
		return 2;
	return 0;
}

/* What the child below found; nonzero is the number of the step that failed. */
static int use_as_service(bool legacy)
{
	struct firewall *firewall;
	char *error = NULL;
	int r = become_service();

	if (r != 0)
		return r;
	if (firewall_open(FIREWALL_IPTABLES, NULL, &firewall, &error) < 0)
		return 3;
	if (firewall_apply(firewall, &plan, &error) < 0)
		return 4;
	if (firewall_retire_others(firewall, &error) < 0)
		return 5;
	firewall_close(firewall);
	r = firewall_remove_all(&error);
	if (r != (legacy ? -EPERM : 0))
		return 6;
	if (legacy && !(error && strstr(error, "(IPv4) of iptables-legacy")))
		return 7;
	free(error);
	return 0;
}

/* The list of tables can be read with root's group, a legacy table only by root. That must not keep
 * the service from starting, and `remove` may not claim to have seen what it has not. */
static void test_without_root(void **state)
{
	static const struct { const char *name; bool legacy; } rows[] = {
		{ "no legacy table", false },
		{ "a legacy table, none of ours in it", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int status;
		pid_t pid;

		assert_int_equal(unshare(CLONE_NEWNET), 0);
		if (rows[i].legacy)
			run("iptables-legacy -t mangle -S >/dev/null");
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			_exit(use_as_service(rows[i].legacy));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("%s: step %d failed", rows[i].name, WEXITSTATUS(status));
		assert_int_equal(lines_of_ours("nft"), 0);
	}
}

struct no_runs {
	unsigned int count;
	int result;
};

static int count_and_fail(void *userdata, const struct iptables_request *request,
			  const char *input, struct child_result *ret_result)
{
	struct no_runs *runs = userdata;

	(void)request, (void)input, (void)ret_result;
	runs->count++;
	return runs->result;
}

/* One run that fails so is the last: nothing is known then of which variant is right. */
static void check_one_run(int result, const char *words)
{
	struct no_runs runs = { .result = result };
	const struct iptables_runner runner = { count_and_fail, &runs };
	struct firewall *firewall;
	char *error = NULL;

	assert_int_equal(firewall_open(FIREWALL_IPTABLES, &runner, &firewall, &error), result);
	assert_int_equal(runs.count, 1);
	assert_non_null(strstr(error, words));
	free(error);
}

static void test_nobody_runs_the_programs(void **state)
{
	(void)state;
	check_one_run(-EPIPE, "iptables-nft-restore");
}

/* The rules of an earlier run may be those of the first variant. */
static void test_a_program_that_hangs(void **state)
{
	(void)state;
	check_one_run(-ETIME, "iptables-nft-restore");
}

/* Others' changes have a culprit, ours have none, whichever pid namespace we are in. */
static void test_who_changed_the_rules(void **state)
{
	struct firewall *firewall;
	char culprit[16], *error = NULL;
	uint32_t pid;

	(void)state;
	assert_int_equal(firewall_open(FIREWALL_IPTABLES, NULL, &firewall, &error), 0);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(firewall_apply(firewall, &plan, &error), 0);
		assert_int_equal(firewall_read_events(firewall, &pid, culprit), 1);
		assert_int_equal(pid, 0);
		run("iptables-nft -t mangle -F MSSCLAMP");
		assert_int_equal(firewall_read_events(firewall, &pid, culprit), 2);
		assert_true(pid > 0);
		assert_string_equal(culprit, "iptables-nft");
	}
	firewall_close(firewall);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_other_variant_is_retired),
		cmocka_unit_test(test_without_root),
		cmocka_unit_test(test_nobody_runs_the_programs),
		cmocka_unit_test(test_a_program_that_hangs),
		cmocka_unit_test(test_who_changed_the_rules),
	};

	return cmocka_run_group_tests_name("firewall_iptables", tests, enter_namespace, NULL);
}
