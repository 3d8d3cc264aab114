/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/explain/explain_question.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "daemon/words/explain_peer.h"
#include "edge/netlink/rtnl.h"

#define LOOPBACK_IFINDEX 1 /* lo, in every network namespace */

/* An interface by name; an absent name leaves 0. Returns 0 or -ENODEV, told to the caller. */
static int find_interface(struct control_call *call, const struct snapshot *snapshot,
			  const char *name, uint32_t *ret_ifindex)
{
	const struct snapshot_link *link;

	if (!name)
		return 0;
	link = snapshot_find_link_by_name(snapshot, name);
	if (!link) {
		control_fail(call, CONTROL_NOT_FOUND, "\"ip link\" lists them",
			     "there is no interface %s", name);
		return -ENODEV;
	}
	*ret_ifindex = link->link.ifindex;
	return 0;
}

/* Where a SYN from the source would come in: the way the kernel would answer it. Without the mark,
 * which it gets once it is in; the kernel's rp_filter leaves it out too (src_valid_mark = 0). */
static int find_in_interface(struct nl *nl, struct explain_question *question)
{
	const struct path_question back = { .destination = question->text.source };
	struct path_answer answer;
	int r;

	r = rtnl_get_route(nl, &back, &answer);
	if (r == 0 && !answer.local)
		question->flow.in_ifindex = answer.ifindex;
	return r;
}

/* Where it would leave. What the kernel finds odd about where it comes from (a martian source, an
 * interface without one) is left out of the question. */
static int find_out_interface(struct nl *nl, struct explain_question *question)
{
	struct path_question way = {
		.destination = question->text.destination,
		.has_source = question->text.has_source,
		.source = question->text.source,
		.iif = question->flow.in_ifindex,
		.mark = question->flow.mark,
	};
	struct path_answer answer;
	int r;

	r = rtnl_get_route(nl, &way, &answer);
	if (r < 0 && (way.has_source || way.iif)) {
		way.has_source = false;
		way.iif = 0;
		r = rtnl_get_route(nl, &way, &answer);
	}
	if (r == 0 && answer.has_source && !question->text.has_source) {
		question->own = answer.source;
		question->flow.source = question->own.bytes;
	}
	if (r == 0 && !answer.local)
		question->flow.out_ifindex = answer.ifindex;
	else if (r == 0 && question->flow.in_ifindex == 0)
		question->flow.out_ifindex = LOOPBACK_IFINDEX; /* from this host to itself */
	return r;
}

static int find_ways(struct control_call *call, struct explain_question *question, bool need_in,
		     bool need_out)
{
	char text[PREFIX_TEXT_MAX];
	struct nl *nl;
	int r;

	r = nl_open(NETLINK_ROUTE, 0, &nl);
	if (r < 0) {
		control_fail(call, CONTROL_FAILED, NULL, "cannot ask for routes: %s", strerror(-r));
		return r;
	}
	if (need_in) {
		r = find_in_interface(nl, question);
		if (r < 0)
			control_fail(call, CONTROL_NOT_FOUND, "name its interface with --iif",
				     "no route to the source %s: %s",
				     address_format(&question->text.source, text), strerror(-r));
	}
	if (r == 0 && need_out) {
		r = find_out_interface(nl, question);
		if (r < 0)
			control_fail(call, CONTROL_NOT_FOUND, "name its interface with --oif",
				     "no route to %s: %s",
				     address_format(&question->text.destination, text),
				     strerror(-r));
	}
	nl_close(nl);
	return r;
}

/* The mark comes as text: "0x1" or "1". */
static int read_mark(json_t *parameter, uint32_t *ret_mark)
{
	uint64_t value;
	int r;

	if (!parameter || json_is_null(parameter))
		return 0;
	r = text_parse_u64(json_string_value(parameter), 0, UINT32_MAX, &value);
	if (r == 0)
		*ret_mark = (uint32_t)value;
	return r;
}

/* Whether packets to the question's destination go to that peer: of a wide prefix the first address
 * may be somebody else's. */
