/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XFRM messages into states and policies (include/uapi/linux/xfrm.h). Of an algorithm its name and
 * its lengths are read; the key behind them is never touched. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "edge/netlink/nl_attr.h"
#include "edge/peers/xfrm.h"

/* Newer than the header of Linux 6.1. */
#define NEW_XFRM_MODE_IPTFS 5 /* Linux 6.14 */
#define NEW_XFRMA_SA_DIR 33   /* Linux 6.10, one byte */
#define SA_DIR_IN 1

static bool read_family(uint16_t family, enum family *ret_family)
{
	if (family != AF_INET && family != AF_INET6)
		return false;
	*ret_family = family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	return true;
}

static struct address read_address(enum family family, const xfrm_address_t *address)
{
	return address_from_bytes(family, (const uint8_t *)address);
}

static enum ipsec_mode read_mode(uint8_t mode)
{
	switch (mode) {
	case XFRM_MODE_TRANSPORT:
		return IPSEC_TRANSPORT;
	case XFRM_MODE_TUNNEL:
		return IPSEC_TUNNEL;
	case XFRM_MODE_BEET:
		return IPSEC_BEET;
	case NEW_XFRM_MODE_IPTFS:
		return IPSEC_IPTFS;
	default:
		return IPSEC_OTHER_MODE;
	}
}

/* Returns 0, or -EBADMSG where a length is no length of that family. */
static int read_selector(const struct xfrm_selector *from, enum family family,
			 struct ipsec_selector *ret_selector)
{
	struct address local = read_address(family, &from->saddr);
	struct address remote = read_address(family, &from->daddr);

	if (from->prefixlen_s > address_bits(family) || from->prefixlen_d > address_bits(family))
		return -EBADMSG;
	*ret_selector = (struct ipsec_selector){
		.local = prefix_make(&local, from->prefixlen_s),
		.remote = prefix_make(&remote, from->prefixlen_d),
		.protocol = from->proto,
		.local_port = ntohs(from->sport), .local_port_mask = ntohs(from->sport_mask),
		.remote_port = ntohs(from->dport), .remote_port_mask = ntohs(from->dport_mask),
		.ifindex = from->ifindex > 0 ? (uint32_t)from->ifindex : 0,
	};
	return 0;
}

/* A name of 64 bytes, its NUL inside. What is no printing character is shown as one: names go into
 * texts. */
static int read_name(const struct nl_attr *attr, char ret_name[IPSEC_NAME_MAX])
{
	struct nl_attr name = { .len = IPSEC_NAME_MAX, .data = attr->data };

	_Static_assert(sizeof(((struct xfrm_algo *)0)->alg_name) == IPSEC_NAME_MAX, "the name");
	if (attr->len < IPSEC_NAME_MAX)
		return -EBADMSG;
	if (nl_attr_get_text(&name, ret_name, IPSEC_NAME_MAX) < 0)
		return -EBADMSG;
	for (char *c = ret_name; *c; c++) {
		if (*c <= ' ' || *c > '~')
			*c = '?';
	}
	return 0;
}

/* An algorithm with a length in bits at that place. */
static int read_sized(const struct nl_attr *attr, size_t at, char ret_name[IPSEC_NAME_MAX],
		      uint32_t *ret_bits)
{
	if (attr->len < at + sizeof(*ret_bits))
		return -EBADMSG;
	memcpy(ret_bits, attr->data + at, sizeof(*ret_bits));
	return read_name(attr, ret_name);
}

static int read_encap(const struct nl_attr *attr, struct ipsec_state *state)
{
	struct xfrm_encap_tmpl encap;
	int r = nl_attr_get_bytes(attr, &encap, sizeof(encap));

	if (r < 0)
		return r;
	state->encap = encap.encap_type == TCP_ENCAP_ESPINTCP ? ENCAP_ESP_TCP : ENCAP_ESP_UDP;
	state->old_encap = encap.encap_type == UDP_ENCAP_ESPINUDP_NON_IKE;
	state->encap_source_port = ntohs(encap.encap_sport);
	state->encap_destination_port = ntohs(encap.encap_dport);
	return 0;
}

