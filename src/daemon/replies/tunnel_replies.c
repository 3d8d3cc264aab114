/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to ListTunnels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "core/mss.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/json.h"
#include "daemon/replies/peer_mss.h"
#include "daemon/replies/tunnel_warnings.h"
#include "daemon/routes/route_mtu.h"
#include "daemon/tries/tries.h"
#include "edge/netlink/rtnl.h"
#include "proto/varlink.h"

/* One tunnel while its peers are gone through: the narrowest tells the row. */
struct row {
	struct tunnel_limit limit;
	struct peer_mss mss;
	uint32_t least[FAMILY_COUNT]; /* MSS over all peers */
	struct raised_mss raised[FAMILY_COUNT];
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

/* Where what fits comes from: the path, else the link alone. Rules say nothing of either. */
static const char *source_text(const struct row *row)
{
	if (row->limit.outer_mtu)
		return path_source_name(row->limit.source);
	return row->mss.inner_mtu ? "link" : NULL;
}

/* Since the measurement, where there is one; else since the row became what it is. */
static json_t *age_json(const struct daemon *daemon, const char *name, const struct row *row)
{
	const struct tunnel *tunnel = tunnels_find(model_tunnels(daemon->model), name);
	const char *source = source_text(row);

	if (source && strcmp(source, path_source_name(PATH_PROBE)) == 0)
		return json_since(row->limit.measured_ns);
	return tunnel ? json_since((int64_t)tunnel->since_ns) : json_null();
}

/* Takes warnings. */
static json_t *row_json(const struct daemon *daemon, const struct tunnel_view *view,
			const struct row *row, uint32_t link_mtu, json_t *warnings)
{
	bool known = row->limit.outer_mtu != 0;
	bool settled = strcmp(view->kind, "tun") != 0 || !model_is_looking(daemon->model);

	return json_pack("{s:s, s:o, s:s, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o, s:I, s:o, "
			 "s:b, s:b}",
			 "name", view->name, "ifindex", json_bytes(view->ifindex), "kind",
			 view->kind, "outer_family", family_text(&row->limit),
			 "outer_path_mtu_bytes", json_bytes(row->limit.outer_mtu),
			 "overhead_bytes", known ? json_integer(row->limit.overhead) : json_null(),
			 "inner_mtu_bytes", json_bytes(row->mss.inner_mtu), "mss4_bytes",
			 json_bytes(row->least[FAMILY_IPV4]), "mss6_bytes",
			 json_bytes(row->least[FAMILY_IPV6]), "interface_mtu_bytes",
			 json_bytes(link_mtu), "source", source_text(row), "age_seconds",
			 age_json(daemon, view->name, row), "peers", (json_int_t)view->peer_count,
			 "warnings", warnings, "settled", settled, "route_mtu",
			 view->ifindex && route_mtu_is_on(daemon->config));
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

struct rows {
	const struct tunnel_set *set;
	const struct tunnel_views *views;
	struct row *list; /* beside the views */
};

/* To the tunnel of whoever it is too much for, else to that of the link. */
static void take_excess(void *userdata, const struct excess *excess)
{
	const struct rows *rows = userdata;
	const struct tunnel_views *views = rows->views;
	size_t place = excess->peer == PEER_NONE ? VIEW_NONE : views->of_peer[excess->peer];

	for (size_t i = 0; place == VIEW_NONE && i < views->count; i++) {
		if (views->list[i].ifindex == excess->link->ifindex)
			place = i;
	}
	if (place != VIEW_NONE)
		tunnel_warnings_raise_excess(rows->list[place].raised, rows->set, excess);
}

/* One for each view, NULL where memory runs out. Each peer and each route is asked for: they are
 * kept for as long as the snapshot is in force. */
static const struct row *make_rows(const struct daemon *daemon, const struct tunnel_views *views)
{
	struct slot *slot = model_slot(daemon->model);
	const struct snapshot *snapshot = slot_current(slot);
	const struct route_list *routes = model_routes(daemon->model);
	struct row *rows = slot_kept(slot);

	if (rows)
		return rows;
	rows = calloc(views->count + 1, sizeof(*rows));
	if (!rows)
		return NULL;
	take_peers(snapshot, views, rows);
	take_links(snapshot, views, rows);
	if (excess_find(snapshot, routes->list, routes->count, take_excess,
			&(struct rows){ snapshot_tunnels(snapshot), views, rows }) < 0) {
		free(rows);
		return NULL;
	}
	slot_keep(slot, rows, free);
	return rows;
}

static json_t *warnings_json(const struct daemon *daemon, const struct tunnel_views *views,
			     size_t place, const struct row *row)
{
	json_t *warnings = json_array();
	const struct tunnel_set *set =
		snapshot_tunnels(slot_current(model_slot(daemon->model)));
	const struct tunnel *tunnel =
		tunnels_find(model_tunnels(daemon->model), views->list[place].name);
	struct tunnel_told told = { .mss = row->mss, .confidence = row->limit.confidence,
				    .routed = route_mtu_is_on(daemon->config),
				    .audit = daemon->config->mode == MODE_AUDIT };

	memcpy(told.raised, row->raised, sizeof(told.raised));
	if (tunnel)
		told.announced = tunnel_warnings_announced(daemon->workers, tunnel->id);
	tries_warn(daemon->tries, views->list[place].name, warnings);
	tunnel_warnings_add(warnings, set, views, place, &told);
	return warnings;
}

json_t *reply_tunnels(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	const struct tunnel_views *views = model_views(daemon->model);
	const struct tunnel_set *set =
		snapshot_tunnels(slot_current(model_slot(daemon->model)));
	const struct row *rows = make_rows(daemon, views);
	json_t *list = json_array();

	(void)parameters;
	if (!rows) {
		json_decref(list);
		return control_fail(call, CONTROL_FAILED, NULL, "out of memory");
	}
	for (size_t i = 0; i < views->count; i++) {
		const struct tunnel_view *view = &views->list[i];
		const struct link *link = view->ifindex ? &set->links[view->link] : NULL;

		json_array_append_new(list, row_json(daemon, view, &rows[i], link ? link->mtu : 0,
						     warnings_json(daemon, views, i, &rows[i])));
	}
	return json_pack("{s:i, s:o}", "schema", 1, "tunnels", list);
}
