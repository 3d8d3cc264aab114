/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of metrics about tunnels, peers and the paths to them. */
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/metrics/rows.h"

void metrics_fill_tunnel_path(struct exposition *out, const struct metrics_facts *facts)
{
	const json_t *tunnels = json_object_get(facts->tunnels, "tunnels");

	for (size_t i = 0; i < json_array_size(tunnels); i++) {
		const json_t *tunnel = json_array_get(tunnels, i);
		const json_t *path = json_object_get(tunnel, "outer_path_mtu_bytes");
		const char *name = json_string_value(json_object_get(tunnel, "name"));

		if (json_is_integer(path))
			exposition_count(out, EXPOSITION_LABELS({ "tunnel", name }),
					 (uint64_t)json_integer_value(path));
	}
}

void metrics_fill_peer_path(struct exposition *out, const struct metrics_facts *facts)
{
	for (size_t i = 0; i < facts->peer_count; i++) {
		const struct metrics_peer *peer = &facts->peers[i];

		if (peer->path_mtu)
			exposition_count(out,
					 EXPOSITION_LABELS({ "tunnel", peer->tunnel },
							   { "peer", peer->label }),
					 peer->path_mtu);
	}
}

static void put_peer_mss(struct exposition *out, const struct metrics_peer *peer,
			 const char *family, uint64_t mss)
{
	if (mss)
		exposition_count(out,
				 EXPOSITION_LABELS({ "tunnel", peer->tunnel },
						   { "peer", peer->label }, { "family", family }),
				 mss);
}

void metrics_fill_peer_mss(struct exposition *out, const struct metrics_facts *facts)
{
	for (size_t i = 0; i < facts->peer_count; i++) {
		put_peer_mss(out, &facts->peers[i], "ipv4", facts->peers[i].mss4);
		put_peer_mss(out, &facts->peers[i], "ipv6", facts->peers[i].mss6);
	}
}

void metrics_fill_probe_runs(struct exposition *out, const struct metrics_facts *facts)
{
	struct probe_totals totals = prober_totals(model_prober(facts->daemon->model));

	for (enum probe_result result = 0; result < PROBE_RESULTS; result++)
		exposition_count(out, EXPOSITION_LABELS({ "result", probe_result_name(result) }),
				 totals.runs[result]);
}

void metrics_fill_hints_rejected(struct exposition *out, const struct metrics_facts *facts)
{
	struct probe_totals totals = prober_totals(model_prober(facts->daemon->model));

	for (enum hint_rejected reason = 0; reason < HINT_REASONS; reason++)
		exposition_count(out, EXPOSITION_LABELS({ "reason", hint_rejected_name(reason) }),
				 totals.hints_rejected[reason]);
}
