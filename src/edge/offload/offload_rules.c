/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/offload/offload_rules.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "edge/firewall/nft.h"
#include "edge/firewall/nft_netlink.h"
#include "edge/netlink/nl.h"
#include "edge/offload/offload_text.h"

/* At least XT_ALIGN(sizeof(struct xt_NFQ_info_v3)); libnftnl frees it. */
#define XT_ALIGNED 64

struct dump {
	offload_rule_fn take;
	void (*restart)(void *userdata);
	void *userdata;
};

/* A rule of ours goes to the reader without the prefix of its chain. */
static int take_message(const struct nlmsghdr *message, void *userdata)
{
	const struct dump *dump = userdata;
	struct offload_rule rule;
	int r;

	if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE))
		return 0;
	r = offload_parse_rule(message, &rule);
	if (r < 0 || strncmp(rule.chain, OFFLOAD_PREFIX, strlen(OFFLOAD_PREFIX)) != 0)
		return r;
	rule.chain += strlen(OFFLOAD_PREFIX);
	return dump->take(&rule, dump->userdata);
}

static void restart_dump(void *userdata)
{
	const struct dump *dump = userdata;

	dump->restart(dump->userdata);
}

int offload_rules_dump(offload_rule_fn take, void (*restart)(void *userdata), void *userdata)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[NLMSG_SPACE(64)] = { 0 };
	struct nlmsghdr *request = nftnl_nlmsg_build_hdr((char *)buffer, NFT_MSG_GETRULE,
							 NFPROTO_INET, NLM_F_DUMP, 0);
	struct dump dump = { take, restart, userdata };
	struct nl *nl;
	int r;

	mnl_attr_put_strz(request, NFTA_RULE_TABLE, NFT_TABLE);
	r = nft_questions(&nl);
	if (r < 0)
		return r;
	r = nl_dump(nl, request, take_message, restart_dump, &dump);
	return r == -ENOENT ? 0 : r;
}

struct counting {
	struct offload_counts counts;
	size_t capacity;
};

/* Which total the rule counts for; OFFLOAD_TOTALS: none, the SYN goes on to others. */
static enum offload_total total_of(const struct offload_rule *rule)
{
	if (rule->over_limit)
		return OFFLOAD_OVER_LIMIT;
	if (rule->taken)
		return OFFLOAD_TAKEN;
	if (strcmp(rule->chain, "queue") == 0)
		return OFFLOAD_QUEUED;
	if (!rule->queued)
		return OFFLOAD_TOTALS;
	if (strcmp(rule->chain, "syn") == 0)
		return OFFLOAD_ODD_LAYOUT;
	return strcmp(rule->chain, "family") == 0 ? OFFLOAD_ODD_HEADER : OFFLOAD_NOT_KNOWN;
}

static int count_rule(const struct offload_rule *rule, void *userdata)
{
	struct counting *counting = userdata;
	struct offload_counts *counts = &counting->counts;
	enum offload_total total = total_of(rule);
	struct offload_count *count;
	int r;

	if (!rule->counted)
		return 0;
	r = array_reserve((void **)&counts->list, &counting->capacity, counts->count + 1,
			  sizeof(*counts->list));
	if (r < 0)
		return r;
	count = &counts->list[counts->count++];
	count->packets = rule->packets;
	/* What the rule calls itself; without that its chain. */
	snprintf(count->chain, sizeof(count->chain), "%s",
		 rule->comment ? rule->comment : rule->chain);
	if (total < OFFLOAD_TOTALS)
		counts->totals[total] += rule->packets;
	return 0;
}

static void restart_counts(void *userdata)
{
	struct counting *counting = userdata;
	struct offload_count *list = counting->counts.list;

	counting->counts = (struct offload_counts){ .list = list };
}

int offload_rules_count(struct offload_counts *ret_counts)
{
	struct counting counting = { 0 };
	int r = offload_rules_dump(count_rule, restart_counts, &counting);

	if (r < 0) {
		offload_counts_done(&counting.counts);
		return r;
	}
	*ret_counts = counting.counts;
	return 0;
}

/* Returns 0 or -ENOMEM. The rule owns what was added. */
static int add_queue_target(struct nftnl_rule *rule, uint16_t first, uint16_t count)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("target");
	struct xt_NFQ_info_v3 *info;

	if (!expr)
		return -ENOMEM;
	nftnl_rule_add_expr(rule, expr);
	info = calloc(1, XT_ALIGNED);
	if (!info)
		return -ENOMEM;
	info->queuenum = first;
	info->queues_total = count;
	info->flags = NFQ_FLAG_BYPASS | (count > 1 ? NFQ_FLAG_CPU_FANOUT : 0);
	nftnl_expr_set_str(expr, NFTNL_EXPR_TG_NAME, "NFQUEUE");
	nftnl_expr_set_u32(expr, NFTNL_EXPR_TG_REV, 3);
	nftnl_expr_set(expr, NFTNL_EXPR_TG_INFO, info, sizeof(*info));
	return 0; /* NOLINT(clang-analyzer-unix.Malloc): the expression owns it */
}

static struct nftnl_rule *queue_rule(uint16_t first, uint16_t count)
{
	struct nftnl_expr *counter = nftnl_expr_alloc("counter");
	struct nftnl_rule *rule = nftnl_rule_alloc();

	if (!rule || !counter)
		goto fail;
	nftnl_rule_add_expr(rule, counter);
	counter = NULL;
	if (add_queue_target(rule, first, count) < 0)
		goto fail;
	nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
	nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, NFT_TABLE);
	nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, OFFLOAD_PREFIX "queue");
	return rule;
fail:
	if (counter)
		nftnl_expr_free(counter);
	if (rule)
		nftnl_rule_free(rule);
	return NULL;
}

/* A transaction is a begin, its messages and an end in one datagram; the rule alone is answered. */
static int send_rule(struct nftnl_rule *rule)
{
	enum { ROOM = 4096 };
	char *buffer = calloc(1, ROOM);
	struct mnl_nlmsg_batch *batch = buffer ? mnl_nlmsg_batch_start(buffer, ROOM) : NULL;
	struct nlmsghdr *header;
	int r = -ENOMEM;

	if (batch) {
		nftnl_batch_begin(mnl_nlmsg_batch_current(batch), 1);
		mnl_nlmsg_batch_next(batch);
		header = nftnl_nlmsg_build_hdr(mnl_nlmsg_batch_current(batch), NFT_MSG_NEWRULE,
					       NFPROTO_INET,
					       NLM_F_APPEND | NLM_F_CREATE | NLM_F_ACK, 2);
		nftnl_rule_nlmsg_build_payload(header, rule);
		mnl_nlmsg_batch_next(batch);
		nftnl_batch_end(mnl_nlmsg_batch_current(batch), 3);
		mnl_nlmsg_batch_next(batch);
		r = nft_send(mnl_nlmsg_batch_head(batch), mnl_nlmsg_batch_size(batch));
		mnl_nlmsg_batch_stop(batch);
	}
	free(buffer);
	return r;
}

int offload_rules_add_queue(uint16_t first, uint16_t count)
{
	struct nftnl_rule *rule = queue_rule(first, count);
	int r;

	if (!rule)
		return -ENOMEM;
	r = send_rule(rule);
	nftnl_rule_free(rule);
	return r;
}
