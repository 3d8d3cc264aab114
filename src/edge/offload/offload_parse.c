/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/offload/offload_parse.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "edge/netlink/nl_attr.h"
#include "edge/offload/offload_text.h"

/* User data of a rule as nft writes it: type, length, value (libnftnl's udata.h). */
#define UDATA_HEADER 2
#define UDATA_COMMENT 0

/* An expression: its name stands before its data (nf_tables_fill_expr_info). */
struct expression {
	struct offload_rule *rule;
	const char *name;
};

static int take_text(const struct nl_attr *attr, const char **ret_text)
{
	if (!memchr(attr->data, '\0', attr->len))
		return -EBADMSG;
	*ret_text = (const char *)attr->data;
	return 0;
}

static int take_be32(const struct nl_attr *attr, uint32_t *ret_number)
{
	uint32_t number_be;
	int r = nl_attr_get_u32(attr, &number_be);

	if (r == 0)
		*ret_number = ntohl(number_be);
	return r;
}

static int take_be64(const struct nl_attr *attr, uint64_t *ret_number)
{
	uint64_t number_be;
	int r = nl_attr_get_bytes(attr, &number_be, sizeof(number_be));

	if (r == 0)
		*ret_number = be64toh(number_be);
	return r;
}

static int take_verdict(const struct nl_attr *attr, void *userdata)
{
	struct offload_rule *rule = userdata;
	const char *chain;
	uint32_t code;
	int r = 0;

	switch (attr->type) {
	case NFTA_VERDICT_CODE:
		r = take_be32(attr, &code);
		if (r == 0)
			rule->taken = code == NF_ACCEPT;
		break;
	case NFTA_VERDICT_CHAIN:
		r = take_text(attr, &chain);
		if (r == 0)
			rule->queued = strcmp(chain, OFFLOAD_PREFIX "queue") == 0;
		break;
	}
	return r;
}

static int take_value(const struct nl_attr *attr, void *userdata)
{
	return attr->type == NFTA_DATA_VERDICT ? nl_attr_walk_nest(attr, take_verdict, userdata) :
						 0;
}

static int take_immediate(const struct nl_attr *attr, void *userdata)
{
	return attr->type == NFTA_IMMEDIATE_DATA ? nl_attr_walk_nest(attr, take_value, userdata) :
						   0;
}

static int take_counter(const struct nl_attr *attr, void *userdata)
{
	struct offload_rule *rule = userdata;

	return attr->type == NFTA_COUNTER_PACKETS ? take_be64(attr, &rule->packets) : 0;
}

static int take_expression_part(const struct nl_attr *attr, void *userdata)
{
	struct expression *expression = userdata;
	struct offload_rule *rule = expression->rule;

	if (attr->type == NFTA_EXPR_NAME)
		return take_text(attr, &expression->name);
	if (attr->type != NFTA_EXPR_DATA)
		return 0;
	if (strcmp(expression->name, "counter") == 0) {
		rule->counted = true;
		return nl_attr_walk_nest(attr, take_counter, rule);
	}
	if (strcmp(expression->name, "immediate") == 0)
		return nl_attr_walk_nest(attr, take_immediate, rule);
	if (strcmp(expression->name, "dynset") == 0)
		rule->over_limit = true;
	return 0;
}

static int take_expression(const struct nl_attr *attr, void *userdata)
{
	struct expression expression = { userdata, "" };

	return nl_attr_walk_nest(attr, take_expression_part, &expression);
}

/* The last comment that is whole. */
static void take_user_data(const struct nl_attr *attr, struct offload_rule *rule)
{
	const uint8_t *at = attr->data, *end = at + attr->len;

	while (end - at >= UDATA_HEADER && at[1] <= end - at - UDATA_HEADER) {
		const char *text = (const char *)at + UDATA_HEADER;

		if (at[0] == UDATA_COMMENT && at[1] > 0 && text[at[1] - 1] == '\0')
			rule->comment = text;
		at += UDATA_HEADER + at[1];
	}
}

static int take_rule(const struct nl_attr *attr, void *userdata)
{
	struct offload_rule *rule = userdata;

	switch (attr->type) {
	case NFTA_RULE_CHAIN:
		return take_text(attr, &rule->chain);
	case NFTA_RULE_HANDLE:
		return take_be64(attr, &rule->handle);
	case NFTA_RULE_EXPRESSIONS:
		return nl_attr_walk_nest(attr, take_expression, rule);
	case NFTA_RULE_USERDATA:
		take_user_data(attr, rule);
		return 0;
	}
	return 0;
}

int offload_parse_rule(const struct nlmsghdr *message, struct offload_rule *ret_rule)
{
	struct offload_rule rule = { .chain = "" };
	int r = nl_attr_walk_message(message, sizeof(struct nfgenmsg), take_rule, &rule);

	if (r == 0)
		*ret_rule = rule;
	return r;
}

static int take_hook(const struct nl_attr *attr, void *userdata)
{
	struct offload_chain *chain = userdata;

	switch (attr->type) {
	case NFTA_HOOK_HOOKNUM:
		return take_be32(attr, &chain->hook);
	case NFTA_HOOK_PRIORITY:
		return take_be32(attr, &chain->priority);
	}
	return 0;
}

static int take_chain(const struct nl_attr *attr, void *userdata)
{
	struct offload_chain *chain = userdata;

	switch (attr->type) {
	case NFTA_CHAIN_TABLE:
		return take_text(attr, &chain->table);
	case NFTA_CHAIN_NAME:
		return take_text(attr, &chain->name);
	case NFTA_CHAIN_HANDLE:
		return take_be64(attr, &chain->handle);
	case NFTA_CHAIN_POLICY:
		return take_be32(attr, &chain->policy);
	case NFTA_CHAIN_HOOK:
		return nl_attr_walk_nest(attr, take_hook, chain);
	}
	return 0;
}

int offload_parse_chain(const struct nlmsghdr *message, struct offload_chain *ret_chain)
{
	struct offload_chain chain = { .table = "", .name = "" };
	int r = nl_attr_walk_message(message, sizeof(struct nfgenmsg), take_chain, &chain);

	if (r == 0)
		*ret_chain = chain;
	return r;
}

static int take_table(const struct nl_attr *attr, void *userdata)
{
	return attr->type == NFTA_TABLE_FLAGS ? take_be32(attr, userdata) : 0;
}

int offload_parse_table(const struct nlmsghdr *message, uint32_t *ret_flags)
{
	uint32_t flags = 0;
	int r = nl_attr_walk_message(message, sizeof(struct nfgenmsg), take_table, &flags);

	if (r == 0)
		*ret_flags = flags;
	return r;
}
