/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules in nft's language: what a plan stands for, and the transaction that makes it so. */
#include <string.h>

#include "edge/firewall/firewall_backend.h"
#include "edge/firewall/per_source.h"

#define PRIORITY (-150)

static int expect_sets(uint32_t rate_pps, struct firewall_lines *expected)
{
	static const struct firewall_line set = { .kind = FIREWALL_IS_SET };
	char name[PER_SOURCE_NAME_MAX], text[PER_SOURCE_TEXT_MAX];
	int r = 0;

	for (size_t i = 0; i < PER_SOURCE_ROWS && r == 0; i++) {
		per_source_nft_name(&per_source_rows[i], "", rate_pps, name);
		per_source_nft_set(name, per_source_rows[i].type, PER_SOURCE_SIZE,
				   PER_SOURCE_SECONDS, text);
		r = firewall_lines_add(expected, &set, "add %s", text);
	}
	return r;
}

static int expect_limit(const struct firewall_hook_name *hook, uint32_t rate_pps,
			struct firewall_lines *expected)
{
	const struct firewall_line rule = { .kind = FIREWALL_IS_RULE, .hook = hook->hook };
	char name[PER_SOURCE_NAME_MAX], text[PER_SOURCE_TEXT_MAX];
	int r = 0;

	for (size_t i = 0; i < PER_SOURCE_ROWS && r == 0; i++) {
		per_source_nft_name(&per_source_rows[i], "", rate_pps, name);
		per_source_nft_rule(&per_source_rows[i], name, rate_pps,
				    per_source_burst(rate_pps), text);
		r = firewall_lines_add(expected, &rule, "add rule inet " NFT_TABLE " %s %s",
				       hook->nft, text);
	}
	return r;
}

static int expect_chain(const struct firewall_hook_name *hook, const struct firewall_plan *plan,
			struct firewall_lines *expected)
{
	unsigned int last = plan->queue_first + plan->queue_count - 1u;
	struct firewall_line chain = { .kind = FIREWALL_IS_CHAIN, .hook = hook->hook };
	struct firewall_line rule = { .kind = FIREWALL_IS_RULE, .hook = hook->hook };
	char target[64];
	int r;

	chain.optional = !(plan->hooks & hook->hook);
	r = firewall_lines_add(expected, &chain,
			       "add chain inet " NFT_TABLE " %s { type filter hook %s "
			       "priority %d; policy accept; }", hook->nft, hook->nft, PRIORITY);
	if (r == 0 && !chain.optional && plan->per_source)
		r = expect_limit(hook, plan->per_source, expected);
	if (r < 0 || chain.optional)
		return r;
	if (plan->queue_count == 1)
		snprintf(target, sizeof(target), "bypass to %u", last);
	else
		snprintf(target, sizeof(target), "bypass,fanout to %u-%u", plan->queue_first, last);
	return firewall_lines_add(expected, &rule,
				  "add rule inet " NFT_TABLE " %s tcp flags & (fin|syn|rst) "
				  "== syn counter queue flags %s", hook->nft, target);
}

/* A chain of a hook that is not planned may be there, empty, from a plan before: it stays. */
int firewall_nft_expect(const struct firewall_plan *plan, struct firewall_lines *expected)
{
	static const struct firewall_line table = { .kind = FIREWALL_IS_TABLE };
	int r = firewall_lines_add(expected, &table, "add table inet " NFT_TABLE);

	if (r == 0 && plan->per_source && plan->hooks)
		r = expect_sets(plan->per_source, expected);
	for (size_t i = 0; i < FIREWALL_HOOKS && r == 0; i++)
		r = expect_chain(&firewall_hooks[i], plan, expected);
	return r;
}

void firewall_nft_print(const struct firewall_lines *expected, FILE *out)
{
	for (size_t i = 0; i < expected->count; i++) {
		const struct firewall_line *line = &expected->line[i];

		fprintf(out, "%s\n", line->text);
		for (size_t j = 0; j < FIREWALL_HOOKS && line->kind == FIREWALL_IS_CHAIN; j++)
			if (firewall_hooks[j].hook == line->hook)
				fprintf(out, "flush chain inet " NFT_TABLE " %s\n",
					firewall_hooks[j].nft);
	}
}

static const struct firewall_line *find_chain(const struct firewall_lines *lines, unsigned int hook)
{
	for (size_t i = 0; i < lines->count; i++)
		if (lines->line[i].kind == FIREWALL_IS_CHAIN && lines->line[i].hook == hook)
			return &lines->line[i];
	return NULL;
}

/* Whether a live chain hangs where it should: its policy can be changed, the rest cannot. */
static bool same_hook(const struct firewall_line *live, const struct firewall_line *expected)
{
	size_t up_to_policy = (size_t)(strstr(expected->text, " policy ") - expected->text);

	return strncmp(live->text, expected->text, up_to_policy) == 0;
}

const struct firewall_line *firewall_nft_misplaced(const struct firewall_lines *expected,
						   const struct firewall_lines *live, size_t i)
{
	const struct firewall_line *is = find_chain(live, firewall_hooks[i].hook);
	const struct firewall_line *wanted = find_chain(expected, firewall_hooks[i].hook);

	return is && wanted && !same_hook(is, wanted) ? is : NULL;
}

/* Sets that are not planned, once no rule of a hook uses them. */
static void write_set_removal(const struct firewall_lines *live, FILE *out)
{
	char name[PER_SOURCE_NAME_MAX];
	bool emptied = false;

	for (size_t i = 0; i < live->count; i++) {
		const struct firewall_line *line = &live->line[i];

		if (line->kind != FIREWALL_IS_SET || line->matched ||
		    sscanf(line->text, "add set inet " NFT_TABLE " %39s", name) != 1)
			continue;
		for (size_t j = 0; j < FIREWALL_HOOKS && !emptied; j++)
			if (find_chain(live, firewall_hooks[j].hook))
				fprintf(out, "flush chain inet " NFT_TABLE " %s\n",
					firewall_hooks[j].nft);
		emptied = true;
		fprintf(out, "delete set inet " NFT_TABLE " %s\n", name);
	}
}

void firewall_nft_write(const struct firewall_lines *expected, const struct firewall_lines *live,
			FILE *out)
{
	write_set_removal(live, out);
	for (size_t i = 0; i < FIREWALL_HOOKS; i++) {
		/* Costs what waits in the queues; but a chain that hangs elsewhere is no use. */
		if (firewall_nft_misplaced(expected, live, i))
			fprintf(out, "flush chain inet " NFT_TABLE " %s\n"
				"delete chain inet " NFT_TABLE " %s\n",
				firewall_hooks[i].nft, firewall_hooks[i].nft);
	}
	for (size_t i = 0; i < expected->count; i++) {
		const struct firewall_line *line = &expected->line[i];
		struct firewall_lines one = { .line = &expected->line[i], .count = 1 };

		if (line->optional && !find_chain(live, line->hook))
			continue;
		firewall_nft_print(&one, out);
	}
}
