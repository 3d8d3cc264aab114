/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers to ListTunnels and ListPeers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "core/mss.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/json.h"
#include "daemon/peer_mss.h"
#include "daemon/route_mtu.h"
#include "daemon/tunnel_warnings.h"
#include "proto/varlink.h"

/* One tunnel while its peers are gone through: the narrowest tells the row. */
struct row {
	struct tunnel_limit limit;
	struct peer_mss mss;
	uint32_t least[FAMILY_COUNT]; /* MSS over all peers */
	struct raised_mss raised[FAMILY_COUNT];
	json_t *warnings;
	bool taken;
};

static void take(struct row *row, const struct tunnel_limit *limit, const struct peer_mss *mss)
{
	bool narrower = mss->inner_mtu && (!row->mss.inner_mtu ||
					   mss->inner_mtu < row->mss.inner_mtu);

	if (!row->taken || narrower) {
		row->limit = *limit;
		row->mss = *mss;
	}
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		if (mss->mss[family] && (!row->least[family] ||
					 mss->mss[family] < row->least[family]))
			row->least[family] = mss->mss[family];
	}
	row->taken = true;
}

static const char *family_text(const struct tunnel_limit *limit)
{
	if (!limit->outer_mtu || !limit->has_outer)
		return NULL;
	return limit->outer_family == FAMILY_IPV4 ? "ipv4" : "ipv6";
}

/* Where what decides comes from: a rule (before others a temporary one), the path, else the link
 * alone. */
static const char *source_text(const struct row *row)
{
	const struct rule *rule = row->mss.rule[FAMILY_IPV4], *rule6 = row->mss.rule[FAMILY_IPV6];

	if (!rule || (rule6 && rule6->until_ns))
		rule = rule6;
	if (rule)
		return rule_source_name(rule);
	if (row->limit.outer_mtu)
		return path_source_name(row->limit.source);
	return row->mss.inner_mtu ? "link" : NULL;
}

/* Since the measurement, where that decides; else since the row became what it is. */
static json_t *age_json(const struct daemon *daemon, const char *name, const struct row *row)
{
	const struct tunnel *tunnel = tunnels_find(model_tunnels(daemon->model), name);
	const char *source = source_text(row);

	if (source && strcmp(source, path_source_name(PATH_PROBE)) == 0)
		return json_since(row->limit.measured_ns);
	return tunnel ? json_since((int64_t)tunnel->since_ns) : json_null();
}

static json_t *row_json(const struct daemon *daemon, const struct tunnel_view *view,
			const struct row *row, uint32_t link_mtu)
{
	bool known = row->limit.outer_mtu != 0;
	bool settled = strcmp(view->kind, "tun") != 0 || !model_is_looking(daemon->model);

	return json_pack("{s:s, s:o, s:s, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o, s:I, s:O, "
			 "s:b}",
			 "name", view->name, "ifindex", json_bytes(view->ifindex), "kind",
			 view->kind, "outer_family", family_text(&row->limit),
			 "outer_path_mtu_bytes", json_bytes(row->limit.outer_mtu),
			 "overhead_bytes", known ? json_integer(row->limit.overhead) : json_null(),
			 "inner_mtu_bytes", json_bytes(row->mss.inner_mtu), "mss4_bytes",
			 json_bytes(row->least[FAMILY_IPV4]), "mss6_bytes",
			 json_bytes(row->least[FAMILY_IPV6]), "interface_mtu_bytes",
			 json_bytes(link_mtu), "source", source_text(row), "age_seconds",
			 age_json(daemon, view->name, row), "peers", (json_int_t)view->peer_count,
			 "warnings", row->warnings, "settled", settled);
}

static void take_peers(const struct snapshot *snapshot, const struct tunnel_views *views,
		       struct row *rows)
{
	const struct tunnel_set *set = snapshot_tunnels(snapshot);

