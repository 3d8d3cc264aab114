/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/words/decided_text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/varlink.h"

const char *decided_text_rule_end(const struct rule *rule, char text[TRY_TIME_MAX + 1])
{
	struct try_now now;

	text[0] = '\0';
	if (rule->until_ns) {
		now = try_now();
		text[0] = ' ';
		try_text_until(rule->until_ns, &now, text + 1);
	}
	return text;
}

/* "peer alice of wg0", "link MTU of eth0". */
static void print_decided(FILE *out, const struct snapshot *snapshot,
			  const struct side_limit *side, const char *name, bool brief)
{
	const struct tunnel_set *set = snapshot_tunnels(snapshot);
	uint32_t place = side->decided == DECIDED_SELECTOR ? side->selector : side->peer;
	char end[TRY_TIME_MAX + 1];
	const struct peer *peer;

	switch (side->decided) {
	case DECIDED_RULE:
		assert(side->rule);
		if (brief && side->rule->until_ns) {
			fprintf(out, "try on %s", name);
			return;
		}
		fprintf(out, "%s%s, on %s", side->rule->text,
			decided_text_rule_end(side->rule, end), name);
		return;
	case DECIDED_PEER:
	case DECIDED_SELECTOR:
		peer = set->peers[place];
		fprintf(out, "%s %s of %s", side->decided == DECIDED_PEER ? "peer" : "IPsec policy",
			peer->name ? peer->name : peer->id ? peer->id : "not known yet",
			tunnel_set_peer_tunnel(set, peer));
		return;
	case DECIDED_TUNNEL:
		fprintf(out, "path of tunnel %s", name);
		return;
	case DECIDED_ROUTE:
		fprintf(out, "route MTU of %s", name);
		return;
	case DECIDED_LINK:
	case DECIDED_NONE:
		fprintf(out, "link MTU of %s", name);
	}
}

json_t *decided_text_json(const struct snapshot *snapshot, const struct side_limit *side,
			  const char *name, bool brief)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	json_t *json;

	if (!out)
		return json_null();
	print_decided(out, snapshot, side, name ? name : "?", brief);
	/* May be out of memory. */
	json = fclose(out) == 0 && text ? varlink_string(text) : json_null();
	free(text);
	return json;
}
