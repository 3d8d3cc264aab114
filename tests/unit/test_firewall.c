/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "edge/firewall/firewall.h"
#include "edge/firewall/firewall_backend.h"

#define ALL_HOOKS (FIREWALL_FORWARD | FIREWALL_OUTPUT | FIREWALL_INPUT)

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(firewall_backend_name(FIREWALL_AUTO), "auto");
	assert_string_equal(firewall_backend_name(FIREWALL_NFTABLES), "nftables");
	assert_string_equal(firewall_backend_name(FIREWALL_IPTABLES), "iptables");
	assert_string_equal(firewall_backend_name(FIREWALL_NONE), "none");
	assert_string_equal(firewall_state_name(FIREWALL_STATE_OK), "ok");
	assert_string_equal(firewall_state_name(FIREWALL_STATE_MISSING), "missing");
	assert_string_equal(firewall_state_name(FIREWALL_STATE_DIFFERENT), "different");
	assert_string_equal(firewall_state_name(FIREWALL_STATE_NONE), "none");
}

#define NFT_CHAIN(hook)                                                                 \
	"add chain inet mssclamp " hook " { type filter hook " hook " priority -150; "  \
	"policy accept; }\nflush chain inet mssclamp " hook "\n"
#define NFT_RULE(hook, target)                                                          \
	"add rule inet mssclamp " hook " tcp flags & (fin|syn|rst) == syn counter "     \
	"queue flags " target "\n"
#define NFT_HOOK(hook, target) NFT_CHAIN(hook) NFT_RULE(hook, target)

#define IPT_SYN "-p tcp -m tcp --tcp-flags FIN,SYN,RST SYN "
#define IPT_CHAIN(target)                                                               \
	"*mangle\n:MSSCLAMP - [0:0]\n-A MSSCLAMP " IPT_SYN "-j NFQUEUE " target "\n"
#define IPT_JUMP(chain) "-A " chain " " IPT_SYN "-j MSSCLAMP\n"
#define IPT_FILES(file)                                                                 \
	"# IPv4: iptables-restore -w 5 --noflush\n" file "COMMIT\n"                     \
	"# IPv6: ip6tables-restore -w 5 --noflush\n" file "COMMIT\n"

