/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/queue_msg.h"

#include <endian.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>

#include "core/wire.h"
#include "edge/nl_size.h"

#define MESSAGE_TYPE(type) (NFNL_SUBSYS_QUEUE << 8 | (type))
#define ATTRIBUTE_TYPE_MASK NLA_TYPE_MASK
#define PRIORITY_ATTRIBUTE 21 /* NFQA_PRIORITY: the header of libnetfilter_queue lacks it */

static uint32_t attr_be32(const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr) >= 4 ? wire_get32(mnl_attr_get_payload(attr)) : 0;
}

/* One attribute into the packet. Attributes we have no use for, and short ones, change nothing. */
static void read_attribute(const struct nlattr *attr, struct queue_packet *packet, bool *has_id)
{
	const struct nfqnl_msg_packet_hdr *header;

	switch (attr->nla_type & ATTRIBUTE_TYPE_MASK) {
	case NFQA_PACKET_HDR:
		if (mnl_attr_get_payload_len(attr) < sizeof(*header))
			return;
		header = mnl_attr_get_payload(attr);
		memcpy(&packet->id_be, &header->packet_id, sizeof(packet->id_be));
		packet->hook = header->hook;
		*has_id = true;
		break;
	case NFQA_IFINDEX_INDEV:
		packet->in_ifindex = attr_be32(attr);
		break;
	case NFQA_IFINDEX_OUTDEV:
		packet->out_ifindex = attr_be32(attr);
		break;
	case NFQA_MARK:
		packet->mark = attr_be32(attr);
		break;
	case PRIORITY_ATTRIBUTE:
		packet->priority = attr_be32(attr);
		break;
	case NFQA_SKB_INFO:
		packet->skb_info = attr_be32(attr);
		break;
	case NFQA_CAP_LEN: /* there only when the copy is shorter than the packet */
		packet->truncated = true;
		break;
	case NFQA_PAYLOAD:
		packet->payload = mnl_attr_get_payload(attr);
		packet->payload_len = mnl_attr_get_payload_len(attr);
		break;
	default:
		break;
	}
}

/* The payload comes last, so it is what a cut message lacks the end of: the rest still tells the
 * family. */
static void read_cut_payload(const struct nlattr *attr, const uint8_t *end,
			     struct queue_packet *packet)
{
	if ((attr->nla_type & ATTRIBUTE_TYPE_MASK) != NFQA_PAYLOAD)
		return;
	packet->payload = (uint8_t *)attr + NL_ATTRIBUTE_LEN;
	packet->payload_len = (size_t)(end - packet->payload);
}

/* received is what of the message lies in the buffer: less than nlmsg_len says after a cut. The id
 * stands in the first attribute, so even a cut packet can be answered. */
static enum queue_msg_kind parse_packet(uint8_t *data, size_t received, bool cut,
					struct queue_packet *ret_packet)
{
	const size_t fixed = NL_HEADER_LEN + nl_align(sizeof(struct nfgenmsg));
	struct queue_packet packet = { .truncated = cut };
	const struct nfgenmsg *general;
	const struct nlattr *attr;
	bool has_id = false;
	uint8_t *end = data + received;

	if (received < fixed)
		return QUEUE_MSG_OTHER;
	general = (const void *)(data + NL_HEADER_LEN);
	packet.nf_family = general->nfgen_family;
	packet.queue = be16toh(general->res_id);
	for (attr = (const void *)(data + fixed); mnl_attr_ok(attr, (int)(end - (uint8_t *)attr));
	     attr = mnl_attr_next(attr))
		read_attribute(attr, &packet, &has_id);
	if (cut && end - (uint8_t *)attr > (ptrdiff_t)NL_ATTRIBUTE_LEN)
		read_cut_payload(attr, end, &packet);
	if (!has_id)
		return QUEUE_MSG_OTHER;
	*ret_packet = packet;
	return QUEUE_MSG_PACKET;
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

/* nfq_nlmsg_put sets type, queue and NLM_F_REQUEST; sequence and acknowledgement are ours. */
static struct nlmsghdr *put_header(uint8_t *at, int type, uint16_t queue, uint32_t sequence)
{
	struct nlmsghdr *message = nfq_nlmsg_put((char *)at, type, queue);

	message->nlmsg_seq = sequence;
	return message;
}

size_t queue_msg_put_verdict(uint8_t *at, uint16_t queue, uint32_t id_be, uint32_t sequence,
			     uint32_t verdict, const uint8_t *payload, size_t payload_len)
{
	struct nlmsghdr *message = put_header(at, NFQNL_MSG_VERDICT, queue, sequence);

	nfq_nlmsg_verdict_put(message, (int)be32toh(id_be), (int)verdict);
	if (payload)
		nfq_nlmsg_verdict_put_pkt(message, payload, (uint32_t)payload_len);
	return nl_align(message->nlmsg_len);
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
	struct nlmsghdr *message = put_header(at, NFQNL_MSG_VERDICT_BATCH, queue, sequence);

	nfq_nlmsg_verdict_put(message, (int)be32toh(id_be), (int)verdict);
	return nl_align(message->nlmsg_len);
}

static size_t put_config(uint8_t *at, uint16_t queue, uint32_t sequence, bool bind,
			 const struct queue_settings *settings)
{
	struct nlmsghdr *message = put_header(at, NFQNL_MSG_CONFIG, queue, sequence);
	const uint32_t known = NFQA_CFG_F_FAIL_OPEN | NFQA_CFG_F_GSO;

	if (!bind)
		message->nlmsg_flags |= NLM_F_ACK;
	if (bind) {
		nfq_nlmsg_cfg_put_cmd(message, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
		nfq_nlmsg_cfg_put_params(message, NFQNL_COPY_PACKET, 0xffff);
	}
	nfq_nlmsg_cfg_put_qmaxlen(message, settings->max_packets);
	mnl_attr_put_u32(message, NFQA_CFG_FLAGS,
			 htobe32(settings->fail_open ? NFQA_CFG_F_FAIL_OPEN : 0));
	mnl_attr_put_u32(message, NFQA_CFG_MASK, htobe32(known));
	return nl_align(message->nlmsg_len);
}

size_t queue_msg_put_bind(uint8_t *at, uint16_t queue, uint32_t sequence,
			  const struct queue_settings *settings)
{
	return put_config(at, queue, sequence, true, settings);
}

size_t queue_msg_put_settings(uint8_t *at, uint16_t queue, uint32_t sequence,
			      const struct queue_settings *settings)
{
	return put_config(at, queue, sequence, false, settings);
}