static bool reaches_peer(const struct snapshot *snapshot, uint32_t place,
			 const struct explain_question *question)
{
	struct flow flow = question->flow;
	struct side_limit side;

	flow.family = question->text.destination.family;
	flow.destination = question->text.destination.bytes;
	flow.source = question->text.source.bytes;
	side = snapshot_lookup_side(snapshot, &flow, SIDE_OUT);
	return side.peer == place || side.selector == place;
}

/* A flow to the first address that is the peer's alone, out by its tunnel. Where there is none, and
 * where a policy does not cover TCP, the first one tells who takes it instead. */
static int ask_about_peer(struct control_call *call, const struct snapshot *snapshot,
			  uint32_t place, struct explain_question *question)
{
	const struct tunnel_set *set = snapshot_tunnels(snapshot);
	const struct peer *peer = set->peers[place];
	struct address *destination = &question->text.destination;

	if (peer->allowed_count == 0) {
		control_fail(call, CONTROL_NOT_FOUND, "name an address instead",
			     "no address is known behind peer %s",
			     peer->id ? peer->id : peer->name);
		return -ENOENT;
	}
	if (peer->selector) {
		question->text.has_source = true;
		question->text.source = prefix_first_host(&peer->local);
		question->flow.mark = peer->mark_value;
	}
	question->flow.out_ifindex = peer->ifindex ? peer->ifindex :
						     tunnel_set_peer_exit(set, place);
	for (size_t i = 0; i < peer->allowed_count; i++) {
		*destination = prefix_first_host(&peer->allowed[i]);
		if (reaches_peer(snapshot, place, question))
			return 0;
	}
	*destination = prefix_first_host(&peer->allowed[0]);
	return 0;
}

static int read_flow(struct control_call *call, const char *text, const struct snapshot *snapshot,
		     struct explain_question *question)
{
	const char *hint = "write \"SRC DST[:PORT]\", \"SRC -> DST[:PORT]\", one address or a "
			   "peer's id or name";
	const struct tunnel_set *set = snapshot_tunnels(snapshot);
	char why[FLOW_TEXT_WHY_MAX] = "nothing was given";
	size_t count = 0;
	uint32_t peer;
	int r;

	/* Addresses first: the far end of a VXLAN tunnel has its address as id. */
	if (text && flow_text_parse(text, &question->text, why) == 0)
		return 0;
	r = text ? explain_peer_find(set, text, &peer, &count) : -EINVAL;
	if (r == 0)
		return ask_about_peer(call, snapshot, peer, question);
	if (text && *text && explain_peer_is_word(text))
		return explain_peer_refuse(call, set, text, r, count);
	control_fail(call, CONTROL_INVALID_ARGUMENT, hint, "flow: %s", why);
	return -EINVAL;
}

int explain_question_read(struct control_call *call, json_t *parameters,
			  const struct snapshot *snapshot, struct explain_question *question)
{
	const char *text = json_string_value(json_object_get(parameters, "flow"));
	const char *iif = json_string_value(json_object_get(parameters, "iif"));
	const char *oif = json_string_value(json_object_get(parameters, "oif"));
	int r;

	r = read_flow(call, text, snapshot, question);
	if (r < 0)
		return r;
	if (read_mark(json_object_get(parameters, "mark"), &question->flow.mark) < 0) {
		control_fail(call, CONTROL_INVALID_ARGUMENT, NULL,
			     "mark: not a number from 0 to 0xffffffff");
		return -EINVAL;
	}
	question->flow.family = question->text.destination.family;
	question->flow.source = question->text.source.bytes;
	question->flow.destination = question->text.destination.bytes;
	if (find_interface(call, snapshot, iif, &question->flow.in_ifindex) < 0 ||
	    find_interface(call, snapshot, oif, &question->flow.out_ifindex) < 0)
		return -ENODEV;
	return find_ways(call, question, !question->flow.in_ifindex && question->text.has_source,
			 !question->flow.out_ifindex);
}
