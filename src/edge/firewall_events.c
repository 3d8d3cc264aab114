/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who changed the rules: the kernel tells each changed object of a transaction and closes it with
 * NFT_MSG_NEWGEN, which names the process (net/netfilter/nf_tables_api.c, nf_tables_commit). */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "edge/firewall_backend.h"
#include "edge/nl.h"

struct attribute {
	const struct nlattr *attr;
	uint16_t type;
};

static int take_attribute(const struct nlattr *attr, void *userdata)
{
	struct attribute *wanted = userdata;

	if (mnl_attr_get_type(attr) == wanted->type)
		wanted->attr = attr;
	return MNL_CB_OK;
}

/* The last attribute of that type, whole as to libmnl, or NULL. */
static const struct nlattr *find_attribute(const struct nlmsghdr *message, uint16_t type)
{
	struct attribute wanted = { .type = type };

	mnl_attr_parse(message, sizeof(struct nfgenmsg), take_attribute, &wanted);
	return wanted.attr;
}

static bool is_our_table(enum firewall_backend backend, uint8_t family, const char *table)
{
	/* Beside rules of iptables too some of ours are nft's. */
	if (family == NFPROTO_INET && strcmp(table, NFT_TABLE) == 0)
		return true;
	return backend == FIREWALL_IPTABLES &&
	       (family == NFPROTO_IPV4 || family == NFPROTO_IPV6) && strcmp(table, "mangle") == 0;
}

/* Tables, chains and rules carry their table's name as attribute 1. */
static void take_object(struct firewall_events *events, const struct nlmsghdr *message)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *name = find_attribute(message, NFTA_TABLE_NAME);

	_Static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1,
		       "one attribute names the table in all three");
	if (name && mnl_attr_validate(name, MNL_TYPE_NUL_STRING) >= 0 &&
	    is_our_table(events->backend, header->nfgen_family, mnl_attr_get_str(name)))
		events->pending = true;
}

/* Whether a transaction may be ours, by the generation that it made. Its pid would not tell: it is
 * that of the initial pid namespace, and in a container we know ourselves by another one. They come
 * in order: the last one of ours, or where that was lost the first one behind it, ends it. */
static bool may_be_own(struct firewall_events *events, uint32_t generation)
{
	if (!events->own)
		return false;
	events->own = (int32_t)(generation - events->own_upto) < 0;
	return generation - events->own_after - 1 < events->own_upto - events->own_after;
}

static uint32_t number_of(const struct nlattr *attr)
{
	return attr && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0 ? ntohl(mnl_attr_get_u32(attr)) :
								     0;
}

static void take_end(struct firewall_events *events, const struct nlmsghdr *message)
{
	uint32_t pid = number_of(find_attribute(message, NFTA_GEN_PROC_PID));
	bool own = may_be_own(events, number_of(find_attribute(message, NFTA_GEN_ID)));
	const struct nlattr *name = find_attribute(message, NFTA_GEN_PROC_NAME);
	bool touched = events->pending;

	events->pending = false;
	if (!touched)
		return;
	events->touched = true;
	if (pid == 0 || own)
		return;
	events->culprit_pid = pid;
	memset(events->culprit, 0, sizeof(events->culprit));
	if (name && mnl_attr_validate(name, MNL_TYPE_NUL_STRING) >= 0)
		memcpy(events->culprit, mnl_attr_get_str(name),
		       strnlen(mnl_attr_get_str(name), sizeof(events->culprit) - 1));
}

int firewall_events_parse(const struct nlmsghdr *message, void *userdata)
{
	struct firewall_events *events = userdata;

	if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
		return 0;
	switch (message->nlmsg_type & 0xff) {
	case NFT_MSG_NEWTABLE:
	case NFT_MSG_DELTABLE:
	case NFT_MSG_NEWCHAIN:
	case NFT_MSG_DELCHAIN:
	case NFT_MSG_NEWRULE:
	case NFT_MSG_DELRULE:
		take_object(events, message);
		break;
	case NFT_MSG_NEWGEN:
		take_end(events, message);
		break;
	}
	return 0;
}

int firewall_events_open(struct firewall *firewall)
{
	struct nl *nl;
	int r = nl_open(NETLINK_NETFILTER, 0, &nl);

	if (r < 0)
		return r;
	r = nl_join(nl, NFNLGRP_NFTABLES);
	if (r < 0) {
		nl_close(nl);
		return r;
	}
	firewall->nl = nl;
	return 0;
}

/* A change of which not all events were read goes on with the next one. */
void firewall_events_begin(struct firewall *firewall)
{
	struct firewall_events *events = &firewall->events;
	uint32_t generation;

	if (!firewall->nl || events->own || nft_generation(&generation) < 0)
		return;
	events->own = true;
	events->own_after = generation;
	events->own_upto = generation;
}

void firewall_events_end(struct firewall *firewall)
{
	uint32_t generation;

	if (firewall->events.own && nft_generation(&generation) == 0)
		firewall->events.own_upto = generation;
}

int firewall_fd(const struct firewall *firewall)
{
	return firewall->nl ? nl_fd(firewall->nl) : -1;
}

int firewall_read_events(struct firewall *firewall, uint32_t *ret_culprit_pid,
			 char ret_culprit[16])
{
	struct firewall_events *events = &firewall->events;
	int r;

	*ret_culprit_pid = 0;
	memset(ret_culprit, 0, sizeof(events->culprit));
	if (!firewall->nl)
		return 0;
	events->touched = false;
	events->culprit_pid = 0;
	memset(events->culprit, 0, sizeof(events->culprit));
	r = nl_read_events(firewall->nl, firewall_events_parse, events);
	if (r < 0 && r != -ENOBUFS)
		return r;
	*ret_culprit_pid = events->culprit_pid;
	memcpy(ret_culprit, events->culprit, sizeof(events->culprit));
	if (r == -ENOBUFS) {
		events->pending = false;
		return 1;
	}
	return events->touched ? 1 : 0;
}
