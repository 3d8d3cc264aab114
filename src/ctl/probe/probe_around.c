/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/probe/probe_around.h"

#include <stdio.h>
#include <string.h>

#include "core/mss.h"
#include "ctl/client/client.h"
#include "ctl/mode.h"
#include "ctl/probe/probed_path.h"
#include "ctl/screen/field.h"

static bool is_among(const char *kind, const char *const *list)
{
	for (size_t i = 0; list[i]; i++)
		if (strcmp(kind, list[i]) == 0)
			return true;
	return false;
}

/* Whose outer IPv4 packets may be cut by any router, unless somebody set them up otherwise: DF is
 * 0 (drivers/net/wireguard/socket.c, vxlan_core.c and geneve.c without "df", bareudp.c), or the
 * packet is to be cut whatever DF says (net/l2tp/l2tp_core.c: ignore_df). */
static bool lets_cut(const char *kind, bool ipv4)
{
	static const char *const kinds[] = { "wireguard", "amneziawg", "vxlan", "geneve",
					     "bareudp", NULL };

	return ipv4 && (is_among(kind, kinds) || strncmp(kind, "l2tp", 4) == 0);
}

/* Those of which the kernel tells senders inside what a router said of the way outside. Programs
 * with a UDP socket do not hear of it: the kernel cuts what they send. */
static bool tells_senders(const char *kind)
{
	static const char *const kinds[] = { "gre", "gretap", "erspan", "ipip", "sit", "ip6gre",
					     "ip6gretap", "ip6erspan", "ip6tnl", "pptp", "vti",
					     "vti6", "xfrm", "ipsec", NULL };

	return is_among(kind, kinds);
}

/* Whether larger ones were sent through the tunnel, and none came back. */
static bool were_lost_inside(const json_t *reply)
{
	const json_t *sizes = json_object_get(reply, "sizes"), *size;
	uint64_t found = field_count(reply, "path_mtu_bytes");
	size_t i;

	json_array_foreach(sizes, i, size)
		if (field_is(size, "side", "inside") && field_count(size, "sent") &&
		    !field_count(size, "answered") && field_count(size, "outer_bytes") > found)
			return true;
	return false;
}

static enum probe_fate fate_of(const json_t *reply, const json_t *tunnel)
{
	const char *kind = field_string(tunnel, "kind", "");
	bool told = field_is(reply, "result", "ok") &&
		    json_is_string(json_object_get(reply, "router"));

	if (json_is_true(json_object_get(reply, "fragmented_outside")))
		return PROBE_FATE_CUT;
	if (were_lost_inside(reply))
		return PROBE_FATE_LOST;
	if (lets_cut(kind, field_is(tunnel, "outer_family", "ipv4")))
		return PROBE_FATE_CUTTABLE;
	if (!told)
		return PROBE_FATE_LOST;
	return tells_senders(kind) ? PROBE_FATE_TOLD : PROBE_FATE_CUTTABLE;
}

static void take_tunnel(const json_t *tunnel, struct probe_around *around)
{
	around->interface_mtu = field_count(tunnel, "interface_mtu_bytes");
	around->inner_mtu = field_count(tunnel, "inner_mtu_bytes");
	around->routed = json_is_true(json_object_get(tunnel, "route_mtu"));
}

/* What fits by the side of the tunnel: its narrowest peer may be another one. */
static uint64_t inner_of_side(const json_t *explained, const char *tunnel)
{
	const json_t *sides = json_object_get(explained, "sides"), *side;
	size_t i;

	json_array_foreach(sides, i, side)
		if (field_is(side, "interface", tunnel))
			return field_count(side, "inner_mtu_bytes");
	return 0;
}

/* Where connections to an address leave, and what they may send. Returns the tunnel, borrowed. */
static const json_t *ask_way(const struct ctl *ctl, const char *address, const json_t *tunnels,
			     struct probe_around *around)
{
	json_t *reply = client_get(ctl, "Explain", json_pack("{s:s}", "flow", address));
	const json_t *flow = json_object_get(reply, "flow");
	const char *name = field_string(flow, "out_interface", "");
	uint64_t mss = field_count(json_object_get(reply, "result"), "mss_bytes"), inner;
	const json_t *tunnel = field_find(tunnels, "name", name);

	if (tunnel) {
		bool six = field_is(flow, "family", "ipv6");

		take_tunnel(tunnel, around);
		snprintf(around->tunnel, sizeof(around->tunnel), "%s", name);
		inner = inner_of_side(reply, name);
		around->inner_mtu = inner ? inner : around->inner_mtu;
		around->allowed = mss ? mss + mss_headers(six ? FAMILY_IPV6 : FAMILY_IPV4) : 0;
	}
	json_decref(reply);
	return tunnel;
}

void probe_around_ask(const struct ctl *ctl, const json_t *reply, struct probe_around *ret_around)
{
	struct probe_around around = { .audit = mode_is_audit(ctl) };
	json_t *list = client_get(ctl, "ListTunnels", NULL);
	const json_t *tunnels = json_object_get(list, "tunnels"), *tunnel;
	const char *name = field_string(reply, "tunnel", NULL);

	if (name) {
		tunnel = field_find(tunnels, "name", name);
		take_tunnel(tunnel, &around);
		snprintf(around.tunnel, sizeof(around.tunnel), "%s", name);
	} else {
		tunnel = ask_way(ctl, field_string(reply, "target", ""), tunnels, &around);
		around.through = tunnel != NULL;
	}
	around.fate = fate_of(reply, tunnel);
	/* What is larger than fits in the tunnel has arrived: somebody put it together. */
	if (around.through && around.inner_mtu &&
	    probed_path_largest(json_object_get(reply, "sizes"), "answered") > around.inner_mtu)
		around.fate = PROBE_FATE_CUT;
	json_decref(list);
	*ret_around = around;
}

const char *probe_fate_words(enum probe_fate fate)
{
	static const char *const words[] = {
		[PROBE_FATE_LOST] = "still vanish",
		[PROBE_FATE_CUT] = "are cut",
		[PROBE_FATE_CUTTABLE] = "are cut outside, or lost where fragments are dropped",
		[PROBE_FATE_TOLD] = "are refused",
	};

	return words[fate];
}
