/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: edge
 *
 * Messages of L2TP's generic netlink family, each read as a tunnel and as a session; then they are
 * joined with links, of which one is each session's. */
#include <errno.h>

#include "edge/peers/l2tp.h"
#include "fuzz_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct lists {
	struct l2tp_tunnel_list tunnels;
	struct l2tp_session_list sessions;
};

static void take(const struct nlmsghdr *message, void *userdata)
{
	const struct genl_family family = { .id = 33 };
	struct lists *lists = userdata;
	size_t tunnels = lists->tunnels.count, sessions = lists->sessions.count;
	int r = l2tp_parse_tunnel(message, &lists->tunnels);

	CHECK(r == 0 || r == -EBADMSG);
	CHECK(lists->tunnels.count <= tunnels + (r == 0));
	r = l2tp_parse_session(message, &lists->sessions);
	CHECK(r == 0 || r == -EBADMSG);
	CHECK(lists->sessions.count <= sessions + (r == 0));
	if (lists->sessions.count > sessions) {
		const struct l2tp_session *session = &lists->sessions.list[sessions];

		CHECK(memchr(session->interface, '\0', sizeof(session->interface)));
		CHECK(session->cookie_len <= 8);
	}
	if (l2tp_is_event(message, &family))
		CHECK(message->nlmsg_type == family.id);
}

/* A link and a ppp link for each session. */
static void join(struct lists *lists)
{
	size_t count = lists->sessions.count;
	struct link *links = calloc(count + 1, sizeof(*links));
	struct pppol2tp_list ppp = { calloc(count + 1, sizeof(*ppp.list)), count, count };
	struct peer_list *peers = peer_list_new();

	CHECK(links && ppp.list && peers);
	for (size_t i = 0; i < count; i++) {
		const struct l2tp_session *session = &lists->sessions.list[i];

		links[i].ifindex = (uint32_t)i + 1;
		memcpy(links[i].name, session->interface, sizeof(links[i].name));
		ppp.list[i].tunnel = session->tunnel;
		ppp.list[i].session = session->id;
		memcpy(ppp.list[i].interface, session->interface, sizeof(links[i].name));
	}
	CHECK(l2tp_join(&lists->tunnels, &lists->sessions, &ppp, links, count, peers) == 0);
	CHECK(peers->count <= count);
	for (size_t i = 0; i < peers->count; i++) {
		fuzz_check_peer(&peers->list[i], peers->list[i].layer[0].kind);
		CHECK(peers->list[i].ifindex > 0);
	}
	peer_list_unref(peers);
	free(ppp.list);
	free(links);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lists lists = { 0 };

	fuzz_each_message(data, size, take, &lists);
	join(&lists);
	l2tp_tunnel_list_done(&lists.tunnels);
	l2tp_session_list_done(&lists.sessions);
	return 0;
}