static int read_mark(const struct nl_attr *attr, struct ipsec_mark *ret_mark)
{
	struct xfrm_mark mark;
	int r = nl_attr_get_bytes(attr, &mark, sizeof(mark));

	if (r < 0)
		return r;
	*ret_mark = (struct ipsec_mark){ mark.v, mark.m };
	return 0;
}

/* A state while it is read. */
struct state_message {
	struct ipsec_state state;
	bool has_algorithm, has_output_mask;
};

static int take_algorithm(const struct nl_attr *attr, struct ipsec_state *state)
{
	char comp[IPSEC_NAME_MAX];

	switch (attr->type) {
	case XFRMA_ALG_AEAD:
		return read_sized(attr, offsetof(struct xfrm_algo_aead, alg_icv_len), state->aead,
				  &state->icv_bits);
	case XFRMA_ALG_AUTH_TRUNC: /* beside each XFRMA_ALG_AUTH since Linux 2.6.33 */
		return read_sized(attr, offsetof(struct xfrm_algo_auth, alg_trunc_len),
				  state->auth, &state->icv_bits);
	case XFRMA_ALG_CRYPT:
		return read_name(attr, state->cipher);
	default: /* XFRMA_ALG_COMP: which one does not matter */
		return read_name(attr, comp);
	}
}

static int take_state(const struct nl_attr *attr, void *userdata)
{
	struct state_message *whole = userdata;
	struct ipsec_state *state = &whole->state;
	uint8_t direction = 0;
	int r;

	switch (attr->type) {
	case XFRMA_ALG_AEAD:
	case XFRMA_ALG_AUTH_TRUNC:
	case XFRMA_ALG_CRYPT:
	case XFRMA_ALG_COMP:
		whole->has_algorithm = true;
		return take_algorithm(attr, state);
	case XFRMA_ENCAP:
		return read_encap(attr, state);
	case XFRMA_MARK:
		return read_mark(attr, &state->mark);
	case XFRMA_SET_MARK:
		return nl_attr_get_u32(attr, &state->output_mark.value);
	case XFRMA_SET_MARK_MASK:
		whole->has_output_mask = true;
		return nl_attr_get_u32(attr, &state->output_mark.mask);
	case XFRMA_IF_ID:
		return nl_attr_get_u32(attr, &state->if_id);
	case XFRMA_TFCPAD:
		return nl_attr_get_u32(attr, &state->padding);
	case NEW_XFRMA_SA_DIR:
		r = nl_attr_get_u8(attr, &direction);
		state->inbound = direction == SA_DIR_IN;
		return r;
	default:
		return 0;
	}
}

/* The fixed part. Returns 0 or -EBADMSG. */
static int read_state(const struct xfrm_usersa_info *info, enum family family,
		      struct ipsec_state *state)
{
	enum family inner;

	state->source = read_address(family, &info->saddr);
	state->destination = read_address(family, &info->id.daddr);
	state->protocol = info->id.proto;
	state->mode = read_mode(info->mode);
	state->spi = ntohl(info->id.spi);
	state->reqid = info->reqid;
	state->align4 = info->flags & XFRM_STATE_ALIGN4;
	state->dying = info->curlft.bytes >= info->lft.soft_byte_limit ||
		       info->curlft.packets >= info->lft.soft_packet_limit;
	state->used = info->curlft.use_time != 0;
	state->add_time = info->curlft.add_time <= INT64_MAX ? (int64_t)info->curlft.add_time : 0;
	state->has_selector = read_family(info->sel.family, &inner);
	return state->has_selector ? read_selector(&info->sel, inner, &state->selector) : 0;
}

int xfrm_parse_state(const struct nlmsghdr *message, struct ipsec_state_list *states)
{
	struct state_message whole = { 0 };
	struct xfrm_usersa_info info;
	enum family family;
	int r;

	if (message->nlmsg_type != XFRM_MSG_NEWSA)
		return 0;
	r = nl_attr_get_header(message, &info, sizeof(info));
	if (r < 0)
		return r;
	/* WILDRECV: Mobile IPv6, for packets that arrive. */
	if (!read_family(info.family, &family) || info.flags & XFRM_STATE_WILDRECV)
		return 0;
	r = read_state(&info, family, &whole.state);
	if (r < 0)
		return r;
	r = nl_attr_walk_message(message, sizeof(info), take_state, &whole);
	if (r < 0 || !whole.has_algorithm)
		return r;
	/* Before Linux 4.19 the mark came alone and all of it counted. */
	if (whole.state.output_mark.value != 0 && !whole.has_output_mask)
		whole.state.output_mark.mask = UINT32_MAX;
	return ipsec_state_list_append(states, &whole.state);
}

