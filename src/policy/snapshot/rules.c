/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/snapshot/rules.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core/mss.h"
#include "policy/tunnel/path.h"

void rule_done(struct rule *rule)
{
	free(rule->interface);
	free(rule->peer);
	free(rule->text);
	*rule = (struct rule){ 0 };
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->count; i++)
		rule_done(&rules->list[i]);
	free(rules->list);
	free(rules);
}

/* Copies a text that may be NULL. Returns false when out of memory. */
static bool copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return *ret_copy || !text;
}

/* Returns false when out of memory; what was copied until then is in *ret_copy. */
static bool copy_rule(const struct rule *rule, struct rule *ret_copy)
{
	*ret_copy = *rule;
	ret_copy->interface = NULL;
	ret_copy->peer = NULL;
	ret_copy->text = NULL;
	return copy_text(rule->interface, &ret_copy->interface) &&
	       copy_text(rule->peer, &ret_copy->peer) && copy_text(rule->text, &ret_copy->text);
}

struct rules *rules_copy(const struct rules *rules)
{
	struct rules *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return NULL;
	if (rules->count == 0)
		return copy;
	copy->list = calloc(rules->count, sizeof(*copy->list));
	if (!copy->list)
		goto fail;
	for (size_t i = 0; i < rules->count; i++) {
		copy->count = i + 1;
		if (!copy_rule(&rules->list[i], &copy->list[i]))
			goto fail;
	}
	return copy;
fail:
	rules_free(copy);
	return NULL;
}

bool rule_covers_interface(const struct rule *rule, const char *interface)
{
	if (!rule->interface)
		return true;
	return interface && fnmatch(rule->interface, interface, 0) == 0;
}

bool rule_names_peer(const struct rule *rule, const struct rule_peer *peer)
{
	return rule->peer && ((peer->id && strcmp(rule->peer, peer->id) == 0) ||
			      (peer->name && strcmp(rule->peer, peer->name) == 0));
}

static bool names_one_of(const struct rule *rule, const struct rule_side *side)
{
	for (size_t i = 0; i < RULE_PEERS; i++) {
		if (rule_names_peer(rule, &side->peers[i]))
			return true;
	}
	return false;
}

bool rule_matches(const struct rule *rule, const struct rule_side *side)
{
	if (rule->has_family && rule->family != side->family)
		return false;
	if (rule->has_mark && (side->mark & rule->mark_mask) != rule->mark_value)
		return false;
	if (rule->has_prefix && (rule->prefix.address.family != side->family ||
				 !prefix_contains(&rule->prefix, side->address)))
		return false;
	if (rule->peer && !names_one_of(rule, side))
		return false;
	return rule_covers_interface(rule, side->interface);
}

const char *rule_source_name(const struct rule *rule)
{
	return path_source_name(rule->until_ns ? PATH_OVERRIDE : PATH_CONFIG);
}

uint32_t rule_mss(const struct rule *rule, enum family family)
{
	switch (rule->action) {
	case RULE_MSS:
		return rule->value;
	case RULE_MTU:
		return mss_from_mtu(family, rule->value);
	case RULE_IGNORE:
		break;
	}
	return MSS_NONE;
}
