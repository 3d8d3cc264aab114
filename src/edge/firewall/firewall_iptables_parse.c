/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts of iptables-save and iptables-restore: our chain in table mangle, and jumps to it. The
 * jumps match SYNs too, so that the counter of each is the number of SYNs of its hook. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edge/firewall/firewall_backend.h"
#include "edge/firewall/per_source.h"

#define SYN_MATCH "-p tcp -m tcp --tcp-flags FIN,SYN,RST SYN"
#define APPEND_OURS "-A " FIREWALL_CHAIN " "

static const char *const commands[FIREWALL_FAMILIES] = {
	"iptables -t mangle ",
	"ip6tables -t mangle ",
};

/* What stands behind "iptables -t mangle ", and in iptables-save at the start of the line. */
static const char *spec_of(const struct firewall_line *line)
{
	return line->text + strlen(commands[line->family]);
}

static bool in_our_chain(const struct firewall_line *line)
{
	return strncmp(spec_of(line), APPEND_OURS, strlen(APPEND_OURS)) == 0;
}

static bool is_jump(const struct firewall_line *line)
{
	return line->kind == FIREWALL_IS_RULE && !in_our_chain(line);
}

static int expect_limit(const struct firewall_plan *plan, const struct firewall_line *rule,
			struct firewall_lines *expected)
{
	char text[2 * PER_SOURCE_TEXT_MAX];
	int r = 0;

	for (int answers = 0; answers < 2 && r == 0 && plan->per_source; answers++) {
		per_source_iptables_rule(rule->family == 1, answers, plan->per_source, text);
		r = firewall_lines_add(expected, rule, "%s" APPEND_OURS "%s",
				       commands[rule->family], text);
	}
	return r;
}

static int expect_family(const struct firewall_plan *plan, size_t family,
			 struct firewall_lines *expected)
{
	struct firewall_line chain = { .kind = FIREWALL_IS_CHAIN, .family = family };
	struct firewall_line rule = { .kind = FIREWALL_IS_RULE, .family = family };
	unsigned int last = plan->queue_first + plan->queue_count - 1u;
	char target[64];
	int r;

	r = firewall_lines_add(expected, &chain, "%s-N " FIREWALL_CHAIN, commands[family]);
	if (r == 0)
		r = expect_limit(plan, &rule, expected);
	if (r < 0)
		return r;
	if (plan->queue_count == 1)
		snprintf(target, sizeof(target), "--queue-num %u --queue-bypass", last);
	else
		snprintf(target, sizeof(target),
			 "--queue-balance %u:%u --queue-bypass --queue-cpu-fanout",
			 plan->queue_first, last);
	r = firewall_lines_add(expected, &rule, "%s" APPEND_OURS SYN_MATCH " -j NFQUEUE %s",
			       commands[family], target);
	for (size_t i = 0; i < FIREWALL_HOOKS && r == 0; i++) {
		if (!(plan->hooks & firewall_hooks[i].hook))
			continue;
		rule.hook = firewall_hooks[i].hook;
		r = firewall_lines_add(expected, &rule, "%s-A %s " SYN_MATCH " -j " FIREWALL_CHAIN,
				       commands[family], firewall_hooks[i].iptables);
	}
	return r;
}

int firewall_iptables_expect(const struct firewall_plan *plan, struct firewall_lines *expected)
{
	int r = 0;

	for (size_t family = 0; family < FIREWALL_FAMILIES && r == 0; family++)
		r = expect_family(plan, family, expected);
	return r;
}

/* Behind such a target stands nothing, and a comment that says the same ends in a quote. */
bool firewall_iptables_leads_to_us(const char *rule, size_t len)
{
	static const char target[] = " " FIREWALL_CHAIN;
	size_t tail = sizeof(target) - 1;

	return len > tail + 3 && strncmp(rule + len - tail, target, tail) == 0 &&
	       (strncmp(rule + len - tail - 3, " -j", 3) == 0 ||
		strncmp(rule + len - tail - 3, " -g", 3) == 0);
}

