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
#include <sys/prctl.h>

#include "edge/firewall/firewall_backend.h"
#include "edge/netlink/nl.h"
#include "edge/netlink/nl_attr.h"

struct wanted {
	uint16_t type;
	struct nl_attr found;
};

static int take_wanted(const struct nl_attr *attr, void *userdata)
{
	struct wanted *wanted = userdata;

	if (attr->type == wanted->type)
		wanted->found = *attr;
	return 0;
}

/* The last attribute of that type before what makes no sense, or one without data. */
static struct nl_attr find_attribute(const struct nlmsghdr *message, uint16_t type)
{
	struct wanted wanted = { .type = type, .found = { .data = (const uint8_t *)"" } };

	nl_attr_walk_message(message, sizeof(struct nfgenmsg), take_wanted, &wanted);
	return wanted.found;
}

/* The kernel's names end with a NUL. */
static bool is_text(const struct nl_attr *attr)
{
	return memchr(attr->data, '\0', attr->len);
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
static void take_object(struct firewall_events *events, const struct nlmsghdr *message,
			bool removal)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	const struct nl_attr name = find_attribute(message, NFTA_TABLE_NAME);
	char table[NFT_TABLE_MAXNAMELEN];

	_Static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1,
		       "one attribute names the table in all three");
	if (is_text(&name) && nl_attr_get_text(&name, table, sizeof(table)) == 0 &&
	    is_our_table(events->backend, header->nfgen_family, table)) {
		events->pending = true;
		events->pending_removal |= removal;
	}
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

/* 0 where there is none. */
static uint32_t number_of(const struct nlmsghdr *message, uint16_t type)
{
	const struct nl_attr attr = find_attribute(message, type);
	uint32_t number_be = 0;

	(void)nl_attr_get_u32(&attr, &number_be);
	return ntohl(number_be);
}

/* libnftables runs in children of ours, whose ids nobody keeps; they have our name. */
static bool is_self(const struct firewall_events *events, const struct nl_attr *name)
{
	return *events->self && is_text(name) &&
	       strcmp((const char *)name->data, events->self) == 0;
}

static void take_end(struct firewall_events *events, const struct nlmsghdr *message)
{
	uint32_t pid = number_of(message, NFTA_GEN_PROC_PID);
	const struct nl_attr name = find_attribute(message, NFTA_GEN_PROC_NAME);
	bool own = may_be_own(events, number_of(message, NFTA_GEN_ID)) || is_self(events, &name);
	bool touched = events->pending, removal = events->pending_removal;

	events->pending = false;
	events->pending_removal = false;
	if (!touched)
		return;
	events->touched = true;
	events->removed |= removal && !own;
	if (pid == 0 || own)
		return;
	events->culprit_pid = pid;
	events->culprit[0] = '\0';
	if (is_text(&name))
		nl_attr_get_text_cut(&name, events->culprit, sizeof(events->culprit));
}

int firewall_events_parse(const struct nlmsghdr *message, void *userdata)
{
	struct firewall_events *events = userdata;

	if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
		return 0;
	switch (message->nlmsg_type & 0xff) {
	case NFT_MSG_NEWTABLE:
	case NFT_MSG_NEWCHAIN:
	case NFT_MSG_NEWRULE:
		take_object(events, message, false);
		break;
	case NFT_MSG_DELTABLE:
	case NFT_MSG_DELCHAIN:
	case NFT_MSG_DELRULE:
		take_object(events, message, true);
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
	prctl(PR_GET_NAME, firewall->events.self);
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
	events->removed = false;
	events->culprit_pid = 0;
	memset(events->culprit, 0, sizeof(events->culprit));
	r = nl_read_events(firewall->nl, firewall_events_parse, events);
	if (r < 0 && r != -ENOBUFS)
		return r;
	*ret_culprit_pid = events->culprit_pid;
	memcpy(ret_culprit, events->culprit, sizeof(events->culprit));
	if (r == -ENOBUFS) {
		events->pending = false;
		events->pending_removal = false;
		return 2;
	}
	return events->removed ? 2 : events->touched ? 1 : 0;
}
