/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of nf_tables about what is ours: rules, chains, the table
 * (net/netfilter/nf_tables_api.c). Not by libnftnl, which ends the process where an attribute is
 * not what it expects. Pure. Only for src/edge/offload and their tests. */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

/* What a rule does with the SYN. Texts are borrowed from the message. */
struct offload_rule {
	const char *chain;   /* "" without */
	uint64_t handle;
	const char *comment; /* or NULL */
	bool counted;        /* it has a counter: */
	uint64_t packets;
	bool over_limit;     /* the limit per source alone updates sets */
	bool taken;          /* nothing of ours comes behind it */
	bool queued;         /* it goes to offload_queue */
};

struct offload_chain {
	const char *table, *name; /* "" without */
	uint64_t handle;
	uint32_t policy, hook, priority; /* 0 without; priority as it is carried: unsigned */
};

/* All of them return 0, or -EBADMSG where an attribute that is read is not whole. */
int offload_parse_rule(const struct nlmsghdr *message, struct offload_rule *ret_rule);
int offload_parse_chain(const struct nlmsghdr *message, struct offload_chain *ret_chain);
/* NFT_TABLE_F_*. */
int offload_parse_table(const struct nlmsghdr *message, uint32_t *ret_flags);