/* Whether a rule of our chain is one of the limit per source. */
static bool is_limit(const char *rule, size_t len)
{
	static const char limit[] = " -m hashlimit ", target[] = " -j RETURN";
	size_t tail = sizeof(target) - 1;

	return strncmp(rule, APPEND_OURS, strlen(APPEND_OURS)) == 0 && len > tail &&
	       memmem(rule, len, limit, sizeof(limit) - 1) &&
	       strncmp(rule + len - tail, target, tail) == 0;
}

/* "[packets:bytes] -A CHAIN ...": the hook whose chain it stands in; the counter there and of
 * the limit. */
static int parse_rule(const char *text, size_t len, size_t family, struct firewall_lines *live)
{
	struct firewall_line line = { .kind = FIREWALL_IS_RULE, .family = family };
	uint64_t packets = 0;
	const char *rule = text;

	if (*text == '[') {
		packets = strtoull(text + 1, NULL, 10);
		rule = memchr(text, ' ', len);
		if (!rule)
			return 0;
		rule++;
		len -= (size_t)(rule - text);
	}
	if (strncmp(rule, "-A ", strlen("-A ")) != 0 ||
	    (strncmp(rule, APPEND_OURS, strlen(APPEND_OURS)) != 0 &&
	     !firewall_iptables_leads_to_us(rule, len)))
		return 0;
	for (size_t i = 0; i < FIREWALL_HOOKS; i++) {
		char start[16];
		int size = snprintf(start, sizeof(start), "-A %s ", firewall_hooks[i].iptables);

		if (strncmp(rule, start, (size_t)size) == 0) {
			line.hook = firewall_hooks[i].hook;
			line.packets = packets;
		}
	}
	if (is_limit(rule, len)) {
		line.over_limit = true;
		line.packets = packets;
	}
	return firewall_lines_add(live, &line, "%s%.*s", commands[family], (int)len, rule);
}

int firewall_iptables_parse(const char *save, size_t family, struct firewall_lines *live)
{
	const struct firewall_line chain = { .kind = FIREWALL_IS_CHAIN, .family = family };
	int r = 0;

	for (const char *next; *save && r == 0; save = next) {
		size_t len = strcspn(save, "\n");

		next = save + len + (save[len] == '\n');
		if (strncmp(save, ":" FIREWALL_CHAIN " ", strlen(":" FIREWALL_CHAIN " ")) == 0)
			r = firewall_lines_add(live, &chain, "%s-N " FIREWALL_CHAIN,
					       commands[family]);
		else if (*save == '[' || *save == '-')
			r = parse_rule(save, len, family, live);
	}
	return r;
}

static void write_jumps(const struct firewall_lines *lines, size_t family, const char *command,
			bool all, FILE *out)
{
	for (size_t i = 0; i < lines->count; i++) {
		const struct firewall_line *line = &lines->line[i];

		if (line->family == family && is_jump(line) && (all || !line->matched))
			fprintf(out, "%s%s\n", command, spec_of(line) + strlen("-A"));
	}
}

static bool has_family(const struct firewall_lines *lines, size_t family, bool unmatched_only)
{
	for (size_t i = 0; i < lines->count; i++)
		if (lines->line[i].family == family &&
		    !(unmatched_only && lines->line[i].matched))
			return true;
	return false;
}

/* Declaring our chain creates or empties it, with --noflush it alone. Jumps that are right stay. */
void firewall_iptables_write(const struct firewall_lines *expected,
			     const struct firewall_lines *live, size_t family, FILE *out)
{
	if (!has_family(expected, family, true) && !has_family(live, family, true))
		return;
	fputs("*mangle\n:" FIREWALL_CHAIN " - [0:0]\n", out);
	write_jumps(live, family, "-D", false, out);
	for (size_t i = 0; i < expected->count; i++) {
		const struct firewall_line *line = &expected->line[i];

		if (line->family == family && line->kind == FIREWALL_IS_RULE && !is_jump(line))
			fprintf(out, "%s\n", spec_of(line));
	}
	write_jumps(expected, family, "-A", false, out);
	fputs("COMMIT\n", out);
}

void firewall_iptables_write_removal(const struct firewall_lines *live, size_t family, FILE *out)
{
	if (!has_family(live, family, false))
		return;
	fputs("*mangle\n:" FIREWALL_CHAIN " - [0:0]\n", out);
	write_jumps(live, family, "-D", true, out);
	fputs("-X " FIREWALL_CHAIN "\nCOMMIT\n", out);
}
