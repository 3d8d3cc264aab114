/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: edge
 *
 * What the kernel tells of changed rules: whose they are and who made them. The first byte: the
 * backend, and whether a change of ours is under way. Each message is judged a second time, by a
 * walk over its bytes that asks libmnl nothing. */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "edge/firewall/firewall_backend.h"
#include "fuzz_messages.h"
#include "fuzz_mutate_netlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IS_IPTABLES = 1, IS_OWN = 2 };

/* Whether our table's name stands whole in some attribute of type 1. */
static bool may_name_us(const struct nlmsghdr *message, const char *table)
{
	const uint8_t *bytes = (const uint8_t *)message;
	size_t at = NLMSG_HDRLEN + sizeof(struct nfgenmsg);

	while (message->nlmsg_len >= at + sizeof(struct nlattr)) {
		struct nlattr attr;

		memcpy(&attr, bytes + at, sizeof(attr));
		if (attr.nla_len < sizeof(attr) || attr.nla_len > message->nlmsg_len - at)
			return false;
		if ((attr.nla_type & NLA_TYPE_MASK) == NFTA_TABLE_NAME &&
		    attr.nla_len >= sizeof(attr) + strlen(table) + 1 &&
		    memcmp(bytes + at + sizeof(attr), table, strlen(table) + 1) == 0)
			return true;
		at += (size_t)NLA_ALIGN(attr.nla_len);
	}
	return false;
}

static void take(const struct nlmsghdr *message, void *userdata)
{
	struct firewall_events *events = userdata;
	const struct firewall_events before = *events;
	const bool is_end = message->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN);

	CHECK(firewall_events_parse(message, events) == 0);
	CHECK(memchr(events->culprit, '\0', sizeof(events->culprit)));
	CHECK(events->touched >= before.touched && events->own <= before.own);
	if (events->pending && !before.pending)
		CHECK(may_name_us(message, NFT_TABLE) || (events->backend == FIREWALL_IPTABLES &&
							  may_name_us(message, "mangle")));
	if (events->touched && !before.touched)
		CHECK(is_end && before.pending && !events->pending);
	if (events->culprit_pid != before.culprit_pid)
		CHECK(is_end && before.pending && events->culprit_pid != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct firewall_events events = { .own_after = 19, .own_upto = 21 };

	if (size == 0)
		return 0;
	events.backend = data[0] & IS_IPTABLES ? FIREWALL_IPTABLES : FIREWALL_NFTABLES;
	events.own = data[0] & IS_OWN;
	fuzz_each_message(data + 1, size - 1, take, &events);
	return 0;
}

static size_t header_len(uint16_t type)
{
	(void)type;
	return sizeof(struct nfgenmsg);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	return mutate_netlink(data, size, max, seed, 1, header_len);
}