	for (size_t i = 0; i < set->peer_count; i++) {
		const struct tunnel_view *view;
		struct row *row;
		struct peer_mss mss;

		if (views->of_peer[i] == VIEW_NONE)
			continue;
		view = &views->list[views->of_peer[i]];
		row = &rows[views->of_peer[i]];
		/* Whoever is not known yet counts where nobody is. */
		if (!set->peers[i]->id && view->peer_count > 0)
			continue;
		mss = peer_mss_find(snapshot, i);
		take(row, &set->limits[i], &mss);
		tunnel_warnings_raise(row->raised, view->ifindex ? &set->links[view->link] : NULL,
				      set->peers[i], &set->limits[i], &mss);
	}
}

static void take_links(const struct snapshot *snapshot, const struct tunnel_views *views,
		       struct row *rows)
{
	const struct tunnel_set *set = snapshot_tunnels(snapshot);

	for (size_t i = 0; i < views->count; i++) {
		const struct tunnel_view *view = &views->list[i];
		const struct tunnel_limit *limit = &set->link_limits[view->link];
		struct peer_mss mss;

		if (!view->ifindex || (rows[i].taken && !limit->inner_mtu))
			continue;
		mss = peer_mss_of_link(snapshot, &set->links[view->link]);
		take(&rows[i], limit, &mss);
		if (view->peer_count == 0)
			tunnel_warnings_raise(rows[i].raised, &set->links[view->link], NULL, limit,
					      &mss);
	}
}

/* Owned, one for each view; NULL where memory runs out. */
static struct row *make_rows(const struct snapshot *snapshot, const struct tunnel_views *views)
{
	struct row *rows = calloc(views->count + 1, sizeof(*rows));

	if (!rows)
		return NULL;
	for (size_t i = 0; i < views->count; i++)
		rows[i].warnings = json_array();
	take_peers(snapshot, views, rows);
	take_links(snapshot, views, rows);
	return rows;
}

static void add_warnings(const struct daemon *daemon, const struct tunnel_views *views,
			 size_t place, const struct row *row)
{
	const struct tunnel_set *set =
		snapshot_tunnels(slot_current(model_slot(daemon->model)));
	const struct tunnel *tunnel =
		tunnels_find(model_tunnels(daemon->model), views->list[place].name);
	struct tunnel_told told = { .mss = row->mss, .confidence = row->limit.confidence,
				    .routed = route_mtu_is_on(daemon->config) };

	memcpy(told.raised, row->raised, sizeof(told.raised));
	if (tunnel)
		told.announced = tunnel_warnings_announced(daemon->workers, tunnel->id);
	tunnel_warnings_add(row->warnings, set, views, place, &told);
}

json_t *reply_tunnels(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	const struct snapshot *snapshot = slot_current(model_slot(daemon->model));
	const struct tunnel_views *views = model_views(daemon->model);
	const struct tunnel_set *set = snapshot_tunnels(snapshot);
	struct row *rows = make_rows(snapshot, views);
	json_t *list = json_array();

	(void)parameters;
	if (!rows) {
		json_decref(list);
		return control_fail(call, CONTROL_FAILED, NULL, "out of memory");
	}
	for (size_t i = 0; i < views->count; i++) {
		const struct tunnel_view *view = &views->list[i];
		const struct link *link = view->ifindex ? &set->links[view->link] : NULL;

		add_warnings(daemon, views, i, &rows[i]);
		json_array_append_new(list, row_json(daemon, view, &rows[i], link ? link->mtu : 0));
		json_decref(rows[i].warnings);
	}
	free(rows);
	return json_pack("{s:i, s:o}", "schema", 1, "tunnels", list);
}

static json_t *allowed_json(const struct peer *peer)
{
	json_t *list = json_array();
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < peer->allowed_count; i++)
		json_array_append_new(list, json_string(prefix_format(&peer->allowed[i], text)));
	return list;
}

static json_t *handshake_json(const struct peer *peer)
{
	int64_t age = (int64_t)time(NULL) - peer->handshake;

	if (!peer->handshake)
		return json_null();
	return json_real(age > 0 ? (double)age : 0);
}

