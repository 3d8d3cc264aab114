/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the kernel for ways, and for what it believes of them.
 *
 * An answer carries the MTU metric of the route, or in its place that of a PMTU exception. Which of
 * the two it was tells a second question with RTM_F_FIB_MATCH: the route as it stands in the table.
 * That one names no link where there are several, so it cannot be the only one; and where the first
 * carries no MTU, neither the route nor an exception has any, and it need not be asked. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "edge/netlink/rtnl.h"
#include "edge/netlink/rtnl_request.h"

static void put_address(struct nlmsghdr *message, uint16_t type, const struct address *address)
{
	mnl_attr_put(message, type, address_bytes(address->family), address->bytes);
}

static void put_number(struct nlmsghdr *message, uint16_t type, uint32_t value)
{
	if (value)
		mnl_attr_put_u32(message, type, value);
}

/* What the kernel would refuse is left out: rtm_getroute_parse_ip_proto in net/ipv4/fib_semantics.c
 * and the like. */
static void put_protocol(struct nlmsghdr *message, const struct path_question *question)
{
	uint8_t icmp = question->destination.family == FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	bool ports = question->protocol == IPPROTO_TCP || question->protocol == IPPROTO_UDP;

	if (ports || question->protocol == icmp)
		mnl_attr_put_u8(message, RTA_IP_PROTO, question->protocol);
	if (ports && question->sport)
		mnl_attr_put_u16(message, RTA_SPORT, htons(question->sport));
	if (ports && question->dport)
		mnl_attr_put_u16(message, RTA_DPORT, htons(question->dport));
}

/* Writes the request. Returns 0, or -errno where it makes no sense. */
static int put_question(struct request *request, const struct path_question *question,
			uint32_t flags)
{
	enum family family = question->destination.family;
	struct nlmsghdr *message = request_init(request, RTM_GETROUTE);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	if (question->iif && !question->has_source)
		return -EINVAL;
	if (question->has_source && question->source.family != family)
		return -EAFNOSUPPORT;
	header->rtm_family = family == FAMILY_IPV4 ? AF_INET : AF_INET6;
	header->rtm_dst_len = address_bits(family);
	header->rtm_flags = flags;
	put_address(message, RTA_DST, &question->destination);
	if (question->has_source) {
		header->rtm_src_len = address_bits(family);
		put_address(message, RTA_SRC, &question->source);
	}
	put_number(message, RTA_IIF, question->iif);
	put_number(message, RTA_OIF, question->oif);
	put_number(message, RTA_MARK, question->mark);
	if (question->has_uid)
		mnl_attr_put_u32(message, RTA_UID, question->uid);
	put_protocol(message, question);
	return 0;
}

/* Up to NL_BATCH_MAX questions, and where their answers belong. */
struct asked {
	const struct path_question *questions;
	struct path_answer *answers; /* all 0 before */
	int results[NL_BATCH_MAX];   /* 0 or -errno for each question */
	size_t count;
};

/* Some of them on their way. */
struct round {
	struct asked *asked;
	bool metric;                 /* they ask for the route's own metric alone */
	size_t which[NL_BATCH_MAX];  /* the question of each request */
	size_t count, len;           /* requests, bytes */
	_Alignas(struct nlmsghdr) uint8_t bytes[NL_BATCH_MAX * REQUEST_SIZE];
};

static void add_question(struct round *round, size_t which)
{
	struct request request;
	size_t len;
	int r = put_question(&request, &round->asked->questions[which],
			     round->metric ? RTM_F_FIB_MATCH : 0);

	if (r < 0) {
		round->asked->results[which] = r;
		return;
	}
	len = NLMSG_ALIGN((size_t)((struct nlmsghdr *)(void *)request.bytes)->nlmsg_len);
	memcpy(round->bytes + round->len, request.bytes, len);
	round->len += len;
	round->which[round->count++] = which;
}

static void take_reply(size_t place, const struct nlmsghdr *message, int error, void *userdata)
{
	struct round *round = userdata;
	size_t which = round->which[place];
	struct path_answer *answer = &round->asked->answers[which];

	if (round->metric) {
		/* A packet may leave by an interface that no route leads to: no metric then. */
		if (error < 0 || !message || rtnl_parse_metric(message, answer) < 0) {
			answer->mtu = 0;
			answer->mtu_locked = false;
		}
		return;
	}
	if (error == 0)
		error = message ? rtnl_parse_answer(message, answer) : -EBADMSG;
	round->asked->results[which] = error;
}

static int ask(struct nl *nl, struct asked *asked)
{
	struct round first = { .asked = asked }, second = { .asked = asked, .metric = true };
	int r;

	for (size_t i = 0; i < asked->count; i++)
		add_question(&first, i);
	r = nl_ask_batch(nl, first.bytes, first.len, take_reply, &first);
	if (r < 0)
		return r;
	for (size_t i = 0; i < asked->count; i++) {
		if (asked->results[i] == 0 && asked->answers[i].mtu > 0)
			add_question(&second, i);
	}
	return nl_ask_batch(nl, second.bytes, second.len, take_reply, &second);
}

int rtnl_get_route(struct nl *nl, const struct path_question *question,
		   struct path_answer *ret_answer)
{
	struct path_answer answer = { 0 };
	struct asked asked = { .questions = question, .answers = &answer, .count = 1 };
	int r = ask(nl, &asked);

	if (r < 0)
		return r;
	if (asked.results[0] == 0)
		*ret_answer = answer;
	return asked.results[0];
}

int rtnl_get_ways(struct nl *nl, const struct path_question *questions,
		  struct path_answer *ret_answers, size_t count)
{
	if (count > 0)
		memset(ret_answers, 0, count * sizeof(*ret_answers));
	for (size_t at = 0; at < count; at += NL_BATCH_MAX) {
		struct asked asked = { .questions = questions + at, .answers = ret_answers + at };
		size_t left = count - at;
		int r;

		asked.count = left < NL_BATCH_MAX ? left : NL_BATCH_MAX;
		r = ask(nl, &asked);
		if (r < 0) {
			memset(ret_answers + at, 0, left * sizeof(*ret_answers));
			return r;
		}
	}
	return 0;
}

/* The dump of one family behind what the list has already. */
struct hint_dump {
	struct hint_list *hints;
	size_t before;
	uint8_t family;
};

static int take_hint(const struct nlmsghdr *message, void *userdata)
{
	struct hint_dump *dump = userdata;
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);

	/* A kernel without IPv6 answers with all families. */
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(*route) &&
	    route->rtm_family != dump->family)
		return 0;
	return rtnl_parse_hint(message, dump->hints);
}

static void forget_hints(void *userdata)
{
	struct hint_dump *dump = userdata;

	dump->hints->count = dump->before;
}

static int dump_family(struct nl *nl, uint8_t family, struct hint_list *hints)
{
	struct hint_dump dump = { hints, hints->count, family };
	struct request request;
	struct nlmsghdr *message = request_init(&request, RTM_GETROUTE);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->rtm_family = family;
	header->rtm_flags = RTM_F_CLONED;
	return nl_dump(nl, message, take_hint, forget_hints, &dump);
}

int rtnl_dump_hints(struct nl *nl, struct hint_list *ret_hints)
{
	struct hint_list hints = { 0 };
	int r;

	r = dump_family(nl, AF_INET, &hints);
	if (r == 0)
		r = dump_family(nl, AF_INET6, &hints);
	if (r < 0) {
		hint_list_done(&hints);
		return r;
	}
	*ret_hints = hints;
	return 0;
}
