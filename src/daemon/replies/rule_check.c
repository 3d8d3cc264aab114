/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/replies/rule_check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "policy/snapshot/excess.h"
#include "proto/varlink.h"

#define WARNING_MAX 400

/* worst: beside the rules, the place of each where least of what it allows fits; rule is NULL
 * without one. A try was told of as it began. */
static void note(void *userdata, const struct excess *excess)
{
	struct excess *worst = (struct excess *)userdata + excess->rule_index;

	if (!excess->rule->until_ns && (!worst->rule || excess->mtu < worst->mtu))
		*worst = *excess;
}

static void add_warning(json_t *warnings, const struct excess *excess)
{
	char text[WARNING_MAX], carrier[40];

	switch (excess->by) {
	case DECIDED_LINK:
	case DECIDED_ROUTE:
		snprintf(carrier, sizeof(carrier), "whose %sMTU of %u bytes",
			 excess->by == DECIDED_ROUTE ? "route " : "", excess->mtu);
		break;
	case DECIDED_NONE:
	case DECIDED_RULE:
	case DECIDED_TUNNEL:
	case DECIDED_PEER:
	case DECIDED_SELECTOR:
		snprintf(carrier, sizeof(carrier), "whose path");
	}
	snprintf(text, sizeof(text), "%s: allows MSS %u on %s, %s carries %u (%s)",
		 excess->rule->text, excess->mss, excess->link->name, carrier, excess->most,
		 excess->family == FAMILY_IPV4 ? "IPv4" : "IPv6");
	json_array_append_new(warnings, varlink_string(text));
}

json_t *rule_check_warnings(const struct snapshot *snapshot, const struct route_list *routes)
{
	const size_t count = snapshot_rules(snapshot)->count;
	struct excess *worst = calloc(count + 1, sizeof(*worst));
	json_t *warnings = worst ? json_array() : NULL;

	if (warnings && excess_find(snapshot, routes->list, routes->count, note, worst) < 0) {
		json_decref(warnings);
		warnings = NULL;
	}
	for (size_t i = 0; warnings && i < count; i++) {
		if (worst[i].rule)
			add_warning(warnings, &worst[i]);
	}
	free(worst);
	return warnings;
}

void rule_check_log(const json_t *warnings)
{
	for (size_t i = 0; i < json_array_size(warnings); i++)
		log_warning("%s", json_string_value(json_array_get(warnings, i)));
}
