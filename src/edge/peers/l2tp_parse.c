/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of L2TP's generic netlink family into tunnels and sessions. */
#include <errno.h>
#include <linux/l2tp.h>
#include <stdlib.h>

#include "base/array.h"
#include "edge/netlink/endpoint.h"
#include "edge/peers/l2tp.h"

#define COOKIE_MAX 8 /* bytes, RFC 3931 section 4.1 */

void l2tp_tunnel_list_done(struct l2tp_tunnel_list *tunnels)
{
	free(tunnels->list);
	*tunnels = (struct l2tp_tunnel_list){ 0 };
}

void l2tp_session_list_done(struct l2tp_session_list *sessions)
{
	free(sessions->list);
	*sessions = (struct l2tp_session_list){ 0 };
}

static int append_tunnel(struct l2tp_tunnel_list *tunnels, const struct l2tp_tunnel *tunnel)
{
	return array_append(tunnels, tunnel);
}

static int append_session(struct l2tp_session_list *sessions, const struct l2tp_session *session)
{
	return array_append(sessions, session);
}

static int take_address(const struct nl_attr *attr, enum family family, bool *ret_has,
			struct address *ret_address)
{
	if (attr->len < address_bytes(family))
		return -EBADMSG;
	*ret_address = endpoint_address(family, attr->data);
	*ret_has = endpoint_is_address(ret_address);
	return 0;
}

struct tunnel_message {
	struct l2tp_tunnel tunnel;
	uint16_t encap;
	bool has_id, has_version, has_encap;
};

static int take_tunnel_address(const struct nl_attr *attr, struct l2tp_tunnel *tunnel)
{
	switch (attr->type) {
	case L2TP_ATTR_IP_SADDR:
		return take_address(attr, FAMILY_IPV4, &tunnel->has_local, &tunnel->local);
	case L2TP_ATTR_IP_DADDR:
		return take_address(attr, FAMILY_IPV4, &tunnel->has_remote, &tunnel->remote);
	case L2TP_ATTR_IP6_SADDR:
		return take_address(attr, FAMILY_IPV6, &tunnel->has_local, &tunnel->local);
	case L2TP_ATTR_IP6_DADDR:
		return take_address(attr, FAMILY_IPV6, &tunnel->has_remote, &tunnel->remote);
	case L2TP_ATTR_UDP_SPORT: /* host order, as all numbers of this family */
		return nl_attr_get_bytes(attr, &tunnel->local_port, sizeof(tunnel->local_port));
	case L2TP_ATTR_UDP_DPORT:
		return nl_attr_get_bytes(attr, &tunnel->remote_port, sizeof(tunnel->remote_port));
	default:
		return 0;
	}
}

static int take_tunnel(const struct nl_attr *attr, void *userdata)
{
	struct tunnel_message *whole = userdata;

	switch (attr->type) {
	case L2TP_ATTR_CONN_ID:
		whole->has_id = true;
		return nl_attr_get_u32(attr, &whole->tunnel.id);
	case L2TP_ATTR_PROTO_VERSION:
		whole->has_version = true;
		return nl_attr_get_u8(attr, &whole->tunnel.version);
	case L2TP_ATTR_ENCAP_TYPE:
		whole->has_encap = true;
		return nl_attr_get_bytes(attr, &whole->encap, sizeof(whole->encap));
	default:
		return take_tunnel_address(attr, &whole->tunnel);
	}
}

int l2tp_parse_tunnel(const struct nlmsghdr *message, struct l2tp_tunnel_list *tunnels)
{
	struct tunnel_message whole = { 0 };
	int r = genl_command(message);

	if (r < 0)
		return r;
	if (r != L2TP_CMD_TUNNEL_GET)
		return 0;
	r = genl_walk(message, take_tunnel, &whole);
	if (r < 0)
		return r;
	if (!whole.has_id || !whole.has_version || !whole.has_encap)
		return -EBADMSG;
	whole.tunnel.udp = whole.encap == L2TP_ENCAPTYPE_UDP;
	return append_tunnel(tunnels, &whole.tunnel);
}

struct session_message {
	struct l2tp_session session;
	bool has_tunnel, has_id, has_wire;
};

static int take_number(const struct nl_attr *attr, bool *ret_has, uint32_t *ret_number)
{
	*ret_has = true;
	return nl_attr_get_u32(attr, ret_number);
}

static int take_sequence(const struct nl_attr *attr, struct l2tp_session *session)
{
	uint8_t value;
	int r = nl_attr_get_u8(attr, &value);

	if (r == 0)
		session->sends_sequence = value;
	return r;
}

static int take_session(const struct nl_attr *attr, void *userdata)
{
	struct session_message *whole = userdata;
	struct l2tp_session *session = &whole->session;

	switch (attr->type) {
	case L2TP_ATTR_CONN_ID:
		return take_number(attr, &whole->has_tunnel, &session->tunnel);
	case L2TP_ATTR_SESSION_ID:
		return take_number(attr, &whole->has_id, &session->id);
	case L2TP_ATTR_PW_TYPE:
		whole->has_wire = true;
		return nl_attr_get_bytes(attr, &session->wire, sizeof(session->wire));
	case L2TP_ATTR_IFNAME:
		return nl_attr_get_text(attr, session->interface, sizeof(session->interface));
	case L2TP_ATTR_COOKIE: /* those of the far end are L2TP_ATTR_PEER_COOKIE */
		if (attr->len > COOKIE_MAX)
			return -EBADMSG;
		session->cookie_len = (uint8_t)attr->len;
		return 0;
	case L2TP_ATTR_SEND_SEQ:
		return take_sequence(attr, session);
	default:
		return 0;
	}
}

int l2tp_parse_session(const struct nlmsghdr *message, struct l2tp_session_list *sessions)
{
	struct session_message whole = { 0 };
	int r = genl_command(message);

	if (r < 0)
		return r;
	if (r != L2TP_CMD_SESSION_GET)
		return 0;
	r = genl_walk(message, take_session, &whole);
	if (r < 0)
		return r;
	if (!whole.has_tunnel || !whole.has_id || !whole.has_wire)
		return -EBADMSG;
	return append_session(sessions, &whole.session);
}

bool l2tp_is_event(const struct nlmsghdr *message, const struct genl_family *family)
{
	if (family->id == 0 || message->nlmsg_type != family->id)
		return false;
	switch (genl_command(message)) {
	case L2TP_CMD_TUNNEL_CREATE:
	case L2TP_CMD_TUNNEL_DELETE:
	case L2TP_CMD_TUNNEL_MODIFY:
	case L2TP_CMD_SESSION_CREATE:
	case L2TP_CMD_SESSION_DELETE:
	case L2TP_CMD_SESSION_MODIFY:
		return true;
	default:
		return false;
	}
}
