/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <string.h>

#include "policy/capture/capture_filter.h"

static bool has_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i] && strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static bool has_host(const struct capture_facts *facts, const struct prefix *host)
{
	return facts->has_addresses && facts->family == host->address.family &&
	       (prefix_contains(host, facts->source) || prefix_contains(host, facts->destination));
}

static bool match_term(const struct capture_filter *filter, const struct capture_step *step,
		       const struct capture_facts *facts)
{
	switch (step->key) {
	case CAPTURE_TUNNEL:
		return has_name(facts->tunnels, CAPTURE_TUNNELS_MAX,
				capture_filter_name(filter, step));
	case CAPTURE_PEER:
		return has_name(facts->peers, CAPTURE_PEERS_MAX,
				step->peer_id ? step->peer_id :
						capture_filter_name(filter, step));
	case CAPTURE_HOST:
		return has_host(facts, &step->host);
	case CAPTURE_PORT:
		return facts->has_ports &&
		       (facts->ports[0] == step->port || facts->ports[1] == step->port);
	case CAPTURE_REASON:
		return step->results >> facts->result & 1;
	case CAPTURE_KEYS:
		break;
	}
	return false;
}

bool capture_filter_match(const struct capture_filter *filter, const struct capture_facts *facts)
{
	bool stack[CAPTURE_FILTER_STEPS] = { false };
	size_t depth = 0;

	for (size_t i = 0; i < filter->count; i++) {
		const struct capture_step *step = &filter->steps[i];

		switch (step->kind) {
		case CAPTURE_TERM:
			stack[depth++] = match_term(filter, step, facts);
			break;
		case CAPTURE_NOT:
			stack[depth - 1] = !stack[depth - 1];
			break;
		case CAPTURE_AND:
			depth--;
			stack[depth - 1] = stack[depth - 1] && stack[depth];
			break;
		case CAPTURE_OR:
			depth--;
			stack[depth - 1] = stack[depth - 1] || stack[depth];
			break;
		}
	}
	assert(depth <= 1);
	return depth == 0 || stack[0];
}
