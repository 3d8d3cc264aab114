/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/queue/queue_msg.h"

#include <endian.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>

#include "core/wire.h"
#include "edge/netlink/nl_size.h"

#define MESSAGE_TYPE(type) (NFNL_SUBSYS_QUEUE << 8 | (type))
#define ATTRIBUTE_TYPE_MASK NLA_TYPE_MASK
#define PRIORITY_ATTRIBUTE 21 /* NFQA_PRIORITY: the header of libnetfilter_queue lacks it */

static uint32_t get_be32(const uint8_t *data, size_t len)
{
	return len >= 4 ? wire_get32(data) : 0;
}

/* One attribute into the packet. Attributes we have no use for, and short ones, change nothing. */
static void read_attribute(uint16_t type, uint8_t *data, size_t len, struct queue_packet *packet,
			   bool *has_id)
{
	switch (type & ATTRIBUTE_TYPE_MASK) {
	case NFQA_PACKET_HDR:
		if (len < sizeof(struct nfqnl_msg_packet_hdr))
			return;
		memcpy(&packet->id_be, data, sizeof(packet->id_be)); /* its first field */
		packet->hook = data[offsetof(struct nfqnl_msg_packet_hdr, hook)];
		*has_id = true;
		break;
	case NFQA_IFINDEX_INDEV:
		packet->in_ifindex = get_be32(data, len);
		break;
	case NFQA_IFINDEX_OUTDEV:
		packet->out_ifindex = get_be32(data, len);
		break;
	case NFQA_MARK:
		packet->mark = get_be32(data, len);
		break;
	case PRIORITY_ATTRIBUTE:
		packet->priority = get_be32(data, len);
		break;
	case NFQA_SKB_INFO:
		packet->skb_info = get_be32(data, len);
		break;
	case NFQA_CAP_LEN: /* there only when the copy is shorter than the packet */
		packet->truncated = true;
		break;
	case NFQA_PAYLOAD:
		packet->payload = data;
		packet->payload_len = len;
		break;
	default:
		break;
	}
}

/* By hand: libmnl's steps are calls, and here every one of them is paid for each packet. Returns
 * where the attributes end that are whole. */
static uint8_t *read_attributes(uint8_t *at, uint8_t *end, struct queue_packet *packet,
				bool *has_id)
{
	struct nlattr attr;

	while (end - at >= (ptrdiff_t)sizeof(attr)) {
		memcpy(&attr, at, sizeof(attr));
		if (attr.nla_len < sizeof(attr) || attr.nla_len > end - at)
			break;
		read_attribute(attr.nla_type, at + sizeof(attr), attr.nla_len - sizeof(attr),
			       packet, has_id);
		if (end - at <= (ptrdiff_t)nl_align(attr.nla_len))
			return end;
		at += nl_align(attr.nla_len);
	}
	return at;
}

/* The payload comes last, so it is what a cut message lacks the end of: the rest still tells the
 * family. */
static void read_cut_payload(uint8_t *at, const uint8_t *end, struct queue_packet *packet)
{
	struct nlattr attr;

	if (end - at <= (ptrdiff_t)sizeof(attr))
		return;
	memcpy(&attr, at, sizeof(attr));
	if ((attr.nla_type & ATTRIBUTE_TYPE_MASK) != NFQA_PAYLOAD)
		return;
	packet->payload = at + sizeof(attr);
	packet->payload_len = (size_t)(end - packet->payload);
}

/* received is what of the message lies in the buffer: less than nlmsg_len says after a cut. The id
 * stands in the first attribute, so even a cut packet can be answered. */
static enum queue_msg_kind parse_packet(uint8_t *data, size_t received, bool cut,
					struct queue_packet *ret_packet)
{
	const size_t fixed = NL_HEADER_LEN + nl_align(sizeof(struct nfgenmsg));
	const struct nfgenmsg *general;
	uint8_t *end = data + received, *at;
	bool has_id = false;

	if (received < fixed)
		return QUEUE_MSG_OTHER;
	general = (const void *)(data + NL_HEADER_LEN);
	*ret_packet = (struct queue_packet){
		.truncated = cut,
		.nf_family = general->nfgen_family,
		.queue = be16toh(general->res_id),
	};
	at = read_attributes(data + fixed, end, ret_packet, &has_id);
	if (cut)
		read_cut_payload(at, end, ret_packet);
	return has_id ? QUEUE_MSG_PACKET : QUEUE_MSG_OTHER;
}

static enum queue_msg_kind parse_error(const uint8_t *data, size_t received,
				       struct queue_error *ret_error)
{
	struct nlmsgerr error;

	if (received < NL_HEADER_LEN + sizeof(error))
		return QUEUE_MSG_OTHER;
	memcpy(&error, data + NL_HEADER_LEN, sizeof(error));
	ret_error->error = error.error;
	ret_error->sequence = error.msg.nlmsg_seq;
	return QUEUE_MSG_ERROR;
}

