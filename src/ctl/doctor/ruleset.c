/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/doctor/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum family ruleset_packet_family(enum ruleset_packet packet)
{
	return packet % 2 ? FAMILY_IPV6 : FAMILY_IPV4;
}

const char *ruleset_hook_name(enum ruleset_hook hook)
{
	static const char *const names[] = {
		[HOOK_NONE] = "",	[HOOK_PREROUTING] = "prerouting",
		[HOOK_INPUT] = "input", [HOOK_FORWARD] = "forward",
		[HOOK_OUTPUT] = "output", [HOOK_POSTROUTING] = "postrouting",
		[HOOK_INGRESS] = "ingress",
	};

	return names[hook];
}

void ruleset_init(struct ruleset *set)
{
	*set = (struct ruleset){ 0 };
}

void ruleset_done(struct ruleset *set)
{
	for (size_t i = 0; i < set->text_count; i++)
		free(set->texts[i]);
	free(set->rules);
	free(set->chains);
	ruleset_init(set);
}

uint32_t ruleset_add_chain(struct ruleset *set, const struct ruleset_chain *chain)
{
	if (set->chain_count >= RULESET_RULES_MAX) {
		set->truncated = true;
		return RULESET_NONE;
	}
	if (array_reserve((void **)&set->chains, &set->chain_capacity, set->chain_count + 1,
			  sizeof(*set->chains)) < 0)
		return RULESET_NONE;
	set->chains[set->chain_count] = *chain;
	set->chains[set->chain_count].first = RULESET_NONE;
	set->chains[set->chain_count].last = RULESET_NONE;
	return (uint32_t)set->chain_count++;
}

uint32_t ruleset_add_rule(struct ruleset *set, uint32_t chain, const struct ruleset_rule *rule)
{
	struct ruleset_chain *owner = &set->chains[chain];
	uint32_t place = (uint32_t)set->rule_count;

	if (set->rule_count >= RULESET_RULES_MAX) {
		set->truncated = true;
		return RULESET_NONE;
	}
	if (array_reserve((void **)&set->rules, &set->rule_capacity, set->rule_count + 1,
			  sizeof(*set->rules)) < 0)
		return RULESET_NONE;
	set->rules[place] = *rule;
	set->rules[place].chain = chain;
	set->rules[place].next = RULESET_NONE;
	set->rules[place].target = RULESET_NONE;
	if (owner->last == RULESET_NONE)
		owner->first = place;
	else
		set->rules[owner->last].next = place;
	owner->last = place;
	set->rule_count++;
	return place;
}

/* A chain by its table and name, for qsort and bsearch. */
struct chain_key {
	uint32_t table_id, name_len, place;
	const char *name;
};

static int compare_keys(const void *a, const void *b)
{
	const struct chain_key *one = a, *two = b;

	if (one->table_id != two->table_id)
		return one->table_id < two->table_id ? -1 : 1;
	if (one->name_len != two->name_len)
		return one->name_len < two->name_len ? -1 : 1;
	return one->name_len ? memcmp(one->name, two->name, one->name_len) : 0;
}

int ruleset_finish(struct ruleset *set)
{
	struct chain_key *keys = calloc(set->chain_count + 1, sizeof(*keys));

	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < set->chain_count; i++)
		keys[i] = (struct chain_key){ set->chains[i].table_id, set->chains[i].name_len,
					      (uint32_t)i, set->chains[i].name };
	qsort(keys, set->chain_count, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < set->rule_count; i++) {
		struct ruleset_rule *rule = &set->rules[i];
		struct chain_key wanted = { set->chains[rule->chain].table_id, rule->target_len, 0,
					    rule->target_name };
		const struct chain_key *found;

		if (!rule->target_name)
			continue;
		found = bsearch(&wanted, keys, set->chain_count, sizeof(*keys), compare_keys);
		if (found)
			rule->target = found->place;
	}
	free(keys);
	return 0;
}
