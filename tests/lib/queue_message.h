/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queued SYNs as the kernel tells of them in hook FORWARD behind an Ethernet link:
 * net/netfilter/nfnetlink_queue.c, nfqnl_build_packet_message. */
#pragma once

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#define QUEUE_MESSAGE_MAX 192 /* a SYN over IPv6 with 20 bytes of options takes 156 */

/* What Linux sends: MSS 1460, SACK permitted, timestamps, window scale. */
static const uint8_t syn_options[] = {
	2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7,
};

static inline size_t put_attribute(uint8_t *at, uint16_t type, const void *data, size_t len)
{
	const struct nlattr attr = { (uint16_t)(sizeof(attr) + len), type };
	size_t padded = (sizeof(attr) + len + 3) & ~(size_t)3;

	memset(at, 0, padded);
	memcpy(at, &attr, sizeof(attr));
	if (len > 0)
		memcpy(at + sizeof(attr), data, len);
	return padded;
}

/* The message of one packet; returns its length. */
static inline size_t queue_message_put(uint8_t *at, uint32_t id, uint32_t in_ifindex,
				       uint32_t out_ifindex, const uint8_t *packet, size_t len)
{
	const struct nfqnl_msg_packet_hdr packet_header = {
		.packet_id = htonl(id),
		.hw_protocol = htons(packet[0] >> 4 == 6 ? 0x86dd : 0x0800),
		.hook = 2, /* FORWARD */
	};
	const struct nfgenmsg general = { packet[0] >> 4 == 6 ? AF_INET6 : AF_INET, NFNETLINK_V0,
					  htons(5000) };
	const uint8_t hardware[12] = { 0, 6, 0, 0, 0x4e, 0x33, 0x2f, 0x15, 0x83, 0x26 };
	const uint32_t in_be = htonl(in_ifindex), out_be = htonl(out_ifindex);
	struct nlmsghdr header = { .nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET };
	size_t used = sizeof(header);

	memcpy(at + used, &general, sizeof(general));
	used += sizeof(general);
	used += put_attribute(at + used, NFQA_PACKET_HDR, &packet_header, 7);
	used += put_attribute(at + used, NFQA_IFINDEX_INDEV, &in_be, sizeof(in_be));
	used += put_attribute(at + used, NFQA_IFINDEX_OUTDEV, &out_be, sizeof(out_be));
	used += put_attribute(at + used, NFQA_HWADDR, hardware, sizeof(hardware));
	used += put_attribute(at + used, NFQA_PAYLOAD, packet, len);
	header.nlmsg_len = (uint32_t)used;
	memcpy(at, &header, sizeof(header));
	return used;
}

/* An IPv4 or IPv6 SYN between two addresses of 4 or 16 bytes, without checksums: nobody on the way
 * to a verdict reads them. Returns its length. */
static inline size_t queue_message_syn(uint8_t *at, size_t address_len, const uint8_t *source,
				       const uint8_t *destination, const uint8_t *options,
				       size_t options_len)
{
	uint8_t *ip = at, *tcp = at + (address_len == 4 ? 20 : 40);
	size_t tcp_len = 20 + options_len;

	memset(at, 0, (size_t)(tcp - at) + tcp_len);
	if (address_len == 4) {
		ip[0] = 0x45;
		ip[3] = (uint8_t)(20 + tcp_len);
		ip[8] = 63;
		ip[9] = 6;
		memcpy(ip + 12, source, 4);
		memcpy(ip + 16, destination, 4);
	} else {
		ip[0] = 0x60;
		ip[5] = (uint8_t)tcp_len;
		ip[6] = 6;
		ip[7] = 63;
		memcpy(ip + 8, source, 16);
		memcpy(ip + 24, destination, 16);
	}
	tcp[12] = (uint8_t)(tcp_len / 4 << 4);
	tcp[13] = 2; /* SYN */
	if (options_len > 0)
		memcpy(tcp + 20, options, options_len);
	return (size_t)(tcp - at) + tcp_len;
}
