/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/offload/offload_digest.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "base/fnv.h"
#include "edge/firewall/nft.h"
#include "edge/firewall/nft_netlink.h"
#include "edge/netlink/nl.h"
#include "edge/netlink/nl_attr.h"
#include "edge/offload/offload_rules.h"
#include "edge/offload/offload_text.h"

#define MAP_NAME_MAX 64

static void add_number(uint64_t *digest, uint64_t number)
{
	fnv_add(digest, &number, sizeof(number));
}

static int add_rule(const struct offload_rule *rule, void *userdata)
{
	struct offload_digest *digest = userdata;

	fnv_add(&digest->value, rule->chain, strlen(rule->chain));
	add_number(&digest->value, rule->handle);
	digest->rules++;
	return 0;
}

static void restart_rules(void *userdata)
{
	*(struct offload_digest *)userdata = (struct offload_digest){ .value = FNV_OFFSET };
}

/* Of the message of one chain of our table what others can change of it. */
static int add_chain(const struct nlmsghdr *message, void *userdata)
{
	struct offload_chain chain;
	uint64_t *digest = userdata;
	int r;

	if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN))
		return 0;
	r = offload_parse_chain(message, &chain);
	if (r < 0 || strcmp(chain.table, NFT_TABLE) != 0 ||
	    strncmp(chain.name, OFFLOAD_PREFIX, strlen(OFFLOAD_PREFIX)) != 0)
		return r;
	fnv_add(digest, chain.name, strlen(chain.name));
	add_number(digest, chain.handle);
	add_number(digest, chain.policy);
	add_number(digest, chain.hook);
	add_number(digest, chain.priority);
	return 0;
}

static int add_table(const struct nlmsghdr *message, void *userdata)
{
	uint32_t flags;
	int r = offload_parse_table(message, &flags);

	if (r == 0)
		add_number(userdata, flags);
	return r;
}

static void restart(void *userdata)
{
	*(uint64_t *)userdata = FNV_OFFSET;
}

/* One question to nf_tables, about our table where its name is asked for. */
static int ask(uint16_t type, uint16_t table_attribute, uint16_t name_attribute, const char *name,
	       nl_message_fn take, uint64_t *digest)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[NLMSG_SPACE(256)] = { 0 };
	bool dump = type != NFT_MSG_GETTABLE;
	struct nlmsghdr *request = nftnl_nlmsg_build_hdr((char *)buffer, type, NFPROTO_INET,
							 dump ? NLM_F_DUMP : 0, 0);
	struct nl *nl;
	int r = nft_questions(&nl);

	if (r < 0)
		return r;
	if (table_attribute)
		mnl_attr_put_strz(request, table_attribute, NFT_TABLE);
	if (name)
		mnl_attr_put_strz(request, name_attribute, name);
	r = dump ? nl_dump(nl, request, take, restart, digest) :
		   nl_ask(nl, request, take, digest);
	return r == -ENOENT ? 0 : r;
}

int offload_digest_read(struct offload_digest *ret_digest)
{
	struct offload_digest digest = { .value = FNV_OFFSET };
	uint64_t chains = FNV_OFFSET, flags = FNV_OFFSET;
	int r = offload_rules_dump(add_rule, restart_rules, &digest);

	if (r == 0)
		r = ask(NFT_MSG_GETCHAIN, 0, 0, NULL, add_chain, &chains);
	if (r == 0)
		r = ask(NFT_MSG_GETTABLE, NFTA_TABLE_NAME, 0, NULL, add_table, &flags);
	if (r < 0)
		return r;
	add_number(&digest.value, chains);
	add_number(&digest.value, flags);
	*ret_digest = digest;
	return 0;
}

static int add_element(const struct nl_attr *element, void *userdata)
{
	uint64_t *sum = userdata, one = FNV_OFFSET;

	fnv_add(&one, element->data, element->len);
	*sum += one;
	return 0;
}

static int add_list(const struct nl_attr *attr, void *userdata)
{
	if (attr->type != NFTA_SET_ELEM_LIST_ELEMENTS)
		return 0;
	return nl_attr_walk_nest(attr, add_element, userdata);
}

/* A sum over the elements of one message: their order means nothing. */
static int add_elements(const struct nlmsghdr *message, void *userdata)
{
	if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM))
		return 0;
	return nl_attr_walk_message(message, sizeof(struct nfgenmsg), add_list, userdata);
}

static int add_map(const struct offload_link *link, enum offload_kind kind, uint64_t *digest)
{
	char name[MAP_NAME_MAX] = "";
	FILE *out = fmemopen(name, sizeof(name), "w");
	uint64_t sum = FNV_OFFSET;
	int r;

	if (!out)
		return -ENOMEM;
	offload_write_map_name(link, kind, out);
	fclose(out);
	r = ask(NFT_MSG_GETSETELEM, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_LIST_SET, name,
		add_elements, &sum);
	if (r == 0)
		add_number(digest, sum);
	return r;
}

int offload_digest_read_elements(const struct offload_plan *plan, uint64_t *ret_digest)
{
	uint64_t digest = FNV_OFFSET;
	int r = 0;

	for (size_t i = 0; i < plan->count && r == 0; i++) {
		for (enum offload_kind kind = OFFLOAD_HOSTS; kind < OFFLOAD_KINDS && r == 0; kind++)
			if (offload_ranges_of(&plan->links[i], kind))
				r = add_map(&plan->links[i], kind, &digest);
	}
	if (r == 0)
		*ret_digest = digest;
	return r;
}