enum queue_msg_kind queue_msg_parse(uint8_t *data, size_t len, bool whole,
				    struct queue_packet *ret_packet, struct queue_error *ret_error,
				    size_t *ret_used)
{
	struct nlmsghdr header;
	size_t received;
	bool cut;

	*ret_used = 0;
	if (len < NL_HEADER_LEN)
		return QUEUE_MSG_OTHER;
	memcpy(&header, data, sizeof(header));
	if (header.nlmsg_len < NL_HEADER_LEN)
		return QUEUE_MSG_OTHER;
	cut = header.nlmsg_len > len;
	received = cut ? len : header.nlmsg_len;
	*ret_used = cut || nl_align(received) >= len ? len : nl_align(received);
	if (header.nlmsg_type == NLMSG_ERROR)
		return parse_error(data, received, ret_error);
	if (header.nlmsg_type == MESSAGE_TYPE(NFQNL_MSG_PACKET))
		return parse_packet(data, received, cut || !whole, ret_packet);
	return QUEUE_MSG_OTHER;
}

/* A verdict, but for the payload behind it. No field needs padding. */
struct verdict {
	struct nlmsghdr header;
	struct nfgenmsg general;
	struct nlattr attr;
	struct nfqnl_msg_verdict_hdr verdict;
};
_Static_assert(sizeof(struct verdict) == 32, "16 + 4 + 4 + 8 bytes, as the kernel counts");

static size_t put_verdict(uint8_t *at, int type, uint16_t queue, uint32_t id_be, uint32_t sequence,
			  uint32_t verdict, size_t payload_size)
{
	const struct verdict message = {
		.header = {
			.nlmsg_len = (uint32_t)(sizeof(message) + payload_size),
			.nlmsg_type = (uint16_t)MESSAGE_TYPE(type),
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_seq = sequence,
		},
		.general = { AF_UNSPEC, NFNETLINK_V0, htobe16(queue) },
		.attr = { sizeof(message.attr) + sizeof(message.verdict), NFQA_VERDICT_HDR },
		.verdict = { htobe32(verdict), id_be },
	};

	memcpy(at, &message, sizeof(message));
	return message.header.nlmsg_len;
}

size_t queue_msg_put_verdict(uint8_t *at, uint16_t queue, uint32_t id_be, uint32_t sequence,
			     uint32_t verdict, const uint8_t *payload, size_t payload_len)
{
	const struct nlattr attr = { (uint16_t)(NL_ATTRIBUTE_LEN + payload_len), NFQA_PAYLOAD };
	size_t size = payload ? nl_align(attr.nla_len) : 0;
	size_t len = put_verdict(at, NFQNL_MSG_VERDICT, queue, id_be, sequence, verdict, size);

	if (!payload)
		return len;
	memset(at + len - NL_ATTRIBUTE_LEN, 0, NL_ATTRIBUTE_LEN); /* the padding is in there */
	memcpy(at + len - size, &attr, sizeof(attr));
	memcpy(at + len - size + sizeof(attr), payload, payload_len);
	return len;
}

size_t queue_msg_add_tag(uint8_t *at, bool on_priority, uint32_t tag)
{
	struct nlmsghdr *message = (struct nlmsghdr *)at;

	mnl_attr_put_u32(message, on_priority ? PRIORITY_ATTRIBUTE : NFQA_MARK, htobe32(tag));
	return nl_align(message->nlmsg_len);
}

size_t queue_msg_put_batch(uint8_t *at, uint16_t queue, uint32_t id_be, uint32_t sequence,
			   uint32_t verdict)
{
	return put_verdict(at, NFQNL_MSG_VERDICT_BATCH, queue, id_be, sequence, verdict, 0);
}

static size_t put_config(uint8_t *at, uint16_t queue, uint32_t sequence, bool bind,
			 uint32_t max_packets)
{
	struct nlmsghdr *message = nfq_nlmsg_put((char *)at, NFQNL_MSG_CONFIG, queue);
	const uint32_t known = NFQA_CFG_F_FAIL_OPEN | NFQA_CFG_F_GSO;

	message->nlmsg_seq = sequence;
	if (bind) {
		nfq_nlmsg_cfg_put_cmd(message, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
		nfq_nlmsg_cfg_put_params(message, NFQNL_COPY_PACKET, 0xffff);
	} else {
		message->nlmsg_flags |= NLM_F_ACK;
	}
	nfq_nlmsg_cfg_put_qmaxlen(message, max_packets);
	mnl_attr_put_u32(message, NFQA_CFG_FLAGS, htobe32(NFQA_CFG_F_FAIL_OPEN));
	mnl_attr_put_u32(message, NFQA_CFG_MASK, htobe32(known));
	return nl_align(message->nlmsg_len);
}

size_t queue_msg_put_bind(uint8_t *at, uint16_t queue, uint32_t sequence, uint32_t max_packets)
{
	return put_config(at, queue, sequence, true, max_packets);
}

size_t queue_msg_put_settings(uint8_t *at, uint16_t queue, uint32_t sequence,
			      uint32_t max_packets)
{
	return put_config(at, queue, sequence, false, max_packets);
}