/* Returns 0, or -EBADMSG for a family that there is not. */
static int read_template(const struct xfrm_user_tmpl *from, enum family selector_family,
			 struct ipsec_template *ret_template)
{
	enum family family = selector_family; /* what 0 means to the kernel */

	if (from->family != AF_UNSPEC && !read_family(from->family, &family))
		return -EBADMSG;
	*ret_template = (struct ipsec_template){
		.source = read_address(family, &from->saddr),
		.destination = read_address(family, &from->id.daddr),
		.protocol = from->id.proto,
		.mode = read_mode(from->mode),
		.spi = ntohl(from->id.spi),
		.reqid = from->reqid,
		.optional = from->optional,
	};
	return 0;
}

static int read_templates(const struct nl_attr *attr, struct ipsec_policy *policy)
{
	size_t count = attr->len / sizeof(struct xfrm_user_tmpl);

	if (attr->len % sizeof(struct xfrm_user_tmpl) != 0 || count > IPSEC_TEMPLATES_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < count; i++) {
		struct xfrm_user_tmpl from;
		int r;

		memcpy(&from, attr->data + i * sizeof(from), sizeof(from));
		r = read_template(&from, policy->selector.remote.address.family,
				  &policy->templates[i]);
		if (r < 0)
			return r;
	}
	policy->template_count = count;
	return 0;
}

/* A policy while it is read. */
struct policy_message {
	struct ipsec_policy policy;
	uint8_t type; /* XFRM_POLICY_TYPE_* */
};

static int take_policy(const struct nl_attr *attr, void *userdata)
{
	struct policy_message *whole = userdata;

	switch (attr->type) {
	case XFRMA_TMPL:
		return read_templates(attr, &whole->policy);
	case XFRMA_POLICY_TYPE: /* struct xfrm_userpolicy_type begins with it */
		return nl_attr_get_u8(attr, &whole->type);
	case XFRMA_MARK:
		return read_mark(attr, &whole->policy.mark);
	case XFRMA_IF_ID:
		return nl_attr_get_u32(attr, &whole->policy.if_id);
	default:
		return 0;
	}
}

int xfrm_parse_policy(const struct nlmsghdr *message, struct ipsec_policy_list *policies)
{
	struct policy_message whole = { .type = XFRM_POLICY_TYPE_MAIN };
	struct xfrm_userpolicy_info info;
	enum family family;
	int r;

	if (message->nlmsg_type != XFRM_MSG_NEWPOLICY)
		return 0;
	r = nl_attr_get_header(message, &info, sizeof(info));
	if (r < 0)
		return r;
	/* Those of sockets have directions of their own, 3 more than these. */
	if (info.dir != XFRM_POLICY_OUT || !read_family(info.sel.family, &family))
		return 0;
	r = read_selector(&info.sel, family, &whole.policy.selector);
	if (r < 0)
		return r;
	whole.policy.priority = info.priority;
	whole.policy.index = info.index;
	whole.policy.block = info.action == XFRM_POLICY_BLOCK;
	r = nl_attr_walk_message(message, sizeof(info), take_policy, &whole);
	if (r < 0 || whole.type != XFRM_POLICY_TYPE_MAIN)
		return r;
	return ipsec_policy_list_append(policies, &whole.policy);
}

bool xfrm_is_change(const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case XFRM_MSG_NEWSA:
	case XFRM_MSG_UPDSA:
	case XFRM_MSG_DELSA:
	case XFRM_MSG_EXPIRE:
	case XFRM_MSG_FLUSHSA:
	case XFRM_MSG_NEWPOLICY:
	case XFRM_MSG_UPDPOLICY:
	case XFRM_MSG_DELPOLICY:
	case XFRM_MSG_POLEXPIRE:
	case XFRM_MSG_FLUSHPOLICY:
	case XFRM_MSG_MIGRATE:
	case XFRM_MSG_MAPPING:
		return true;
	default:
		return false;
	}
}
