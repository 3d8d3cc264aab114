/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everybody's rules, by the tools that print them. Each tool has a limit of time and of memory. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "ctl/doctor/facts.h"
#include "edge/child.h"
#include "edge/firewall/nft.h"
#include "edge/queue/queue_proc.h"

#define MEMORY_MAX (2ull << 30) /* bytes that a tool may take: 100,000 rules take nft 340 MB */
#define MEMORY_OPTION "--as=2147483648"
#define TIMES 3          /* of --timeout: a large ruleset takes long */
#define LATER_RULES_MAX 20000 /* more are read once */
#define QUEUE_SPAN_MAX 64

static int tool_ms(const struct ctl *ctl)
{
	uint64_t ms = TIMES * ctl->timeout_ns / NS_PER_MS;

	return ms > 600000 ? 600000 : (int)ms;
}

/* Runs a tool that prints rules; *ret_text is what it printed, owned. Returns 0, or -errno with
 * *ret_why. */
static int run_tool(const struct ctl *ctl, const char *path, const char *const arguments[],
		    char **ret_text, char **ret_why)
{
	const char *argv[12] = { 0 };
	char limiter[CHILD_PATH_MAX];
	struct child_result result;
	struct rlimit now;
	size_t count = 0;
	int r;

	if (getrlimit(RLIMIT_AS, &now) == 0 && now.rlim_cur > MEMORY_MAX &&
	    child_find("prlimit", limiter)) {
		argv[count++] = limiter;
		argv[count++] = MEMORY_OPTION;
	}
	argv[count++] = path;
	for (size_t i = 0; arguments[i]; i++)
		argv[count++] = arguments[i];
	r = child_run(argv, NULL, tool_ms(ctl), &result);
	if (r == -ETIME)
		return text_fail(ret_why, r, "%s gave no answer in %d s", path,
				 tool_ms(ctl) / 1000);
	if (r < 0)
		return text_fail(ret_why, r, "%s: %s", path, strerror(-r));
	if (result.status != 0)
		r = text_fail(ret_why, -EIO, "%s: %.200s", path, result.errors);
	else if (strlen(result.output) >= CHILD_OUTPUT_MAX)
		r = text_fail(ret_why, -EFBIG, "%s prints more than %u MiB", path,
			      CHILD_OUTPUT_MAX >> 20);
	if (r == 0) {
		*ret_text = result.output;
		result.output = NULL;
	}
	child_result_done(&result);
	return r;
}

/* The rules of one variant of iptables, where it is installed. */
static int read_iptables(const struct ctl *ctl, struct ruleset *set, const char *name,
			 enum family family, uint32_t *covered, char **ret_why)
{
	static const char *const arguments[] = { "-c", NULL };
	char path[CHILD_PATH_MAX], *text = NULL;
	int r;

	if (!child_find(name, path))
		return 0;
	r = run_tool(ctl, path, arguments, &text, ret_why);
	if (r < 0)
		return r;
	if (covered)
		*covered |= ruleset_covered(text, family);
	r = ruleset_read_iptables(set, text, family);
	if (r < 0)
		free(text);
	return r;
}

static bool has_legacy(const char *names)
{
	char byte;
	FILE *file = fopen(names, "re");
	bool has = file && fread(&byte, 1, 1, file) == 1;

	if (file)
		fclose(file);
	return has;
}

/* Whether nftables has a table by a name of iptables', of that family: else nothing in it can be
 * its own, and its tool need not read all rules of others. */
static bool has_table_of_iptables(enum family family)
{
	static const char *const names[] = { "filter", "mangle", "raw", "nat", "security" };
	bool found = false;

	for (size_t i = 0; i < COUNT(names) && !found; i++) {
		char *error = NULL;

		if (nft_has_table(family == FAMILY_IPV4 ? "ip" : "ip6", names[i], &found,
				  &error) < 0)
			found = true;
		free(error);
	}
	return found;
}

