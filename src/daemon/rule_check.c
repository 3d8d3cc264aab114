/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/rule_check.h"

#include <stdio.h>

#include "base/log.h"
#include "core/mss.h"
#include "proto/varlink.h"

#define WARNING_MAX 400

static bool speaks_of(const struct rule *rule, const struct link *link, enum family family)
{
	if (rule->action == RULE_IGNORE || rule->peer || link->loopback)
		return false;
	if (rule->has_family && rule->family != family)
		return false;
	if (rule->has_prefix && (!rule->interface || rule->prefix.address.family != family))
		return false;
	return rule_covers_interface(rule, link->name);
}

/* The first link on which the rule allows more than fits, or NULL. */
static const struct link *
find_smaller_link(const struct rule *rule, const struct snapshot *snapshot, enum family *ret_family)
{
	const struct snapshot_link *links;
	size_t count;

	links = snapshot_links(snapshot, &count);
	for (size_t i = 0; i < count; i++) {
		const struct link *link = &links[i].link;

		for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
			uint32_t most = mss_from_mtu(family, link_mtu(link, family));

			if (most == MSS_NONE || !speaks_of(rule, link, family) ||
			    rule_mss(rule, family) <= most)
				continue;
			*ret_family = family;
			return link;
		}
	}
	return NULL;
}

static void add_warning(json_t *warnings, const struct rule *rule, const struct link *link,
			enum family family)
{
	uint32_t mtu = link_mtu(link, family);
	char text[WARNING_MAX];

	snprintf(text, sizeof(text),
		 "%s: allows MSS %u on %s, whose MTU of %u bytes carries %u (%s)", rule->text,
		 rule_mss(rule, family), link->name, mtu, mss_from_mtu(family, mtu),
		 family == FAMILY_IPV4 ? "IPv4" : "IPv6");
	json_array_append_new(warnings, varlink_string(text));
}

json_t *rule_check_warnings(const struct rules *rules, const struct snapshot *snapshot)
{
	json_t *warnings = json_array();
	enum family family;

	for (size_t i = 0; warnings && i < rules->count; i++) {
		const struct link *link = find_smaller_link(&rules->list[i], snapshot, &family);

		if (link)
			add_warning(warnings, &rules->list[i], link, family);
	}
	return warnings;
}

void rule_check_log(const json_t *warnings)
{
	for (size_t i = 0; i < json_array_size(warnings); i++)
		log_warning("%s", json_string_value(json_array_get(warnings, i)));
}