/* A tunnel with one far end may carry its name as the alias of its interface. */
static const char *name_of(const struct tunnel_set *set, const struct tunnel_view *view,
			   const struct peer *peer)
{
	if (peer->name)
		return peer->name;
	if (view->ifindex && view->peer_count == 1 && set->links[view->link].alias[0])
		return set->links[view->link].alias;
	return NULL;
}

static json_t *text_json(const char *text)
{
	return text ? varlink_string(text) : json_null();
}

/* What the last measurement of its path came to; null without one. */
static json_t *probe_result_json(const struct daemon *daemon, const struct tunnel_view *view,
				 const struct peer *peer)
{
	const char *key = tunnel_set_peer_measured_as(peer);
	enum probe_result result;

	if (!key || !peer->has_endpoint ||
	    !prober_last(model_prober(daemon->model), view->name, key, &peer->way.destination,
			 &result))
		return json_null();
	return json_string(probe_result_name(result));
}

static json_t *peer_json(const struct daemon *daemon, const struct tunnel_view *view, size_t place)
{
	const struct snapshot *snapshot = slot_current(model_slot(daemon->model));
	const struct tunnel_set *set = snapshot_tunnels(snapshot);
	const struct tunnel_limit *limit = &set->limits[place];
	const struct peer *peer = set->peers[place];
	struct peer_mss mss = peer_mss_find(snapshot, place);
	json_t *warnings = json_array();
	char endpoint[ENDPOINT_TEXT_MAX];

	if (peer->warning)
		json_array_append_new(warnings, varlink_string(peer->warning));
	return json_pack("{s:s, s:o, s:o, s:s?, s:o, s:o, s:s?, s:o, s:s?, s:o, s:o, s:o, s:o, "
			 "s:o, s:o}",
			 "tunnel", view->name, "peer", text_json(peer->id), "name",
			 text_json(name_of(set, view, peer)), "endpoint",
			 peer->has_endpoint ? endpoint_format(&peer->way.destination,
							      peer->endpoint_port, endpoint) : NULL,
			 "allowed_ips", allowed_json(peer), "path_mtu_bytes",
			 json_bytes(limit->outer_mtu), "path_source",
			 path_source_name(limit->source), "path_age_seconds",
			 limit->source == PATH_PROBE ? json_since(limit->measured_ns) :
						       json_null(), "confidence",
			 limit->outer_mtu ? path_confidence_name(limit->confidence) : NULL,
			 "inner_mtu_bytes", json_bytes(mss.inner_mtu), "mss4_bytes",
			 json_bytes(mss.mss[FAMILY_IPV4]), "mss6_bytes",
			 json_bytes(mss.mss[FAMILY_IPV6]), "handshake_age_seconds",
			 handshake_json(peer), "probe_result",
			 probe_result_json(daemon, view, peer), "warnings", warnings);
}

/* The view of a tunnel by its name, or VIEW_NONE. */
static uint32_t find_view(const struct tunnel_views *views, const char *name)
{
	for (size_t i = 0; i < views->count; i++) {
		if (strcmp(views->list[i].name, name) == 0)
			return (uint32_t)i;
	}
	return VIEW_NONE;
}

json_t *reply_peers(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	const char *tunnel = json_string_value(json_object_get(parameters, "tunnel"));
	const struct snapshot *snapshot = slot_current(model_slot(daemon->model));
	const struct tunnel_views *views = model_views(daemon->model);
	const struct tunnel_set *set = snapshot_tunnels(snapshot);
	uint32_t wanted = tunnel ? find_view(views, tunnel) : VIEW_NONE;
	json_t *list;

	if (tunnel && wanted == VIEW_NONE)
		return control_fail(call, CONTROL_NOT_FOUND, "\"mssclampctl tunnels\" lists them",
				    "there is no tunnel %s", tunnel);
	list = json_array();
	for (size_t i = 0; i < set->peer_count; i++) {
		uint32_t view = views->of_peer[i];

		if (view == VIEW_NONE || !set->peers[i]->id || (tunnel && view != wanted))
			continue;
		json_array_append_new(list, peer_json(daemon, &views->list[view], i));
	}
	return json_pack("{s:i, s:o}", "schema", 1, "peers", list);
}