static int read_all_iptables(const struct ctl *ctl, struct ruleset *set, uint32_t *covered,
			     char **ret_why)
{
	static const struct {
		const char *nft, *legacy, *plain, *names;
	} tools[FAMILY_COUNT] = {
		[FAMILY_IPV4] = { "iptables-nft-save", "iptables-legacy-save", "iptables-save",
				  "/proc/net/ip_tables_names" },
		[FAMILY_IPV6] = { "ip6tables-nft-save", "ip6tables-legacy-save", "ip6tables-save",
				  "/proc/net/ip6_tables_names" },
	};
	char path[CHILD_PATH_MAX];
	int r = 0;

	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT && r == 0; family++) {
		bool legacy = has_legacy(tools[family].names);

		if (nft_generation(NULL) == 0 && has_table_of_iptables(family))
			r = read_iptables(ctl, set, tools[family].nft, family, covered, ret_why);
		if (r == 0 && legacy)
			r = read_iptables(ctl, set, child_find(tools[family].legacy, path) ?
					  tools[family].legacy : tools[family].plain, family, NULL,
					  ret_why);
	}
	return r;
}

static int read_nft(const struct ctl *ctl, struct ruleset *set, uint32_t covered, char **ret_why)
{
	static const char *const arguments[] = { "-t", "list", "ruleset", NULL };
	char path[CHILD_PATH_MAX], *text = NULL;
	int r;

	if (nft_generation(NULL) < 0)
		return 0; /* a kernel without */
	if (child_find("nft", path))
		r = run_tool(ctl, path, arguments, &text, ret_why);
	else
		r = nft_run("list ruleset", NFT_TERSE, &text, ret_why);
	if (r < 0)
		return r;
	r = ruleset_read_nft(set, text, covered);
	if (r < 0)
		free(text);
	return r;
}

static int read_ruleset(const struct ctl *ctl, struct ruleset *set, char **ret_why)
{
	uint32_t covered = 0;
	int r;

	ruleset_init(set);
	r = read_all_iptables(ctl, set, &covered, ret_why);
	if (r == 0)
		r = read_nft(ctl, set, covered, ret_why);
	if (r == 0)
		r = ruleset_finish(set);
	if (r < 0)
		ruleset_done(set);
	return r;
}

/* Queues that rules of others name, without a bypass and without a program. */
static void look_at_queues(struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->ruleset.rule_count; i++) {
		const struct ruleset_rule *rule = &facts->ruleset.rules[i];
		struct queue_proc queue;

		if (!(rule->does & RULE_QUEUES) || rule->does & RULE_BYPASSES ||
		    facts->ruleset.chains[rule->chain].ours)
			continue;
		for (uint32_t number = rule->value;
		     number <= rule->value2 && number < rule->value + QUEUE_SPAN_MAX; number++) {
			if (queue_read_proc((uint16_t)number, &queue) != -ENOENT)
				continue;
			facts->dead[facts->dead_count++] =
				(struct doctor_dead_queue){ (uint32_t)i, number };
			break;
		}
		if (facts->dead_count == DOCTOR_DEAD_QUEUES_MAX)
			return;
	}
}

void doctor_gather_ruleset(const struct ctl *ctl, struct doctor_facts *facts)
{
	if (!facts->net_admin) {
		facts->ruleset_why = strdup("the firewall's rules are for root alone: sudo");
		return;
	}
	facts->has_ruleset = read_ruleset(ctl, &facts->ruleset, &facts->ruleset_why) == 0;
	if (facts->has_ruleset)
		look_at_queues(facts);
}

static bool has_interesting_counter(const struct ruleset *set)
{
	for (size_t i = 0; i < set->rule_count; i++)
		if (set->rules[i].does & RULE_COUNTS &&
		    set->rules[i].does & (RULE_NAMES_ICMP | RULE_NAMES_FRAGMENTS))
			return true;
	return false;
}

void doctor_gather_later(const struct ctl *ctl, struct doctor_facts *facts)
{
	struct ruleset later;
	char *why = NULL;

	if (!facts->has_ruleset || facts->ruleset.rule_count > LATER_RULES_MAX ||
	    !has_interesting_counter(&facts->ruleset))
		return;
	if (read_ruleset(ctl, &later, &why) == 0) {
		if (later.rule_count == facts->ruleset.rule_count)
			facts->later = calloc(later.rule_count + 1, sizeof(*facts->later));
		for (size_t i = 0; facts->later && i < later.rule_count; i++)
			facts->later[i] = later.rules[i].packets;
		ruleset_done(&later);
	}
	free(why);
}
