/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/peers/l2tp.h"

#include <linux/l2tp.h>

static int take_tunnel(const struct nlmsghdr *message, void *userdata)
{
	return l2tp_parse_tunnel(message, userdata);
}

static void forget_tunnels(void *userdata)
{
	struct l2tp_tunnel_list *tunnels = userdata;

	tunnels->count = 0;
}

static int take_session(const struct nlmsghdr *message, void *userdata)
{
	return l2tp_parse_session(message, userdata);
}

static void forget_sessions(void *userdata)
{
	struct l2tp_session_list *sessions = userdata;

	sessions->count = 0;
}

static bool has_ppp(const struct l2tp_session_list *sessions)
{
	for (size_t i = 0; i < sessions->count; i++) {
		if (sessions->list[i].wire == L2TP_PWTYPE_PPP)
			return true;
	}
	return false;
}

/* Tunnels, sessions and, where a session has PPP, the names of ppp links. */
static int read_all(struct nl *genl, uint16_t family, struct l2tp_tunnel_list *tunnels,
		    struct l2tp_session_list *sessions, struct pppol2tp_list *ppp)
{
	struct genl_request request;
	int r;

	r = nl_dump(genl, genl_request_init(&request, family, L2TP_CMD_SESSION_GET), take_session,
		    forget_sessions, sessions);
	if (r < 0 || sessions->count == 0)
		return r;
	r = nl_dump(genl, genl_request_init(&request, family, L2TP_CMD_TUNNEL_GET), take_tunnel,
		    forget_tunnels, tunnels);
	if (r < 0 || !has_ppp(sessions))
		return r;
	return proc_ppp_read_pppol2tp(ppp);
}

int l2tp_dump(struct nl *genl, uint16_t family, const struct link *links, size_t link_count,
	      struct peer_list *peers)
{
	struct l2tp_tunnel_list tunnels = { 0 };
	struct l2tp_session_list sessions = { 0 };
	struct pppol2tp_list ppp = { 0 };
	int r;

	if (!family)
		return 0;
	r = read_all(genl, family, &tunnels, &sessions, &ppp);
	if (r == 0)
		r = l2tp_join(&tunnels, &sessions, &ppp, links, link_count, peers);
	l2tp_tunnel_list_done(&tunnels);
	l2tp_session_list_done(&sessions);
	pppol2tp_list_done(&ppp);
	return r;
}