static void test_print(void **state)
{
	static const struct {
		const char *name;
		enum firewall_backend backend;
		struct firewall_plan plan;
		const char *text;
	} cases[] = {
		{ "nft, four queues, every hook", FIREWALL_NFTABLES, { ALL_HOOKS, 5000, 4, 0 },
		  "add table inet mssclamp\n"
		  NFT_HOOK("forward", "bypass,fanout to 5000-5003")
		  NFT_HOOK("output", "bypass,fanout to 5000-5003")
		  NFT_HOOK("input", "bypass,fanout to 5000-5003") },
		{ "nft, one queue has no fanout; other hooks' chains are emptied",
		  FIREWALL_NFTABLES, { FIREWALL_OUTPUT, 65535, 1, 0 },
		  "add table inet mssclamp\n"
		  NFT_CHAIN("forward")
		  NFT_HOOK("output", "bypass to 65535")
		  NFT_CHAIN("input") },
		{ "auto prints nft", FIREWALL_AUTO, { 0, 0, 1, 0 },
		  "add table inet mssclamp\n"
		  NFT_CHAIN("forward") NFT_CHAIN("output") NFT_CHAIN("input") },
		{ "iptables, two queues, every hook", FIREWALL_IPTABLES, { ALL_HOOKS, 0, 2, 0 },
		  IPT_FILES(IPT_CHAIN("--queue-balance 0:1 --queue-bypass --queue-cpu-fanout")
			    IPT_JUMP("FORWARD") IPT_JUMP("OUTPUT") IPT_JUMP("INPUT")) },
		{ "iptables, one queue, one hook", FIREWALL_IPTABLES, { FIREWALL_INPUT, 7, 1, 0 },
		  IPT_FILES(IPT_CHAIN("--queue-num 7 --queue-bypass") IPT_JUMP("INPUT")) },
		{ "none", FIREWALL_NONE, { ALL_HOOKS, 5000, 4, 0 },
		  "# firewall = \"none\": mssclampd loads no rules\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		print_message("  %s\n", cases[i].name);
		assert_non_null(out);
		assert_int_equal(firewall_print(cases[i].backend, &cases[i].plan, out), 0);
		assert_int_equal(fclose(out), 0);
		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

static void test_print_to_full_disk(void **state)
{
	static const struct firewall_plan plan = { ALL_HOOKS, 5000, 4, 0 };
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	assert_int_equal(firewall_print(FIREWALL_NFTABLES, &plan, out), -ENOSPC);
	fclose(out);
}

static void test_lines_on_one(void **state)
{
	static const struct { const char *text, *joined; } cases[] = {
		{ "", "" }, { "\n\n", "" }, { "a", "a" }, { "a\n", "a" }, { "a\nb\n", "a; b" },
		{ "\na\n\n\nb", "a; b" }, { "a\nb\nc", "a; b; c" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *joined = firewall_lines_join(cases[i].text);

		assert_non_null(joined);
		assert_string_equal(joined, cases[i].joined);
		free(joined);
	}
}

/* Backend none leaves the rules to somebody else: everything succeeds and nothing happens. */
static void test_none(void **state)
{
	static const struct firewall_plan plan = { ALL_HOOKS, 5000, 4, 0 };
	struct firewall_counts counts = { 1, 2, 3, 4 };
	enum firewall_state live = FIREWALL_STATE_OK;
	struct firewall *firewall = NULL;
	char culprit[16] = "x", *error = NULL;
	uint32_t pid = 1;

	(void)state;
	assert_int_equal(firewall_open(FIREWALL_NONE, NULL, &firewall, &error), 0);
	assert_int_equal(firewall_which(firewall), FIREWALL_NONE);
	assert_int_equal(firewall_fd(firewall), -1);
	assert_int_equal(firewall_apply(firewall, &plan, &error), 0);
	assert_int_equal(firewall_retire_others(firewall, &error), 0);
	assert_int_equal(firewall_check(firewall, &plan, &live, NULL, &error), 0);
	assert_int_equal(live, FIREWALL_STATE_NONE);
	assert_int_equal(firewall_read_counts(firewall, &counts, &error), 0);
	assert_true(counts.forward == 0 && counts.output == 0 && counts.input == 0 &&
		    counts.over_limit == 0);
	assert_int_equal(firewall_read_events(firewall, &pid, culprit), 0);
	assert_int_equal(pid, 0);
	assert_string_equal(culprit, "");
	assert_null(error);
	firewall_close(firewall);
	firewall_close(NULL);
}

/* A kernel that takes no rule of the limit, unless it takes nothing at all. */
static struct { bool takes_limit, takes_rules; struct firewall_lines live; } kernel;

static int copy_lines(const struct firewall_lines *from, struct firewall_lines *to)
{
	int r = 0;

	for (size_t i = 0; i < from->count && r == 0; i++)
		r = firewall_lines_add(to, &from->line[i], "%s", from->line[i].text);
	return r;
}

static int kernel_read(struct firewall *firewall, struct firewall_lines *live, char **ret_error)
{
	(void)firewall;
	(void)ret_error;
	return copy_lines(&kernel.live, live);
}

static int kernel_replace(struct firewall *firewall, const struct firewall_lines *expected,
			  const struct firewall_lines *live, char **ret_error)
{
	(void)firewall;
	(void)live;
	for (size_t i = 0; i < expected->count; i++) {
		if (!kernel.takes_rules || (!kernel.takes_limit &&
					    strstr(expected->line[i].text, "hashlimit"))) {
			*ret_error = strdup(kernel.takes_rules ? "no hashlimit" : "nothing");
			return -EIO;
		}
	}
	firewall_lines_done(&kernel.live);
	return copy_lines(expected, &kernel.live);
}

static void test_a_limit_that_the_kernel_refuses(void **state)
{
	static const struct firewall_ops ops = {
		.backend = FIREWALL_IPTABLES, .expect = firewall_iptables_expect,
		.read = kernel_read, .replace = kernel_replace,
	};
	static const struct firewall_plan plan = { ALL_HOOKS, 5000, 4, 50 };
	static const struct firewall_plan plain = { ALL_HOOKS, 5000, 4, 0 };
	struct firewall firewall = { .ops = &ops };
	enum firewall_state live;
	char *error = NULL;

	(void)state;
	kernel.takes_rules = true;
	assert_int_equal(firewall_apply(&firewall, &plan, &error), 0);
	assert_string_equal(firewall_no_limit(&firewall), "no hashlimit");
	assert_int_equal(firewall_check(&firewall, &plan, &live, NULL, &error), 0);
	assert_int_equal(live, FIREWALL_STATE_OK);
	assert_int_equal(kernel.live.count, 2 * (2 + FIREWALL_HOOKS));
	assert_int_equal(firewall_apply(&firewall, &plain, &error), 0);
	assert_null(firewall_no_limit(&firewall));
	kernel.takes_limit = true; /* a module was loaded */
	assert_int_equal(firewall_apply(&firewall, &plan, &error), 0);
	assert_null(firewall_no_limit(&firewall));
	assert_int_equal(kernel.live.count, 2 * (4 + FIREWALL_HOOKS));
	kernel.takes_rules = false;
	firewall_lines_done(&kernel.live);
	assert_null(error);
	assert_int_equal(firewall_apply(&firewall, &plan, &error), -EIO);
	assert_string_equal(error, "nothing");
	assert_null(firewall_no_limit(&firewall));
	free(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_print_to_full_disk),
		cmocka_unit_test(test_lines_on_one),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_a_limit_that_the_kernel_refuses),
	};

	return cmocka_run_group_tests_name("firewall", tests, NULL, NULL);
}
